"""Decisions: total, deterministic, explained, and what the council's table says row by row."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.facts import OpenFacts
from contracts.policy import RANK, Pack
from services.routing.domain import decide, decide_alert, decide_held
from services.routing.domain.cases import run_cases
from services.routing.domain.rule_book import RuleBook, book_on, matching_rules
from tests.unit.routing.packs import KENT, NORTHMERE, any_facts, with_rules

IN_HOURS = dt.datetime(2026, 11, 20, 10, 0, tzinfo=dt.UTC)
INSTANTS = st.integers(0, 2 * 365 * 1440).map(lambda minutes: IN_HOURS + dt.timedelta(minutes=minutes))
PACKS = st.sampled_from([KENT, NORTHMERE])


@pytest.mark.parametrize("pack", [KENT, NORTHMERE], ids=lambda pack: pack.name)
def test_every_case_that_a_pack_writes_down_comes_out_as_written(pack: Pack) -> None:
    failed = {result.case.id: result.mismatches for result in run_cases(pack) if result.mismatches}
    assert failed == {}


@given(any_facts(), INSTANTS, PACKS)
def test_every_referral_has_a_destination_a_clock_and_reasons(facts: OpenFacts, at: dt.datetime, pack: Pack) -> None:
    decision = decide(facts, at, pack)
    assert decision.destination in pack.destination_by_id
    assert decision.destination not in decision.copies
    assert decision.acknowledge_by > at
    assert decision.rules
    assert all(rule.sentence and rule.source for rule in decision.rules)
    assert decision.policy.hash == pack.hash
    assert decision.phone is not None
    assert set(decision.advice) <= set(pack.advice_by_code)


@given(any_facts(), INSTANTS)
def test_the_same_facts_at_the_same_instant_decide_the_same(facts: OpenFacts, at: dt.datetime) -> None:
    assert decide(facts, at, KENT) == decide(facts.model_copy(), at, KENT)


@given(any_facts(), PACKS)
def test_compiled_rules_match_as_their_conditions_read(facts: OpenFacts, pack: Pack) -> None:
    day = IN_HOURS.date()
    view = pack.view(facts)
    assert book_on(pack, day).matching(view) == matching_rules(pack.rules_on(day), view)


@given(any_facts(), INSTANTS)
def test_the_order_of_categories_decides_nothing(facts: OpenFacts, at: dt.datetime) -> None:
    turned = facts.model_copy(
        update={"categories": facts.categories[::-1], "risk_areas": facts.risk_areas[::-1], "known_to": facts.known_to}
    )
    assert decide(turned, at, KENT) == decide(facts, at, KENT)


@given(any_facts(), INSTANTS)
def test_a_test_flag_and_a_client_decide_nothing(facts: OpenFacts, at: dt.datetime) -> None:
    marked = facts.model_copy(update={"test": True, "client_id": "another"})
    assert decide(marked, at, KENT) == decide(facts, at, KENT)


@given(any_facts(), INSTANTS)
def test_more_danger_is_never_less_urgent(facts: OpenFacts, at: dt.datetime) -> None:
    calm = decide(facts.model_copy(update={"immediate_danger": False}), at, KENT)
    danger = decide(facts.model_copy(update={"immediate_danger": True}), at, KENT)
    assert danger.urgency == "immediate"
    assert RANK[calm.urgency] <= RANK[danger.urgency]
    known = decide(facts.model_copy(update={"known_to": ("social_care",)}), at, KENT)
    unknown = decide(facts.model_copy(update={"known_to": ()}), at, KENT)
    assert RANK[known.urgency] >= RANK[unknown.urgency]


@given(any_facts(), INSTANTS)
def test_an_alert_says_what_the_full_decision_will_say(facts: OpenFacts, at: dt.datetime) -> None:
    alert = decide_alert(facts, at, KENT)
    assert alert == (decide(facts, at, KENT) if facts.immediate_danger else None)


@given(any_facts(), INSTANTS, PACKS)
def test_a_held_referral_reaches_a_human_and_loses_nothing(facts: OpenFacts, at: dt.datetime, pack: Pack) -> None:
    usual, held = decide(facts, at, pack), decide_held(facts, at, pack)
    assert held.destination == pack.held.destination
    assert held.held_for_human
    assert RANK[held.urgency] >= max(RANK[usual.urgency], RANK[pack.held.urgency])
    assert {usual.destination, *usual.copies} <= {held.destination, *held.copies}
    assert held.rules[-1].id == pack.held.id
    assert held.embargo == usual.embargo
    assert held.conflict_check == usual.conflict_check


def test_a_pack_with_a_hole_holds_what_falls_into_it() -> None:
    holed = with_rules(KENT, **{"130_any_other": {"when": [{"online": True}]}})
    decision = decide(OpenFacts(support_level=1), IN_HOURS, holed)
    assert decision.destination == "front_door"
    assert decision.held_for_human
    assert decision.rules[-1].id == "held-for-human"
    assert decide_held(OpenFacts(support_level=1), IN_HOURS, holed) == decision


ORDINARY: dict[str, Any] = {
    "identifiable_child": True,
    "support_level": 2,
    "imagery_involved": "no",
    "agreement": "given",
    "age_band": "13_to_15",
    "district": "Thanet",
    "home_la": "886",
}


@pytest.mark.parametrize(
    ("facts", "destination", "urgency"),
    [
        ({"immediate_danger": True}, "front_door", "immediate"),
        ({"staff_allegation": True}, "lado", "urgent"),
        ({"support_level": 4}, "front_door", "urgent"),
        ({"categories": ("suicidal_ideation",)}, "front_door", "urgent"),
        ({"categories": ("sexual_abuse",)}, "front_door", "urgent"),
        ({"categories": ("harmful_sexual_behaviour",), "age_band": "5_to_10"}, "front_door", "urgent"),
        ({"support_level": 3}, "front_door", "same_day"),
        ({"categories": ("cse",)}, "front_door", "same_day"),
        ({"support_level": None}, "front_door", "same_day"),
        ({"fgm": "known"}, "front_door", "urgent"),
        ({"fgm": "suspected"}, "area_safeguarding_adviser", "routine"),
        ({"categories": ("radicalisation",)}, "front_door", "same_day"),
        ({"imagery_involved": "yes_viewed", "adult_involved": "yes"}, "front_door", "urgent"),
        ({"imagery_involved": "yes_viewed", "adult_involved": "no", "online": True}, "online_safety_team", "routine"),
        ({"online": True, "categories": ("grooming",)}, "front_door", "urgent"),
        ({"online": True}, "online_safety_team", "routine"),
        ({"request": "share_with_parents"}, "area_safeguarding_adviser", "same_day"),
        ({"request": "share_with_schools", "online": True}, "online_safety_team", "same_day"),
        ({}, "area_safeguarding_adviser", "routine"),
        ({"known_to": ("early_help",)}, "area_safeguarding_adviser", "same_day"),
        ({"agreement": "not_sought"}, "area_safeguarding_adviser", "routine"),
    ],
)
def test_each_row_of_the_councils_table(facts: dict[str, Any], destination: str, urgency: str) -> None:
    decision = decide(OpenFacts(**{**ORDINARY, **facts}), IN_HOURS, KENT)
    assert (decision.destination, decision.urgency) == (destination, urgency)


def test_a_second_council_decides_without_anything_of_the_first() -> None:
    facts = OpenFacts(**{**ORDINARY, "support_level": 3})
    decision = decide(facts, IN_HOURS, NORTHMERE)
    assert (decision.destination, decision.urgency, decision.area) == ("hub", "urgent", None)
    assert decision.phone == "01632 960100"
    ids = {place.id for place in KENT.destinations} | {"03000 411 111"}
    assert not ids & set(decision.model_dump_json().replace('"', " ").split())


def test_a_rule_outside_its_dates_decides_nothing() -> None:
    ended = with_rules(KENT, **{"080_radicalisation": {"valid_to": dt.date(2026, 11, 19)}})
    facts = OpenFacts(**{**ORDINARY, "categories": ("radicalisation",)})
    assert decide(facts, IN_HOURS - dt.timedelta(days=1), ended).destination == "front_door"
    assert decide(facts, IN_HOURS, ended).destination == "area_safeguarding_adviser"


def test_a_destination_that_ended_hands_over_to_its_successor() -> None:
    old = with_rules(KENT, **{"130_any_other": {"destination": "education_safeguarding_team"}})
    assert decide(OpenFacts(**ORDINARY), IN_HOURS, old).destination == "area_safeguarding_adviser"
    before = dt.datetime(2024, 8, 30, 10, 0, tzinfo=dt.UTC)
    assert decide(OpenFacts(**ORDINARY), before, old).destination == "education_safeguarding_team"


def test_outcomes_that_are_remembered_stay_bounded() -> None:
    book = RuleBook(KENT, IN_HOURS.date())
    first = book.outcome(KENT.view(OpenFacts()))
    assert book.outcome(KENT.view(OpenFacts(client_id="x"))) is first
