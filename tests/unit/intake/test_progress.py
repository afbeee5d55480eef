"""What the evidence about a referral adds up to, where the order or the repetition of events is unkind."""

from __future__ import annotations

import datetime as dt

import pytest

from contracts.decision import Decision, PolicyVersion
from contracts.events.notification import NotificationSentV1
from contracts.events.referral_quarantined import ReferralQuarantinedV1
from contracts.events.referral_redacted import RedactedNarrative, ReferralRedactedV1
from contracts.events.referral_routed import ReferralRoutedV1, Stage
from contracts.facts import OpenFacts
from contracts.failure_codes import FailureCode
from services.intake.domain.status import Progress, StatusEvent, advance, is_settled

NINE = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
ABOUT = {"referral_id": "0" * 32, "reference": "KR-0000-000"}


def at(minutes: float) -> dt.datetime:
    return NINE + dt.timedelta(minutes=minutes)


def routed(stage: Stage, minutes: float, destination: str = "front_door") -> StatusEvent:
    decision = Decision(
        destination=destination,
        urgency="urgent",
        acknowledge_by=at(60),
        rules=(),
        policy=PolicyVersion(name="kent", version="1", hash="0"),
    )
    return ReferralRoutedV1.model_validate(
        ABOUT
        | {"stage": stage, "received_at": NINE, "routed_at": at(minutes), "facts": OpenFacts(), "decision": decision}
    )


def sent(minutes: float, destination: str = "front_door", **more: object) -> StatusEvent:
    told = {"notification_id": f"n-{destination}", "destination": destination, "channel": "email", "urgency": "urgent"}
    return NotificationSentV1.model_validate(ABOUT | told | {"sent_at": at(minutes), "acknowledge_by": at(60)} | more)


def quarantined(code: FailureCode, minutes: float = 1) -> StatusEvent:
    held = {"received_at": NINE, "quarantined_at": at(minutes), "facts": OpenFacts(), "failure_code": code}
    return ReferralQuarantinedV1.model_validate(ABOUT | held)


def redacted(minutes: float) -> StatusEvent:
    words = {
        "received_at": NINE,
        "redacted_at": at(minutes),
        "facts": OpenFacts(),
        "narrative": RedactedNarrative(text="x"),
    }
    return ReferralRedactedV1.model_validate(ABOUT | words)


def after(*events: StatusEvent) -> Progress:
    progress = Progress(acknowledge_by=at(60))
    for event in events:
        progress = advance(progress, event)
    return progress


def test_a_referral_held_when_it_was_published_again_stays_where_the_whole_decision_put_it() -> None:
    events = [routed("full", 2, "online_safety_team"), routed("held", 9, "front_door")]
    for order in (events, events[::-1]):
        in_force = after(*order).in_force
        assert in_force is not None
        assert in_force.destination == "online_safety_team"


@pytest.mark.parametrize("code", ["sealed.key_unknown", "sealed.not_for_us", "sealed.content_invalid"])
def test_a_box_that_redaction_cannot_open_stays_in_the_ledger_though_people_were_told(code: FailureCode) -> None:
    held = after(quarantined(code), routed("held", 2), sent(3))
    assert not is_settled(held), "its only other copy is on a topic that forgets"
    opened = [redacted(20), routed("full", 21), sent(22)]
    for event in opened:
        held = advance(held, event)
    assert is_settled(held)


def test_a_box_that_was_opened_and_held_for_another_reason_is_in_the_vault() -> None:
    progress = after(quarantined("sealed.key_unknown"), routed("held", 2), sent(3), quarantined("redaction.leak_guard"))
    assert is_settled(progress)
    assert is_settled(after(redacted(1), quarantined("sealed.key_unknown"), routed("full", 2), sent(3)))


def test_the_mail_of_an_alert_settles_nothing_though_it_left_after_the_whole_decision_was_made() -> None:
    alerted = (routed("alert", 1), routed("full", 2))
    assert not is_settled(after(*alerted, sent(3, stage="alert"))), "notify has not heard of the whole decision"
    assert is_settled(after(*alerted, sent(3, stage="alert"), sent(3, stage="full")))
    assert is_settled(after(*alerted, sent(3, stage="full"), sent(4, stage="alert"))), "in whatever order"


def test_a_decision_that_a_wiped_broker_makes_routing_repeat_is_settled_by_what_notify_said_before() -> None:
    assert is_settled(after(routed("alert", 1), routed("full", 30), sent(3, stage="full")))
