"""The things notify thinks in: notifications with a clock, and the messages that tell people of them."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Final, Literal

from contracts.decision import Urgency
from contracts.envelope import EVENT_NAMESPACE
from contracts.events.referral_routed import Stage

State = Literal["open", "acknowledged", "copied", "moved"]
"""open: the clock runs. acknowledged: a signed-in person took it on. copied: for information, without a clock.
moved: another destination has it now."""

Purpose = Literal["notice", "copy", "raised", "update", "moved", "remind", "deputy", "manager", "ring"]
"""Why a message is written; the template says it in words."""

ESCALATIONS: Final[frozenset[Purpose]] = frozenset({"remind", "deputy", "manager", "ring"})
"""Messages that are pointless once somebody has acknowledged."""

STAGE_RANK: Final[dict[Stage, int]] = {"alert": 0, "held": 1, "full": 2}
"""Of the same revision, the fuller decision holds, in whatever order they arrive."""


def notification_id(referral_id: str, destination: str) -> uuid.UUID:
    """One notification per referral and destination: the same id in whatever order the events come."""
    return uuid.uuid5(EVENT_NAMESPACE, f"notification/{referral_id}/{destination}")


@dataclass(frozen=True, slots=True)
class Standing:
    """Which decision of a referral holds now."""

    revision: int
    stage: Stage
    routed_at: dt.datetime

    def holds_against(self, other: Standing) -> bool:
        """Whether `other` is older or the same. `routed_at` decides between a decision and a transfer after it."""
        return self._rank >= other._rank

    @property
    def _rank(self) -> tuple[int, int, dt.datetime]:
        return (self.revision, STAGE_RANK[self.stage], self.routed_at)


@dataclass(frozen=True, slots=True)
class Notification:
    """One destination's part in one referral.

    `round` counts how often the clock was started anew (urgency raised, referral came back): events and messages of
    a round have ids of their own. `told_at` is the instant the round began and the ladder counts from.
    `next_escalation_at` is set exactly while the state is open. All instants are UTC.
    """

    id: uuid.UUID
    referral_id: str
    reference: str
    destination: str
    area: str | None
    state: State
    round: int
    revision: int
    urgency: Urgency
    ack_due_at: dt.datetime
    told_at: dt.datetime
    escalation_level: int = 0
    next_escalation_at: dt.datetime | None = None
    sent_at: dt.datetime | None = None
    acknowledged_at: dt.datetime | None = None
    acknowledged_by: uuid.UUID | None = None
    transfer_to: str | None = None
    transfer_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one address. `level` is the escalation level, or 0."""

    id: uuid.UUID
    notification_id: uuid.UUID
    round: int
    purpose: Purpose
    level: int
    channel: Literal["email"]
    address: str
    urgency: Urgency


def message_for(notification: Notification, purpose: Purpose, address: str, level: int = 0) -> Message:
    """A message whose id follows from what it is, so that the same one is never written twice.

    The id does not hold the purpose of a round's first message: raising the urgency begins a new round.
    """
    match purpose:
        case "update":
            what = f"update/{notification.revision}"
        case "moved":
            what = "moved"
        case "remind" | "deputy" | "manager" | "ring":
            what = f"level/{level}"
        case "notice" | "copy" | "raised":
            what = "first"
    name = f"{notification.round}/{what}/email/{address}"
    return Message(
        id=uuid.uuid5(notification.id, name),
        notification_id=notification.id,
        round=notification.round,
        purpose=purpose,
        level=level,
        channel="email",
        address=address,
        urgency=notification.urgency,
    )
