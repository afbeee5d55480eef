"""Permissions follow the registry: no more than each service needs, nothing by wildcard."""

from __future__ import annotations

import pytest

from contracts.access import (
    CLUSTER,
    OPERATOR,
    PRINCIPALS,
    REPLAY_GROUP,
    Grant,
    allowed,
    grants,
    group_names,
    topic_names,
)
from contracts.topics import DEAD_LETTERS, SERVICES, TOPICS, Service


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reads_what_the_registry_says_it_consumes_and_nothing_else(service: Service) -> None:
    readable = {name for name in topic_names() if allowed(service, "topic", name, "Read")}
    assert readable == {topic.name for topic in TOPICS if service in topic.consumers}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_writes_what_it_produces_and_its_own_dead_letters_and_nothing_else(service: Service) -> None:
    writable = {name for name in topic_names() if allowed(service, "topic", name, "Write")}
    produced = {topic.name for topic in TOPICS if topic.producer == service}
    assert writable == produced | {letter.name for letter in DEAD_LETTERS if letter.service == service}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_uses_only_the_group_of_its_own_name(service: Service) -> None:
    assert {name for name in group_names() if allowed(service, "group", name, "Read")} == {service}


def test_nobody_but_redaction_and_routing_reads_the_sealed_topic() -> None:
    assert {one for one in PRINCIPALS if allowed(one, "topic", "referral.received.v1", "Read")} == {
        "redaction",
        "routing",
    }


def test_the_operator_reads_dead_letters_and_no_event() -> None:
    readable = {name for name in topic_names() if allowed(OPERATOR, "topic", name, "Read")}
    assert readable == {letter.name for letter in DEAD_LETTERS}
    assert allowed(OPERATOR, "group", REPLAY_GROUP, "Read")
    assert not any(allowed(OPERATOR, "group", service, "Read") for service in SERVICES)


def test_only_the_operator_sees_the_cluster() -> None:
    assert {one.principal for one in grants() if one.resource == "cluster"} == {OPERATOR}


def test_every_grant_names_something_of_the_registry() -> None:
    known = {"topic": set(topic_names()), "group": set(group_names()), "cluster": {CLUSTER}}
    assert all(grant.name in known[grant.resource] for grant in grants())
    assert not any("*" in grant.name for grant in grants())


def test_reading_or_writing_includes_describing() -> None:
    missing = {
        grant for grant in grants() if Grant(grant.principal, grant.resource, grant.name, "Describe") not in grants()
    }
    assert missing == set()
