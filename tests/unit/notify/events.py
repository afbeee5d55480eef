"""Routed events for tests, as routing would decide them, with an invented reference."""

from __future__ import annotations

import datetime as dt

from contracts.decision import Decision, PolicyVersion, RuleApplied, Urgency
from contracts.envelope import Envelope, derived_id
from contracts.events.referral_redacted import RedactedNarrative
from contracts.events.referral_routed import ReferralRoutedV1, Stage
from contracts.facts import OpenFacts
from contracts.model import Contract

NOON = dt.datetime(2026, 6, 3, 11, 0, tzinfo=dt.UTC)
"""A Wednesday, 12:00 in Kent, in office hours."""

WAITS: dict[Urgency, dt.timedelta] = {
    "immediate": dt.timedelta(minutes=15),
    "urgent": dt.timedelta(hours=1),
    "same_day": dt.timedelta(hours=4),
    "routine": dt.timedelta(days=1),
}


def routed(
    referral_id: str = "ref-1",
    *,
    stage: Stage = "full",
    revision: int = 1,
    destination: str = "front_door",
    urgency: Urgency = "urgent",
    copies: tuple[str, ...] = (),
    routed_at: dt.datetime = NOON,
    area: str | None = None,
    embargo: bool = False,
) -> ReferralRoutedV1:
    """A decision."""
    return ReferralRoutedV1(
        referral_id=referral_id,
        reference=f"KR-{referral_id[-4:].upper().replace('-', '0')}-9QX",
        revision=revision,
        stage=stage,
        received_at=routed_at,
        routed_at=routed_at,
        facts=OpenFacts(client_id="mis-1"),
        decision=Decision(
            destination=destination,
            urgency=urgency,
            area=area,
            copies=copies,
            embargo=embargo,
            acknowledge_by=routed_at + WAITS[urgency],
            rules=(RuleApplied(id="01-test", sentence="A test decides.", source="none"),),
            policy=PolicyVersion(name="kent", version="1", hash="0"),
        ),
        narrative=RedactedNarrative(text="[CHILD_1] told staff.") if stage == "full" else None,
    )


def enveloped(event: ReferralRoutedV1, cause: str = "") -> Envelope[Contract]:
    """The event as routing publishes it: the id follows from what it is."""
    name = f"{event.referral_id}/{event.revision}/{event.stage}/{event.decision.destination}/{cause}"
    return Envelope[Contract](
        id=derived_id(name, "routed"),
        type=event.type,
        source="routing",
        time=event.routed_at,
        subject=event.referral_id,
        data=event,
    )
