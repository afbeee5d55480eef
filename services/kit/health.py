"""Liveness, readiness and metrics: the doors that operations use of every service."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog
from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from services.kit.errors import InfrastructureError
from services.kit.logs import exception_fields
from services.kit.telemetry import CHECK_OK

log = structlog.get_logger()

Check = Callable[[], Awaitable[bool]]
Measure = Callable[[], Awaitable[None]]
"""Brings gauges up to date when metrics are asked for. Sets them to UNKNOWN before it looks, so that what could not be
measured never shows an old figure; may raise InfrastructureError."""

MEASURE_SECONDS = 4.0
"""For all measures of one scrape together: half of the time that Prometheus gives an answer."""


def health_router(checks: Mapping[str, Check], measures: Sequence[Measure] = ()) -> APIRouter:
    """Routes `/health/live`, `/health/ready` (200 or 503, with each check by name) and `/metrics`."""
    router = APIRouter(include_in_schema=False)

    @router.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @router.get("/health/ready")
    async def ready() -> JSONResponse:
        results = {name: await check() for name, check in checks.items()}
        return JSONResponse({"checks": results}, status_code=200 if all(results.values()) else 503)

    @router.get("/metrics")
    async def metrics() -> Response:
        await asyncio.gather(*map(_measured, measures), *(_noted(name, check) for name, check in checks.items()))
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


async def _measured(measure: Measure) -> None:
    """Metrics are answered in time whatever is away: that is when they are needed."""
    try:
        async with asyncio.timeout(MEASURE_SECONDS):
            await measure()
    except (InfrastructureError, TimeoutError) as error:
        log.warning("metrics.not_measured", **exception_fields(error))


async def _noted(name: str, check: Check) -> None:
    CHECK_OK.labels(name).set(0)
    try:
        async with asyncio.timeout(MEASURE_SECONDS):
            CHECK_OK.labels(name).set(1 if await check() else 0)
    except TimeoutError as error:
        log.warning("metrics.not_measured", **exception_fields(error))
