"""A laboratory for services/kit: numbered events, replicas that note what they handle, and a count of what went wrong.

A replica is wired as the services wire theirs (`subscribe` in each service's subscribers.py), or badly on purpose: the
control arms of the fault tests.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import random
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from confluent_kafka import Consumer, TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from contracts.codec import Encoded, encode
from contracts.envelope import Envelope
from contracts.model import Contract
from contracts.topics import dead_letter_topic
from services.kit.broker import DrainListener, Publisher, create_broker, keep_raw_batch, parse_raw_batch
from services.kit.dead_letter import Settler
from services.kit.settings import KafkaSettings
from services.local.kafka import EmbeddedKafka
from services.local.topics import TopicSpec
from tests.support.example_events import example_envelopes

SERVICE: Final = "routing"
"""In whose name the replicas settle: it decides only the name of the dead-letter topic."""
HEARTBEAT_MS = 200
"""How soon a member learns of a rebalance; the services' 3 s would make eight rebalances half a minute."""
SESSION_MS = 6_000
"""The least that a broker allows: how long the partitions of a killed replica stay orphaned."""

EXAMPLE = example_envelopes()["referral.quarantined.v1"]


def numbered(referral: str, number: int) -> Envelope[Contract]:
    """Event `number` of an invented referral; both are in its id."""
    return EXAMPLE.model_copy(update={"subject": referral, "id": f"{referral}/{number}"})


def numbered_events(referrals: int, each: int) -> list[Envelope[Contract]]:
    """`each` events of `referrals` referrals, mixed, in order per referral."""
    return [numbered(f"r{referral}", number) for number in range(each) for referral in range(referrals)]


def declare(kafka: EmbeddedKafka, partitions: int = 6) -> str:
    """A topic of this test's own, with its dead-letter topic."""
    topic = f"kit.{uuid.uuid4().hex[:10]}"
    kafka.declare_topics([TopicSpec(topic, partitions), TopicSpec(dead_letter_topic(SERVICE, topic), 1)])
    return topic


async def produce(kafka: EmbeddedKafka, topic: str, events: Iterable[Envelope[Contract]]) -> None:
    """Write events to a topic of the test's own, as any producer would."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers, enable_idempotence=True)
    await producer.start()
    try:
        sent = []
        for event in map(encode, events):
            headers = [(name, text.encode()) for name, text in event.headers.items()]
            sent.append(await producer.send(topic, event.value, event.key, headers=headers))
        await asyncio.gather(*sent)
    finally:
        await producer.stop()


@dataclasses.dataclass(frozen=True)
class Landed:
    """A record as another client reads it back."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]

    def header(self, name: str) -> str | None:
        raw = dict(self.headers).get(name)
        return None if raw is None else raw.decode()


async def read_all(kafka: EmbeddedKafka, topic: str) -> list[Landed]:
    """Every record that is in a topic now, in the order of each partition, read by another client library."""
    return await asyncio.to_thread(_read_all, kafka.bootstrap_servers, topic)


def _read_all(bootstrap_servers: str, topic: str) -> list[Landed]:
    settings = {"bootstrap.servers": bootstrap_servers, "group.id": "kit-lab", "enable.auto.commit": False}
    consumer = Consumer(settings)
    landed: list[Landed] = []
    try:
        partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        for number in sorted(partitions):
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=10)
            consumer.assign([TopicPartition(topic, number, low)])
            position = low
            while position < high:
                message = consumer.poll(10)
                if message is None or message.error():
                    raise AssertionError(f"{topic} cannot be read back at {number}/{position}")
                landed.append(_landed(message))
                position = landed[-1].offset + 1
    finally:
        consumer.close()
    return landed


def _landed(message: Any) -> Landed:
    return Landed(message.partition(), message.offset(), message.key(), message.value(), list(message.headers() or ()))


