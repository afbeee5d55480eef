"""What a service says of its outbox and of its place in the stream, against a real PostgreSQL and a real Kafka."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import pytest
from prometheus_client import REGISTRY

from services.kit.broker import LagGauges, create_broker
from services.kit.database import Pool, transaction
from services.kit.errors import InfrastructureError
from services.kit.outbox import OutboxGauges, enqueue
from services.kit.settings import KafkaSettings
from services.local.kafka import EmbeddedKafka
from services.local.processes import free_port
from tests.support.kit_lab import Notebook, Wiring, declare, numbered_events, produce, replica, small, subscribe, until


def sample(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


@dataclass
class Seconds:
    """A clock that a test moves."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


async def put(pool: Pool, *topics: str) -> None:
    async with transaction(pool) as connection:
        await enqueue(connection, *(small(topic) for topic in topics))


async def test_a_row_that_nobody_carries_grows_old_and_one_that_leaves_takes_its_age_along(pool: Pool) -> None:
    seconds = Seconds()
    measure = OutboxGauges(pool, seconds)
    await measure()
    assert sample("saferoute_outbox_waiting") == 0
    await put(pool, "a", "b")
    await measure()
    seconds.now += 90
    await measure()
    assert (sample("saferoute_outbox_waiting"), sample("saferoute_outbox_head_seconds")) == (2, 90)
    await pool.execute("DELETE FROM outbox WHERE id = (SELECT min(id) FROM outbox)")
    await measure()
    assert (sample("saferoute_outbox_waiting"), sample("saferoute_outbox_head_seconds")) == (1, 0)


async def test_a_database_that_is_away_leaves_no_figure(pool: Pool) -> None:
    await OutboxGauges(pool)()
    await pool.execute("ALTER TABLE outbox RENAME TO elsewhere")
    pool.terminate()
    with pytest.raises(InfrastructureError):
        await OutboxGauges(pool)()
    assert sample("saferoute_outbox_waiting") != sample("saferoute_outbox_waiting"), "not a number"


async def test_a_batch_that_never_settles_is_lag_and_settling_takes_it_away(kafka: EmbeddedKafka) -> None:
    topic, notebook = declare(kafka), Notebook()
    notebook.fails_with = InfrastructureError("database")
    await produce(kafka, topic, numbered_events(referrals=5, each=2))
    async with replica(kafka, topic, uuid.uuid4().hex, notebook) as broker:
        measure = LagGauges(broker)
        await until_measured(measure, topic, 10)
        notebook.fails_with = None
        assert await until(lambda: len(notebook.handled) >= 10, 30)
        await until_measured(measure, topic, 0)
        assert sample("saferoute_broker_connected") == 1


async def until_measured(measure: LagGauges, topic: str, lag: int) -> None:
    seen: list[float | None] = []
    for _ in range(100):
        await measure()
        seen.append(sample("saferoute_consumer_lag", topic=topic))
        if seen[-1] == lag:
            return
        await until(lambda: False, 0.1)
    pytest.fail(f"the lag was {seen[-1]}, not {lag}")


async def test_before_kafka_answers_there_is_no_lag_and_no_connection() -> None:
    broker = create_broker(KafkaSettings(bootstrap_servers=f"127.0.0.1:{free_port()}"))
    subscribe(broker, "any", "any", Notebook(), Wiring())  # type: ignore[arg-type]
    with pytest.raises(InfrastructureError):
        await LagGauges(broker)()
    assert sample("saferoute_broker_connected") == 0
