"""The registry: every topic has one writer, known readers, and dead letters as short-lived as their source."""

from __future__ import annotations

from contracts.topics import BY_TYPE, DEAD_LETTERS, SERVICES, TOPICS, consumed_by, produced_by
from tests.support.example_events import example_envelopes


def test_topic_names_are_event_types_in_lower_case() -> None:
    for topic in TOPICS:
        assert topic.name == topic.event.type  # type: ignore[attr-defined]
        assert topic.name == topic.name.lower()
        assert "_" not in topic.name


def test_every_topic_has_readers_other_than_its_writer() -> None:
    for topic in TOPICS:
        assert topic.consumers
        assert topic.producer not in topic.consumers


def test_every_service_takes_part() -> None:
    assert all(consumed_by(service) and produced_by(service) for service in SERVICES)


def test_dead_letters_live_as_long_as_their_source() -> None:
    assert {(letter.service, letter.source.name) for letter in DEAD_LETTERS} == {
        (service, topic.name) for topic in TOPICS for service in topic.consumers
    }
    assert "dead-letter.redaction.referral.received.v1" in {letter.name for letter in DEAD_LETTERS}


def test_only_the_sealed_topic_may_carry_a_sealed_box() -> None:
    with_box = {topic.name for topic in TOPICS if "sealed" in topic.event.model_fields}
    assert with_box == {topic.name for topic in TOPICS if topic.sensitivity == "sealed"}


def test_there_is_an_example_of_every_event() -> None:
    assert set(example_envelopes()) == set(BY_TYPE)
