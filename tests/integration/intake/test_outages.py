"""What the machine does to intake: a 202 is never said without the commit, and is said without Kafka."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from services.local.postgres import EmbeddedPostgres
from services.local.processes import free_port
from tests.integration.intake.conftest import Intake, new_database, referral, running, settings_for, with_clients

ANSWER_SECONDS = 5.0
"""A client hears of an outage within this time."""


@pytest.fixture
def own_postgres(run_dir: Path) -> Iterator[EmbeddedPostgres]:
    """A server that a test may pause and stop."""
    with EmbeddedPostgres(run_dir) as server:
        yield server


@pytest.fixture
def own_dsn(own_postgres: EmbeddedPostgres) -> str:
    return new_database(own_postgres)


@pytest.fixture
async def fragile(own_dsn: str, tmp_path: Path) -> AsyncIterator[Intake]:
    settings = settings_for(tmp_path, own_dsn, f"127.0.0.1:{free_port()}", answer_deadline_seconds=3)
    async with running(settings, tmp_path) as started:
        yield await with_clients(started)


async def refused_in_time(intake: Intake, key: str) -> None:
    """A post is answered with 503 and a time to come back, soon."""
    began = time.monotonic()
    answer = await intake.post(referral(), key=key)
    assert time.monotonic() - began < ANSWER_SECONDS
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:saferoute:problem:unavailable")
    assert int(answer.headers["retry-after"]) >= 1


async def test_a_paused_database_is_a_503_and_the_repetition_one_referral(
    fragile: Intake, own_postgres: EmbeddedPostgres
) -> None:
    assert (await fragile.post(referral(), key="before")).status_code == 202
    own_postgres.pause()
    try:
        await asyncio.gather(*(refused_in_time(fragile, f"during-{number}") for number in range(20)))
        began = time.monotonic()
        assert (await fragile.get("/v1/referrals")).status_code == 503
        assert time.monotonic() - began < ANSWER_SECONDS
    finally:
        own_postgres.resume()
    answers = [await until_accepted(fragile, f"during-{number}") for number in range(20)]
    assert len({answer.json()["id"] for answer in answers}) == 20
    assert await fragile.count("referral") == 21


async def test_a_killed_database_is_a_503_and_nothing_that_was_accepted_is_gone(
    fragile: Intake, own_postgres: EmbeddedPostgres
) -> None:
    accepted = (await fragile.post(referral(), key="before")).json()["id"]
    await asyncio.to_thread(own_postgres.kill)
    await refused_in_time(fragile, "during")
    assert (await fragile.http.get("/health/ready")).status_code == 503
    assert (await fragile.http.get("/health/live")).status_code == 200
    await asyncio.to_thread(own_postgres.start)
    await until_accepted(fragile, "during")
    assert (await fragile.get(f"/v1/referrals/{accepted}")).status_code == 200
    assert (await fragile.http.get("/health/ready")).status_code == 200


async def test_it_starts_while_its_database_is_away(
    own_dsn: str, own_postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path, own_dsn, f"127.0.0.1:{free_port()}")
    async with running(settings, tmp_path) as intake:
        await with_clients(intake)
        await intake.database.close()
        await asyncio.to_thread(own_postgres.stop)
        await refused_in_time(intake, "k")
        await asyncio.to_thread(own_postgres.start)
        await until_accepted(intake, "k")


async def test_a_client_that_posts_too_fast_waits_but_danger_goes_through(intake_dsn: str, tmp_path: Path) -> None:
    settings = settings_for(
        tmp_path, intake_dsn, f"127.0.0.1:{free_port()}", rate_per_second=0.1, rate_burst=5, rate_reserve=2
    )
    async with running(settings, tmp_path) as started:
        intake = await with_clients(started)
        answers = [await intake.post(referral()) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
        assert answers[-1].json()["type"] == "urn:saferoute:problem:too-many-requests"
        assert int(answers[-1].headers["retry-after"]) >= 1
        danger = referral(concern={"narrative": "He is at the door.", "immediate_danger": True})
        assert [(await intake.post(danger)).status_code for _ in range(3)] == [202, 202, 429]
        assert (await intake.post(referral(), client="both")).status_code == 202


async def test_a_body_that_never_ends_is_given_up_on(intake_dsn: str, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, intake_dsn, f"127.0.0.1:{free_port()}", body_deadline_seconds=0.3)

    async def slowly() -> AsyncIterator[bytes]:
        yield b'{"school":'
        await asyncio.sleep(30)

    async with running(settings, tmp_path) as started:
        intake = await with_clients(started)
        headers = intake.auth() | {"Idempotency-Key": "k", "Content-Type": "application/json"}
        answer = await intake.http.post("/v1/referrals", content=slowly(), headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (408, "urn:saferoute:problem:body-timeout")


async def until_accepted(intake: Intake, key: str) -> httpx.Response:
    """Repeat a post as a client does, until it is accepted."""
    for _ in range(60):
        answer = await intake.post(referral(), key=key)
        if answer.status_code == 202:
            return answer
        assert answer.status_code in (409, 503), answer.text
        await asyncio.sleep(0.5)
    raise AssertionError("never accepted")
