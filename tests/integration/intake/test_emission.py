"""A referral that nobody has taken over is published again: the same event, until somebody has."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from services.intake.adapters.emissions import Emissions
from services.intake.handlers import EmitAgain
from services.kit.database import Pool, open_pool
from services.kit.settings import DatabaseSettings
from tests.integration.intake.conftest import Intake, referral

pytestmark = pytest.mark.asyncio(loop_scope="module")

STALL = dt.timedelta(seconds=120)


@pytest_asyncio.fixture(loop_scope="module")
async def again(intake: Intake, tmp_path: Path) -> AsyncIterator[EmitAgain]:
    (tmp_path / "intake.dsn").write_text(intake.dsn)
    pool: Pool = await open_pool(DatabaseSettings(dsn_file=tmp_path / "intake.dsn"))
    yield EmitAgain(Emissions(pool), intake.clock, lambda: None, STALL)
    await pool.close()


async def published(intake: Intake) -> list[tuple[bytes, bytes, str]]:
    """What the outbox held, carried away as the relay does."""
    rows = await intake.database.fetch("DELETE FROM outbox RETURNING key, value, headers")
    return [(row["key"], row["value"], row["headers"]) for row in rows]


async def test_a_stalled_event_goes_out_again_byte_for_byte(intake: Intake, again: EmitAgain) -> None:
    await intake.post(referral())
    first = await published(intake)
    assert await again() == 0, "it may still be on its way"
    intake.clock.forward(seconds=121)
    assert await again() == 1
    assert await published(intake) == first


async def test_an_event_that_still_waits_for_kafka_is_not_put_there_twice(intake: Intake, again: EmitAgain) -> None:
    await intake.post(referral())
    intake.clock.forward(hours=1)
    assert await again() == 0
    assert await intake.count("outbox") == 1


async def test_pauses_double_up_to_ten_minutes(intake: Intake, again: EmitAgain) -> None:
    await intake.post(referral())
    pauses, waited = [], 0
    for _ in range(4_000):
        await intake.database.execute("DELETE FROM outbox")
        intake.clock.forward(seconds=1)
        waited += 1
        due = await intake.database.fetchval("SELECT next_emission_at FROM open_emission")
        if due <= intake.clock():
            assert await again() == 1
            pauses.append(waited)
            waited = 0
        if len(pauses) == 5:
            break
    assert pauses == [120, 240, 480, 600, 600]


async def test_an_update_takes_the_place_of_the_revision_before(intake: Intake, again: EmitAgain) -> None:
    body = referral(source={"record_id": "INC-1", "version": 1})
    await intake.post(body)
    await intake.post(body | {"source": {"record_id": "INC-1", "version": 2}})
    await published(intake)
    intake.clock.forward(minutes=10)
    assert await again() == 1
    (event,) = await intake.outbox()
    assert event.data.revision == 2  # type: ignore[attr-defined]


async def test_two_replicas_publish_it_once(intake: Intake, again: EmitAgain) -> None:
    for _ in range(30):
        await intake.post(referral())
    await published(intake)
    intake.clock.forward(minutes=10)
    counts = await asyncio.gather(*(again() for _ in range(4)))
    assert sum(counts) == await intake.count("outbox") == 30


async def test_keys_past_their_time_are_forgotten_and_others_are_not(intake: Intake, again: EmitAgain) -> None:
    await intake.post(referral(), key="old")
    intake.clock.forward(days=29)
    await intake.post(referral(), key="new")
    await again()
    assert await intake.count("idempotency_key") == 2
    intake.clock.forward(days=2)
    await again()
    assert await intake.count("idempotency_key") == 1
