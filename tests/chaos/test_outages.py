"""What every service needs fails under load, one part after the other; the ledger's re-emission stays off."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import time
from collections.abc import AsyncIterator

import pytest

from contracts.topics import SERVICES
from tests.support.chaos_load import Load
from tests.support.chaos_stack import EXITS, Arena

pytestmark = [pytest.mark.chaos, pytest.mark.real_kafka, pytest.mark.asyncio(loop_scope="session")]

STOP_SECONDS = 15.0
"""What a container gets between SIGTERM and SIGKILL."""


@contextlib.asynccontextmanager
async def under_load(field: Arena, arm: str, referrals: int = 20) -> AsyncIterator[Load]:
    """Post throughout the block; after it, everything that was accepted must have arrived."""
    enough = asyncio.Event()
    load = field.load(arm)
    posting = asyncio.create_task(load.run(referrals, enough))
    try:
        yield load
    finally:
        enough.set()
        await posting
    verdict = await field.verdict(arm)
    assert verdict.accepted >= referrals
    assert verdict.violations() == []


async def test_a_broker_that_freezes_loses_nothing(field: Arena) -> None:
    async with under_load(field, "frozen-broker"):
        await asyncio.sleep(1.0)
        await asyncio.to_thread(field.kafka.pause)
        await asyncio.sleep(5.0)
        await asyncio.to_thread(field.kafka.resume)


async def test_a_database_that_is_killed_is_a_503_and_loses_nothing(field: Arena) -> None:
    async with under_load(field, "killed-database") as load:
        await asyncio.sleep(1.0)
        await asyncio.to_thread(field.stack.postgres.kill)
        await asyncio.sleep(3.0)
        await asyncio.to_thread(field.stack.postgres.start)
        await asyncio.sleep(2.0)
    assert load.retries > 0


async def test_a_mail_server_that_is_away_delays_mail_and_loses_none(field: Arena) -> None:
    async with under_load(field, "no-mail"):
        await asyncio.sleep(1.0)
        await asyncio.to_thread(field.stack.mail.stop)
        await asyncio.sleep(10.0)
        await asyncio.to_thread(field.stack.mail.start)


async def test_told_to_stop_under_load_every_service_is_out_in_time_and_loses_nothing(field: Arena) -> None:
    async with under_load(field, "stopped"):
        await asyncio.sleep(1.0)
        asked = time.time()
        pids = {service: field.stack.supervisor.pid(service) for service in SERVICES}
        for pid in pids.values():
            assert pid is not None
            os.kill(pid, signal.SIGTERM)
        for service, pid in pids.items():
            assert await field.until_back(service, pid), f"{service} is not ready again"
    for service, pid in pids.items():
        out = json.loads((field.switch.folder / EXITS / f"{service}-{pid}").read_text())
        assert out["code"] == 0, service
        assert out["at"] - asked < STOP_SECONDS, service
