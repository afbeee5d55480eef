"""What a routed event changes: the heart of 'one effective notification for each recipient'.

Events arrive more than once and in any order. Which decision holds depends only on the decisions, never on the order
they came in: the highest revision, of it the fullest stage, of that the latest. So every order ends with the same
destinations told, each once per round.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

from contracts.events.referral_routed import ReferralRoutedV1
from contracts.policy.rules import RANK
from services.notify.domain.model import Notification, Purpose, Standing, notification_id


@dataclass(frozen=True, slots=True)
class Stale:
    """A decision that holds already stands against this one: nothing changes."""


@dataclass(frozen=True, slots=True)
class Change:
    """A notification as it is from now on, and what its people are told of that (None: nothing).

    `restarted` says that a new round has begun: older messages that are still waiting must not go out.
    """

    notification: Notification
    tell: Purpose | None
    restarted: bool = False


@dataclass(frozen=True, slots=True)
class Merged:
    """The event's decision holds now."""

    standing: Standing
    changes: tuple[Change, ...]


def standing_of(event: ReferralRoutedV1) -> Standing:
    """Where a decision stands among those of its referral."""
    return Standing(event.revision, event.stage, event.routed_at)


def merge(
    standing: Standing | None,
    present: Mapping[str, Notification],
    event: ReferralRoutedV1,
    *,
    primary: str,
    copies: tuple[str, ...],
    now: dt.datetime,
) -> Stale | Merged:
    """What `event` changes. `primary` and `copies` are destinations that the pack knows; `present` is by destination.

    An alert only adds: it is decided before the whole referral is known, so it takes nobody off.
    """
    coming = standing_of(event)
    if standing is not None and standing.holds_against(coming):
        return Stale()
    changes = [_primary(present.get(primary), event, primary, now)]
    alert = event.stage == "alert"
    for copy in dict.fromkeys(copies):
        if copy != primary and not (alert and copy in present):
            changes += _copied(present.get(copy), event, copy, now)
    if not alert:
        wanted = {primary, *copies}
        changes += [_moved(one) for one in present.values() if one.destination not in wanted and one.state != "moved"]
    return Merged(coming, tuple(changes))


def _primary(known: Notification | None, event: ReferralRoutedV1, destination: str, now: dt.datetime) -> Change:
    """The destination that must act."""
    if known is None or known.state in ("copied", "moved"):
        return Change(_begin(known, event, destination, now), "notice", restarted=True)
    if RANK[event.decision.urgency] > RANK[known.urgency]:
        return Change(_begin(known, event, destination, now), "raised", restarted=True)
    fuller = replace(known, revision=max(known.revision, event.revision), area=event.decision.area or known.area)
    return Change(fuller, _told_of_revision(known, event))


def _begin(known: Notification | None, event: ReferralRoutedV1, destination: str, now: dt.datetime) -> Notification:
    """A new round: the clock starts. The caller adds when the ladder's first step is due."""
    return Notification(
        id=notification_id(event.referral_id, destination),
        referral_id=event.referral_id,
        reference=event.reference,
        destination=destination,
        area=event.decision.area,
        state="open",
        round=1 if known is None else known.round + 1,
        revision=event.revision,
        urgency=event.decision.urgency,
        ack_due_at=event.decision.acknowledge_by,
        told_at=now,
    )


def _copied(known: Notification | None, event: ReferralRoutedV1, destination: str, now: dt.datetime) -> list[Change]:
    """A destination that is informed. Who had to act and now only has to know was told already."""
    if known is None or known.state == "moved":
        return [Change(replace(_begin(known, event, destination, now), state="copied"), "copy", restarted=True)]
    if known.state == "copied" and known.revision >= event.revision:
        return []
    informed = replace(known, state="copied", next_escalation_at=None, revision=max(known.revision, event.revision))
    return [Change(informed, _told_of_revision(known, event))]


def _told_of_revision(known: Notification, event: ReferralRoutedV1) -> Purpose | None:
    """A later revision is worth a message to those who were told before; a first message that waits says enough."""
    return "update" if event.revision > known.revision and known.sent_at is not None else None


def _moved(known: Notification) -> Change:
    """Another destination has it now. Whoever asked for that, or was never told, hears nothing more."""
    tell: Purpose | None = "moved" if known.sent_at is not None and known.transfer_to is None else None
    return Change(replace(known, state="moved", next_escalation_at=None), tell)
