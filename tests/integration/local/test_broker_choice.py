"""Which broker a run gets, and that nobody takes the in-process one for the real one."""

from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from services.local.broker import MOCK_NOTICE, BrokerRequiredError, ExternalKafka, choose_broker
from services.local.jars import JarRefusedError, read_lock
from services.local.kafka import EmbeddedKafka
from services.local.mock_kafka import MockKafka
from services.local.topics import TopicSpec, partitions_of

TOPICS = [TopicSpec("test.one.v1", 1), TopicSpec("test.six.v1", 6)]


@pytest.fixture
def no_maven(monkeypatch: pytest.MonkeyPatch) -> None:
    """The jars are out of reach."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")


@pytest.mark.real_kafka
def test_broker_that_is_pointed_at_comes_first(tmp_path: Path, kafka: EmbeddedKafka) -> None:
    with choose_broker(tmp_path, {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers}) as chosen:
        assert isinstance(chosen.broker, ExternalKafka)
        assert chosen.real
        chosen.broker.declare_topics([TopicSpec("test.external.v1", 2)])
        assert partitions_of(kafka.bootstrap_servers, ["test.external.v1"]) == {"test.external.v1": 2}
    assert kafka.answers()


def test_address_where_nobody_answers_is_an_error_and_not_a_fallback(tmp_path: Path) -> None:
    with (
        pytest.raises(BrokerRequiredError, match="no broker answers"),
        choose_broker(tmp_path, {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9"}),
    ):
        pass


@pytest.mark.real_kafka
def test_embedded_kafka_comes_second(tmp_path: Path, kafka: EmbeddedKafka) -> None:
    with choose_broker(tmp_path, {}) as chosen:
        assert isinstance(chosen.broker, EmbeddedKafka)
        assert chosen.real
        assert chosen.notice.startswith("Apache Kafka at")


@pytest.mark.usefixtures("no_maven")
def test_without_jars_the_in_process_broker_is_used_and_says_so(tmp_path: Path) -> None:
    with choose_broker(tmp_path, {}, jar_cache=tmp_path / "jars") as chosen:
        assert isinstance(chosen.broker, MockKafka)
        assert not chosen.real
        assert chosen.notice.startswith(MOCK_NOTICE)


@pytest.mark.usefixtures("no_maven")
def test_required_kafka_forbids_the_fallback(tmp_path: Path) -> None:
    with (
        pytest.raises(BrokerRequiredError, match="REQUIRE_KAFKA=1"),
        choose_broker(tmp_path, {"REQUIRE_KAFKA": "1"}, jar_cache=tmp_path / "jars"),
    ):
        pass


def test_wrong_jar_is_never_a_reason_to_fall_back(tmp_path: Path) -> None:
    jars = tmp_path / "jars"
    jars.mkdir()
    for jar in read_lock():
        (jars / jar.file_name).write_bytes(b"not the jar")
    with pytest.raises(JarRefusedError), choose_broker(tmp_path, {}, jar_cache=jars):
        pass


def test_in_process_broker_makes_topics_with_their_partitions(tmp_path: Path) -> None:
    with MockKafka(tmp_path) as broker:
        broker.declare_topics(TOPICS)
        broker.declare_topics(TOPICS)
        assert partitions_of(broker.bootstrap_servers, ["test.one.v1", "test.six.v1"]) == {
            "test.one.v1": 1,
            "test.six.v1": 6,
        }


async def test_in_process_broker_carries_a_message_to_a_group(tmp_path: Path) -> None:
    with MockKafka(tmp_path) as broker:
        broker.declare_topics(TOPICS)
        servers = broker.bootstrap_servers
        async with AIOKafkaProducer(bootstrap_servers=servers, acks="all", enable_idempotence=True) as producer:
            await producer.send_and_wait("test.six.v1", b"value", key=b"key")
        async with AIOKafkaConsumer(
            "test.six.v1", bootstrap_servers=servers, group_id="test", auto_offset_reset="earliest"
        ) as consumer:
            assert (await consumer.getone()).value == b"value"


def test_in_process_broker_forgets_all_when_it_is_started_again(tmp_path: Path) -> None:
    with MockKafka(tmp_path) as broker:
        broker.declare_topics(TOPICS)
        broker.kill()
        broker.start()
        assert partitions_of(broker.bootstrap_servers, ["test.one.v1"]) == {}
