"""Every committed example is taken by every consumer; bytes that are no event are put aside and hold up nobody."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from contracts.codec import Encoded, encode
from contracts.topics import DEAD_LETTERS, SERVICES, TOPICS, Service, consumed_by
from services.local.stack import Stack
from tests.end_to_end.test_one_referral import sample
from tests.support.example_events import example_envelopes
from tests.support.stack import Client, eventually

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.real_kafka]

GOOD = encode(example_envelopes()["referral.received.v1"])
POISON: dict[str, tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]]]] = {
    "codec.header_missing": (b"k", b"{}", []),
    "codec.header_not_text": (b"k", b"{}", [("ce_id", b"\xff\xfe")]),
    "codec.value_not_json": (GOOD.key, b"\x00\x01 not json", [(n, v.encode()) for n, v in GOOD.headers.items()]),
    "codec.value_invalid": (GOOD.key, b'{"referral_id": 1}', [(n, v.encode()) for n, v in GOOD.headers.items()]),
    "codec.version_unknown": (
        GOOD.key,
        GOOD.value,
        [(n, v.encode()) for n, v in (GOOD.headers | {"ce_type": "referral.received.v9"}).items()],
    ),
}


async def send(
    stack: Stack, *records: tuple[str, bytes | None, bytes | None, Sequence[tuple[str, bytes | None]]]
) -> None:
    """Put raw records on topics."""
    producer = AIOKafkaProducer(bootstrap_servers=stack.bootstrap_servers)
    await producer.start()
    try:
        for topic, key, value, headers in records:
            await producer.send_and_wait(topic, value=value, key=key, headers=list(headers))
    finally:
        await producer.stop()


async def dead_letters(stack: Stack) -> Counter[tuple[str, str]]:
    """How many by topic and failure code."""
    topics = [letter.name for letter in DEAD_LETTERS]
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=stack.bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    found: Counter[tuple[str, str]] = Counter()
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for partition, records in (await consumer.getmany(timeout_ms=200)).items():
                for record in records:
                    code = dict(record.headers)["dl_failure_code"]
                    found[partition.topic, code.decode()] += 1
    finally:
        await consumer.stop()
    return found


async def caught_up(stack: Stack) -> None:
    """Wait until every group has committed the end of everything it reads."""

    async def nothing_left() -> bool:
        return all([await _lag(stack, service) == 0 for service in SERVICES])

    await eventually(nothing_left)


async def _lag(stack: Stack, service: Service) -> int:
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.bootstrap_servers, group_id=service, enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [
            TopicPartition(topic.name, number) for topic in consumed_by(service) for number in range(topic.partitions)
        ]
        ends = await consumer.end_offsets(partitions)
        left = 0
        for partition in partitions:
            left += ends[partition] - (await consumer.committed(partition) or 0)
        return left
    finally:
        await consumer.stop()


async def test_every_committed_example_is_taken_by_every_consumer(client: Client) -> None:
    before = await dead_letters(client.stack)
    records: list[Encoded] = [encode(example_envelopes()[topic.name]) for topic in TOPICS]
    await send(
        client.stack,
        *((r.topic, r.key, r.value, [(name, text.encode()) for name, text in r.headers.items()]) for r in records),
    )
    await caught_up(client.stack)
    assert await dead_letters(client.stack) - before == Counter()


@pytest.mark.parametrize("code", sorted(POISON))
async def test_poison_becomes_a_dead_letter_and_holds_up_nobody(client: Client, code: str) -> None:
    before = await dead_letters(client.stack)
    key, value, headers = POISON[code]
    await send(client.stack, ("referral.received.v1", key, value, headers))
    accepted = (await client.post(sample("05"))).json()
    await client.reaches(accepted["id"], "notified")
    await caught_up(client.stack)
    await asyncio.sleep(0)
    new = await dead_letters(client.stack) - before
    assert new == Counter(
        {(f"dead-letter.{service}.referral.received.v1", code): 1 for service in ("redaction", "routing")}
    )


async def test_a_dead_letter_says_why_in_headers_and_not_in_words(client: Client) -> None:
    body = sample("05")
    await send(client.stack, ("referral.received.v1", b"k", json.dumps(body).encode(), []))
    await caught_up(client.stack)
    assert (await dead_letters(client.stack))["dead-letter.routing.referral.received.v1", "codec.header_missing"] >= 1
