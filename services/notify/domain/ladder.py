"""Who is told when nobody answers. Steps come from the pack; the last one repeats until a person acknowledges."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from contracts.decision import Urgency
from contracts.policy import Destination, Ladder, Pack, Recipient
from contracts.policy.destinations import LadderLevel, RecipientRole, StepKind
from services.kit.office_hours import calendar_of
from services.kit.policy_duty import (
    acknowledge_by,
    escalation_schedule,
    instant_after,
    ladder_of,
    office_is_open,
    recipients_at,
)
from services.notify.domain.model import Notification, Purpose

SHORTEST_PAUSE = dt.timedelta(minutes=1)
"""Between two steps, whatever a pack says: a clock of nothing must not become a storm of mail."""

EVERY_ROLE: tuple[RecipientRole, ...] = ("duty", "deputy", "manager", "on_call")

PURPOSES: dict[StepKind, Purpose] = {
    "remind": "remind",
    "deputy": "deputy",
    "manager": "manager",
    "on_call_phone": "ring",
}


@dataclass(frozen=True, slots=True)
class Rung:
    """A step that is due: `addresses` get a mail of `purpose`. A phone prompt goes to everybody of the ladder."""

    level: int
    purpose: Purpose
    addresses: tuple[str, ...]


def desk_of(destination: str, at: dt.datetime, pack: Pack) -> str:
    """The destination whose people answer for `destination`: itself, or the emergency one.

    The emergency destination answers for one without a ladder, and for one that a newer pack no longer has.
    """
    known = destination in pack.destination_by_id and ladder_of(destination, at, pack) is not None
    return destination if known else pack.council.emergency_destination


def first_addresses(notification: Notification, at: dt.datetime, pack: Pack) -> tuple[str, ...]:
    """The mail addresses that are told first: the desk's, or the emergency destination's where it has none."""
    urgency, area = notification.urgency, notification.area
    own: tuple[str, ...] = ()
    if notification.destination in pack.destination_by_id:
        own = _addresses(recipients_at(notification.destination, urgency, at, pack, area=area))
    return own or _addresses(recipients_at(pack.council.emergency_destination, urgency, at, pack, area=area))


def next_step_at(notification: Notification, now: dt.datetime, pack: Pack) -> dt.datetime:
    """When the next step of an open notification falls due.

    Past the ladder's end: another acknowledgement clock from `now`, because the last step never ends in silence.
    """
    desk = desk_of(notification.destination, notification.told_at, pack)
    steps = escalation_schedule(desk, notification.urgency, notification.told_at, pack, area=notification.area)
    later = [step.at for step in steps if step.level > notification.escalation_level]
    if later:
        return later[0]
    return max(instant_after(pack.clock_by_urgency[notification.urgency].wait, now, pack), now + SHORTEST_PAUSE)


def given_away(notification: Notification, to: str, reason: str, now: dt.datetime, pack: Pack) -> Notification:
    """Asked to go to `to`. Who had acknowledged answers for it until somebody else has it: the clock starts anew, so
    that a request that nobody hears does not leave the referral with nobody."""
    asked = replace(notification, transfer_to=to, transfer_reason=reason)
    if notification.state != "acknowledged":
        return asked
    due = acknowledge_by(notification.urgency, now, pack)
    reopened = replace(
        asked, state="open", round=notification.round + 1, escalation_level=0, told_at=now, ack_due_at=due
    )
    return replace(reopened, next_escalation_at=next_step_at(reopened, now, pack))


def rung_due(notification: Notification, now: dt.datetime, pack: Pack) -> tuple[Notification, Rung]:
    """The step that an open, overdue notification takes now, and the notification after it.

    One step at a time, each of them: after a pause in which several fell due, all their people are told.
    Who is told depends on whether offices are open now, not when the step was due.
    """
    desk = desk_of(notification.destination, now, pack)
    level, number = _level_after(notification, desk, now, pack)
    stepped = _with_level(notification, number, now, pack)
    roles = level.in_hours if office_is_open(now, pack) else level.out_of_hours
    day = calendar_of(pack.office_hours).day_of(now)
    place = pack.destination_on(desk, day)
    everybody = _addresses(_people(place, EVERY_ROLE, notification.area, day))
    told = _addresses(_people(place, roles, notification.area, day))
    addresses = everybody if level.kind == "on_call_phone" else told or everybody
    return stepped, Rung(number, PURPOSES[level.kind], addresses)


def ladder_faults(pack: Pack, now: dt.datetime) -> tuple[str, ...]:
    """Why this pack cannot promise that somebody is told at any hour; empty where it can.

    Checked for every destination that must act: mail reaches somebody at first, and the last level of its ladder is
    nobody's empty rota, in office hours and outside them, in every area.
    """
    day = calendar_of(pack.office_hours).day_of(now)
    faults: list[str] = []
    for name in sorted(_must_act(pack)):
        place = pack.destination_on(desk_of(name, now, pack), day)
        ladder = pack.ladder_by_id.get(place.ladder or "")
        if ladder is None:
            faults.append(f"destination {name} has no ladder, nor has the emergency destination")
            continue
        areas = {None, *(area for one in place.recipients for area in one.areas)}
        faults += [fault for area in sorted(areas, key=str) for fault in _faults(name, pack, ladder, area, day)]
    return tuple(faults)


def _must_act(pack: Pack) -> set[str]:
    named = {rule.destination for rule in pack.rules if rule.destination is not None}
    return named | {pack.held.destination, pack.council.emergency_destination}


def _faults(name: str, pack: Pack, ladder: Ladder, area: str | None, day: dt.date) -> list[str]:
    where = f"destination {name}" + (f", area {area}" if area else "")
    place = pack.destination_on(name, day)
    faults = []
    if not _addresses(place.recipients_of(("duty",), area, day)):
        faults.append(f"{where}: nobody on duty has a mail address")
    last = max(ladder.levels, key=lambda level: level.level)
    answering = place if place.ladder else pack.destination_on(pack.council.emergency_destination, day)
    for hours, roles in (("in", last.in_hours), ("out of", last.out_of_hours)):
        if not answering.recipients_of(roles, area, day):
            faults.append(f"{where}: the last level of ladder {ladder.id} is an empty rota {hours} office hours")
    return faults


def _level_after(notification: Notification, desk: str, now: dt.datetime, pack: Pack) -> tuple[LadderLevel, int]:
    """The ladder's next level that this urgency has, and its number; past the end the last level again."""
    done = notification.escalation_level
    levels = _levels(desk, notification.urgency, now, pack)
    for level in levels:
        if level.level > done:
            return level, level.level
    return levels[-1], done + 1


