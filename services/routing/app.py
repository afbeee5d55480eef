"""Routing, wired: the only place where its parts are made."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI

from services.kit.broker import LagGauges, Publisher, consumers_hold, create_broker, wait_for_kafka
from services.kit.clock import Clock, system_clock
from services.kit.dead_letter import Settler
from services.kit.health import health_router
from services.kit.logs import configure_logs
from services.kit.policy_pack import PolicyPack, process_metrics
from services.kit.serve import Fatal, guarded
from services.kit.telemetry import FRAMEWORK_TELEMETRY_OFF, start_tracing
from services.routing.api import policy_router
from services.routing.domain.soundness import objections
from services.routing.handlers import RouteReferral
from services.routing.settings import RoutingSettings
from services.routing.subscribers import subscribe

PING_SECONDS = 2.0


def create_app(settings: RoutingSettings, fatal: Fatal, clock: Clock = system_clock) -> FastAPI:
    """The service's HTTP application; its lifespan runs the Kafka side."""
    configure_logs("routing", settings.log_level)
    start_tracing("routing", settings.otlp_endpoint)
    policy = PolicyPack(
        settings.policy_pack,
        clock,
        object_to=lambda pack: objections(pack, clock().date()),
        metrics=process_metrics(),
    )
    broker = create_broker(settings.kafka)
    handler = RouteReferral(lambda: policy.current, clock)
    subscribe(broker, Settler("routing", Publisher(broker, fatal), handler, give_up=handler.give_up))

    async def kafka_answers() -> bool:
        return await broker.ping(PING_SECONDS)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        reloading = guarded(policy.keep_fresh(settings.policy_reload_seconds), "policy", fatal)
        await wait_for_kafka(settings.kafka)
        await broker.start()
        reading = guarded(consumers_hold(broker), "consumers", fatal)
        yield
        reading.cancel()
        await broker.stop()
        reloading.cancel()

    app = FastAPI(
        title="Saferoute routing",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        telemetry=FRAMEWORK_TELEMETRY_OFF,
    )
    app.include_router(health_router({"kafka": kafka_answers}, (LagGauges(broker),)))
    app.include_router(policy_router(policy))
    return app
