"""Who may do what on Kafka, derived from the topic registry. What is not listed here is denied.

A grant is one permission of one principal on one named topic or group, or on the cluster: never a wildcard, never a
prefix. Reading or writing a topic includes describing it, as Kafka itself implies; the grants say so, so that they
are exactly what a broker answers to every question.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from contracts.topics import DEAD_LETTERS, SERVICES, TOPICS, Service, consumed_by, produced_by

Principal = Literal["intake", "redaction", "routing", "notify", "operator"]
Resource = Literal["topic", "group", "cluster"]
Operation = Literal["Read", "Write", "Describe", "DescribeConfigs"]

OPERATOR: Principal = "operator"
"""Who looks at dead letters, replays them, and lets `doctor` look at everything else. No service runs as this."""
PRINCIPALS: tuple[Principal, ...] = (*SERVICES, OPERATOR)
REPLAY_GROUP = "dead-letters-replay"
"""The consumer group whose committed offsets say which dead letters have been replayed."""
CLUSTER = "kafka-cluster"
"""The name that Kafka itself gives to the cluster as a resource."""
_SEES_CLUSTER: tuple[Operation, ...] = ("Describe", "DescribeConfigs")
"""Users, permissions, and whether a broker makes topics by itself; secrets among settings Kafka shows to nobody."""


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """One permission. Kafka's name of the principal is `User:` and ours."""

    principal: Principal
    resource: Resource
    name: str
    operation: Operation


def grants() -> frozenset[Grant]:
    """Every permission that there is."""
    found = {grant for service in SERVICES for grant in _of_service(service)}
    return frozenset(found | _of_operator())


def allowed(principal: Principal, resource: Resource, name: str, operation: Operation) -> bool:
    """Whether a principal may do something."""
    return Grant(principal, resource, name, operation) in grants()


def topic_names() -> tuple[str, ...]:
    """Every topic of the registry and every dead-letter topic."""
    return (*(topic.name for topic in TOPICS), *(letter.name for letter in DEAD_LETTERS))


def group_names() -> tuple[str, ...]:
    """Every consumer group."""
    return (*SERVICES, REPLAY_GROUP)


def _of_service(service: Service) -> set[Grant]:
    """Reads what it consumes in the group of its own name; writes what it produces and its own dead letters."""
    writes = [topic.name for topic in produced_by(service)]
    writes += [letter.name for letter in DEAD_LETTERS if letter.service == service]
    return (
        _topics(service, [topic.name for topic in consumed_by(service)], "Read")
        | _topics(service, writes, "Write")
        | _group(service, service)
    )


def _of_operator() -> set[Grant]:
    """Sees that everything is there, reads dead letters alone, and writes them back to where they came from."""
    sources = {letter.source.name for letter in DEAD_LETTERS}
    looks: set[Grant] = {Grant(OPERATOR, "topic", name, "DescribeConfigs") for name in topic_names()}
    looks |= {Grant(OPERATOR, "topic", name, "Describe") for name in topic_names()}
    looks |= {Grant(OPERATOR, "group", name, "Describe") for name in group_names()}
    looks |= {Grant(OPERATOR, "cluster", CLUSTER, each) for each in _SEES_CLUSTER}
    return (
        looks
        | _topics(OPERATOR, [letter.name for letter in DEAD_LETTERS], "Read")
        | _topics(OPERATOR, sorted(sources), "Write")
        | _group(OPERATOR, REPLAY_GROUP)
    )


def _topics(principal: Principal, names: list[str], operation: Operation) -> set[Grant]:
    wanted: tuple[Operation, ...] = (operation, "Describe")
    return {Grant(principal, "topic", name, each) for name in names for each in wanted}


def _group(principal: Principal, group: str) -> set[Grant]:
    wanted: tuple[Operation, ...] = ("Read", "Describe")
    return {Grant(principal, "group", group, each) for each in wanted}
