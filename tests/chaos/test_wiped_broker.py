"""The broker loses all it has, also what it had confirmed: the ledger publishes again what nobody was told of."""

from __future__ import annotations

import asyncio

import pytest

from services.local.deployment import topic_specs
from tests.support.chaos_stack import Arena

pytestmark = [pytest.mark.chaos, pytest.mark.real_kafka, pytest.mark.asyncio(loop_scope="session")]

STALL = {"SAFEROUTE_STALL_AFTER_SECONDS": "5", "SAFEROUTE_EMISSION_POLL_SECONDS": "1"}
REFERRALS = 30


async def test_every_accepted_referral_survives_the_loss_of_all_topics(field: Arena) -> None:
    await field.restart({"intake": ""}, STALL)
    await field.load("before-the-wipe", per_second=60.0, lanes=16).run(REFERRALS)
    await asyncio.to_thread(field.kafka.kill)
    field.kafka.wipe()
    told_before = field.book.references() & {one.reference for one in field.accepted("before-the-wipe")}
    assert len(told_before) < REFERRALS, "nothing was in flight: the wipe struck too late"

    await field.load("without-a-broker", per_second=60.0, lanes=16).run(REFERRALS)
    await asyncio.to_thread(field.kafka.start)
    await asyncio.to_thread(field.kafka.declare_topics, topic_specs())

    for arm in ("before-the-wipe", "without-a-broker"):
        verdict = await field.verdict(arm, wiped=True)
        assert verdict.accepted == REFERRALS
        assert verdict.violations() == [], arm
