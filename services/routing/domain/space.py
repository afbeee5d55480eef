"""The whole finite space of facts, exactly, in pieces small enough to prove things over it.

A pack's conditions compare facts with fixed lists of values. Two values of a fact that every comparison of the pack
treats alike are in one class; no rule can tell them apart. The space is the product of the facts' classes, each with
the number of values it stands for. A box is a set of classes for every fact; what a rule matches is a few boxes, and
what is left of a box after taking another away is again boxes. So "which facts reach this rule?" has an exact answer
with an exact count, without visiting 10^16 combinations one by one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

from contracts.policy.conditions import SCALAR_FACTS, SET_FACTS, UNKNOWN_AREA, Condition, FactTest, View
from contracts.policy.pack import Pack

Box = tuple[int, ...]
"""For each fact of a space, in its order, the bits of the classes that belong to the box."""


@dataclass(frozen=True, slots=True)
class FactClass:
    """Values of one fact that no condition of the pack tells apart: how many they are, and one of them."""

    weight: int
    example: object


@dataclass(frozen=True, slots=True)
class Dimension:
    """One fact, its comparisons in the pack, and its classes in the order of the bits of a box."""

    fact: str
    tests: tuple[FactTest, ...]
    classes: tuple[FactClass, ...]

    def bits(self, test: FactTest) -> int:
        """The classes for which `test` holds."""
        return sum(1 << number for number, one in enumerate(self.classes) if test.holds({self.fact: one.example}))

    @property
    def everything(self) -> int:
        return (1 << len(self.classes)) - 1

    @property
    def values(self) -> int:
        """How many values the fact can have."""
        return sum(one.weight for one in self.classes)


class Space:
    """Every combination of facts that a referral can have, as far as `conditions` of `pack` tell them apart."""

    def __init__(self, pack: Pack, conditions: Iterable[Condition]) -> None:
        tests = {test: None for condition in conditions for test in condition.tests}
        areas: tuple[object, ...] = (*(area.id for area in pack.areas), UNKNOWN_AREA)
        scalars = {**SCALAR_FACTS, "area": areas}
        self.dimensions = tuple(
            [_scalar(fact, values, _about(fact, tests)) for fact, values in scalars.items()]
            + [_set(fact, members, _about(fact, tests)) for fact, members in SET_FACTS.items()]
        )
        self._number = {dimension.fact: number for number, dimension in enumerate(self.dimensions)}

    @property
    def everything(self) -> Box:
        """The box of all facts."""
        return tuple(dimension.everything for dimension in self.dimensions)

    @property
    def size(self) -> int:
        """How many combinations of facts there are."""
        return math.prod(dimension.values for dimension in self.dimensions)

    @property
    def classes(self) -> int:
        """How many combinations the pack's conditions tell apart."""
        return math.prod(len(dimension.classes) for dimension in self.dimensions)

    def boxes(self, conditions: Sequence[Condition]) -> list[Box]:
        """Boxes that together are all facts for which one of `conditions` holds; no condition means all facts."""
        if not conditions:
            return [self.everything]
        return [box for condition in conditions if (box := self._box(condition)) is not None]

    def _box(self, condition: Condition) -> Box | None:
        sides = list(self.everything)
        for test in condition.tests:
            number = self._number[test.fact]
            sides[number] &= self.dimensions[number].bits(test)
        return None if 0 in sides else tuple(sides)

    def count(self, boxes: Iterable[Box]) -> int:
        """How many combinations are in `boxes`, which must not overlap."""
        return sum(math.prod(self._weight(side, number) for number, side in enumerate(box)) for box in boxes)

    def _weight(self, side: int, number: int) -> int:
        classes = self.dimensions[number].classes
        return sum(one.weight for bit, one in enumerate(classes) if side >> bit & 1)

    def example(self, box: Box) -> View:
        """One combination of facts in `box`: of every fact the first class, which is the most ordinary one."""
        return {
            dimension.fact: dimension.classes[(side & -side).bit_length() - 1].example
            for dimension, side in zip(self.dimensions, box, strict=True)
        }


def common(left: Box, right: Box) -> Box | None:
    """What two boxes share, or None."""
    sides = tuple(a & b for a, b in zip(left, right, strict=True))
    return None if 0 in sides else sides


def without(boxes: Iterable[Box], taken: Box) -> list[Box]:
    """`boxes` without what is in `taken`; the result does not overlap where `boxes` did not."""
    left: list[Box] = []
    for box in boxes:
        left.extend(_without_one(box, taken))
    return left


def _without_one(box: Box, taken: Box) -> Iterable[Box]:
    if common(box, taken) is None:
        yield box
        return
    rest = list(box)
    for number, (have, gone) in enumerate(zip(box, taken, strict=True)):
        outside = have & ~gone
        if outside:
            yield (*rest[:number], outside, *box[number + 1 :])
            rest[number] = have & gone


def without_all(boxes: Iterable[Box], taken: Iterable[Box]) -> list[Box]:
    """`boxes` without everything in `taken`."""
    return reduce(without, taken, list(boxes))


def _about(fact: str, tests: Iterable[FactTest]) -> tuple[FactTest, ...]:
    return tuple(test for test in tests if test.fact == fact)


def _scalar(fact: str, values: Sequence[object], tests: tuple[FactTest, ...]) -> Dimension:
    """Classes of a fact with one value: those values for which the same comparisons hold."""
    groups: dict[tuple[bool, ...], list[object]] = {}
    for value in values:
        groups.setdefault(tuple(test.holds({fact: value}) for test in tests), []).append(value)
    return Dimension(fact, tests, tuple(FactClass(len(group), group[0]) for group in groups.values()))


def _set(fact: str, members: Sequence[object], tests: tuple[FactTest, ...]) -> Dimension:
    """Classes of a set-valued fact: sets that touch the same lists of values.

    Counted member by member: a set touches a list when one of its members is in it, so the lists that a set touches
    are the union over its members.
    """
    found: dict[int, FactClass] = {0: FactClass(1, ())}
    for member in members:
        touched = sum(1 << number for number, test in enumerate(tests) if member in test.values)
        larger = dict(found)
        for lists, one in found.items():
            both = lists | touched
            known = larger.get(both)
            grown = (*one.example, member) if isinstance(one.example, tuple) else (member,)
            example = grown if known is None else known.example
            larger[both] = FactClass(one.weight + (known.weight if known else 0), example)
        found = larger
    return Dimension(fact, tests, tuple(found.values()))
