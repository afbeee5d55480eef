"""The broker frozen, killed, wiped, away, or without a topic: what publishers promise and consumers get."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from contracts.codec import Encoded, encode
from services.kit import broker as kit_broker
from services.kit import dead_letter
from services.kit.broker import Publisher, create_broker, wait_for_kafka
from services.kit.errors import InfrastructureError
from services.kit.settings import KafkaSettings
from services.local.kafka import EmbeddedKafka
from services.local.topics import TopicSpec
from tests.support.kit_lab import Notebook, declare, judge, numbered, publisher, read_all, replica, small, until

pytestmark = pytest.mark.real_kafka

FROZEN_SECONDS = 5.0


@pytest.fixture
def own_kafka(kafka: EmbeddedKafka, tmp_path: Path) -> Iterator[EmbeddedKafka]:
    """A broker that only this test breaks. Asks for the shared one first, which skips where there is none."""
    del kafka
    with EmbeddedKafka(tmp_path / "kafka") as broker:
        yield broker


class Writer:
    """Publishes numbered events of eight referrals without end and repeats what was refused, as a relay does."""

    def __init__(self, publisher: Publisher, topic: str, name: str) -> None:
        self._publisher, self._topic, self._name = publisher, topic, name
        self.confirmed: list[str] = []
        self.refused = 0

    async def run(self) -> None:
        number = 0
        while True:
            events = [numbered(f"{self._name}{referral}", number) for referral in range(8)]
            wire = [encode(event) for event in events]
            try:
                await self._publisher.publish(
                    [Encoded(self._topic, event.key, event.value, event.headers) for event in wire]
                )
            except InfrastructureError:
                self.refused += 1
                continue
            self.confirmed.extend(event.id for event in events)
            number += 1
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def writing(kafka: EmbeddedKafka, topic: str, name: str) -> AsyncIterator[Writer]:
    broken: list[bool] = []
    async with publisher(kafka, lambda: broken.append(True)) as ours:
        writer = Writer(ours, topic, name)
        task = asyncio.create_task(writer.run())
        yield writer
        task.cancel()
        await asyncio.wait({task})
        assert not broken


async def test_a_frozen_a_killed_and_a_wiped_broker_lose_nothing_that_was_confirmed_and_is_still_there(
    own_kafka: EmbeddedKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kit_broker, "PUBLISH_DEADLINE_SECONDS", 3.0)
    topic, notebook = declare(own_kafka), Notebook()
    async with replica(own_kafka, topic, "kit-faults", notebook) as broker:
        async with writing(own_kafka, topic, "a") as writer:
            await asyncio.sleep(1)
            own_kafka.pause()
            await asyncio.sleep(FROZEN_SECONDS)
            assert not await broker.ping(0.3)
            own_kafka.resume()
            await asyncio.sleep(1)
            own_kafka.kill()
            await asyncio.to_thread(own_kafka.start)
            before = len(writer.confirmed)
            assert await until(lambda: len(writer.confirmed) > before + 80, 15)
        assert await until(lambda: judge(writer.confirmed, notebook.handled).lost == 0, 15)
        verdict = judge(writer.confirmed, notebook.handled)
        assert verdict.out_of_order == 0
        assert await broker.ping(5)
        own_kafka.stop()
        own_kafka.wipe()
        await asyncio.to_thread(own_kafka.start)
        own_kafka.declare_topics([TopicSpec(topic, 6)])
        async with writing(own_kafka, topic, "b") as fresh:
            assert await until(lambda: len(fresh.confirmed) > 80, 15)
        assert await until(lambda: judge(fresh.confirmed, notebook.handled).lost == 0, 20)
    print(f"frozen and killed: {verdict}, refused {writer.refused} times")


async def test_an_absent_broker_is_an_outage_after_the_deadline_and_not_the_end_of_the_process(
    own_kafka: EmbeddedKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kit_broker, "PUBLISH_DEADLINE_SECONDS", 1.0)
    monkeypatch.setattr(kit_broker, "STOP_SECONDS", 1.0)
    topic = declare(own_kafka, partitions=1)
    broken: list[bool] = []
    settings = KafkaSettings(bootstrap_servers=own_kafka.bootstrap_servers, start_deadline_seconds=1.0)
    async with publisher(own_kafka, lambda: broken.append(True)) as ours:
        await ours.publish([small(topic)])
        with pytest.raises(InfrastructureError):  # a topic that nobody declared
            await ours.publish([small("kit.nobody-declared-this")])
        await ours.publish([small(topic)])
        own_kafka.pause()
        with pytest.raises(InfrastructureError):  # accepts connections, never answers
            await wait_for_kafka(settings)
        own_kafka.kill()
        started = time.monotonic()
        with pytest.raises(InfrastructureError):
            await ours.publish([small(topic, value=b"abandoned")])
        assert 0.9 < time.monotonic() - started < 2
        with pytest.raises(InfrastructureError):
            await wait_for_kafka(settings)
    assert broken == []


async def test_a_producer_that_can_publish_no_more_ends_the_process_once(kafka: EmbeddedKafka) -> None:
    topic = f"{declare(kafka, partitions=1)}.small"
    kafka.declare_topics([TopicSpec(topic, 1, config={"max.message.bytes": "2000"})])
    broken: list[bool] = []
    async with publisher(kafka, lambda: broken.append(True)) as ours:
        for value in (b"x" * 5_000, b"x" * 6_000):
            with pytest.raises(InfrastructureError):
                await ours.publish([small(topic, value=value)])
    assert broken == [True]


async def test_the_largest_dead_letter_passes_and_ends_no_process(kafka: EmbeddedKafka) -> None:
    topic = declare(kafka, partitions=1)
    broken: list[bool] = []
    letters = [
        Encoded(topic, b"r", b"x" * dead_letter.MAX_LETTER_BYTES, {"dl_topic": "t" * 200, "dl_value_bytes": "1" * 20})
    ]
    async with publisher(kafka, lambda: broken.append(True)) as ours:
        await ours.publish(letters)
    assert broken == []
    assert len(await read_all(kafka, topic)) == 1


async def test_a_broker_client_answers_no_ping_before_it_started(kafka: EmbeddedKafka) -> None:
    assert not await create_broker(KafkaSettings(bootstrap_servers=kafka.bootstrap_servers)).ping(0.2)
