"""The doors that operations use: metrics are answered whatever is away, and never with an old figure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY

from services.kit import health
from services.kit.errors import InfrastructureError
from services.kit.health import Check, Measure, health_router
from services.kit.telemetry import OUTBOX_WAITING, UNKNOWN


async def asked(path: str, check: Check, *measures: Measure) -> httpx.Response:
    app = FastAPI()
    app.include_router(health_router({"database": check}, measures))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service.example") as http:
        return await http.get(path)


async def yes() -> bool:
    return True


async def no() -> bool:
    return False


async def hangs() -> bool:
    await asyncio.sleep(60)
    return True


def sample(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


@pytest.fixture(autouse=True)
async def _short_deadline(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    monkeypatch.setattr(health, "MEASURE_SECONDS", 0.05)
    yield
    OUTBOX_WAITING.set(0)


async def test_a_part_that_does_not_answer_shows_in_readiness_and_in_metrics() -> None:
    assert (await asked("/health/ready", no)).status_code == 503
    assert (await asked("/metrics", no)).status_code == 200
    assert sample("saferoute_check_ok", check="database") == 0
    await asked("/metrics", yes)
    assert sample("saferoute_check_ok", check="database") == 1


async def test_a_check_that_hangs_counts_as_no_and_keeps_nobody_waiting() -> None:
    await asked("/metrics", yes)
    answer = await asyncio.wait_for(asked("/metrics", hangs), 2)
    assert answer.status_code == 200
    assert sample("saferoute_check_ok", check="database") == 0


@pytest.mark.parametrize("fault", [InfrastructureError("database"), None])
async def test_what_cannot_be_measured_shows_no_old_figure(fault: InfrastructureError | None) -> None:
    async def measure() -> None:
        OUTBOX_WAITING.set(UNKNOWN)
        if fault is not None:
            raise fault
        await asyncio.sleep(60)

    OUTBOX_WAITING.set(7)
    answer = await asyncio.wait_for(asked("/metrics", yes, measure), 2)
    assert "saferoute_outbox_waiting NaN" in answer.text


async def test_gauges_are_measured_when_somebody_asks() -> None:
    async def measure() -> None:
        OUTBOX_WAITING.set(3)

    assert "saferoute_outbox_waiting 3.0" in (await asked("/metrics", yes, measure)).text
