"""Run inside the deployment, on Kafka's network: what a broker lets each principal do, as JSON on standard output.

Two ways of asking. `told`: the broker's own list of authorised operations for every topic, group and the cluster.
`done`: attempts. A read is a fetch without a group; a write is a record larger than the broker takes, which an
authorised writer is told and which is stored nowhere; a commit is one for a member that does not exist.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from confluent_kafka import (
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    Producer,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

SECONDS = 15.0
TOO_LARGE = b"x" * 1_500_000
"""The broker's limit is 1,048,588 bytes a record."""
REFUSED = {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED}
REFUSED |= {KafkaError.CLUSTER_AUTHORIZATION_FAILED}

Cell = list[str]


def main(question: dict[str, Any]) -> None:
    """`question`: principals, topics, groups; or a login to try."""
    if "login" in question:
        print(json.dumps(login(**question["login"])))
        return
    told: list[Cell] = []
    done: list[Cell] = []
    for principal in question["principals"]:
        options = options_of(principal, Path(f"/run/secrets/kafka_{principal}").read_text().strip())
        admin, readable = AdminClient(options), question["readable"][principal]
        told += [[principal, *cell] for cell in authorised(admin, question["topics"], question["groups"])]
        done += [[principal, "topic", name, "Read"] for name in question["topics"] if reads(options, name)]
        done += [[principal, "topic", name, "Write"] for name in writes(options, question["topics"])]
        done += [[principal, "group", name, "Read"] for name in question["groups"] if commits(admin, name, readable)]
    print(json.dumps({"told": told, "done": done}))


def options_of(user: str, password: str, protocol: str = "SASL_SSL", servers: str = "kafka:9092") -> dict[str, Any]:
    """librdkafka's options for a principal."""
    options = {"bootstrap.servers": servers, "security.protocol": protocol, "log_level": 0}
    if protocol == "PLAINTEXT":
        return options
    scram = {"sasl.mechanism": "SCRAM-SHA-512", "sasl.username": user, "sasl.password": password}
    return options | scram | {"ssl.ca.location": "/run/secrets/ca.crt"}


def authorised(client: AdminClient, topics: list[str], groups: list[str]) -> list[Cell]:
    """What the broker says this principal may do."""
    cells: list[Cell] = []
    asked = client.describe_topics(TopicCollection(topics), include_authorized_operations=True)
    for name, answer in asked.items():
        cells += [["topic", name, one] for one in operations(answer)]
    for name, answer in client.describe_consumer_groups(groups, include_authorized_operations=True).items():
        cells += [["group", name, one] for one in operations(answer)]
    cluster = client.describe_cluster(include_authorized_operations=True)
    return cells + [["cluster", "kafka-cluster", one] for one in operations(cluster)]


def operations(answer: Any) -> list[str]:
    """The authorised operations of one answer; none where even looking is refused."""
    try:
        found = answer.result(SECONDS).authorized_operations or []
    except KafkaException as failure:
        if failure.args[0].code() in REFUSED:
            return []
        raise
    return ["".join(word.capitalize() for word in one.name.split("_")) for one in found]


def reads(options: dict[str, Any], topic: str) -> bool:
    """Whether a fetch from the topic is answered."""
    consumer = Consumer(options | {"group.id": "nobody", "enable.auto.commit": False, "enable.partition.eof": True})
    try:
        known = consumer.list_topics(topic, timeout=SECONDS).topics[topic].error
        if known is not None and known.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
            return False
        consumer.assign([TopicPartition(topic, 0, 0)])
        while True:
            record = consumer.poll(SECONDS)
            if record is None:
                raise SystemExit(f"{topic}: no answer to a fetch in {SECONDS} s")
            error = record.error()
            if error is None or error.code() == KafkaError._PARTITION_EOF:
                return True
            if error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
                return False
            # the group of a consumer without one is refused too, which says nothing of the topic
    finally:
        consumer.close()


def writes(options: dict[str, Any], topics: list[str]) -> list[str]:
    """The topics that take a record, were it smaller."""
    codes: dict[str, int] = {}
    producer = Producer(options | {"message.max.bytes": 4_000_000, "acks": "all"})
    for topic in topics:
        note = lambda error, _record, topic=topic: codes.update({topic: error.code() if error else 0})  # noqa: E731
        try:
            producer.produce(topic, TOO_LARGE, partition=0, on_delivery=note)
        except KafkaException as failure:  # it has seen the refusal in the topic's metadata
            codes[topic] = failure.args[0].code()
        producer.flush(SECONDS)
    unknown = set(codes.values()) - REFUSED - {KafkaError.MSG_SIZE_TOO_LARGE}
    if unknown or len(codes) != len(topics):
        raise SystemExit(f"unexpected answers to writes: {codes}")
    return [topic for topic, code in codes.items() if code == KafkaError.MSG_SIZE_TOO_LARGE]


def commits(client: AdminClient, group: str, topic: str) -> bool:
    """Whether the group takes a commit from this principal, were it a member. The topic is one it may read."""
    offsets = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, 0, 0)])
    [answer] = client.alter_consumer_group_offsets([offsets], request_timeout=SECONDS).values()
    code = None
    try:
        [place] = answer.result().topic_partitions
        code = place.error.code() if place.error else None
    except KafkaException as failure:
        code = failure.args[0].code()
    if code not in (None, KafkaError.UNKNOWN_MEMBER_ID, *REFUSED):
        raise SystemExit(f"{group}: unexpected answer to a commit: {code}")
    return code not in REFUSED


def login(user: str, password: str, protocol: str, servers: str) -> dict[str, str]:
    """Try to connect; answers what came of it."""
    seen: list[str] = []
    options = options_of(user, password, protocol, servers)
    client = AdminClient(options | {"error_cb": lambda error: seen.append(error.name())})
    try:
        client.list_topics(timeout=6)
    except KafkaException as failure:
        client.poll(0)
        return {"outcome": "refused", "why": ",".join([*sorted(set(seen)), failure.args[0].name()])}
    return {"outcome": "let in", "why": ""}


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
