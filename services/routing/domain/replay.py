"""What past decisions would have been under another pack.

A record is one decision that was made: its instant, the open facts it was made from, and what came out. It holds
nothing that names anyone, so a pack can be tried on a year of real traffic.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydantic import AwareDatetime

from contracts.decision import Decision, Urgency
from contracts.events.referral_routed import ReferralRoutedV1
from contracts.facts import OpenFacts
from contracts.model import Contract
from contracts.policy.pack import Pack
from services.routing.domain.decide import decide, decide_held
from services.routing.domain.transfer import TRANSFER


class RecordedDecision(Contract):
    """One line of a replay file (JSON): fields of `referral.routed.v1`, without its narrative.

    A decision holds for the instant `received_at`. `stage` is the event's: an alert repeats its referral and is
    skipped, a held one is decided as held. What a person transferred is skipped too: no policy decided it.
    """

    referral_id: str
    received_at: AwareDatetime
    routed_at: AwareDatetime
    stage: str = "full"
    facts: OpenFacts
    decision: Decision


def record_of(event: ReferralRoutedV1) -> RecordedDecision:
    """What of an event may be kept for replays: facts and decision, never the narrative."""
    return RecordedDecision(
        referral_id=event.referral_id,
        received_at=event.received_at,
        routed_at=event.routed_at,
        stage=event.stage,
        facts=event.facts,
        decision=event.decision,
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """The part of a decision that a replay compares."""

    destination: str
    urgency: Urgency
    copies: tuple[str, ...]
    embargo: bool
    advice: tuple[str, ...]
    held_for_human: bool
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A past decision that would be another one. `fields` names what differs beyond the rules themselves."""

    record: RecordedDecision
    before: Outcome
    after: Outcome
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replay:
    """The result of a replay: how many decisions were tried, and those that change."""

    tried: int
    changes: tuple[Change, ...]

    def by_destination(self) -> Counter[tuple[str, str]]:
        """How many go from one destination to another."""
        moved = ((one.before.destination, one.after.destination) for one in self.changes)
        return Counter(pair for pair in moved if pair[0] != pair[1])

    def by_urgency(self) -> Counter[tuple[str, str]]:
        """How many go from one urgency to another."""
        moved = ((one.before.urgency, one.after.urgency) for one in self.changes)
        return Counter(pair for pair in moved if pair[0] != pair[1])

    def by_rule(self) -> Counter[str]:
        """For each rule that begins ("+") or ceases ("-") to apply, in how many changed decisions it does."""
        counted: Counter[str] = Counter()
        for one in self.changes:
            before, after = set(one.before.rules), set(one.after.rules)
            counted.update(f"+ {name}" for name in sorted(after - before))
            counted.update(f"- {name}" for name in sorted(before - after))
        return counted


def replay(records: Iterable[RecordedDecision], pack: Pack, *, since: dt.datetime | None = None) -> Replay:
    """Decide every record again with `pack`, at its own instant; `since` leaves out what was routed before."""
    tried = 0
    changes: list[Change] = []
    for record in _wanted(records, since):
        tried += 1
        before = _outcome(record.decision)
        after = _outcome(_again(record, pack))
        fields = tuple(name for name in _COMPARED if getattr(before, name) != getattr(after, name))
        if fields:
            changes.append(Change(record, before, after, fields))
    return Replay(tried, tuple(changes))


_COMPARED = ("destination", "urgency", "copies", "embargo", "advice", "held_for_human")


def _wanted(records: Iterable[RecordedDecision], since: dt.datetime | None) -> Iterator[RecordedDecision]:
    for one in records:
        by_policy = one.stage != "alert" and all(rule.id != TRANSFER.id for rule in one.decision.rules)
        if by_policy and (since is None or one.routed_at >= since):
            yield one


def _again(record: RecordedDecision, pack: Pack) -> Decision:
    if record.stage == "held":
        return decide_held(record.facts, record.received_at, pack)
    return decide(record.facts, record.received_at, pack)


def _outcome(decision: Decision) -> Outcome:
    return Outcome(
        destination=decision.destination,
        urgency=decision.urgency,
        copies=decision.copies,
        embargo=decision.embargo,
        advice=decision.advice,
        held_for_human=decision.held_for_human,
        rules=tuple(rule.id for rule in decision.rules),
    )
