"""How far a referral has come, worked out from what the other services said.

Events are kept as evidence and the state is derived from all of it, so that the order in which events of different
topics arrive, and how often, cannot matter.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from contracts.decision import Urgency
from contracts.events.notification import (
    NotificationAcknowledgedV1,
    NotificationEscalatedV1,
    NotificationEvent,
    NotificationFailedV1,
    NotificationSentV1,
)
from contracts.events.referral_quarantined import ReferralQuarantinedV1
from contracts.events.referral_redacted import ReferralRedactedV1
from contracts.events.referral_routed import ReferralRoutedV1, Stage
from contracts.model import Contract
from services.intake.domain.answer import State, StatusAnswer, TimelineEntry

STAGES: tuple[Stage, ...] = ("alert", "held", "full")
"""From the least to the most that a decision knew of the referral; notify ranks them alike."""
UNOPENED = "sealed."
"""How the codes begin that say: redaction could not open the box, so that its vault does not hold what is in it."""

StatusEvent = ReferralRedactedV1 | ReferralQuarantinedV1 | ReferralRoutedV1 | NotificationEvent


class Routed(Contract):
    """A decision of routing."""

    destination: str
    urgency: Urgency
    at: dt.datetime
    acknowledge_by: dt.datetime
    stage: Stage = "full"

    @property
    def rank(self) -> tuple[int, dt.datetime]:
        """Of two decisions on one revision the fuller one counts, of two as full the later."""
        return STAGES.index(self.stage), self.at


class Told(Contract):
    """Notify has taken a decision over: `how` is what it last said about this notification that way."""

    notification_id: str
    destination: str
    how: Literal["sent", "failed", "acknowledged", "escalated"]
    at: dt.datetime
    stage: Stage | None = None

    @property
    def rank(self) -> tuple[int, dt.datetime]:
        return STAGES.index(self.stage or "alert"), self.at

    def covers(self, decision: Routed) -> bool:
        """Whether notify knew as much as this decision. No clock is asked: notify's is not routing's."""
        return self.stage is not None and STAGES.index(self.stage) >= STAGES.index(decision.stage)


class Progress(Contract):
    """The evidence about one revision. `acknowledge_by` is intake's own clock, in force until routing decides.

    `unopened`: redaction could not open the box; the ledger may hold its only copy.
    """

    revision: int = 1
    acknowledge_by: dt.datetime
    redacted_at: dt.datetime | None = None
    held_at: dt.datetime | None = None
    unopened: bool = False
    alert: Routed | None = None
    decision: Routed | None = None
    told: tuple[Told, ...] = ()

    @property
    def in_force(self) -> Routed | None:
        """The decision that counts: the one on the whole referral, the alert's until then."""
        return self.decision or self.alert


@dataclass(frozen=True, slots=True)
class Row:
    """What the ledger knows of one referral's way."""

    id: str
    reference: str
    test: bool
    revision: int
    state: State
    progress: Progress
    received_at: dt.datetime
    updated_at: dt.datetime


def state_of(progress: Progress) -> State:
    """The furthest state that the evidence proves for the destination in force."""
    ways = {told.how for told in _told(progress)}
    if "acknowledged" in ways:
        return "acknowledged"
    if ways & {"sent", "escalated"}:
        return "notified"
    if progress.decision is not None:
        return "routed"
    if progress.held_at is not None:
        return "held_for_review"
    return "redacted" if progress.redacted_at is not None else "received"


def acknowledge_by_of(progress: Progress) -> dt.datetime:
    """The instant by which somebody must acknowledge."""
    return progress.acknowledge_by if progress.in_force is None else progress.in_force.acknowledge_by


def is_overdue(progress: Progress, now: dt.datetime) -> bool:
    """Whether that instant has passed and nobody has acknowledged."""
    return state_of(progress) != "acknowledged" and now > acknowledge_by_of(progress)


def is_escalated(progress: Progress) -> bool:
    """Whether the next person on the ladder has been told."""
    return any(told.how == "escalated" for told in _told(progress))


def is_settled(progress: Progress) -> bool:
    """Whether notify has taken over the decision on the whole referral, so that its ladder guards it from here.

    A box that redaction could not open stays: a key that comes late opens it when it is published again. Where an alert
    went to the same destination before, word about the alert is not enough: the stage tells, or, from a notify that
    states none, the time.
    """
    decision = progress.decision
    if decision is None or (progress.unopened and progress.redacted_at is None):
        return False
    alerted_before = progress.alert is not None and progress.alert.destination == decision.destination
    return any(
        told.covers(decision) if told.stage is not None else told.at >= decision.at or not alerted_before
        for told in _told(progress)
    )


