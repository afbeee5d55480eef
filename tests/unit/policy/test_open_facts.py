"""From the posted referral to open facts: little is mandatory, everything is closed, nothing of a person travels."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.api_referral import ReferralIn
from contracts.derive_facts import fold_district, open_facts, phase_of
from contracts.facts import OpenFacts
from contracts.policy.conditions import SCALAR_FACTS, SET_FACTS, Condition

AT = dt.datetime(2026, 11, 20, 10, 0, tzinfo=dt.UTC)
SECRET = "Zebedee Quillfeather"


def body(**concern: Any) -> dict[str, Any]:
    return {
        "school": {"urn": "118500"},
        "referrer": {"email": "dsl@school.example"},
        "concern": {"narrative": "Something happened.", **concern},
    }


def facts(given_body: dict[str, Any], **more: Any) -> OpenFacts:
    return open_facts(ReferralIn.model_validate_json(json.dumps(given_body)), at=AT, **more)


def test_school_contact_and_narrative_are_enough() -> None:
    found = facts(body())
    assert found == OpenFacts()


@pytest.mark.parametrize("missing", [("school", "urn"), ("referrer", "email"), ("concern", "narrative")])
def test_without_school_contact_or_narrative_it_is_refused(missing: tuple[str, str]) -> None:
    incomplete = body()
    del incomplete[missing[0]][missing[1]]
    with pytest.raises(ValidationError):
        facts(incomplete)


def test_a_phone_is_a_contact() -> None:
    assert facts(body() | {"referrer": {"phone": "01632 960001"}}) == OpenFacts()


@pytest.mark.parametrize(
    ("place", "pointer"),
    [((), "wrong"), (("concern",), "concern.wrong"), (("school",), "school.wrong"), (("referrer",), "referrer.wrong")],
)
def test_an_unknown_field_is_refused_with_its_pointer_and_without_its_value(
    place: tuple[str, ...], pointer: str
) -> None:
    posted = body()
    part = posted
    for key in place:
        part = part[key]
    part["wrong"] = SECRET
    with pytest.raises(ValidationError) as caught:
        facts(posted)
    assert SECRET not in str(caught.value)
    assert ".".join(map(str, caught.value.errors()[0]["loc"])) == pointer


def test_an_unknown_field_of_a_learner_or_their_contact_is_refused() -> None:
    for learner in ({"wrong": 1}, {"contacts": [{"wrong": 1}]}, {"address": {"wrong": 1}}):
        with pytest.raises(ValidationError):
            facts(body() | {"learners": [learner]})


def test_nulls_are_things_not_said() -> None:
    nulls = dict.fromkeys(
        ("online", "risk_areas", "categories", "platforms", "support_level", "immediate_danger", "imagery_involved",
         "adult_involved", "staff_allegation", "fgm", "known_to", "request", "occurred_at"),
    )  # fmt: skip
    posted = body(**nulls) | {"learners": None, "agreement": None, "police": None, "source": None, "test": None}
    assert facts(posted) == OpenFacts()


@pytest.mark.parametrize(
    ("concern", "online"),
    [
        ({"online": True}, True),
        ({"online": False, "risk_areas": ["contact"]}, False),
        ({"risk_areas": ["conduct"]}, True),
        ({"platforms": ["an app"]}, True),
        ({}, False),
    ],
)
def test_online_is_what_the_school_says_or_what_its_risk_areas_mean(concern: dict[str, Any], online: bool) -> None:
    assert facts(body(**concern)).online is online


@pytest.mark.parametrize(
    ("agreement", "answer", "reason"),
    [
        ({"sought": True, "given": True}, "given", False),
        ({"sought": True, "given": False}, "refused", False),
        ({"sought": False, "given": None, "reason_not_sought": "would_increase_risk"}, "not_sought", True),
        ({"sought": False}, "not_sought", False),
        ({}, "unknown", False),
    ],
)
def test_agreement_is_an_answer_and_its_reason_stays_sealed(
    agreement: dict[str, Any], answer: str, reason: bool
) -> None:
    found = facts(body() | {"agreement": agreement})
    assert (found.agreement, found.agreement_reason_given) == (answer, reason)
    assert "would_increase_risk" not in found.model_dump_json()


@pytest.mark.parametrize(
    ("learner", "band"),
    [
        ({"date_of_birth": "2022-11-20"}, "under_5"),
        ({"date_of_birth": "2021-11-20"}, "5_to_10"),
        ({"date_of_birth": "2021-11-21"}, "under_5"),
        ({"date_of_birth": "2013-11-21"}, "11_to_12"),
        ({"date_of_birth": "2013-11-20"}, "13_to_15"),
        ({"date_of_birth": "2010-11-20"}, "16_to_17"),
        ({"date_of_birth": "2008-11-20"}, "18_or_over"),
        ({"date_of_birth": "2030-01-01"}, "unknown"),
        ({"date_of_birth": "2030-01-01", "nc_year_actual": "3"}, "5_to_10"),
        ({"nc_year_actual": "8"}, "11_to_12"),
        ({"nc_year_actual": "Year 9"}, "13_to_15"),
        ({"nc_year_actual": "R"}, "under_5"),
        ({"nc_year_actual": "N2"}, "under_5"),
        ({"nc_year_actual": "12"}, "16_to_17"),
        ({"nc_year_actual": "X"}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_the_age_band_is_of_the_day_and_errs_to_the_younger(learner: dict[str, Any], band: str) -> None:
    assert facts(body() | {"learners": [learner]}).age_band == band


def test_of_several_subjects_the_youngest_counts_and_siblings_do_not() -> None:
    learners = [
        {"role": "subject", "date_of_birth": "2009-01-01"},
        {"role": "subject", "date_of_birth": "2012-01-01"},
        {"role": "sibling", "date_of_birth": "2020-01-01"},
    ]
    assert facts(body() | {"learners": learners}).age_band == "13_to_15"


def test_a_home_authority_elsewhere_is_seen_among_several() -> None:
    learners = [{"home_la": "886"}, {"home_la": "887"}]
    assert facts(body() | {"school": {"urn": 1, "la_code": "886"}, "learners": learners}).home_la == "887"


@pytest.mark.parametrize("school_la", [None, "886", "887"])
@pytest.mark.parametrize("homes", [("886", "887"), ("887", "886")])
def test_elsewhere_is_seen_from_the_council_where_it_is_known(homes: tuple[str, str], school_la: str | None) -> None:
    document = body() | {"school": {"urn": 1, "la_code": school_la}, "learners": [{"home_la": home} for home in homes]}
    assert open_facts(ReferralIn.model_validate(document), at=AT, council_la="886").home_la == "887"


def test_a_home_authority_that_is_no_code_does_not_travel() -> None:
    assert facts(body() | {"learners": [{"home_la": SECRET}]}).home_la is None


@pytest.mark.parametrize(("learner", "named"), [({}, False), ({"role": "subject"}, False), ({"mis_id": "A1"}, True)])
def test_a_child_is_identifiable_where_an_entry_says_anything_of_them(learner: dict[str, Any], named: bool) -> None:
    assert facts(body() | {"learners": [learner]}).identifiable_child is named


def test_the_register_of_schools_goes_before_the_body() -> None:
    posted = body() | {"school": {"urn": "1", "district": "Dover", "phase": "Secondary"}}
    assert facts(posted).district == "Dover"
    found = facts(posted, district="Thanet", phase="primary", client_id="client-1")
    assert (found.district, found.phase, found.client_id) == ("Thanet", "primary", "client-1")


@pytest.mark.parametrize("district", ["St Nowhere's School, Dover 12", "x" * 41, "Dover 7", ""])
def test_what_is_no_district_does_not_travel(district: str) -> None:
    assert facts(body() | {"school": {"urn": "1", "district": district}}).district is None


def test_with_known_districts_only_those_travel() -> None:
    known = frozenset({fold_district("Folkestone and Hythe")})
    posted = body() | {"school": {"urn": "1", "district": "Folkestone & Hythe"}}
    assert facts(posted, districts=known).district == "Folkestone & Hythe"
    assert facts(body() | {"school": {"urn": "1", "district": "Quillfeather Hall"}}, districts=known).district is None


@pytest.mark.parametrize(
    ("written", "phase"),
    [("Primary", "primary"), ("16 plus", "post_16"), ("Middle deemed secondary", "secondary"), ("all-through",
     "all_through"), ("Nursery", "early_years"), ("Not applicable", "unknown"), (None, "unknown")],
)  # fmt: skip
def test_phases_of_the_register_are_understood(written: str | None, phase: str) -> None:
    assert phase_of(written) == phase


def test_every_open_fact_is_a_condition_and_part_of_the_proof() -> None:
    no_condition = {"district", "home_la", "test", "client_id"}
    facts_of_conditions = {*SCALAR_FACTS, *SET_FACTS} - {"residence"}
    assert set(OpenFacts.model_fields) - no_condition == facts_of_conditions
    fields = {name.removesuffix("_none") for name in Condition.model_fields}
    assert fields == {*SCALAR_FACTS, *SET_FACTS, "area"}


@given(st.text(min_size=1, max_size=40).map(lambda text: f"{SECRET}{text}"))
def test_no_text_of_the_referral_is_in_its_open_facts(text: str) -> None:
    posted = body(platforms=[text], narrative=text) | {
        "referrer": {"name": text, "email": f"{text}@school.example", "role": text},
        "school": {"urn": "118500", "name": text, "phase": text},
        "learners": [{"legal_forename": text, "mis_id": text, "nc_year_actual": text, "home_la": text}],
        "agreement": {"sought": False, "reason_not_sought": text},
        "police": {"investigation_live": True, "reference": text},
        "actions_taken": [text],
    }
    assert SECRET not in facts(posted).model_dump_json()