@dataclasses.dataclass
class Wiring:
    """How a replica consumes. The defaults are the services' own."""

    ack_policy: AckPolicy = AckPolicy.NACK_ON_ERROR
    drain: bool = True
    own_parser: bool = True
    max_records: int = 100
    auto_commit_ms: int = 100
    instance: str | None = None
    """A fixed member name, with which a restarted process gets its partitions back at once."""


def subscribe(
    broker: KafkaBroker, topic: str, group: str, settle: Callable[[Sequence[Any]], Awaitable[None]], wiring: Wiring
) -> None:
    """A subscriber as the services declare theirs, but for what `wiring` changes."""
    listener = DrainListener()
    parser: dict[str, Any] = {"parser": parse_raw_batch} if wiring.own_parser else {}
    subscriber = broker.subscriber(
        topic,
        group_id=group,
        auto_offset_reset="earliest",
        ack_policy=wiring.ack_policy,
        batch=True,
        max_records=wiring.max_records,
        batch_timeout_ms=50,
        listener=listener if wiring.drain else None,
        no_reply=True,
        heartbeat_interval_ms=HEARTBEAT_MS,
        session_timeout_ms=SESSION_MS,
        auto_commit_interval_ms=wiring.auto_commit_ms,
        group_instance_id=wiring.instance,
        decoder=keep_raw_batch,
        **parser,
    )
    if wiring.drain:
        listener.subscriber = subscriber

    @subscriber  # type: ignore[untyped-decorator]
    async def consume(records: Sequence[Any]) -> None:
        await settle(records)


class Notebook:
    """A handler that notes which events it handled, in order, after `seconds` of work each."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.handled: list[str] = []
        self.fails_with: Exception | None = None

    async def __call__(self, envelope: Envelope[Contract]) -> Sequence[Envelope[Contract]]:
        if self.fails_with is not None:
            raise self.fails_with
        await asyncio.sleep(self.seconds * random.uniform(0.5, 1.5))
        self.handled.append(envelope.id)
        return []


@contextlib.asynccontextmanager
async def replica(
    kafka: EmbeddedKafka, topic: str, group: str, handle: Notebook, wiring: Wiring | None = None
) -> AsyncIterator[KafkaBroker]:
    """One running replica of a consumer group inside this process."""
    broker = create_broker(KafkaSettings(bootstrap_servers=kafka.bootstrap_servers))
    settler = Settler(SERVICE, Publisher(broker, lambda: None), handle)
    subscribe(broker, topic, group, settler.settle, wiring or Wiring())
    await broker.start()
    try:
        yield broker
    finally:
        await broker.stop()


@contextlib.asynccontextmanager
async def publisher(kafka: EmbeddedKafka, on_broken: Callable[[], None] = lambda: None) -> AsyncIterator[Publisher]:
    """A publisher as the services have it."""
    broker = create_broker(KafkaSettings(bootstrap_servers=kafka.bootstrap_servers))
    await broker.start()
    try:
        yield Publisher(broker, on_broken)
    finally:
        await broker.stop()


def small(topic: str, key: str = "r0", value: bytes = b"{}") -> Encoded:
    """A record for tests that look at transport alone."""
    return Encoded(topic, key.encode(), value, {"ce_id": key})


async def until(true: Callable[[], bool], seconds: float) -> bool:
    """Wait until it is true; False when it was not in time."""
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0.02)
    return true()


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What became of numbered events: how many never arrived, how many arrived again, how many overtook another."""

    lost: int
    duplicates: int
    out_of_order: int


def judge(sent: Iterable[str], arrived: Sequence[str]) -> Verdict:
    """Compare ids of the form `referral/number`. An event counts as out of order when its first arrival comes after
    that of a later event of its referral: a repetition is a duplicate and nothing more."""
    expected = set(sent)
    counts = Counter(arrived)
    newest: dict[str, int] = defaultdict(lambda: -1)
    out_of_order = 0
    for event_id in dict.fromkeys(arrived):
        referral, number = event_id.split("/")
        out_of_order += int(number) < newest[referral]
        newest[referral] = max(newest[referral], int(number))
    return Verdict(len(expected - counts.keys()), sum(counts.values()) - len(counts), out_of_order)
