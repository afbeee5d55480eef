"""Where a concern goes, how soon and why. Pure: facts, an instant and a pack in; a decision out."""

from __future__ import annotations

import datetime as dt

from contracts.decision import Decision
from contracts.facts import OpenFacts
from contracts.policy.conditions import View, any_holds, area_in
from contracts.policy.pack import Pack
from contracts.policy.rules import RANK
from services.kit.office_hours import calendar_of
from services.kit.policy_duty import acknowledge_by, phone_at
from services.routing.domain.rule_book import book_on, unique


def decide(facts: OpenFacts, at: dt.datetime, pack: Pack) -> Decision:
    """The decision of `pack` about `facts` at the aware instant `at`.

    Total: where no rule names a destination (a pack that `policy check` refuses), the referral is held for a human
    at the pack's destination for held ones. Nothing is dropped.
    """
    view = pack.view(facts)
    outcome = book_on(pack, calendar_of(pack.office_hours).day_of(at)).outcome(view)
    placed = Decision(
        destination=outcome.destination or "",
        urgency=outcome.urgency,
        area=area_in(view),
        copies=outcome.copies,
        embargo=outcome.embargo,
        acknowledge_by=acknowledge_by(outcome.urgency, at, pack),
        advice=_fitting(outcome.advice, view, pack),
        phone=None if outcome.destination is None else phone_at(outcome.destination, at, pack),
        rules=outcome.applied,
        facts_used=outcome.facts_used,
        held_for_human=outcome.hold_for_human,
        conflict_check=outcome.conflict_check,
        policy=pack.policy_version,
    )
    return placed if outcome.destination is not None else _hold(placed, at, pack)


def decide_alert(facts: OpenFacts, at: dt.datetime, pack: Pack) -> Decision | None:
    """The decision behind the content-free alert that goes out before redaction; None without immediate danger.

    It is the decision that the full referral will get, so that nobody is alerted who is not then told.
    """
    return decide(facts, at, pack) if facts.immediate_danger else None


def decide_held(facts: OpenFacts, at: dt.datetime, pack: Pack) -> Decision:
    """The decision about a referral that could not be de-identified: a human opens it, nothing is dropped.

    It goes to the pack's destination for held referrals, at least as urgently as the pack says. Whom its facts alone
    would have chosen gets a content-free copy.
    """
    usual = decide(facts, at, pack)
    return usual if usual.rules[-1:] == (pack.held.applied,) else _hold(usual, at, pack)


def _hold(usual: Decision, at: dt.datetime, pack: Pack) -> Decision:
    """`usual`, turned to the destination for held referrals, with a person to place it."""
    day = calendar_of(pack.office_hours).day_of(at)
    destination = pack.destination_on(pack.held.destination, day).id
    urgency = max(usual.urgency, pack.held.urgency, key=RANK.__getitem__)
    return usual.model_copy(
        update={
            "destination": destination,
            "urgency": urgency,
            "copies": unique(name for name in (usual.destination, *usual.copies) if name not in ("", destination)),
            "held_for_human": True,
            "advice": unique((*usual.advice, *pack.held.advice)),
            "rules": (*usual.rules, pack.held.applied),
            "acknowledge_by": acknowledge_by(urgency, at, pack),
            "phone": phone_at(destination, at, pack),
        }
    )


def _fitting(codes: tuple[str, ...], view: View, pack: Pack) -> tuple[str, ...]:
    """The advice codes whose blocks' own conditions hold."""
    blocks = pack.advice_by_code
    return tuple(code for code in codes if not blocks[code].when or any_holds(blocks[code].when, view))
