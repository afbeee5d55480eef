"""A routing decision with its reasons, as it travels and as people read it."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from contracts.model import Contract

Urgency = Literal["immediate", "urgent", "same_day", "routine"]


class RuleApplied(Contract):
    """A rule that matched: its id, its plain sentence, and where that sentence comes from."""

    id: str
    sentence: str
    source: str


class PolicyVersion(Contract):
    """The pack that decided. `hash` is the SHA-256 of its canonical content, hex."""

    name: str
    version: str
    hash: str


class Decision(Contract):
    """Who must act, how soon and why.

    `destination` and `copies` are destination ids of the pack; `advice` are advice codes of the pack.
    `acknowledge_by` is an instant in UTC. `phone` is the number to ring at the decision's instant, or None.
    `facts_used` are the names of the open facts that the matching rules looked at.
    `held_for_human` marks a referral that a person must place (out of area, for instance): it still has
    a destination and is told at once.
    `conflict_check` marks an allegation against staff: nobody named in it, nor the school's head or DSL, may
    be among the recipients, and the usual copies are left out.
    """

    destination: str
    urgency: Urgency
    area: str | None = None
    copies: tuple[str, ...] = ()
    embargo: bool = False
    acknowledge_by: dt.datetime
    advice: tuple[str, ...] = ()
    phone: str | None = None
    rules: tuple[RuleApplied, ...]
    facts_used: tuple[str, ...] = ()
    held_for_human: bool = False
    conflict_check: bool = False
    policy: PolicyVersion
