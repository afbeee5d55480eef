"""Proofs over all facts: every referral gets one primary destination, every rule is reached, every promise is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from contracts.policy.conditions import View
from contracts.policy.pack import Pack
from contracts.policy.rules import RANK, Guarantee, Rule
from services.routing.domain.space import Box, Space, common, without, without_all


@dataclass(frozen=True, slots=True)
class Reach:
    """How far one rule reaches: in how many combinations of facts it applies, and in how many it is the primary one.

    `shadowed_by` names the rules that take every combination which it would place; `example` is one of those.
    """

    rule: Rule
    applies: int
    primary: int
    shadowed_by: tuple[str, ...] = ()
    example: View | None = None


@dataclass(frozen=True, slots=True)
class BrokenPromise:
    """A guarantee that fails: which part of it, and one combination of facts for which it does."""

    guarantee: Guarantee
    part: str
    example: View


@dataclass(frozen=True, slots=True)
class Proof:
    """What holds over all facts on one day.

    `size` combinations exist, of which the pack tells `classes` apart. `uncovered` counts those without a primary
    destination; a proof that holds has none, no unreached rule and no broken promise.
    """

    day: dt.date
    size: int
    classes: int
    reaches: tuple[Reach, ...]
    uncovered: int
    uncovered_example: View | None
    broken: tuple[BrokenPromise, ...]


@dataclass(frozen=True, slots=True)
class _Regions:
    """Where each rule applies and where it is primary; the boxes of one list do not overlap for `primary`."""

    space: Space
    rules: tuple[Rule, ...]
    applies: tuple[list[Box], ...]
    primary: tuple[list[Box], ...]
    uncovered: list[Box]


def prove(pack: Pack, day: dt.date) -> Proof:
    """The proof for the rules of `pack` that are in force on `day`."""
    regions = _regions(pack, day)
    space = regions.space
    return Proof(
        day=day,
        size=space.size,
        classes=space.classes,
        reaches=tuple(_reach(regions, number) for number in range(len(regions.rules))),
        uncovered=space.count(regions.uncovered),
        uncovered_example=next((space.example(box) for box in regions.uncovered), None),
        broken=tuple(_broken(pack, day, regions)),
    )


def _regions(pack: Pack, day: dt.date) -> _Regions:
    rules = pack.rules_on(day)
    whens = (
        [part.when for part in rules] + [part.when for part in pack.guarantees] + [part.when for part in pack.advice]
    )
    space = Space(pack, [condition for when in whens for condition in when])
    unplaced = [space.everything]
    applies: list[list[Box]] = []
    primary: list[list[Box]] = []
    for rule in rules:
        matched = space.boxes(rule.when)
        left = without_all(unplaced, matched)
        placing = _overlap(unplaced, matched) if rule.destination is not None or rule.fallback else []
        applies.append(placing if rule.fallback else matched)
        primary.append(placing if rule.destination is not None else [])
        if rule.destination is not None:
            unplaced = left
    return _Regions(space, rules, tuple(applies), tuple(primary), unplaced)


def _overlap(disjoint: Sequence[Box], boxes: Sequence[Box]) -> list[Box]:
    """What `disjoint` shares with the union of `boxes`, in boxes that do not overlap."""
    shared: list[Box] = []
    left = list(disjoint)
    for box in boxes:
        shared.extend(both for one in left if (both := common(one, box)) is not None)
        left = without(left, box)
    return shared


def _reach(regions: _Regions, number: int) -> Reach:
    rule, space = regions.rules[number], regions.space
    applies = space.count(_overlap([space.everything], regions.applies[number]))
    primary = space.count(regions.primary[number])
    wanted = space.boxes(rule.when)
    if (rule.destination is None and applies) or primary or not wanted:
        return Reach(rule, applies, primary)
    takers = tuple(
        earlier.id for earlier, boxes in zip(regions.rules[:number], regions.primary[:number], strict=True)
        if _overlap(boxes, wanted)
    )  # fmt: skip
    return Reach(rule, applies, primary, takers, space.example(wanted[0]))


def _broken(pack: Pack, day: dt.date, regions: _Regions) -> Iterator[BrokenPromise]:
    for promise in pack.guarantees:
        for part, kept in _parts(promise, pack, day, regions):
            missing = without_all(regions.space.boxes(promise.when), kept)
            if missing:
                yield BrokenPromise(promise, part, regions.space.example(missing[0]))


def _parts(promise: Guarantee, pack: Pack, day: dt.date, regions: _Regions) -> Iterator[tuple[str, list[Box]]]:
    """Each part of a promise with the boxes in which it is kept."""
    if promise.destination:
        yield "destination", _placed_at(promise.destination, pack, day, regions)
    if promise.urgency_at_least is not None:
        least = RANK[promise.urgency_at_least]
        yield "urgency", _where(regions, lambda rule: _asks_for(rule, least))
    if promise.embargo:
        yield "embargo", _where(regions, lambda rule: rule.embargo)
    if promise.conflict_check:
        yield "conflict_check", _where(regions, lambda rule: rule.conflict_check)
    if promise.hold_for_human:
        yield "hold_for_human", _where(regions, lambda rule: rule.hold_for_human)
    for code in promise.advice:
        given = _where(regions, _gives(code))
        fitting = regions.space.boxes(pack.advice_by_code[code].when)
        yield f"advice {code}", [both for one in given for other in fitting if (both := common(one, other))]
    for name in promise.never_copied:
        yield f"never_copied {name}", _not_copied(name, pack, day, regions)


def _where(regions: _Regions, has: Callable[[Rule], bool]) -> list[Box]:
    """Where a rule with this property applies."""
    pairs = zip(regions.rules, regions.applies, strict=True)
    return [box for rule, boxes in pairs if has(rule) for box in boxes]


def _gives(code: str) -> Callable[[Rule], bool]:
    return lambda rule: code in rule.advice


def _asks_for(rule: Rule, least: int) -> bool:
    """Whether this rule alone lifts the urgency to `least`."""
    own = 0 if rule.urgency is None else RANK[rule.urgency]
    return own + rule.raise_urgency >= least


def _placed_at(names: tuple[str, ...], pack: Pack, day: dt.date, regions: _Regions) -> list[Box]:
    pairs = zip(regions.rules, regions.primary, strict=True)
    return [
        box for rule, boxes in pairs
        if rule.destination is not None and pack.destination_on(rule.destination, day).id in names
        for box in boxes
    ]  # fmt: skip


def _not_copied(name: str, pack: Pack, day: dt.date, regions: _Regions) -> list[Box]:
    """Where no rule asks for a copy to `name`, where one forbids it, and where it is the primary destination."""
    asking = _where(
        regions,
        lambda rule: any(
            pack.destination_on(one, day).id == name for one in (rule.destination, *rule.copies) if one is not None
        ),
    )
    quiet = without_all([regions.space.everything], asking)
    return [
        *quiet,
        *_where(regions, lambda rule: name in rule.without_copies),
        *_placed_at((name,), pack, day, regions),
    ]
