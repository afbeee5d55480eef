"""Redaction, wired: the only place where its parts are made."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import FastAPI

from services.kit.broker import LagGauges, Publisher, consumers_hold, create_broker, wait_for_kafka
from services.kit.clock import Clock, system_clock
from services.kit.database import answers, open_pool
from services.kit.dead_letter import Settler
from services.kit.health import health_router
from services.kit.logs import configure_logs
from services.kit.sealing import load_private_ring
from services.kit.serve import Fatal, guarded
from services.kit.telemetry import FRAMEWORK_TELEMETRY_OFF, start_tracing
from services.redaction.adapters.engine import RedactionEngine
from services.redaction.adapters.vault import Vault, VaultKeys
from services.redaction.handlers import RedactReferral
from services.redaction.redactor import Redactor
from services.redaction.settings import RedactionSettings
from services.redaction.subscribers import subscribe

MIGRATIONS = Path(__file__).parent / "migrations"
PING_SECONDS = 2.0


def create_app(settings: RedactionSettings, fatal: Fatal, clock: Clock = system_clock) -> FastAPI:
    """The service's HTTP application; its lifespan runs the Kafka side."""
    configure_logs("redaction", settings.log_level)
    start_tracing("redaction", settings.otlp_endpoint)
    keys = load_private_ring(settings.sealing_private_keys)
    vault_keys = VaultKeys.load(settings.vault_key_file)
    redactor = Redactor.load()
    broker = create_broker(settings.kafka)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        pool = await open_pool(settings.database)
        engine = RedactionEngine(redactor, settings.redaction_timeout_seconds, on_exhausted=fatal)
        handler = RedactReferral(keys, Vault(pool, vault_keys, clock), engine, clock)
        subscribe(broker, Settler("redaction", Publisher(broker, fatal), handler, give_up=handler.give_up))

        async def kafka_answers() -> bool:
            return await broker.ping(PING_SECONDS)

        async def database_answers() -> bool:
            return await answers(pool)

        checks = {"kafka": kafka_answers, "database": database_answers}
        app.include_router(health_router(checks, (LagGauges(broker),)))
        await wait_for_kafka(settings.kafka)
        await broker.start()
        reading = guarded(consumers_hold(broker), "consumers", fatal)
        yield
        reading.cancel()
        await broker.stop()
        await pool.close()

    return FastAPI(
        title="Saferoute redaction",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        telemetry=FRAMEWORK_TELEMETRY_OFF,
    )
