"""What a message may say. The fields below are all that a template can reach: none of them names anybody.

There is no field for a child, a family, a school, an app, a place or the words of the referral, so no template can
show one, whatever its author writes.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from urllib.parse import quote
from zoneinfo import ZoneInfo

from contracts.decision import Urgency
from contracts.policy import Pack
from services.kit.office_hours import calendar_of
from services.kit.policy_duty import phone_at
from services.notify.domain.model import Notification, Purpose

URGENCY_WORDS: dict[Urgency, str] = {
    "immediate": "IMMEDIATE",
    "urgent": "URGENT",
    "same_day": "SAME DAY",
    "routine": "ROUTINE",
}


@dataclass(frozen=True, slots=True)
class MailContext:
    """A template's whole world: random references, policy texts, instants in the council's own time, phone numbers.

    `respond_by` is a time of day on the day of writing and a time with its date on any other; `respond_by_in_full`
    always has the date. `overdue` says that this instant has passed. `ring` are the on-call numbers of a phone prompt.
    `test`: the sender marked the referral as a test.
    """

    purpose: Purpose
    reference: str
    revision: int
    urgency: str
    destination: str
    respond_by: str
    respond_by_in_full: str
    overdue: bool
    link: str
    phone: str | None
    ring: tuple[str, ...]
    level: int
    embargo: bool
    replies_read: bool
    monitored: bool
    imagery_rule: str
    council: str
    maybe_duplicate: bool
    test: bool


@dataclass(frozen=True, slots=True)
class Mail:
    """A message ready to send. `message_id` is the part before the @."""

    to: str
    subject: str
    text: str
    html: str
    message_id: str
    date: dt.datetime
    urgent: bool
    maybe_duplicate: bool


def context_of(
    notification: Notification,
    purpose: Purpose,
    level: int,
    *,
    ring: tuple[str, ...],
    embargo: bool,
    maybe_duplicate: bool,
    test: bool,
    public_url: str,
    pack: Pack,
    now: dt.datetime,
) -> MailContext:
    """What may be said of a notification at `now`."""
    known = notification.destination in pack.destination_by_id  # a newer pack may have dropped it
    desk = notification.destination if known else pack.council.emergency_destination
    place = pack.destination_on(desk, calendar_of(pack.office_hours).day_of(now))
    return MailContext(
        purpose=purpose,
        reference=notification.reference,
        revision=notification.revision,
        urgency=URGENCY_WORDS[notification.urgency],
        destination=place.name,
        respond_by=_short(notification.ack_due_at, now, pack.zone),
        respond_by_in_full=_full(notification.ack_due_at, pack.zone),
        overdue=notification.ack_due_at <= now,
        link=f"{public_url.rstrip('/')}/referrals/{quote(notification.reference)}",
        phone=phone_at(place.id, now, pack),
        ring=ring,
        level=level,
        embargo=embargo,
        replies_read=place.replies_read,
        monitored=place.monitored,
        imagery_rule=pack.imagery.text,
        council=pack.council.name,
        maybe_duplicate=maybe_duplicate,
        test=test,
    )


def _short(instant: dt.datetime, now: dt.datetime, zone: ZoneInfo) -> str:
    local = instant.astimezone(zone)
    if local.date() == now.astimezone(zone).date():
        return f"{local:%H:%M}"
    return f"{local:%H:%M} on {local:%a} {local.day} {local:%b}"


def _full(instant: dt.datetime, zone: ZoneInfo) -> str:
    """With the zone's letters, so that the repeated hour of October is told apart."""
    local = instant.astimezone(zone)
    return f"{local:%H:%M} {local:%Z} on {local:%A} {local.day} {local:%B %Y}"