def _told(progress: Progress) -> tuple[Told, ...]:
    """What notify said about the destination in force; before any decision, all of it."""
    decided = progress.in_force
    return tuple(one for one in progress.told if decided is None or one.destination == decided.destination)


def advance(progress: Progress, event: StatusEvent) -> Progress:
    """The evidence with one more event. An event about an earlier revision changes nothing."""
    if event.revision < progress.revision:
        return progress
    match event:
        case ReferralRedactedV1():
            return progress.model_copy(update={"redacted_at": event.redacted_at})
        case ReferralQuarantinedV1():
            unopened = event.failure_code.startswith(UNOPENED)
            return progress.model_copy(update={"held_at": event.quarantined_at, "unopened": unopened})
        case ReferralRoutedV1():
            return _decided(progress, event)
        case NotificationEvent():
            return _notified(progress, event)


def _decided(progress: Progress, event: ReferralRoutedV1) -> Progress:
    """The fullest decision counts, of two as full the latest: a transfer is a later one.

    A referral that is published again and then held, because the redactor was slow that time, is not taken back.
    """
    field = "alert" if event.stage == "alert" else "decision"
    known: Routed | None = getattr(progress, field)
    decision = event.decision
    routed = Routed(
        destination=decision.destination,
        urgency=decision.urgency,
        at=event.routed_at,
        acknowledge_by=decision.acknowledge_by,
        stage=event.stage,
    )
    if known is not None and known.rank >= routed.rank:
        return progress
    return progress.model_copy(update={field: routed})


def _notified(progress: Progress, event: NotificationEvent) -> Progress:
    entry = entry_of(event)
    how: dict[str, Literal["sent", "failed", "acknowledged", "escalated"]] = {
        "notified": "sent",
        "notification_failed": "failed",
        "acknowledged": "acknowledged",
        "escalated": "escalated",
    }
    told = Told(
        notification_id=event.notification_id,
        destination=event.destination,
        how=how[entry.event],
        at=entry.at,
        stage=event.stage,
    )
    others = [one for one in progress.told if (one.notification_id, one.how) != (told.notification_id, told.how)]
    known = [one for one in progress.told if one not in others]
    latest = max([*known, told], key=lambda one: one.rank)
    return progress.model_copy(update={"told": (*others, latest)})


def entry_of(event: StatusEvent) -> TimelineEntry:
    """How an event reads in a timeline."""
    match event:
        case ReferralRedactedV1():
            return TimelineEntry(event="redacted", at=event.redacted_at, revision=event.revision)
        case ReferralQuarantinedV1():
            return TimelineEntry(event="held_for_review", at=event.quarantined_at, revision=event.revision)
        case ReferralRoutedV1():
            name: Literal["alerted", "routed"] = "alerted" if event.stage == "alert" else "routed"
            return TimelineEntry(
                event=name, at=event.routed_at, revision=event.revision, destination=event.decision.destination
            )
        case NotificationEvent():
            return _notification_entry(event)


def _notification_entry(event: NotificationEvent) -> TimelineEntry:
    match event:
        case NotificationSentV1():
            name, at = "notified", event.sent_at
        case NotificationFailedV1():
            name, at = "notification_failed", event.failed_at
        case NotificationAcknowledgedV1():
            name, at = "acknowledged", event.acknowledged_at
        case NotificationEscalatedV1():
            name, at = "escalated", event.escalated_at
        case _:
            raise TypeError("an event of a kind that notify does not publish")
    return TimelineEntry.model_validate(
        {"event": name, "at": at, "revision": event.revision, "destination": event.destination}
    )


def answer_of(row: Row, timeline: Sequence[TimelineEntry], now: dt.datetime) -> StatusAnswer:
    """What a client is told of a referral at `now`."""
    progress = row.progress
    return StatusAnswer(
        id=row.id,
        reference=row.reference,
        status=row.state,
        revision=row.revision,
        received_at=row.received_at,
        updated_at=row.updated_at,
        acknowledge_by=acknowledge_by_of(progress),
        destination=progress.in_force.destination if progress.in_force else None,
        overdue=is_overdue(progress, now),
        escalated=is_escalated(progress),
        test=row.test,
        timeline=tuple(timeline),
    )
