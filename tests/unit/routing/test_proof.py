"""The proof agrees with deciding one by one, and finds what is wrong."""

from __future__ import annotations

import datetime as dt
import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.facts import OpenFacts
from contracts.policy import Condition, Pack
from contracts.policy.conditions import SCALAR_FACTS, SET_FACTS
from services.routing.domain import decide
from services.routing.domain.proof import prove
from services.routing.domain.space import Space, common, without, without_all
from tests.unit.routing.packs import KENT, NORTHMERE, any_facts, with_rules

DAY = dt.date(2026, 11, 20)
NOON = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize("pack", [KENT, NORTHMERE], ids=lambda pack: pack.name)
def test_every_combination_of_facts_has_exactly_one_primary_destination(pack: Pack) -> None:
    proof = prove(pack, DAY)
    assert proof.uncovered == 0
    assert sum(reach.primary for reach in proof.reaches) == proof.size
    assert proof.broken == ()
    assert all(reach.applies for reach in proof.reaches)


def test_the_space_is_as_large_as_the_product_of_its_facts() -> None:
    scalars = math.prod(len(values) for values in SCALAR_FACTS.values()) * (len(KENT.areas) + 1)
    sets = math.prod(2 ** len(members) for members in SET_FACTS.values())
    assert prove(KENT, DAY).size == scalars * sets


def _boxes_containing(space: Space, boxes: list[tuple[int, ...]], facts: OpenFacts) -> int:
    view = KENT.view(facts)
    sides = []
    for dimension in space.dimensions:
        held = tuple(test.holds(view) for test in dimension.tests)
        numbers = [
            number
            for number, one in enumerate(dimension.classes)
            if tuple(test.holds({dimension.fact: one.example}) for test in dimension.tests) == held
        ]
        assert len(numbers) == 1, "each value belongs to exactly one class"
        sides.append(1 << numbers[0])
    return sum(1 for box in boxes if common(box, tuple(sides)) is not None)


@given(any_facts())
def test_the_proof_places_every_referral_as_deciding_does(facts: OpenFacts) -> None:
    space = Space(KENT, [condition for rule in KENT.rules for condition in rule.when])
    left = [space.everything]
    placed_by = []
    for rule in KENT.rules:
        if rule.destination is None:
            continue
        before = left
        left = without_all(left, space.boxes(rule.when))
        if _boxes_containing(space, before, facts) and not _boxes_containing(space, left, facts):
            placed_by.append(rule.destination)
    assert placed_by == [decide(facts, NOON, KENT).destination]


BOXES = st.tuples(*[st.integers(1, 7)] * 3)


def _points(boxes: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    return [
        point for box in boxes for point in itertools.product(*[[b for b in range(3) if side >> b & 1] for side in box])
    ]


@given(st.lists(BOXES, min_size=1, max_size=3), BOXES)
def test_taking_a_box_away_leaves_exactly_the_other_points(boxes: list[tuple[int, ...]], gone: tuple[int, ...]) -> None:
    disjoint = without_all([(7, 7, 7)], [])
    for box in boxes:
        disjoint = without(disjoint, box)
    left = without(disjoint, gone)
    assert len(_points(left)) == len(set(_points(left)))
    assert set(_points(left)) == set(_points(disjoint)) - set(_points([gone]))


def test_the_classes_of_a_set_count_every_set_once() -> None:
    space = Space(KENT, [Condition(categories=("cse", "cce")), Condition(categories_none=("cse", "neglect"))])
    categories = next(dimension for dimension in space.dimensions if dimension.fact == "categories")
    assert categories.values == 2**20
    assert len(categories.classes) == 4


def test_a_hole_is_found_with_its_size_and_an_example() -> None:
    holed = with_rules(KENT, **{"130_any_other": {"when": [{"request": "referral"}]}})
    proof = prove(holed, DAY)
    assert proof.uncovered > 0
    assert proof.uncovered_example is not None
    assert proof.uncovered_example["request"] == "consultation"


def test_a_shadowed_rule_is_named_with_what_shadows_it_and_an_example() -> None:
    shadowed = with_rules(KENT, **{"060_fgm_known": {"when": [{"fgm": "known", "support_level": 4}]}})
    (reach,) = [one for one in prove(shadowed, DAY).reaches if one.rule.id == "060-fgm-known"]
    assert reach.primary == 0
    assert "030-severe" in reach.shadowed_by
    assert reach.example is not None
    assert reach.example["support_level"] == 4


def test_a_rule_that_excludes_itself_is_found() -> None:
    never = with_rules(
        KENT, **{"080_radicalisation": {"when": [{"categories": ["bullying"], "categories_none": ["bullying"]}]}}
    )
    (reach,) = [one for one in prove(never, DAY).reaches if one.rule.id == "080-radicalisation"]
    assert (reach.applies, reach.primary) == (0, 0)


@pytest.mark.parametrize(
    ("rule", "changes", "promise", "part"),
    [
        ("010_immediate_danger", {"urgency": "urgent"}, "danger-is-immediate", "urgency"),
        ("010_immediate_danger", {"destination": "lado"}, "danger-is-immediate", "destination"),
        ("010_immediate_danger", {"advice": ["call_front_door"]}, "danger-is-immediate", "advice call_999"),
        ("140_police_live", {"embargo": False}, "police-live-is-embargoed", "embargo"),
        ("020_staff_allegation", {"without_copies": []}, "allegation-stays-confidential",
         "never_copied area_safeguarding_adviser"),
        ("020_staff_allegation", {"conflict_check": False}, "allegation-stays-confidential", "conflict_check"),
        ("170_out_of_area", {"hold_for_human": False}, "out-of-area-is-held", "hold_for_human"),
    ],
)  # fmt: skip
def test_a_broken_promise_is_found_with_a_counter_example(
    rule: str, changes: dict[str, object], promise: str, part: str
) -> None:
    broken = prove(with_rules(KENT, **{rule: changes}), DAY).broken
    found = {(one.guarantee.id, one.part): one.example for one in broken}
    assert (promise, part) in found
    assert found[promise, part]
