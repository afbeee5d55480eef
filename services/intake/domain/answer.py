"""What a client is told: the answer to a referral and to a question about one. No personal data."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from contracts.model import Contract

State = Literal["received", "redacted", "held_for_review", "routed", "notified", "acknowledged"]
"""How far a referral has come. `overdue` and `escalated` are flags beside it."""

Event = Literal[
    "received",
    "redacted",
    "held_for_review",
    "alerted",
    "routed",
    "notified",
    "notification_failed",
    "acknowledged",
    "escalated",
]
"""What a timeline can tell. `alerted` is the content-free alert of immediate danger."""


class Notice(Contract):
    """A place in the body (JSON pointer, RFC 6901), a stable code, and what to do. Never a value."""

    pointer: str
    code: str
    detail: str


class Action(Contract):
    """Something the school must do now; `tel` is the number that is right at that minute."""

    code: str
    text: str
    tel: str | None = None


class Receipt(Contract):
    """The answer to an accepted referral. Stored as it was given, so that a repeated post gets the same one."""

    id: str
    reference: str
    status: State = "received"
    status_url: str
    received_at: dt.datetime
    acknowledge_by: dt.datetime
    warnings: tuple[Notice, ...] = ()
    immediate_actions: tuple[Action, ...] = ()


class TimelineEntry(Contract):
    """Something that happened to a referral; `destination` is an id of the policy pack."""

    event: Event
    at: dt.datetime
    revision: int
    destination: str | None = None


class StatusAnswer(Contract):
    """Where a referral is. `acknowledge_by` is routing's clock once it has decided, intake's until then."""

    id: str
    reference: str
    status: State
    revision: int
    received_at: dt.datetime
    updated_at: dt.datetime
    acknowledge_by: dt.datetime
    destination: str | None
    overdue: bool
    escalated: bool
    test: bool
    timeline: tuple[TimelineEntry, ...] = ()


class StatusPage(Contract):
    """One page of statuses, oldest change first; `next_cursor` is null on the last."""

    referrals: tuple[StatusAnswer, ...]
    next_cursor: str | None
