"""Notify, wired: the only place where its parts are made."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import structlog
from fastapi import FastAPI
from faststream.kafka import KafkaBroker

from services.kit.broker import LagGauges, Publisher, connect, consumers_hold, create_broker
from services.kit.clock import Clock, system_clock
from services.kit.database import answers, open_pool
from services.kit.dead_letter import Settler
from services.kit.health import health_router
from services.kit.logs import configure_logs
from services.kit.outbox import OutboxGauges, Relay
from services.kit.policy_pack import PolicyPack, process_metrics
from services.kit.serve import Fatal, guarded
from services.kit.settings import KafkaSettings
from services.kit.telemetry import FRAMEWORK_TELEMETRY_OFF, start_tracing
from services.notify.adapters.gauges import NotifyGauges
from services.notify.adapters.smtp import SmtpChannel
from services.notify.adapters.templates import MailTemplates
from services.notify.api import install_problems, staff_router
from services.notify.domain.ladder import ladder_faults
from services.notify.handlers import Notify
from services.notify.settings import NotifySettings
from services.notify.subscribers import subscribe
from services.notify.workers import DeliveryWorker, Sweeper

log = structlog.get_logger()


def create_app(settings: NotifySettings, fatal: Fatal, clock: Clock = system_clock) -> FastAPI:
    """The service's HTTP application; its lifespan runs the Kafka side and the timers.

    It is ready without Kafka: while the broker is away, people can still acknowledge, and clocks run on.

    Raises:
        PolicyPackError: the pack is broken, or leaves somebody's last level an empty rota.
        TemplateFaultError: a template says what none may.
    """
    configure_logs("notify", settings.log_level)
    start_tracing("notify", settings.otlp_endpoint)
    policy = PolicyPack(
        settings.policy_pack, clock, object_to=lambda pack: ladder_faults(pack, clock()), metrics=process_metrics()
    )
    templates = MailTemplates(settings.language)
    broker = create_broker(settings.kafka)
    publisher = Publisher(broker, fatal)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        pool = await open_pool(settings.database)
        channel = SmtpChannel(settings.smtp)
        notify = Notify(pool, lambda: policy.current, clock, templates, channel, settings.public_url)
        relay, worker = Relay(pool, publisher), DeliveryWorker(notify)

        def wake() -> None:
            relay.wake()
            worker.wake()

        notify.wake = wake
        subscribe(broker, Settler("notify", publisher, notify.routed))
        app.state.notify = notify
        app.include_router(
            health_router(
                {"database": lambda: answers(pool)}, (LagGauges(broker), OutboxGauges(pool), NotifyGauges(pool, clock))
            )
        )

        tasks = [
            guarded(policy.keep_fresh(settings.policy_reload_seconds), "policy", fatal),
            guarded(worker.run(), "deliveries", fatal),
            guarded(Sweeper(notify, settings.sweep_seconds).run(), "sweeper", fatal),
            guarded(_carry(settings.kafka, broker, relay), "kafka", fatal),
        ]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(broker.stop(), *tasks, return_exceptions=True)
        await channel.close()
        pool.terminate()

    app = FastAPI(
        title="Saferoute notify",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        telemetry=FRAMEWORK_TELEMETRY_OFF,
    )
    install_problems(app)
    app.include_router(staff_router(lambda: policy.current))
    return app


async def _carry(kafka: KafkaSettings, broker: KafkaBroker, relay: Relay) -> None:
    """Connect to Kafka, however long it takes, then read and carry the outbox to it for ever; mail does not wait."""
    await connect(kafka, broker)
    async with asyncio.TaskGroup() as both:
        both.create_task(consumers_hold(broker))
        both.create_task(relay.run())
