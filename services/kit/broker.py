"""Kafka through FastStream, with the settings that lost nothing under kills, pauses and rebalances.

What each setting prevents is measured and written down in docs/decisions/0003-delivery.md.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from types import TracebackType
from typing import Any

import structlog
from aiokafka import AIOKafkaClient, AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError, KafkaTimeoutError
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage
from faststream.security import BaseSecurity, SASLScram512

from contracts.codec import Encoded
from services.kit.errors import InfrastructureError
from services.kit.logs import exception_fields
from services.kit.settings import KafkaSettings
from services.kit.telemetry import BROKER_CONNECTED, CONSUMER_LAG

log = structlog.get_logger()

GRACEFUL_SECONDS = 7.0
"""How long a stopping consumer may finish the batch in hand. With the open requests before it and the goodbye to Kafka
after it (see serve.SHUTDOWN_SECONDS) it stays below the 15 s that a container gets to stop."""
STOP_SECONDS = 9.0
"""How long stopping the Kafka side may take in all. The producer would flush for ever while the broker is away, and a
consumer's goodbye would wait 40 s; what is abandoned comes again, because its offsets were not committed."""
PUBLISH_DEADLINE_SECONDS = 30.0
"""Kafka's own delivery never times out while the broker is away; after this the batch is taken back and tried again.
An abandoned message may still arrive later, which idempotent consumers do not notice."""
METADATA_MS = 10_000
"""How old a client's picture of the topics may be. With the library's five minutes, a consumer that joined its group
before the topics of a new or wiped broker were declared was a member without partitions for so long."""
CONSUMER_LOOK_SECONDS = 1.0
"""How soon a consumer that can never read again is noticed."""
PROBE_SECONDS = 0.5
PROBE_TIMEOUT_MS = 3_000
"""A frozen broker's machine accepts connections and never answers; the library's own 40 s would outlast a deadline."""


class _Broker(KafkaBroker):
    """A broker client whose end has a deadline."""

    async def stop(
        self,
        exc_type: type[BaseException] | None = None,
        exc_val: BaseException | None = None,
        exc_tb: TracebackType | None = None,
    ) -> None:
        """Finish the batch in hand, commit, say goodbye; give up on Kafka after STOP_SECONDS."""
        ending = asyncio.ensure_future(super().stop(exc_type, exc_val, exc_tb))
        await asyncio.wait({ending}, timeout=STOP_SECONDS)
        if ending.done():
            ending.result()
            return
        log.warning("broker.stop_abandoned", part="broker")
        ending.cancel()


def create_broker(settings: KafkaSettings) -> KafkaBroker:
    """A broker client: idempotent producer, no lingering, topics only by declaration."""
    return _Broker(
        settings.bootstrap_servers.split(","),
        enable_idempotence=True,
        linger_ms=0,
        allow_auto_create_topics=False,
        metadata_max_age_ms=METADATA_MS,
        graceful_timeout=GRACEFUL_SECONDS,
        security=_security(settings),
        logger=logging.getLogger("faststream.kafka"),
        apply_types=False,
    )


def _security(settings: KafkaSettings) -> BaseSecurity | None:
    if settings.protocol == "PLAINTEXT":
        return None
    context = ssl.create_default_context(cafile=str(settings.ca_file) if settings.ca_file else None)
    return SASLScram512(
        username=settings.username, password=settings.password().get_secret_value(), ssl_context=context
    )


async def wait_for_kafka(settings: KafkaSettings, *, for_ever: bool = False) -> None:
    """Return once a broker answers.

    Raises:
        InfrastructureError: none did within `start_deadline_seconds` (never with `for_ever`).
    """
    deadline = time.monotonic() + settings.start_deadline_seconds
    options = client_options(settings)
    while not await _kafka_answers(options):
        if not for_ever and time.monotonic() > deadline:
            raise InfrastructureError("broker")
        await asyncio.sleep(PROBE_SECONDS)
    BROKER_CONNECTED.set(1)


async def connect(settings: KafkaSettings, broker: KafkaBroker) -> None:
    """Start the Kafka side, however long Kafka is away: for services that work without it meanwhile."""
    while True:
        await wait_for_kafka(settings, for_ever=True)
        try:
            await broker.start()
        except (KafkaError, OSError) as error:
            log.warning("broker.start_failed", part="broker", **exception_fields(error))
            await broker.stop()
        else:
            log.info("broker.connected")
            return


async def consumers_hold(broker: KafkaBroker) -> None:
    """Go on for as long as every consumer can read. One whose membership ended by a fault raises the same error at
    each read until the process is a new one, while everything else in the process looks well.

    Raises:
        InfrastructureError: such a consumer.
    """
    while not any(_fell_out(getattr(one, "consumer", None)) for one in broker.subscribers):  # noqa: ASYNC110 - no event
        await asyncio.sleep(CONSUMER_LOOK_SECONDS)
    raise InfrastructureError("broker")


def _fell_out(consumer: AIOKafkaConsumer | None) -> bool:
    """Whether a task that keeps a consumer in its group has died. The library tells this only by raising from every
    read, which the framework answers by reading again: one refused heartbeat, as by a broker that was made anew and
    knows no permissions yet, and the same refusal is raised for ever."""
    if consumer is None or consumer._closed:
        return False
    coordinator = consumer._coordinator  # that of a consumer without a group has none of these tasks
    membership = getattr(coordinator, "_coordination_task", None)
    minor = (getattr(coordinator, name, None) for name in ("_heartbeat_task", "_commit_refresh_task"))
    return (membership is not None and membership.done()) or any(map(_raised, minor))


