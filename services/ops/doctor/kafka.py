"""Kafka: topics and permissions as the registry declares them, no topic by accident, no dead letter forgotten."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

from aiokafka.errors import KafkaError

from contracts.access import PRINCIPALS
from services.ops.broker import Broker, BrokerRefusedError
from services.ops.broker_plan import Found, declared_rules, declared_topics, plan
from services.ops.dead_letters import ReplayError, count
from services.ops.doctor.findings import Finding, access, auto_create, dead_letters, fault, ok, topics, warning
from services.ops.doctor.settings import DoctorSettings

WAIT_SECONDS = 10.0


async def look_at_kafka(settings: DoctorSettings) -> AsyncIterator[Finding]:
    """Findings about the cluster, as the principal that the settings name may see it."""
    try:
        found = await asyncio.to_thread(_look, settings)
    except BrokerRefusedError as refusal:
        found = [
            fault("kafka", f"the cluster refuses or does not answer ({refusal})", "start it (runbook broker-loss)")
        ]
    for finding in found:
        yield finding
    if found[0].level != "fault":
        for finding in await _letters(settings):
            yield finding


def _look(settings: DoctorSettings) -> list[Finding]:
    """Blocking: librdkafka's own client. Raises BrokerRefusedError."""
    broker = Broker(settings.kafka)
    broker.wait(WAIT_SECONDS)
    shapes = declared_topics(settings.topic_replication, settings.topic_min_insync)
    reached = ok("kafka", "the cluster answers")
    if settings.kafka.protocol == "PLAINTEXT":
        seen = Found(broker.topics(shapes), declared_rules(), frozenset(PRINCIPALS))
        open_ = warning(
            "kafka/access",
            "the broker asks nobody for a password: whoever reaches it reads and writes everything",
            "keep such a broker to one machine for trying out; use SASL_SSL for everything else",
        )
        return [reached, *topics(plan(shapes, seen)), open_, auto_create(broker.setting("auto.create.topics.enable"))]
    todo = plan(shapes, broker.look(shapes))
    return [reached, *topics(todo), *access(todo), auto_create(broker.setting("auto.create.topics.enable"))]


async def _letters(settings: DoctorSettings) -> tuple[Finding, ...]:
    try:
        counted = await count(settings.kafka, None)
    except (KafkaError, ReplayError, OSError) as error:
        words = f"the dead letters cannot be read ({type(error).__name__})"
        return (fault("kafka/dead-letters", words, "run doctor as the operator, who may read them"),)
    waiting: Counter[tuple[str, str]] = Counter()
    for (topic, code, replayed), number in counted.items():
        waiting[topic, code] += 0 if replayed else number
    return dead_letters(waiting)
