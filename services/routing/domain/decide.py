"""Where a concern goes, how soon and why. Pure: facts, an instant and a pack in; a decision out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from contracts.decision import Decision, RuleApplied, Urgency
from contracts.facts import OpenFacts
from contracts.policy.conditions import View, any_holds
from contracts.policy.pack import Pack
from contracts.policy.rules import RANK, URGENCIES, Rule
from services.kit.office_hours import calendar_of
from services.kit.policy_duty import acknowledge_by, phone_at


def decide(facts: OpenFacts, at: dt.datetime, pack: Pack) -> Decision:
    """The decision of `pack` about `facts` at the aware instant `at`.

    Total: where no rule names a destination (a pack that `policy check` refuses), the referral is held for a human
    at the pack's destination for held ones. Nothing is dropped.
    """
    day = calendar_of(pack.office_hours).day_of(at)
    view = pack.view(facts)
    rules = matching_rules(pack.rules_on(day), view)
    primary = next((rule.destination for rule in rules if rule.destination is not None), None)
    held = primary is None
    destination = primary or pack.held.destination
    urgency = urgency_of(rules, at_least=pack.held.urgency if held else "routine")
    applied = tuple(rule.applied for rule in rules)
    return _decision(
        pack,
        facts,
        at,
        rules,
        destination=pack.destination_on(destination, day).id,
        urgency=urgency,
        applied=(*applied, pack.held.applied) if held else applied,
        advice=_advice(pack, rules, view, pack.held.advice if held else ()),
        held=held,
    )


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
    day = calendar_of(pack.office_hours).day_of(at)
    destination = pack.destination_on(pack.held.destination, day).id
    urgency = max(usual.urgency, pack.held.urgency, key=RANK.__getitem__)
    copies = _unique(name for name in (usual.destination, *usual.copies) if name != destination)
    rules = usual.rules if pack.held.applied in usual.rules else (*usual.rules, pack.held.applied)
    return usual.model_copy(
        update={
            "destination": destination,
            "urgency": urgency,
            "copies": copies,
            "held_for_human": True,
            "advice": _unique((*usual.advice, *pack.held.advice)),
            "rules": rules,
            "acknowledge_by": acknowledge_by(urgency, at, pack),
            "phone": phone_at(destination, at, pack),
        }
    )


def matching_rules(rules: Sequence[Rule], view: View) -> tuple[Rule, ...]:
    """The rules that apply, in order. A fallback rule applies only while no destination has been named."""
    found: list[Rule] = []
    placed = False
    for rule in rules:
        if (rule.fallback and placed) or not any_holds(rule.when, view):
            continue
        found.append(rule)
        placed = placed or rule.destination is not None
    return tuple(found)


def urgency_of(rules: Iterable[Rule], *, at_least: Urgency = "routine") -> Urgency:
    """The highest urgency that an applying rule asks for, raised by the largest number of steps that one adds."""
    rank, steps = RANK[at_least], 0
    for rule in rules:
        if rule.urgency is not None:
            rank = max(rank, RANK[rule.urgency])
        steps = max(steps, rule.raise_urgency)
    return URGENCIES[min(rank + steps, len(URGENCIES) - 1)]


def _decision(
    pack: Pack,
    facts: OpenFacts,
    at: dt.datetime,
    rules: tuple[Rule, ...],
    *,
    destination: str,
    urgency: Urgency,
    applied: tuple[RuleApplied, ...],
    advice: tuple[str, ...],
    held: bool,
) -> Decision:
    return Decision(
        destination=destination,
        urgency=urgency,
        area=pack.area_of(facts),
        copies=_copies(pack, rules, destination, calendar_of(pack.office_hours).day_of(at)),
        embargo=any(rule.embargo for rule in rules),
        acknowledge_by=acknowledge_by(urgency, at, pack),
        advice=advice,
        phone=phone_at(destination, at, pack),
        rules=applied,
        facts_used=_unique(fact for rule in rules for fact in rule.facts),
        held_for_human=held or any(rule.hold_for_human for rule in rules),
        conflict_check=any(rule.conflict_check for rule in rules),
        policy=pack.policy_version,
    )


def _copies(pack: Pack, rules: tuple[Rule, ...], primary: str, day: dt.date) -> tuple[str, ...]:
    """Destinations of later rules and those that rules copy in, without the primary and without excluded ones."""
    left_out = {primary} | {name for rule in rules for name in rule.without_copies}
    asked: list[str] = []
    for rule in rules:
        if rule.destination is not None:
            asked.append(rule.destination)
        asked.extend(rule.copies)
    current = (pack.destination_on(name, day).id for name in asked if name not in left_out)
    return _unique(name for name in current if name not in left_out)


def _advice(pack: Pack, rules: tuple[Rule, ...], view: View, further: tuple[str, ...]) -> tuple[str, ...]:
    """Advice codes in the order of their rules, each once, as far as the block's own condition holds."""
    codes = _unique((*(code for rule in rules for code in rule.advice), *further))
    return tuple(code for code in codes if any_holds(pack.advice_by_code[code].when, view))


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
