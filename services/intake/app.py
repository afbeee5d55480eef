"""Intake, wired: the only place where its parts are made."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from aiokafka.errors import KafkaError
from fastapi import FastAPI
from faststream.kafka import KafkaBroker

from services.intake.adapters.clients import ClientDirectory
from services.intake.adapters.emissions import Emissions
from services.intake.adapters.files import load_fingerprints, load_schools
from services.intake.adapters.ledger import Ledger
from services.intake.adapters.ledger_gauges import LedgerGauges
from services.intake.adapters.seal import Sealer
from services.intake.adapters.statuses import Statuses
from services.intake.api.deadline import Deadline
from services.intake.api.docs import docs_router
from services.intake.api.door import Door
from services.intake.api.openapi import DESCRIPTION, TITLE, VERSION, describe
from services.intake.api.routes import Routes, refuse_as_problems
from services.intake.domain.allowance import Rate
from services.intake.domain.fingerprint import Fingerprints
from services.intake.domain.schools import SchoolsRegister
from services.intake.handlers import Authenticate, EmitAgain, FollowReferral, ReceiveReferral, ShowReferrals
from services.intake.settings import IntakeSettings
from services.intake.subscribers import subscribe
from services.kit.broker import LagGauges, Publisher, connect, consumers_hold, create_broker
from services.kit.clock import Clock, system_clock
from services.kit.database import Pool, answers, open_pool
from services.kit.dead_letter import Settler
from services.kit.errors import InfrastructureError
from services.kit.health import health_router
from services.kit.logs import configure_logs
from services.kit.outbox import OutboxGauges, Relay
from services.kit.policy_pack import PolicyPack, process_metrics
from services.kit.sealing import load_public
from services.kit.serve import Fatal, guarded
from services.kit.settings import KafkaSettings
from services.kit.telemetry import FRAMEWORK_TELEMETRY_OFF, start_tracing

log = structlog.get_logger()

_FRAMEWORK: dict[str, Any] = {
    "docs_url": None,  # our own page: the framework's loads scripts from elsewhere
    "redoc_url": None,
    "redirect_slashes": False,
    "telemetry": FRAMEWORK_TELEMETRY_OFF,
}
"""What the framework must not do by itself."""
MIGRATIONS = Path(__file__).parent / "migrations"


def create_app(settings: IntakeSettings, fatal: Fatal, clock: Clock = system_clock) -> FastAPI:
    """The service's HTTP application. Its lifespan runs relay, consumer and re-emission beside it.

    The door opens at once: neither a missing Kafka nor a missing database keeps it from starting.
    """
    configure_logs("intake", settings.log_level)
    start_tracing("intake", settings.otlp_endpoint)
    loaded = _Loaded.from_files(settings, clock)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        pool = await open_pool(settings.database)
        broker = create_broker(settings.kafka)
        publisher = Publisher(broker, fatal)
        relay = Relay(pool, publisher)
        receive = loaded.use_case(pool, relay)
        measures = (LagGauges(broker), OutboxGauges(pool), LedgerGauges(pool, clock))
        app.include_router(health_router({"database": lambda: answers(pool)}, measures))
        _open_door(app, settings, pool, receive, ShowReferrals(Statuses(pool), clock))
        subscribe(broker, Settler("intake", publisher, FollowReferral(Statuses(pool), clock)))
        again = EmitAgain(Emissions(pool), clock, relay.wake, receive.stall_after)
        tasks = [
            guarded(_carry(settings.kafka, broker, relay), "kafka", fatal),
            guarded(_emit_again(again, settings.emission_poll_seconds), "emission", fatal),
            guarded(loaded.policy.keep_fresh(settings.policy_reload_seconds), "policy", fatal),
        ]
        yield
        await _stop(broker, tasks)
        pool.terminate()

    app = FastAPI(title=TITLE, version=VERSION, description=DESCRIPTION, lifespan=lifespan, **_FRAMEWORK)
    refuse_as_problems(app)
    describe(app)
    app.include_router(docs_router(app))
    app.add_middleware(Door)
    return app


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What is read from files before anything starts: a service with a bad file does not start."""

    settings: IntakeSettings
    clock: Clock
    policy: PolicyPack
    sealer: Sealer
    fingerprints: Fingerprints
    schools: SchoolsRegister

    @classmethod
    def from_files(cls, settings: IntakeSettings, clock: Clock) -> _Loaded:
        """Raises PolicyPackError, KeyFileError or SchoolsRegisterError."""
        return cls(
            settings,
            clock,
            policy=PolicyPack(settings.policy_pack, clock, metrics=process_metrics()),
            sealer=Sealer(load_public(settings.sealing_key_file)),
            fingerprints=load_fingerprints(settings.fingerprint_key_file),
            schools=load_schools(settings.schools_register),
        )

    def use_case(self, pool: Pool, relay: Relay) -> ReceiveReferral:
        """Taking referrals, on this database."""
        return ReceiveReferral(
            ledger=Ledger(pool),
            seal=self.sealer,
            fingerprints=self.fingerprints,
            schools=self.schools,
            pack=lambda: self.policy.current,
            clock=self.clock,
            wake=relay.wake,
            stall_after=dt.timedelta(seconds=self.settings.stall_after_seconds),
            keep_keys_for=dt.timedelta(days=self.settings.idempotency_days),
        )


def _open_door(
    app: FastAPI, settings: IntakeSettings, pool: Pool, receive: ReceiveReferral, show: ShowReferrals
) -> None:
    """Add the routes: they need the pool, which belongs to the running event loop."""
    routes = Routes(
        authenticate=Authenticate(ClientDirectory(pool, receive.clock)),
        receive=receive,
        show=show,
        pack=receive.pack,
        deadline=Deadline(settings.answer_deadline_seconds),
        body_seconds=settings.body_deadline_seconds,
        rate=Rate(settings.rate_per_second, settings.rate_burst, settings.rate_reserve),
    )
    app.include_router(routes.router())


async def _carry(kafka: KafkaSettings, broker: KafkaBroker, relay: Relay) -> None:
    """Connect to Kafka, however long it takes, then read and carry the outbox to it for ever."""
    await connect(kafka, broker)
    async with asyncio.TaskGroup() as both:
        both.create_task(consumers_hold(broker))
        both.create_task(relay.run())


async def _emit_again(again: EmitAgain, every_seconds: float) -> None:
    """Look for stalled referrals for ever. Outages of the database are waited out."""
    while True:
        await asyncio.sleep(every_seconds)
        try:
            await again()
        except InfrastructureError as error:
            log.warning("emission.waits", part=error.part)


async def _stop(broker: KafkaBroker, tasks: list[asyncio.Task[None]]) -> None:
    """Let the batch in hand end, then stop the rest. What the relay had not confirmed it carries after the start."""
    with contextlib.suppress(KafkaError, OSError):
        await broker.stop()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
