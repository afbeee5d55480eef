"""Kill -9 at random instants: every 202 is somebody's mail, once, in order. Kafka's side alone must hold it.

The ledger's re-emission is off here. `python -m bench.chaos` is the long form: 200 kills, 2,000 referrals.
"""

from __future__ import annotations

import asyncio

import pytest

from contracts.topics import SERVICES
from tests.support.chaos_stack import Arena, Killer

pytestmark = [pytest.mark.chaos, pytest.mark.real_kafka, pytest.mark.asyncio(loop_scope="session")]

REFERRALS = 200
KILLS_EACH = 4


async def test_referrals_survive_kills_of_every_service(field: Arena) -> None:
    field.kills.clear()
    enough = asyncio.Event()
    posting = asyncio.create_task(field.load("kills", per_second=6.0).run(REFERRALS, enough))
    try:
        await Killer(field, seed=1).run(KILLS_EACH)
    finally:
        enough.set()
        await posting
    verdict = await field.verdict("kills")
    assert field.kills == dict.fromkeys(SERVICES, KILLS_EACH)
    assert verdict.accepted >= REFERRALS
    assert verdict.violations() == []
    assert verdict.waiting == 0
