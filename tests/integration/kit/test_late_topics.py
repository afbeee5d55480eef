"""Topics that appear after a consumer has joined its group, as on a broker that lost its data and gets them anew."""

from __future__ import annotations

import pytest
from confluent_kafka.admin import AdminClient

from contracts.topics import dead_letter_topic
from services.kit.broker import METADATA_MS
from services.local.kafka import EmbeddedKafka
from services.local.topics import TopicSpec
from tests.support.kit_lab import SERVICE, Notebook, declare, numbered_events, produce, replica, until

pytestmark = pytest.mark.real_kafka

PARTITIONS = 6
SECONDS = 3 * METADATA_MS / 1000
"""A picture of the topics, a rebalance, and time for a busy machine; the library's own five minutes are far longer."""


async def test_a_consumer_gets_its_partitions_when_a_topic_that_was_gone_is_declared_again(
    kafka: EmbeddedKafka,
) -> None:
    topic, notebook = declare(kafka, PARTITIONS), Notebook()
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})

    def assigned() -> int:
        group = admin.describe_consumer_groups([topic])[topic].result(10)
        return sum(len(one.assignment.topic_partitions) for one in group.members)

    async with replica(kafka, topic, topic, notebook):
        assert await until(lambda: assigned() == PARTITIONS, SECONDS)
        admin.delete_topics([topic])[topic].result(10)
        assert await until(lambda: assigned() == 0, SECONDS)
        kafka.declare_topics([TopicSpec(topic, PARTITIONS), TopicSpec(dead_letter_topic(SERVICE, topic), 1)])
        events = numbered_events(6, each=1)
        await produce(kafka, topic, events)
        assert await until(lambda: len(notebook.handled) == len(events), SECONDS)
