"""Routing's one use case: which event makes which decision, and what it carries."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from contracts.envelope import Envelope
from contracts.events.referral_routed import ReferralRoutedV1
from contracts.model import Contract
from services.kit.errors import PermanentError
from services.kit.policy_pack import load_pack
from services.routing.handlers import RouteReferral
from tests.support.example_events import FACTS, example_envelopes

KENT = load_pack(Path("services/routing/policies/kent"))
NOW = dt.datetime(2026, 3, 4, 10, 16, tzinfo=dt.UTC)
ROUTE = RouteReferral(lambda: KENT, lambda: NOW)


def example(event_type: str, **changes: object) -> Envelope[Contract]:
    envelope = example_envelopes()[event_type]
    return envelope.model_copy(update={"data": envelope.data.model_copy(update=changes)})


async def routed(envelope: Envelope[Contract]) -> ReferralRoutedV1:
    [answer] = await ROUTE(envelope)
    assert isinstance(answer.data, ReferralRoutedV1)
    assert answer.subject == envelope.subject
    return answer.data


async def test_redacted_referral_is_decided_with_its_words_and_reasons() -> None:
    event = await routed(example("referral.redacted.v1"))
    assert (event.stage, event.decision.destination) == ("full", "front_door")
    assert event.narrative is not None
    assert all(rule.sentence and rule.source for rule in event.decision.rules)


async def test_sealed_referral_without_immediate_danger_waits_for_redaction() -> None:
    assert await ROUTE(example("referral.received.v1")) == ()


async def test_immediate_danger_is_alerted_before_redaction_and_without_words() -> None:
    danger = FACTS.model_copy(update={"immediate_danger": True})
    event = await routed(example("referral.received.v1", facts=danger))
    assert (event.stage, event.decision.urgency, event.narrative) == ("alert", "immediate", None)


async def test_quarantined_referral_reaches_a_human_without_words() -> None:
    event = await routed(example("referral.quarantined.v1"))
    assert (event.stage, event.decision.held_for_human, event.narrative) == ("held", True, None)


async def test_transfer_goes_where_it_was_asked_to_go_and_says_so() -> None:
    event = await routed(example("referral.transfer-requested.v1", to_destination="online_safety_team"))
    assert event.decision.destination == "online_safety_team"
    assert event.decision.rules[-1].id == "transfer"


async def test_transfer_to_nowhere_is_refused_with_a_code() -> None:
    with pytest.raises(PermanentError) as refused:
        await ROUTE(example("referral.transfer-requested.v1", to_destination="nowhere"))
    assert refused.value.code == "routing.destination_unknown"


async def test_a_second_delivery_gives_the_same_event() -> None:
    envelope = example("referral.redacted.v1")
    assert await ROUTE(envelope) == await ROUTE(envelope)


async def test_events_that_are_not_routings_are_passed_by() -> None:
    assert await ROUTE(example("notification.sent.v1")) == ()


def test_what_cannot_be_decided_is_opened_by_a_person_at_once() -> None:
    for event_type in ("referral.redacted.v1", "referral.quarantined.v1"):
        [answer] = ROUTE.give_up(example(event_type), "handler.permanent")
        event = answer.data
        assert isinstance(event, ReferralRoutedV1)
        assert (event.stage, event.decision.urgency, event.narrative) == ("held", "immediate", None)
        assert event.decision.destination == KENT.held.destination
        assert event.decision.acknowledge_by - NOW == dt.timedelta(minutes=15)


async def test_giving_up_has_another_id_than_the_decision_that_may_follow() -> None:
    [held] = ROUTE.give_up(example("referral.redacted.v1"), "handler.permanent")
    [decided] = await ROUTE(example("referral.redacted.v1"))
    assert held.id != decided.id


def test_a_transfer_that_cannot_be_decided_stays_where_it_is() -> None:
    assert ROUTE.give_up(example("referral.transfer-requested.v1"), "routing.destination_unknown") == ()
    assert ROUTE.give_up(example("referral.received.v1"), "handler.permanent") == ()