def _raised(task: asyncio.Task[None] | None) -> bool:
    return task is not None and task.done() and not task.cancelled() and task.exception() is not None


def client_options(settings: KafkaSettings) -> dict[str, Any]:
    """The same address and credentials for a plain aiokafka client."""
    options: dict[str, Any] = {"bootstrap_servers": settings.bootstrap_servers}
    security = _security(settings)
    if security is None:
        return options
    return options | {
        "security_protocol": "SASL_SSL",
        "ssl_context": security.ssl_context,
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": settings.username,
        "sasl_plain_password": settings.password().get_secret_value(),
    }


async def _kafka_answers(options: dict[str, Any]) -> bool:
    client = AIOKafkaClient(request_timeout_ms=PROBE_TIMEOUT_MS, **options)
    try:
        await client.bootstrap()
    except (KafkaError, OSError):
        return False
    finally:
        await client.close()
    return True


class Publisher:
    """Publishes encoded events with their keys, in order per key, and returns when Kafka has confirmed all.

    An idempotent producer that saw one error it cannot retry refuses every later message to that partition, so such
    an error ends the process: `on_broken` is called once and the supervisor starts a fresh one.
    """

    def __init__(self, broker: KafkaBroker, on_broken: Callable[[], None]) -> None:
        self._broker = broker
        self._on_broken = on_broken
        self._broken = False

    async def publish(self, events: Iterable[Encoded]) -> None:
        """Publish all or raise.

        Raises:
            InfrastructureError: the broker is away or refused; the same events may be published again.
        """
        failure: BaseException | None = None
        try:
            async with asyncio.timeout(PUBLISH_DEADLINE_SECONDS):
                futures = [await self._send(event) for event in events]
                await asyncio.gather(*futures)
        except TimeoutError as error:
            failure = error
        except KafkaError as error:
            failure = error
            if not (error.retriable or isinstance(error, KafkaTimeoutError)):
                self._break()
        if failure is not None:
            BROKER_CONNECTED.set(0)
            log.warning("broker.publish_failed", part="broker", **exception_fields(failure))
            raise InfrastructureError("broker")
        BROKER_CONNECTED.set(1)

    def _break(self) -> None:
        if not self._broken:
            self._broken = True
            self._on_broken()

    async def _send(self, event: Encoded) -> asyncio.Future[Any]:
        future = await self._broker.publish(
            event.value, event.topic, key=event.key, headers=event.headers, no_confirm=True
        )
        if not isinstance(future, asyncio.Future):
            raise TypeError("publishing with no_confirm answers a future")
        return future


class DrainListener(ConsumerRebalanceListener):  # type: ignore[misc]
    """On a rebalance, lets the batch in hand finish and be committed before partitions go to another replica.

    Without it every rolling restart delivered a batch twice; with it none (both measured over eight rebalances).
    """

    def __init__(self) -> None:
        self.subscriber: Any = None

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        wait_release = getattr(getattr(self.subscriber, "lock", None), "wait_release", None)
        if revoked and wait_release is not None:
            await wait_release(GRACEFUL_SECONDS)

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        log.info("broker.partitions_assigned", count=len(assigned))


async def parse_raw_batch(message: tuple[Any, ...], original: Callable[[Any], Awaitable[KafkaMessage]]) -> KafkaMessage:
    """A parser that never raises: the records stay raw, whatever is in their headers.

    FastStream's own parser decodes headers and raises on ones that are null or not text, after which even
    NACK_ON_ERROR commits past the record; so it sees the records without their headers.
    """
    parsed = await original(tuple(dataclasses.replace(record, headers=()) for record in message))
    parsed.raw_message = message
    return parsed


async def keep_raw_batch(message: KafkaMessage) -> object:
    """A decoder that decodes nothing: handlers get the raw records, `contracts.codec` decodes them."""
    return message.raw_message


class LagGauges:
    """What lies between the end of this replica's partitions and what its group has committed, by topic.

    Asked of the broker, not of the consumer: a batch in hand that never settles counts as lag, which the consumer's own
    position hides. Partitions of replicas that are down are measured by whoever gets them.
    """

    def __init__(self, broker: KafkaBroker) -> None:
        self._broker = broker

    async def __call__(self) -> None:
        """Measure now; says by the way whether the broker answers. Raises InfrastructureError."""
        CONSUMER_LAG.clear()
        BROKER_CONNECTED.set(0)
        found = (getattr(one, "consumer", None) for one in self._broker.subscribers)
        consumers: list[AIOKafkaConsumer] = [one for one in found if one is not None]
        away = False
        try:
            lags = [lag for consumer in consumers for lag in (await _lag_of(consumer)).items()]
        except KafkaError:
            away = True
        if away or not consumers:
            raise InfrastructureError("broker")
        BROKER_CONNECTED.set(1)
        for partition, lag in lags:
            CONSUMER_LAG.labels(partition.topic).inc(lag)


async def _lag_of(consumer: AIOKafkaConsumer) -> dict[TopicPartition, int]:
    """Records behind by partition that this consumer has now. Raises KafkaError."""
    assigned = list(consumer.assignment())
    ends, starts = await asyncio.gather(consumer.end_offsets(assigned), consumer.beginning_offsets(assigned))
    committed = await asyncio.gather(*(consumer.committed(one) for one in assigned))
    done = dict(zip(assigned, committed, strict=True))
    return {one: max(0, ends[one] - max(done[one] or 0, starts[one])) for one in assigned}
