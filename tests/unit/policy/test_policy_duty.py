"""What intake and notify ask of a pack: the right number, the clock, the people, the ladder."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import services.routing
from contracts.facts import OpenFacts
from contracts.policy import URGENCIES, Pack
from services.kit.policy_duty import (
    acknowledge_by,
    escalation_schedule,
    immediate_actions,
    ladder_step_due,
    phone_at,
    recipients_at,
    shown_advice,
)
from services.kit.policy_files import load_pack

KENT = load_pack(Path(services.routing.__file__).parent / "policies" / "kent")
IN_HOURS = dt.datetime(2026, 11, 20, 10, 0, tzinfo=dt.UTC)
AT_NIGHT = dt.datetime(2026, 11, 20, 23, 0, tzinfo=dt.UTC)
DESTINATIONS = ("front_door", "area_safeguarding_adviser", "online_safety_team", "lado")
AREAS = (None, "east", "south", "north", "west")


def instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("at", "number"),
    [
        ("2026-11-20T08:29:59Z", "03000 419 191"),
        ("2026-11-20T08:30:00Z", "03000 411 111"),
        ("2026-11-20T16:59:59Z", "03000 411 111"),
        ("2026-11-20T17:00:00Z", "03000 419 191"),
        ("2026-07-06T07:30:00Z", "03000 411 111"),
        ("2026-07-06T16:00:00Z", "03000 419 191"),
        ("2026-11-21T12:00:00Z", "03000 419 191"),
        ("2026-12-25T12:00:00Z", "03000 419 191"),
    ],
)
def test_the_answer_to_a_referral_carries_the_number_of_that_minute(at: str, number: str) -> None:
    told = {action.code: action.tel for action in immediate_actions(OpenFacts(), instant(at), KENT)}
    assert told == {"call_front_door": number, "call_999": "999"}


def test_danger_comes_first_and_nothing_stands_in_for_the_call() -> None:
    first, *_ = immediate_actions(OpenFacts(immediate_danger=True), IN_HOURS, KENT)
    assert (first.code, first.tel) == ("immediate_danger_call_now", "999")
    assert "does not stand in for the call" in first.text


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (OpenFacts(police_investigation_live=True), "embargo"),
        (OpenFacts(imagery_involved="yes_viewed"), "imagery_do_not_view"),
        (OpenFacts(fgm="known"), "fgm_mandatory_report"),
        (OpenFacts(staff_allegation=True), "allegation_confidential"),
        (OpenFacts(home_la="887"), "out_of_area"),
    ],
)
def test_what_cannot_wait_for_an_answer_is_said_at_once(facts: OpenFacts, code: str) -> None:
    assert code in {action.code for action in immediate_actions(facts, IN_HOURS, KENT)}
    assert code not in {action.code for action in immediate_actions(OpenFacts(), IN_HOURS, KENT)}


def test_advice_is_shown_in_the_variant_of_the_school() -> None:
    def text(affected: bool | None) -> str:
        (shown,) = shown_advice(["content_circulating", "gone"], IN_HOURS, KENT, affected=affected)
        return shown.text

    assert "reported at your school" in text(True)
    assert "not directly affected" in text(False)
    assert "your school" not in text(None)


def test_shown_advice_has_the_number_of_its_minute_and_its_checklist() -> None:
    codes = ["call_front_door", "talking_with_pupils", "hold_wider_pupils"]
    front_door, pupils, hold = shown_advice(codes, AT_NIGHT, KENT)
    assert front_door.tel == "03000 419 191"
    assert any("At least two members of staff" in item for item in pupils.checklist)
    assert hold.hold_until == "police_or_ceop_response"


def test_a_number_that_ended_is_not_shown() -> None:
    assert phone_at("online_safety_team", IN_HOURS, KENT) == "03000 411 111"
    assert phone_at("online_safety_team", instant("2016-06-01T10:00:00Z"), KENT) == "03000 415797"


@pytest.mark.parametrize(
    ("urgency", "due"),
    [
        ("immediate", "2026-11-20T16:45:00Z"),
        ("urgent", "2026-11-20T17:30:00Z"),
        ("same_day", "2026-11-23T12:00:00Z"),
        ("routine", "2026-11-23T16:30:00Z"),
    ],
)
def test_clocks_of_the_pack(urgency: str, due: str) -> None:
    at = instant("2026-11-20T16:30:00Z")
    assert acknowledge_by(urgency, at, KENT) == instant(due)  # type: ignore[arg-type]


def test_people_on_call_are_woken_only_for_what_cannot_wait() -> None:
    def addresses(urgency: str, at: dt.datetime) -> list[str]:
        people = recipients_at("area_safeguarding_adviser", urgency, at, KENT, area="east")  # type: ignore[arg-type]
        return [one.address for one in people]

    assert addresses("urgent", IN_HOURS) == ["adviser-east@kent.example"]
    assert addresses("routine", AT_NIGHT) == ["adviser-east@kent.example"]
    assert addresses("urgent", AT_NIGHT) == [
        "adviser-east@kent.example",
        "education-on-call@kent.example",
        "07700 900102",
    ]


def test_a_school_of_no_known_area_reaches_the_duty_desk_of_all() -> None:
    (one,) = recipients_at("area_safeguarding_adviser", "routine", IN_HOURS, KENT)
    assert one.address == "adviser-duty@kent.example"


def test_the_successor_answers_for_a_destination_that_ended() -> None:
    (one,) = recipients_at("education_safeguarding_team", "routine", IN_HOURS, KENT, area="west")
    assert one.address == "adviser-west@kent.example"


@given(
    st.sampled_from(DESTINATIONS),
    st.sampled_from(URGENCIES),
    st.sampled_from(AREAS),
    st.integers(0, 3 * 365 * 1440).map(lambda minutes: IN_HOURS + dt.timedelta(minutes=minutes)),
)
def test_every_ladder_rises_to_a_human_whatever_the_hour(
    destination: str, urgency: str, area: str | None, at: dt.datetime
) -> None:
    steps = escalation_schedule(destination, urgency, at, KENT, area=area)  # type: ignore[arg-type]
    assert [step.kind for step in steps] == ["remind", "deputy", "manager", "on_call_phone"]
    assert [step.at for step in steps] == sorted(step.at for step in steps)
    assert all(step.at > at for step in steps)
    assert all(step.recipients for step in steps)


def test_after_a_pause_the_highest_step_is_taken_once() -> None:
    steps = escalation_schedule("front_door", "urgent", IN_HOURS, KENT)
    assert ladder_step_due(steps, 0, IN_HOURS) is None
    due = ladder_step_due(steps, 0, IN_HOURS + dt.timedelta(minutes=95))
    assert due is not None
    assert due.kind == "manager"
    assert ladder_step_due(steps, due.level, IN_HOURS + dt.timedelta(minutes=95)) is None


def test_the_same_pack_gives_no_recipient_of_a_school(pack: Pack = KENT) -> None:
    roles = {one.role for place in pack.destinations for one in place.recipients}
    assert roles == {"duty", "deputy", "manager", "on_call"}
