"""The rules of one day, compiled, so that a decision costs microseconds.

Every alternative of every rule has one bit. For each fact there is a table from its value to the bits of the
alternatives that this value leaves possible; the alternatives that hold are the bits that are left when all tables
have been looked up. `matching_rules` says the same in plain words, and a property test holds the two together.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from contracts.decision import RuleApplied, Urgency
from contracts.policy.conditions import Condition, FactTest, View, any_holds
from contracts.policy.pack import Pack
from contracts.policy.rules import RANK, URGENCIES, Rule

_OUTCOMES_KEPT = 4_096
"""Sets of matching rules whose outcome is remembered per book; real traffic has a few hundred."""

_BOOKS_KEPT = 64
"""Books remembered: packs in use, times the periods between days on which a rule begins or ends."""


_EMBARGO, _HOLD, _CONFLICT = 1, 2, 4
"""Bits of what a rule sets, so that one pass over the matching rules collects all three."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a set of matching rules comes to, before the instant and the advice blocks' own conditions."""

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


def unique(names: Iterable[str]) -> tuple[str, ...]:
    """Each name once, in the order of first mention."""
    return tuple(dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class _Entry:
    """One rule, with the bits of its alternatives and its destinations as they are on the book's day."""

    rule: Rule
    bits: int
    destination: str | None
    copies: tuple[str, ...]
    """Whom the rule sends to in any way, the primary destination first."""
    left_out: frozenset[str]
    rank: int
    flags: int


class RuleBook:
    """The rules of a pack that are in force on one day. Made by `book_on`."""

    def __init__(self, pack: Pack, day: dt.date) -> None:
        self._rules = pack.rules_on(day)
        alternatives = [(number, one) for number, rule in enumerate(self._rules) for one in rule.when or (Condition(),)]
        rule_bits = [0] * len(self._rules)
        for bit, (number, _) in enumerate(alternatives):
            rule_bits[number] |= 1 << bit
        self._entries = tuple(_entry(rule, bits, pack, day) for rule, bits in zip(self._rules, rule_bits, strict=True))
        self._all = (1 << len(alternatives)) - 1
        self._is: dict[str, dict[object, int]] = {}
        self._any: dict[str, tuple[int, dict[object, int]]] = {}
        self._none: dict[str, dict[object, int]] = {}
        for bit, (_, condition) in enumerate(alternatives):
            for test in condition.tests:
                self._learn(test, 1 << bit)
        self._tables = tuple(self._table(fact, table) for fact, table in self._is.items())
        self._outcomes: dict[int, Outcome] = {}

    def outcome(self, view: View) -> Outcome:
        """What the rules that apply to `view` come to."""
        bits = self._holding(view)
        known = self._outcomes.get(bits)
        if known is None:
            if len(self._outcomes) >= _OUTCOMES_KEPT:
                self._outcomes.clear()
            known = self._outcomes[bits] = self._sum_up(bits)
        return known

    def matching(self, view: View) -> tuple[Rule, ...]:
        """The same as `matching_rules` over this day's rules."""
        return tuple(entry.rule for entry in self._matching(self._holding(view)))

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

    def _table(self, fact: str, table: dict[object, int]) -> tuple[str, int, dict[object, int]]:
        """The fact, the alternatives that do not look at it, and for each value those that it leaves possible."""
        bound = 0
        for bits in table.values():
            bound |= bits
        free = self._all & ~bound
        return fact, free, {value: bits | free for value, bits in table.items()}

    def _holding(self, view: View) -> int:
        """The bits of the alternatives that hold."""
        bits = self._all
        for fact, free, table in self._tables:
            bits &= table.get(view[fact], free)
        for fact, (bound, members) in self._any.items():
            met = 0
            for member in view[fact]:  # type: ignore[attr-defined]  # a tuple, by SET_FACTS
                met |= members.get(member, 0)
            bits &= met | ~bound
        for fact, excluded in self._none.items():
            for member in view[fact]:  # type: ignore[attr-defined]  # a tuple, by SET_FACTS
                bits &= ~excluded.get(member, 0)
        return bits

    def _matching(self, bits: int) -> Iterator[_Entry]:
        placed = False
        for entry in self._entries:
            if bits & entry.bits and not (placed and entry.rule.fallback):
                placed = placed or entry.destination is not None
                yield entry

    def _sum_up(self, bits: int) -> Outcome:
        entries = list(self._matching(bits))
        rules = [entry.rule for entry in entries]
        primary = next((entry.destination for entry in entries if entry.destination is not None), None)
        left_out: set[str | None] = {primary}
        rank = steps = flags = 0
        for entry in entries:
            left_out |= entry.left_out
            rank = max(rank, entry.rank)
            steps = max(steps, entry.rule.raise_urgency)
            flags |= entry.flags
        return Outcome(
            destination=primary,
            urgency=URGENCIES[min(rank + steps, len(URGENCIES) - 1)],
            copies=unique(name for entry in entries for name in entry.copies if name not in left_out),
            embargo=bool(flags & _EMBARGO),
            advice=unique(chain.from_iterable([rule.advice for rule in rules])),
            applied=tuple([rule.applied for rule in rules]),
            facts_used=unique(chain.from_iterable([rule.facts for rule in rules])),
            hold_for_human=bool(flags & _HOLD),
            conflict_check=bool(flags & _CONFLICT),
        )


def _entry(rule: Rule, bits: int, pack: Pack, day: dt.date) -> _Entry:
    def now(names: Iterable[str | None]) -> tuple[str, ...]:
        return tuple(pack.destination_on(name, day).id for name in names if name is not None)

    return _Entry(
        rule=rule,
        bits=bits,
        destination=next(iter(now((rule.destination,))), None),
        copies=now((rule.destination, *rule.copies)),
        left_out=frozenset((*rule.without_copies, *now(rule.without_copies))),
        rank=0 if rule.urgency is None else RANK[rule.urgency],
        flags=rule.embargo * _EMBARGO | rule.hold_for_human * _HOLD | rule.conflict_check * _CONFLICT,
    )


def book_on(pack: Pack, day: dt.date) -> RuleBook:
    """The compiled rules of `pack` on `day`."""
    return _book_of_period(pack, pack.period_of(day))


@lru_cache(maxsize=_BOOKS_KEPT)
def _book_of_period(pack: Pack, start: dt.date) -> RuleBook:
    """Kept, because compiling costs a hundred decisions."""
    return RuleBook(pack, start)
