"""The embedded Apache Kafka under what a test or a machine does to it."""

import uuid
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from services.local.kafka import EmbeddedKafka, KafkaUnavailableError
from services.local.run_directory import PartError
from services.local.topics import TopicDeclarationError, TopicSpec, partitions_of
from tests.integration.local.killed_run import start_and_kill_run

pytestmark = pytest.mark.real_kafka


def a_topic(partitions: int = 1) -> TopicSpec:
    return TopicSpec(f"test.{uuid.uuid4().hex}.v1", partitions, retention_ms=3_600_000)


async def send(broker: EmbeddedKafka, topic: str, values: list[bytes]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap_servers, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        for value in values:
            await producer.send_and_wait(topic, value, key=b"k")
    finally:
        await producer.stop()


async def all_of(broker: EmbeddedKafka, topic: str) -> list[bytes]:
    # Not seek_to_beginning: the client's own reset to the end, still on its way, would overtake it.
    consumer = AIOKafkaConsumer(bootstrap_servers=broker.bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    partition = TopicPartition(topic, 0)
    consumer.assign([partition])
    try:
        end = (await consumer.end_offsets([partition]))[partition]
        return [(await consumer.getone()).value for _ in range(end)]
    finally:
        await consumer.stop()


async def test_restart_keeps_messages_and_address(kafka: EmbeddedKafka) -> None:
    topic = a_topic()
    kafka.declare_topics([topic])
    await send(kafka, topic.name, [b"1", b"2"])
    address = kafka.bootstrap_servers
    kafka.restart()
    assert kafka.bootstrap_servers == address
    assert await all_of(kafka, topic.name) == [b"1", b"2"]


async def test_killed_broker_comes_back_with_what_it_acknowledged(kafka: EmbeddedKafka) -> None:
    topic = a_topic()
    kafka.declare_topics([topic])
    await send(kafka, topic.name, [b"%d" % number for number in range(200)])
    kafka.kill()
    assert not kafka.running
    assert not kafka.answers()
    kafka.start()
    assert await all_of(kafka, topic.name) == [b"%d" % number for number in range(200)]


async def test_wiped_broker_has_lost_everything(tmp_path: Path) -> None:
    topic = a_topic()
    with EmbeddedKafka(tmp_path) as broker:
        broker.declare_topics([topic])
        await send(broker, topic.name, [b"1"])
        with pytest.raises(KafkaUnavailableError):
            broker.wipe()
        broker.stop()
        broker.wipe()
        broker.start()
        assert partitions_of(broker.bootstrap_servers, [topic.name]) == {}
        broker.declare_topics([topic])
        assert await all_of(broker, topic.name) == []


def test_frozen_broker_answers_nothing_until_it_is_resumed(kafka: EmbeddedKafka) -> None:
    kafka.pause()
    try:
        assert kafka.running
        assert not kafka.answers()
    finally:
        kafka.resume()
    assert kafka.answers()


def test_topics_are_made_as_declared_and_only_so(kafka: EmbeddedKafka) -> None:
    topics = [a_topic(1), a_topic(6)]
    kafka.declare_topics(topics)
    kafka.declare_topics(topics)
    assert partitions_of(kafka.bootstrap_servers, [topic.name for topic in topics]) == {
        topics[0].name: 1,
        topics[1].name: 6,
    }
    with pytest.raises(TopicDeclarationError, match="6 partitions"):
        kafka.declare_topics([TopicSpec(topics[1].name, 7)])


def test_topic_is_not_made_because_somebody_named_it(kafka: EmbeddedKafka) -> None:
    assert partitions_of(kafka.bootstrap_servers, ["test.never-declared.v1"]) == {}


def test_run_directory_is_held_by_one_run(tmp_path: Path, kafka: EmbeddedKafka) -> None:
    with pytest.raises(PartError, match="in use by another run"):
        EmbeddedKafka(kafka.log.parent).__enter__()


@pytest.mark.parametrize("frozen", [False, True])
def test_broker_of_a_killed_run_does_not_outlive_it_or_break_the_next(tmp_path: Path, frozen: bool) -> None:
    killed = start_and_kill_run("services.local.kafka", "EmbeddedKafka", tmp_path, freeze_part=frozen)
    if not frozen:  # a frozen process sees no signal: the next run ends it
        assert killed.part_ended_within(15)
    with EmbeddedKafka(tmp_path) as broker:
        assert broker.answers()
        assert killed.part_ended_within(0.1)
    assert not any(
        str(tmp_path) in " ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])
    )
