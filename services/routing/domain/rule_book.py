"""The rules of one day, compiled, so that a decision costs microseconds.

Every alternative of every rule has one bit. For each fact there is a table from its value to the bits of the
alternatives that this value leaves possible; the alternatives that hold are the bits that are left when all tables
have been looked up. `matching_rules` says the same in plain words, and a property test holds the two together.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from contracts.decision import RuleApplied, Urgency
from contracts.policy.conditions import Condition, FactTest, View, any_holds
from contracts.policy.pack import Pack
from contracts.policy.rules import RANK, URGENCIES, Rule

_OUTCOMES_KEPT = 4_096
"""Sets of matching rules whose outcome is remembered per book; real traffic has a few hundred."""

_BOOKS_KEPT = 64
"""Books remembered: packs in use times the days that a replay visits at once."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a set of matching rules comes to, before the instant and the advice blocks' own conditions."""

    rules: tuple[Rule, ...]
    destination: str | None
    urgency: Urgency
    copies: tuple[str, ...]
    embargo: bool
    advice: tuple[str, ...]
    applied: tuple[RuleApplied, ...]
    facts_used: tuple[str, ...]
    hold_for_human: bool
    conflict_check: bool


def matching_rules(rules: Sequence[Rule], view: View) -> tuple[Rule, ...]:
    """The rules that apply, in order. A fallback rule applies only while no destination has been named."""
    return tuple(_placing(rules, (any_holds(rule.when, view) for rule in rules)))


def _placing(rules: Sequence[Rule], holding: Iterable[bool]) -> Iterator[Rule]:
    placed = False
    for rule, holds in zip(rules, holding, strict=True):
        if holds and not (rule.fallback and placed):
            placed = placed or rule.destination is not None
            yield rule


def urgency_of(rules: Iterable[Rule]) -> Urgency:
    """The highest urgency that a rule asks for, raised by the largest number of steps that one adds."""
    rank, steps = 0, 0
    for rule in rules:
        if rule.urgency is not None:
            rank = max(rank, RANK[rule.urgency])
        steps = max(steps, rule.raise_urgency)
    return URGENCIES[min(rank + steps, len(URGENCIES) - 1)]


def unique(names: Iterable[str]) -> tuple[str, ...]:
    """Each name once, in the order of first mention."""
    return tuple(dict.fromkeys(names))


class RuleBook:
    """The rules of a pack that are in force on one day. Made by `book_of`."""

    def __init__(self, pack: Pack, day: dt.date) -> None:
        self._pack = pack
        self._day = day
        self._rules = pack.rules_on(day)
        alternatives = [(number, one) for number, rule in enumerate(self._rules) for one in rule.when or (Condition(),)]
        self._rule_bits = [0] * len(self._rules)
        for bit, (number, _) in enumerate(alternatives):
            self._rule_bits[number] |= 1 << bit
        self._all = (1 << len(alternatives)) - 1
        self._is: dict[str, dict[object, int]] = {}
        self._any: dict[str, tuple[int, dict[object, int]]] = {}
        self._none: dict[str, dict[object, int]] = {}
        for bit, (_, condition) in enumerate(alternatives):
            for test in condition.tests:
                self._learn(test, 1 << bit)
        self._free = {fact: self._all & ~self._bound(table) for fact, table in self._is.items()}
        self._outcomes: dict[int, Outcome] = {}

    def outcome(self, view: View) -> Outcome:
        """What the rules that apply to `view` come to."""
        bits = self._holding(view)
        known = self._outcomes.get(bits)
        if known is None:
            if len(self._outcomes) >= _OUTCOMES_KEPT:
                self._outcomes.clear()
            known = self._outcomes[bits] = self._sum_up(self._matching(bits))
        return known

    def matching(self, view: View) -> tuple[Rule, ...]:
        """The same as `matching_rules` over this day's rules."""
        return self._matching(self._holding(view))

    def _learn(self, test: FactTest, bit: int) -> None:
        match test.kind:
            case "is":
                table = self._is.setdefault(test.fact, {})
                for value in test.values:
                    table[value] = table.get(value, 0) | bit
            case "any":
                bound, members = self._any.get(test.fact, (0, {}))
                for value in test.values:
                    members[value] = members.get(value, 0) | bit
                self._any[test.fact] = (bound | bit, members)
            case "none":
                excluded = self._none.setdefault(test.fact, {})
                for value in test.values:
                    excluded[value] = excluded.get(value, 0) | bit

    @staticmethod
    def _bound(table: Mapping[object, int]) -> int:
        bound = 0
        for bits in table.values():
            bound |= bits
        return bound

    def _holding(self, view: View) -> int:
        """The bits of the alternatives that hold."""
        bits = self._all
        for fact, table in self._is.items():
            bits &= self._free[fact] | table.get(view[fact], 0)
        for fact, (bound, members) in self._any.items():
            met = 0
            for member in view[fact]:  # type: ignore[attr-defined]  # a tuple, by SET_FACTS
                met |= members.get(member, 0)
            bits &= met | ~bound
        for fact, excluded in self._none.items():
            for member in view[fact]:  # type: ignore[attr-defined]  # a tuple, by SET_FACTS
                bits &= ~excluded.get(member, 0)
        return bits

    def _matching(self, bits: int) -> tuple[Rule, ...]:
        return tuple(_placing(self._rules, (bool(bits & own) for own in self._rule_bits)))

    def _sum_up(self, rules: tuple[Rule, ...]) -> Outcome:
        named = next((rule.destination for rule in rules if rule.destination is not None), None)
        primary = None if named is None else self._pack.destination_on(named, self._day).id
        return Outcome(
            rules=rules,
            destination=primary,
            urgency=urgency_of(rules),
            copies=self._copies(rules, primary),
            embargo=any(rule.embargo for rule in rules),
            advice=unique(code for rule in rules for code in rule.advice),
            applied=tuple(rule.applied for rule in rules),
            facts_used=unique(fact for rule in rules for fact in rule.facts),
            hold_for_human=any(rule.hold_for_human for rule in rules),
            conflict_check=any(rule.conflict_check for rule in rules),
        )

    def _copies(self, rules: tuple[Rule, ...], primary: str | None) -> tuple[str, ...]:
        """Destinations of later rules and those that rules copy in, without the primary and the excluded ones."""
        left_out = {name for rule in rules for name in rule.without_copies}
        asked = (name for rule in rules for name in (rule.destination, *rule.copies) if name is not None)
        current = (self._pack.destination_on(name, self._day).id for name in asked if name not in left_out)
        return unique(name for name in current if name != primary and name not in left_out)


@lru_cache(maxsize=_BOOKS_KEPT)
def book_of(pack: Pack, day: dt.date) -> RuleBook:
    """The compiled rules of `pack` on `day`; kept, because compiling costs a hundred decisions."""
    return RuleBook(pack, day)
