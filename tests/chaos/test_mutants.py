"""The control arms: each mistake that the architecture avoids is made on purpose, and the same verdict must see it.

The three are made at once, in three services; what each of them breaks shows in a figure of its own.
"""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio

from contracts.topics import Service
from tests.support.chaos_stack import Arena, until
from tests.support.chaos_verdict import Verdict

pytestmark = [pytest.mark.chaos, pytest.mark.real_kafka, pytest.mark.asyncio(loop_scope="session")]

MISTAKES: dict[Service, str] = {"intake": "outbox_outside", "routing": "default_ack", "notify": "no_inbox"}
REFERRALS = 60
ARM = "mutants"
STRIKE_SECONDS = 40.0
LOST_SECONDS = 20.0
"""What is lost never arrives: how long the verdict waits for it all the same."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def verdict(field: Arena) -> Verdict:
    """What is found of a run in which every service with a mistake was killed once, with work in its hands."""
    try:
        await field.restart(MISTAKES)
        await _posted_and_struck(field)
    finally:
        await field.restart(dict.fromkeys(MISTAKES, ""))
    return await field.verdict(ARM, seconds=LOST_SECONDS, ask=False)


async def _posted_and_struck(field: Arena) -> None:
    await field.consuming()
    posting = asyncio.create_task(field.load(ARM, per_second=60.0, lanes=16).run(REFERRALS))
    assert await until(lambda: len(field.accepted(ARM)) >= REFERRALS // 4, STRIKE_SECONDS)
    await _struck(field, "intake")
    await posting
    assert await until(lambda: bool(_mailed(field)), STRIKE_SECONDS), "nobody was told anything"
    await asyncio.gather(_struck(field, "notify"), _struck(field, "routing"))


async def _struck(field: Arena, service: Service) -> None:
    assert await field.until_back(service, field.kill(service)), f"{service} is not ready again"


def _mailed(field: Arena) -> set[str]:
    return field.book.references() & {one.reference for one in field.accepted(ARM)}


async def test_committing_before_the_work_is_seen_as_loss_at_routing(verdict: Verdict) -> None:
    assert verdict.lost_at["routing"] > 0


async def test_an_event_outside_the_transaction_is_seen_as_loss_at_intake(verdict: Verdict) -> None:
    assert verdict.lost_at["intake"] > 0


async def test_a_missing_inbox_is_seen_as_people_told_twice(verdict: Verdict) -> None:
    assert len(verdict.duplicates) > 0


async def test_no_mistake_means_no_finding_of_its_kind(verdict: Verdict) -> None:
    assert verdict.lost_at["redaction"] == 0
    assert verdict.lost_at["notify"] == 0
