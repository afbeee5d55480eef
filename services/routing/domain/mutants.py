"""How well a pack is guarded: every small mistake in its rules, and whether check or test cases would notice it.

A mutant is the pack with one thing wrong: a rule gone, two rules swapped, another destination, a lost condition. One
that neither `policy check` nor `policy test` refuses is a mistake that could go live unseen, or no mistake at all
because no referral is decided otherwise: a person looks at those few.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from contracts.policy.pack import Pack
from contracts.policy.rules import URGENCIES, Rule
from services.routing.domain.cases import run_cases
from services.routing.domain.soundness import OUT_OF_ORDER, check_pack

MutantKind = Literal[
    "rule removed",
    "rules swapped",
    "destination changed",
    "urgency changed",
    "alternative lost",
    "comparison lost",
    "value lost",
    "advice lost",
    "effect lost",
    "fallback turned",
]

CaughtBy = Literal["check", "test"]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A pack with one mistake. `what` says which, in the pack's own names."""

    kind: MutantKind
    what: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a mutant was caught, and by what; None means that it would go live."""

    mutant: Mutant
    caught_by: CaughtBy | None


def mutants_of(pack: Pack) -> Iterator[Mutant]:
    """Every mutant of the pack's rules."""
    rules = pack.rules
    for number, rule in enumerate(rules):
        yield Mutant("rule removed", rule.id, (*rules[:number], *rules[number + 1 :]))
    for left, right in combinations(range(len(rules)), 2):
        swapped = list(rules)
        swapped[left], swapped[right] = swapped[right], swapped[left]
        yield Mutant("rules swapped", f"{rules[left].id} and {rules[right].id}", tuple(swapped))
    for number, rule in enumerate(rules):
        for kind, what, changed in _changed(rule, pack):
            yield Mutant(kind, f"{rule.id}: {what}", (*rules[:number], changed, *rules[number + 1 :]))


def judge(pack: Pack, mutant: Mutant, today: dt.date, *, number: int = 0, numbering: bool = True) -> Verdict:
    """Whether check or test cases refuse the mutant.

    `number` keeps mutants apart. Without `numbering` a swap counts as caught only where decisions change, not because
    the numbers of the ids no longer grow.
    """
    broken = pack.model_copy(update={"rules": mutant.rules, "hash": f"mutant-{number}"})
    if any(result.mismatches for result in run_cases(broken)):
        return Verdict(mutant, "test")
    errors = [one for one in check_pack(broken, today).errors if numbering or one.message != OUT_OF_ORDER]
    return Verdict(mutant, "check" if errors else None)


def _changed(rule: Rule, pack: Pack) -> Iterator[tuple[MutantKind, str, Rule]]:
    if rule.destination is not None:
        for other in pack.destinations:
            if other.id != rule.destination:
                yield "destination changed", other.id, _with(rule, destination=other.id)
    if rule.urgency is not None:
        for urgency in URGENCIES:
            if urgency != rule.urgency:
                yield "urgency changed", urgency, _with(rule, urgency=urgency)
    for code in rule.advice:
        yield "advice lost", code, _with(rule, advice=[one for one in rule.advice if one != code])
    yield from _effects(rule)
    yield from _conditions(rule)


def _effects(rule: Rule) -> Iterator[tuple[MutantKind, str, Rule]]:
    if rule.destination is not None:
        yield "fallback turned", str(not rule.fallback).lower(), _with(rule, fallback=not rule.fallback)
    nothing: dict[str, object] = {
        "embargo": False, "hold_for_human": False, "conflict_check": False,
        "raise_urgency": 0, "copies": (), "without_copies": (),
    }  # fmt: skip
    for name, value in nothing.items():
        if getattr(rule, name):
            yield "effect lost", name, _with(rule, **{name: value})


def _conditions(rule: Rule) -> Iterator[tuple[MutantKind, str, Rule]]:
    written = [one.model_dump(exclude_none=True) for one in rule.when]
    for number, condition in enumerate(written):
        rest = (*written[:number], *written[number + 1 :])
        if rest:
            yield "alternative lost", f"alternative {number + 1}", _with(rule, when=rest)
        for fact, value in condition.items():
            wider = {name: other for name, other in condition.items() if name != fact}
            yield "comparison lost", fact, _with(rule, when=(*rest, wider))
            for lost in value if isinstance(value, tuple) and len(value) > 1 else ():
                narrower = {**condition, fact: tuple(one for one in value if one != lost)}
                yield "value lost", f"{fact} {lost}", _with(rule, when=(*rest, narrower))


def _with(rule: Rule, **changes: object) -> Rule:
    """The rule with some fields changed, made anew so that nothing derived from the old ones is kept."""
    return Rule.model_validate({**rule.model_dump(exclude_none=True), **changes})
