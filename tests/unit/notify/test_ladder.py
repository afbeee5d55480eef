"""The ladder: who, when, and that it never ends in silence."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.decision import Urgency
from contracts.policy import Pack
from services.kit.policy_pack import load_pack
from services.notify.domain.ladder import (
    first_addresses,
    ladder_faults,
    next_step_at,
    phones_to_ring,
    rung_due,
)
from services.notify.domain.model import Notification, notification_id
from tests.unit.notify.events import NOON

KENT = load_pack(Path(__file__).parents[3] / "services/routing/policies/kent")
URGENCIES: tuple[Urgency, ...] = ("routine", "same_day", "urgent", "immediate")
DESKS = ("front_door", "area_safeguarding_adviser", "online_safety_team", "lado", "general_queries")

INSTANTS = st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2028, 1, 1)).map(lambda one: one.replace(tzinfo=dt.UTC))  # noqa: DTZ001


def opened(
    urgency: Urgency = "urgent", desk: str = "front_door", at: dt.datetime = NOON, area: str | None = None
) -> Notification:
    one = Notification(
        id=notification_id("ref-1", desk),
        referral_id="ref-1",
        reference="KR-7F3K-9QX",
        destination=desk,
        area=area,
        state="open",
        round=1,
        revision=1,
        urgency=urgency,
        ack_due_at=at + dt.timedelta(hours=1),
        told_at=at,
    )
    return replace(one, next_escalation_at=next_step_at(one, at, KENT))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(URGENCIES), st.sampled_from(DESKS), INSTANTS, st.sampled_from([None, "east", "west"]))
def test_each_step_tells_somebody_and_names_a_later_one(
    urgency: Urgency, desk: str, at: dt.datetime, area: str | None
) -> None:
    one = opened(urgency, desk, at, area)
    assert first_addresses(one, at, KENT)
    levels = []
    for _ in range(7):
        due = one.next_escalation_at
        assert due is not None
        assert due >= at
        stepped, rung = rung_due(one, due, KENT)
        assert rung.addresses
        assert stepped.next_escalation_at is not None
        assert stepped.next_escalation_at >= due
        levels.append(rung.level)
        one = stepped
    assert levels == [1, 2, 3, 4, 5, 6, 7]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(URGENCIES), INSTANTS)
def test_past_the_end_there_is_a_pause_before_each_prompt(urgency: Urgency, at: dt.datetime) -> None:
    one = replace(opened(urgency, at=at), escalation_level=4)
    stepped, rung = rung_due(one, at, KENT)
    assert rung.purpose == "ring"
    assert stepped.next_escalation_at is not None
    assert stepped.next_escalation_at >= at + dt.timedelta(minutes=1)


@pytest.mark.parametrize(
    "told_at",
    [dt.datetime(2026, 3, 29, 0, 30, tzinfo=dt.UTC), dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)],
    ids=["clocks go forward", "clocks go back"],
)
def test_an_immediate_clock_runs_in_real_minutes_over_both_changes(told_at: dt.datetime) -> None:
    assert opened("immediate", at=told_at).next_escalation_at == told_at + dt.timedelta(minutes=5)


def test_the_people_of_the_hour_are_told_not_those_of_the_hour_it_fell_due() -> None:
    evening = dt.datetime(2026, 6, 3, 20, 0, tzinfo=dt.UTC)
    _, rung = rung_due(opened("urgent", at=NOON), evening, KENT)
    assert "front-door-out-of-hours@kent.example" in rung.addresses


def test_an_areas_own_desk_does_not_hide_who_is_on_call_for_all_areas() -> None:
    night = dt.datetime(2026, 6, 3, 23, 0, tzinfo=dt.UTC)
    _, rung = rung_due(opened("urgent", "area_safeguarding_adviser", night, "east"), night, KENT)
    assert rung.addresses == ("adviser-east@kent.example", "education-on-call@kent.example")


def test_the_phone_prompt_goes_to_everybody_and_names_the_number() -> None:
    _, rung = rung_due(replace(opened(), escalation_level=3), NOON, KENT)
    assert rung.purpose == "ring"
    assert len(rung.addresses) == 4
    assert phones_to_ring(opened(), NOON, KENT) == ("07700 900101",)


def test_the_kent_pack_has_no_empty_rota() -> None:
    assert ladder_faults(KENT, NOON) == ()


def _without(pack: Pack, role: str) -> Pack:
    places = tuple(
        one.model_copy(update={"recipients": tuple(who for who in one.recipients if who.role != role)})
        for one in pack.destinations
    )
    return Pack.model_validate(pack.model_copy(update={"destinations": places}).model_dump())


def test_an_empty_rota_at_the_last_level_is_named() -> None:
    faults = ladder_faults(_without(KENT, "on_call"), NOON)
    assert "destination front_door: the last level of ladder standard is an empty rota out of office hours" in faults


def test_a_desk_that_mail_cannot_reach_is_named() -> None:
    assert "destination lado: nobody on duty has a mail address" in ladder_faults(_without(KENT, "duty"), NOON)
