"""What a broker must be told so that it is as the registry declares: the difference, worked out without a broker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from contracts.access import PRINCIPALS, Grant, grants
from contracts.topics import DEAD_LETTERS, TOPICS

IN_SYNC = "min.insync.replicas"
"""Never lowered by a plan: a command meant for one broker, run on a cluster, would take what keeps its words safe."""
ANY_HOST = "*"
"""ACLs do not name addresses: containers get new ones at every start, and TLS and SCRAM say who is who."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A topic as it should be. `replication` counts only when it is made."""

    partitions: int
    replication: int
    settings: Mapping[str, str] = field(hash=False)


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """An ACL in Kafka's words; `pattern` and `permission` are there to recognise what is none of ours."""

    principal: str
    resource: str
    name: str
    operation: str
    permission: str = "ALLOW"
    pattern: str = "LITERAL"
    host: str = ANY_HOST

    def in_words(self) -> str:
        """One line for people."""
        odd = "" if (self.permission, self.pattern) == ("ALLOW", "LITERAL") else f" ({self.permission} {self.pattern})"
        return f"{self.principal} {self.operation} {self.resource} {self.name}{odd}"


@dataclass(frozen=True, slots=True)
class Found:
    """What a broker has: topics with partitions and the settings looked for, ACLs, SCRAM users."""

    topics: Mapping[str, tuple[int, Mapping[str, str]]]
    rules: frozenset[Rule]
    users: frozenset[str]


@dataclass(frozen=True, slots=True)
class MakeTopic:
    """A topic that is missing."""

    name: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class SetTopic:
    """A topic whose settings differ."""

    name: str
    settings: Mapping[str, str] = field(hash=False)


@dataclass(frozen=True, slots=True)
class MakeUser:
    """A principal without a SCRAM credential."""

    name: str


@dataclass(frozen=True, slots=True)
class AddRule:
    """A permission that is missing."""

    rule: Rule


@dataclass(frozen=True, slots=True)
class RemoveRule:
    """A permission that nobody declared; removed only when told to."""

    rule: Rule


Change: TypeAlias = MakeTopic | SetTopic | MakeUser | AddRule | RemoveRule


@dataclass(frozen=True, slots=True)
class Plan:
    """Changes in the order to make them, what is there undeclared, and what nobody can change in place."""

    changes: tuple[Change, ...]
    undeclared: tuple[Rule, ...]
    faults: tuple[str, ...]


def declared_topics(replication: int, min_insync: int) -> dict[str, Shape]:
    """Every topic of the registry; dead letters have one partition and the retention of their source."""
    shapes = {topic.name: _shape(topic.partitions, topic.retention_ms, replication, min_insync) for topic in TOPICS}
    letters = {one.name: _shape(1, one.source.retention_ms, replication, min_insync) for one in DEAD_LETTERS}
    return shapes | letters


def _shape(partitions: int, retention_ms: int, replication: int, min_insync: int) -> Shape:
    settings = {
        "retention.ms": str(retention_ms),
        IN_SYNC: str(min_insync),
        "unclean.leader.election.enable": "false",
    }
    return Shape(partitions, replication, settings)


def rule_of(grant: Grant) -> Rule:
    """A grant in Kafka's words."""
    operation = {"Read": "READ", "Write": "WRITE", "Describe": "DESCRIBE", "DescribeConfigs": "DESCRIBE_CONFIGS"}
    return Rule(f"User:{grant.principal}", grant.resource.upper(), grant.name, operation[grant.operation])


def declared_rules() -> frozenset[Rule]:
    """Every permission of the registry as an ACL."""
    return frozenset(rule_of(grant) for grant in grants())


def plan(shapes: Mapping[str, Shape], found: Found, *, prune: bool = False) -> Plan:
    """What turns `found` into what is declared. Without `prune`, undeclared ACLs are only reported."""
    changes: list[Change] = []
    faults: list[str] = []
    for name, shape in shapes.items():
        if name not in found.topics:
            changes.append(MakeTopic(name, shape))
            continue
        partitions, settings = found.topics[name]
        if partitions != shape.partitions:
            faults.append(f"topic {name} has {partitions} partitions and is declared with {shape.partitions}")
        if int(settings.get(IN_SYNC, 0)) > int(shape.settings[IN_SYNC]):
            faults.append(f"topic {name} asks for more replicas in sync than declared: is this the cluster's command?")
            continue
        different = {key: value for key, value in shape.settings.items() if settings.get(key) != value}
        if different:
            changes.append(SetTopic(name, different))
    changes += [MakeUser(name) for name in PRINCIPALS if name not in found.users]
    wanted = declared_rules()
    changes += [AddRule(rule) for rule in sorted(wanted - found.rules)]
    undeclared = tuple(sorted(found.rules - wanted))
    if prune:
        changes += [RemoveRule(rule) for rule in undeclared]
    return Plan(tuple(changes), undeclared, tuple(faults))


def in_words(change: Change) -> str:
    """One line for people."""
    match change:
        case MakeTopic(name, shape):
            return f"make topic {name} ({shape.partitions} partitions, {shape.replication} replicas)"
        case SetTopic(name, settings):
            return f"set {', '.join(f'{key}={value}' for key, value in sorted(settings.items()))} on topic {name}"
        case MakeUser(name):
            return f"make user {name}"
        case AddRule(rule):
            return f"allow {rule.in_words()}"
        case RemoveRule(rule):
            return f"remove {rule.in_words()}"
