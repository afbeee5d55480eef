"""The control arms: each mistake that the architecture avoids is made on purpose, and the same verdict must see it.

The three are made at once, in three services; what each of them breaks shows in a figure of its own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest
import pytest_asyncio

from contracts.topics import Service
from tests.support.chaos_evidence import committed_ahead, rows
from tests.support.chaos_stack import SLOW, Arena
from tests.support.chaos_verdict import Verdict

pytestmark = [pytest.mark.chaos, pytest.mark.real_kafka, pytest.mark.asyncio(loop_scope="session")]

MISTAKES: dict[Service, str] = {"intake": "outbox_outside", "routing": "default_ack", "notify": "no_inbox"}
REFERRALS = 60
ARM = "mutants"
STRIKE_SECONDS = 60.0
LOST_SECONDS = 20.0
"""What is lost never arrives: how long the verdict waits for it all the same."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def verdict(field: Arena) -> Verdict:
    """What is found of a run in which every service with a mistake was killed once, with work in its hands."""
    try:
        await field.restart(MISTAKES)
        await _posted_and_struck(field)
    finally:
        await field.restart({service: SLOW.get(service, "") for service in MISTAKES})
    return await field.verdict(ARM, seconds=LOST_SECONDS, ask=False)


async def _posted_and_struck(field: Arena) -> None:
    """Post, and kill each service at an instant at which its mistake has something to break."""
    await field.consuming()
    servers = field.stack.bootstrap_servers
    at_rest = await asyncio.to_thread(committed_ahead, servers)

    async def unanswered() -> bool:
        found = await rows(field.stack, "intake", "SELECT coalesce(sum(revision), 0) AS n FROM referral")
        return int(found[0]["n"]) >= len(field.ledger.read()) + 3

    async def undecided() -> bool:
        return await asyncio.to_thread(committed_ahead, servers) >= at_rest + 5

    async def told() -> bool:
        return not field.book.references().isdisjoint(one.reference for one in field.accepted(ARM))

    await asyncio.gather(
        field.load(ARM, per_second=60.0, lanes=16).run(REFERRALS),
        _struck(field, "intake", unanswered),
        _struck(field, "routing", undecided),
        _struck(field, "notify", told),
    )


async def _struck(field: Arena, service: Service, due: Callable[[], Awaitable[bool]]) -> None:
    """Kill a service once it is due, and wait until it is back."""
    deadline = time.monotonic() + STRIKE_SECONDS
    while not await due():
        assert time.monotonic() < deadline, f"{service} never had anything in its hands"
        await asyncio.sleep(0.05)
    assert await field.until_back(service, field.kill(service)), f"{service} is not ready again"


async def test_committing_before_the_work_is_seen_as_loss_at_routing(verdict: Verdict) -> None:
    assert verdict.lost_at["routing"] > 0


async def test_an_event_outside_the_transaction_is_seen_as_loss_at_intake(verdict: Verdict) -> None:
    assert verdict.lost_at["intake"] > 0


async def test_a_missing_inbox_is_seen_as_people_told_twice(verdict: Verdict) -> None:
    assert len(verdict.duplicates) > 0


async def test_no_mistake_means_no_finding_of_its_kind(verdict: Verdict) -> None:
    assert verdict.lost_at["redaction"] == 0
    assert verdict.lost_at["notify"] == 0
