"""Consuming on a real broker: order, outages, poison, rebalances. Each fault has a control arm that must be caught."""

from __future__ import annotations

import asyncio
import statistics
import time
import uuid
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from faststream import AckPolicy

from contracts.codec import encode
from contracts.topics import dead_letter_topic
from services.kit import dead_letter
from services.kit.errors import InfrastructureError
from services.local.kafka import EmbeddedKafka
from tests.support.kit_lab import (
    SERVICE,
    Notebook,
    Verdict,
    Wiring,
    declare,
    judge,
    numbered,
    numbered_events,
    produce,
    read_all,
    replica,
    until,
)

pytestmark = pytest.mark.real_kafka

IDS = [event.id for event in numbered_events(20, 10)]


def group() -> str:
    return f"kit-{uuid.uuid4().hex[:8]}"


async def outage_arm(kafka: EmbeddedKafka, topic: str, wiring: Wiring) -> Verdict:
    """Everything is delivered while the database is away, then it comes back."""
    notebook = Notebook()
    notebook.fails_with = InfrastructureError("database")
    async with replica(kafka, topic, group(), notebook, wiring):
        await asyncio.sleep(1.5)
        notebook.fails_with = None
        await until(lambda: len(notebook.handled) >= len(IDS), 4)
        return judge(IDS, notebook.handled)


async def test_an_outage_brings_the_whole_batch_again_in_order_and_the_ack_policy_that_skips_it_is_caught(
    kafka: EmbeddedKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dead_letter, "OUTAGE_PAUSE_SECONDS", 0.1)
    topic = declare(kafka)
    await produce(kafka, topic, numbered_events(20, 10))
    ours, skipping = await asyncio.gather(
        outage_arm(kafka, topic, Wiring()), outage_arm(kafka, topic, Wiring(ack_policy=AckPolicy.ACK))
    )
    assert ours == Verdict(lost=0, duplicates=0, out_of_order=0)
    assert skipping.lost > 0


POISON: dict[str, dict[str, Any]] = {
    "codec.header_not_text": {"headers": [("ce_id", b"\xff\xfe")], "value": b"{}"},
    "codec.header_missing": {"headers": [("content-type", b"text/plain")], "value": b"{}"},
    "codec.value_not_json": {"value": b"\x00\x01 not json"},
    "codec.value_missing": {"value": None},
    "codec.too_large": {"value": b'"' + b"x" * 1_040_000 + b'"'},
    "codec.version_unknown": {"replace": {"ce_type": "referral.quarantined.v99"}},
    "codec.type_unknown": {"replace": {"ce_type": "referral.exploded.v1"}},
    "codec.value_invalid": {"value": b'{"referral_id": {"nested": []}}'},
    "codec.key_mismatch": {"replace": {"ce_subject": "somebody-else"}},
}
"""What a hostile or broken producer may write, by the code that its dead letter must carry."""


async def write_poison(kafka: EmbeddedKafka, topic: str) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers, max_request_size=2_000_000)
    await producer.start()
    try:
        good = encode(numbered("r0", 0))
        for change in POISON.values():
            attributes = good.headers | change.get("replace", {})
            headers = change.get("headers", [(name, text.encode()) for name, text in attributes.items()])
            await producer.send_and_wait(topic, change.get("value", good.value), good.key, headers=headers)
        await producer.send_and_wait(topic, b"{}", b"r0", headers=[("ce_id", None), ("dl_topic", b"forged")])
    finally:
        await producer.stop()


async def poison_arm(kafka: EmbeddedKafka, wiring: Wiring) -> tuple[list[str | None], int, float]:
    """Codes of the dead letters, how many good records behind the poison were handled, and after how many seconds."""
    topic, notebook = declare(kafka, partitions=1), Notebook()
    await write_poison(kafka, topic)
    await produce(kafka, topic, numbered_events(2, 10))
    async with replica(kafka, topic, group(), notebook, wiring):
        started = time.monotonic()
        await until(lambda: len(notebook.handled) == 20, 5)
        seconds = time.monotonic() - started
    letters = await read_all(kafka, dead_letter_topic(SERVICE, topic))
    assert {letter.header("dl_topic") for letter in letters} <= {topic}
    return [letter.header("dl_failure_code") for letter in letters], len(notebook.handled), seconds


async def test_poison_becomes_dead_letters_and_the_partition_moves_on_within_five_seconds(
    kafka: EmbeddedKafka,
) -> None:
    codes, handled, seconds = await poison_arm(kafka, Wiring())
    assert codes == [*POISON, "codec.header_missing"]
    assert (handled, seconds < 5) == (20, True)


async def test_a_parser_that_raises_loses_poison_without_a_dead_letter_which_this_harness_catches(
    kafka: EmbeddedKafka,
) -> None:
    codes, _handled, _seconds = await poison_arm(kafka, Wiring(own_parser=False))
    assert len(codes) < len(POISON) + 1


async def storm_arm(kafka: EmbeddedKafka, drain: bool) -> Verdict:
    """Eight rebalances while events stream in: a second replica joins and leaves four times.

    What arrives in 0.15 s takes about as long to handle, so that every rebalance finds work in hand.
    """
    topic, members, notebook = declare(kafka), group(), Notebook(seconds=0.05)
    wiring = Wiring(drain=drain, max_records=50)
    events = numbered_events(24, 60)

    async def stream() -> None:
        for start in range(0, len(events), 60):
            await produce(kafka, topic, events[start : start + 60])
            await asyncio.sleep(0.15)

    async with replica(kafka, topic, members, notebook, wiring):
        streaming = asyncio.create_task(stream())
        for _ in range(4):
            async with replica(kafka, topic, members, notebook, wiring):
                await asyncio.sleep(0.5)
            await asyncio.sleep(0.5)
        await streaming
        await until(lambda: len(set(notebook.handled)) == len(events), 20)
    return judge([event.id for event in events], notebook.handled)


async def test_a_rebalance_storm_loses_nothing_and_only_without_the_drain_listener_repeats_work(
    kafka: EmbeddedKafka,
) -> None:
    drained, abrupt = await asyncio.gather(storm_arm(kafka, drain=True), storm_arm(kafka, drain=False))
    print(f"eight rebalances: drained {drained}, abrupt {abrupt}")
    assert drained == Verdict(lost=0, duplicates=0, out_of_order=0)
    assert abrupt.lost == 0
    assert abrupt.duplicates > 0


async def test_an_idle_consumer_sees_a_new_event_within_a_quarter_second(kafka: EmbeddedKafka) -> None:
    topic, notebook = declare(kafka), Notebook()
    delays = []
    async with replica(kafka, topic, group(), notebook):
        producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers)
        await producer.start()
        for number in range(12):
            await asyncio.sleep(0.13)
            event = encode(numbered(f"r{number}", 0))
            started = time.monotonic()
            headers = [(name, text.encode()) for name, text in event.headers.items()]
            await producer.send_and_wait(topic, event.value, event.key, headers=headers)
            assert await until(lambda wanted=number: len(notebook.handled) > wanted, 5)  # type: ignore[misc]
            delays.append(time.monotonic() - started)
        await producer.stop()
    assert statistics.median(delays[2:]) < 0.25