def _levels(desk: str, urgency: Urgency, now: dt.datetime, pack: Pack) -> tuple[LadderLevel, ...]:
    ladder = ladder_of(desk, now, pack) or ladder_of(pack.council.emergency_destination, now, pack)
    if ladder is None:
        raise LookupError("no destination has a ladder: checked at the start")
    return tuple(level for level in ladder.levels if urgency in level.after) or ladder.levels[-1:]


def _with_level(notification: Notification, level: int, now: dt.datetime, pack: Pack) -> Notification:
    reached = replace(notification, escalation_level=level)
    return replace(reached, next_escalation_at=next_step_at(reached, now, pack))


def _people(
    place: Destination, roles: tuple[RecipientRole, ...], area: str | None, day: dt.date
) -> tuple[Recipient, ...]:
    """Role by role: an area's own duty desk does not stand in for the person on call for every area."""
    return tuple(one for role in roles for one in place.recipients_of((role,), area, day))


def _addresses(people: tuple[Recipient, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.address for one in people if one.channel == "email"))


def _phones(people: tuple[Recipient, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.address for one in people if one.channel == "phone"))


def phones_to_ring(notification: Notification, now: dt.datetime, pack: Pack) -> tuple[str, ...]:
    """The on-call numbers of the ladder's last level that are right at `now`."""
    desk = desk_of(notification.destination, now, pack)
    last = _levels(desk, notification.urgency, now, pack)[-1]
    roles = last.in_hours if office_is_open(now, pack) else last.out_of_hours
    day = calendar_of(pack.office_hours).day_of(now)
    return _phones(_people(pack.destination_on(desk, day), roles, notification.area, day))
