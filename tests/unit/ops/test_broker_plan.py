"""The difference between a broker and the registry: complete, repeatable, and nothing removed without being told."""

from __future__ import annotations

import dataclasses

from contracts.access import PRINCIPALS, grants
from contracts.topics import DEAD_LETTERS, TOPICS
from services.ops.broker_plan import (
    AddRule,
    Found,
    MakeTopic,
    MakeUser,
    RemoveRule,
    Rule,
    SetTopic,
    declared_rules,
    declared_topics,
    in_words,
    plan,
)

SHAPES = declared_topics(replication=1, min_insync=1)
EMPTY = Found({}, frozenset(), frozenset())
COMPLETE = Found(
    {name: (shape.partitions, dict(shape.settings)) for name, shape in SHAPES.items()},
    declared_rules(),
    frozenset(PRINCIPALS),
)
STRAY = Rule("User:intake", "TOPIC", "referral.received.v1", "READ")


def test_an_empty_broker_needs_every_topic_user_and_permission() -> None:
    changes = plan(SHAPES, EMPTY).changes
    assert {one.name for one in changes if isinstance(one, MakeTopic)} == {
        *(topic.name for topic in TOPICS),
        *(letter.name for letter in DEAD_LETTERS),
    }
    assert {one.name for one in changes if isinstance(one, MakeUser)} == set(PRINCIPALS)
    assert len([one for one in changes if isinstance(one, AddRule)]) == len(grants())


def test_topics_are_there_before_anybody_may_use_them() -> None:
    kinds = [type(one) for one in plan(SHAPES, EMPTY).changes]
    assert kinds.index(MakeUser) > max(index for index, kind in enumerate(kinds) if kind is MakeTopic)
    assert kinds.index(AddRule) > max(index for index, kind in enumerate(kinds) if kind is MakeUser)


def test_a_broker_as_declared_needs_nothing() -> None:
    assert plan(SHAPES, COMPLETE) == dataclasses.replace(plan(SHAPES, COMPLETE), changes=(), undeclared=(), faults=())


def test_another_retention_is_set_again() -> None:
    name = "referral.received.v1"
    partitions, settings = COMPLETE.topics[name]
    topics = {**COMPLETE.topics, name: (partitions, {**settings, "retention.ms": "-1"})}
    changes = plan(SHAPES, dataclasses.replace(COMPLETE, topics=topics)).changes
    assert changes == (SetTopic(name, {"retention.ms": "604800000"}),)


def test_other_partitions_are_a_fault_and_no_change() -> None:
    name = "referral.received.v1"
    topics = {**COMPLETE.topics, name: (3, COMPLETE.topics[name][1])}
    found = plan(SHAPES, dataclasses.replace(COMPLETE, topics=topics))
    assert found.changes == ()
    assert found.faults == ("topic referral.received.v1 has 3 partitions and is declared with 6",)


def test_an_undeclared_permission_is_reported_and_removed_only_when_told() -> None:
    found = dataclasses.replace(COMPLETE, rules=COMPLETE.rules | {STRAY})
    assert plan(SHAPES, found).undeclared == (STRAY,)
    assert plan(SHAPES, found).changes == ()
    assert plan(SHAPES, found, prune=True).changes == (RemoveRule(STRAY),)


def test_a_cluster_gets_replicas_and_a_least_number_in_sync() -> None:
    shape = declared_topics(replication=3, min_insync=2)["referral.routed.v1"]
    assert (shape.replication, shape.settings["min.insync.replicas"]) == (3, "2")
    assert shape.settings["unclean.leader.election.enable"] == "false"


def test_every_change_is_told_in_words_without_a_password() -> None:
    words = [in_words(one) for one in (*plan(SHAPES, EMPTY).changes, RemoveRule(STRAY), SetTopic("t", {"a": "1"}))]
    assert "make user intake" in words
    assert "remove User:intake READ TOPIC referral.received.v1" in words
    assert "set a=1 on topic t" in words
