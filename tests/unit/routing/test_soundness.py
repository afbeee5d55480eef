"""`policy check`: each fault of a pack is found, named where it stands, and told apart into error and warning."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from contracts.policy import Pack
from services.routing.domain.finding import Finding
from services.routing.domain.mutants import judge, mutants_of
from services.routing.domain.soundness import check_pack, objections
from tests.unit.routing.packs import KENT, NORTHMERE, with_part, with_rules

TODAY = dt.date(2026, 11, 21)


def findings(pack: Pack, today: dt.date = TODAY) -> list[Finding]:
    return list(check_pack(pack, today).findings)


def place(pack: Pack, name: str) -> int:
    return [one.id for one in pack.destinations].index(name)


def with_recipients(pack: Pack, name: str, **changes: Any) -> Pack:
    number = place(pack, name)
    people = [{**one.model_dump(), **changes} for one in pack.destinations[number].recipients]
    return with_part(pack, "destinations", number, recipients=people)


@pytest.mark.parametrize("pack", [KENT, NORTHMERE], ids=lambda pack: pack.name)
def test_the_shipped_packs_are_sound(pack: Pack) -> None:
    assert check_pack(pack, TODAY).errors == ()


def test_a_contact_that_nobody_verified_for_180_days_is_a_warning() -> None:
    assert findings(KENT, TODAY + dt.timedelta(days=180)) == []
    stale = check_pack(KENT, TODAY + dt.timedelta(days=181))
    assert stale.errors == ()
    assert any(one.where == "destination front_door" and "last verified on 2026-11-21" in one.message
               for one in stale.warnings)  # fmt: skip


def test_the_number_of_2015_is_stale_while_it_is_in_force() -> None:
    at_that_time = check_pack(KENT, dt.date(2024, 8, 1))
    assert any("phone was last verified on 2015-05-12" in one.message for one in at_that_time.warnings)


def test_a_contact_verified_in_the_future_is_an_error() -> None:
    wrong = with_recipients(KENT, "lado", verified_on=dt.date(2027, 1, 1))
    assert any("in the future" in one.message for one in check_pack(wrong, TODAY).errors)


@pytest.mark.parametrize("name", ["front_door", "area_safeguarding_adviser", "online_safety_team", "lado"])
def test_a_consultation_or_urgent_route_to_an_unmonitored_mailbox_is_an_error(name: str) -> None:
    unread = with_part(KENT, "destinations", place(KENT, name), monitored=False)
    assert any("not always monitored" in one.message for one in check_pack(unread, TODAY).errors)
    unread_address = with_recipients(KENT, name, monitored=False)
    assert any("not always monitored" in one.message for one in check_pack(unread_address, TODAY).errors)


def test_general_queries_may_have_an_unmonitored_mailbox_as_long_as_no_rule_sends_there() -> None:
    routed = with_rules(KENT, **{"110_online": {"destination": "general_queries"}})
    messages = [one.message for one in check_pack(routed, TODAY).errors]
    assert "sends consultations to general_queries, whose mailbox is not always monitored" in messages


def test_a_destination_without_a_recipient_is_an_error() -> None:
    empty = with_part(KENT, "destinations", place(KENT, "lado"), recipients=[])
    messages = [one.message for one in check_pack(empty, TODAY).errors if one.where == "destination lado"]
    assert any("has no recipient" in words for words in messages)
    assert any("nobody on the last level" in words for words in messages)


def test_a_destination_that_no_rule_names_needs_a_recipient_too() -> None:
    empty = with_part(KENT, "destinations", place(KENT, "general_queries"), recipients=[])
    (found,) = check_pack(empty, TODAY).errors
    assert (found.where, found.message.split(":")[0]) == ("destination general_queries", "has no recipient")


def test_an_area_without_people_is_an_error() -> None:
    number = place(KENT, "area_safeguarding_adviser")
    people = [one.model_dump() for one in KENT.destinations[number].recipients]
    only_east = [one for one in people if one["role"] != "duty" or one["areas"] == ("east",)]
    pack = with_part(KENT, "destinations", number, recipients=only_east)
    messages = [one.message for one in check_pack(pack, TODAY).errors]
    assert any("for the area west" in words for words in messages)


def test_a_destination_that_ends_without_a_successor_is_found_before_it_ends() -> None:
    ending = with_part(KENT, "destinations", place(KENT, "lado"), valid_to=dt.date(2027, 3, 31))
    (found,) = check_pack(ending, TODAY).errors
    assert found.message.startswith("from 2027-04-01: is not in force")


def test_a_contact_that_ends_and_leaves_nobody_is_found_before_it_ends() -> None:
    ending = with_recipients(KENT, "lado", valid_to=dt.date(2027, 3, 31))
    messages = [one.message for one in check_pack(ending, TODAY).errors if one.where == "destination lado"]
    assert "from 2027-04-01: has no recipient: what is sent there reaches nobody" in messages
    assert all(words.startswith("from 2027-04-01: ") for words in messages)


def test_a_copy_to_an_unmonitored_mailbox_is_an_error_though_the_rule_names_no_destination() -> None:
    copied = with_rules(KENT, **{"070_fgm_suspected": {"copies": ["general_queries"]}})
    assert any(
        one.where == "rule 070-fgm-suspected" and "not always monitored" in one.message
        for one in check_pack(copied, TODAY).errors
    )


def test_a_route_that_another_rule_can_make_urgent_needs_a_monitored_mailbox() -> None:
    routed = with_rules(KENT, **{"122_share_offline": {"destination": "general_queries"}})
    messages = [one.message for one in check_pack(routed, TODAY).errors if one.where == "rule 122-share-offline"]
    assert "sends urgent concerns to general_queries, whose mailbox is not always monitored" in messages


def test_a_destination_that_nobody_compared_with_its_source_for_180_days_is_a_warning() -> None:
    old = with_part(KENT, "destinations", place(KENT, "lado"), verified_on=dt.date(2026, 1, 1))
    (found,) = check_pack(old, TODAY).warnings
    assert (found.where, found.message) == (
        "destination lado",
        "what is said of it was last verified on 2026-01-01: try it",
    )


def test_the_last_day_of_the_calendar_means_until_further_notice() -> None:
    endless = with_part(KENT, "destinations", place(KENT, "lado"), valid_to=dt.date.max)
    assert check_pack(endless, TODAY).findings == ()


def test_a_rule_that_ends_and_leaves_a_hole_is_found_before_it_ends() -> None:
    ending = with_rules(KENT, **{"130_any_other": {"valid_to": dt.date(2027, 3, 31)}})
    assert any(
        one.message.startswith("from 2027-04-01:") and "no destination" in one.message
        for one in check_pack(ending, TODAY).errors
    )


def test_an_emergency_destination_without_a_phone_is_an_error() -> None:
    silent = with_part(KENT, "destinations", place(KENT, "front_door"), phone=None)
    assert any("no phone in force" in one.message for one in check_pack(silent, TODAY).errors)


def test_a_destination_without_a_ladder_and_a_ladder_out_of_order_are_errors() -> None:
    flat = with_part(KENT, "destinations", place(KENT, "lado"), ladder=None)
    assert any("has no ladder" in one.message for one in check_pack(flat, TODAY).errors)
    levels = [level.model_dump() for level in KENT.ladders[0].levels]
    levels[1]["after"]["urgent"] = "1 minute"
    assert any(
        "comes before an earlier one for urgent" in one.message
        for one in check_pack(with_part(KENT, "ladders", 0, levels=levels), TODAY).errors
    )
    del levels[1]["after"]["routine"]
    assert any(
        "without a wait for routine" in one.message
        for one in check_pack(with_part(KENT, "ladders", 0, levels=levels), TODAY).errors
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Look at what is said on Snapchat.", "names a platform"),
        ("Delete the pictures at once.", "deleting comes only after reporting"),
        ("Whoever shares it will be prosecuted.", "threatens"),
        ("It was their own fault.", "puts blame"),
        ("We have told the police.", "says that somebody was told"),
        ("Tell {{ contact_name }}.", "placeholder"),
    ],
)
def test_advice_that_may_not_go_out_is_an_error(text: str, words: str) -> None:
    wrong = with_part(KENT, "advice", 0, text=text)
    (found,) = check_pack(wrong, TODAY).errors
    assert found.where == f"advice {KENT.advice[0].code}"
    assert words in found.message


def test_a_letter_with_a_childs_name_is_an_error() -> None:
    wrong = with_part(KENT, "letters", 0, text="Dear parents of {{ child_name }},")
    (found,) = check_pack(wrong, TODAY).errors
    assert found.where == f"letter {KENT.letters[0].id}"


def test_a_rule_without_a_test_case_is_an_error() -> None:
    fewer = KENT.model_copy(
        update={"tests": tuple(case for case in KENT.tests if "080-radicalisation" not in case.expect.rules)}
    )
    (found,) = check_pack(fewer, TODAY).errors
    assert found == Finding("error", "rule 080-radicalisation", "has no test case in the pack that expects it")


def test_rules_out_of_order_a_missing_urgency_and_a_strange_test_are_errors() -> None:
    rules = list(KENT.rules)
    rules[3], rules[4] = rules[4], rules[3]
    swapped = KENT.model_copy(update={"rules": tuple(rules), "hash": "swapped"})
    assert any("the same or a higher number" in one.message for one in check_pack(swapped, TODAY).errors)
    hasteless = with_rules(KENT, **{"130_any_other": {"urgency": None}})
    assert any("no urgency" in one.message for one in check_pack(hasteless, TODAY).errors)
    fewer = KENT.model_copy(update={"rules": KENT.rules[:-1], "hash": "fewer"})
    assert any("which is not there" in one.message for one in check_pack(fewer, TODAY).errors)


def test_unused_advice_and_an_ended_destination_are_warnings() -> None:
    quiet = with_rules(KENT, **{"080_radicalisation": {"advice": []}})
    assert Finding("warning", "advice prevent_referral", "no rule gives it") in check_pack(quiet, TODAY).warnings
    old = with_rules(KENT, **{"130_any_other": {"destination": "education_safeguarding_team"}})
    assert any("no longer in force" in one.message for one in check_pack(old, TODAY).warnings)


def test_objections_are_the_errors_in_words() -> None:
    assert objections(KENT, TODAY) == ()
    holed = with_rules(KENT, **{"130_any_other": {"when": [{"online": True}]}})
    assert any(words.startswith("rules: ") and "no destination" in words for words in objections(holed, TODAY))


MISTAKES_WITHOUT_EFFECT = {
    "rules swapped: 060-fgm-known and 070-fgm-suspected": "one referral never meets both",
    "rules swapped: 094-imagery-adult and 096-imagery-unknown": "one referral never meets both",
    "rules swapped: 110-online and 120-share-online": "one referral never meets both",
    "rules swapped: 110-online and 122-share-offline": "one referral never meets both",
    "rules swapped: 120-share-online and 122-share-offline": "one referral never meets both",
    "rules swapped: 124-share-schools and 130-any-other": "a request to share is always placed before 130",
    "fallback turned: 010-immediate-danger: true": "nothing stands before the first rule",
    "destination changed: 122-share-offline: education_safeguarding_team": "the adviser succeeded it in 2024",
    "destination changed: 130-any-other: education_safeguarding_team": "the adviser succeeded it in 2024",
}
"""Every mutant of the Kent pack that decides no referral otherwise, and why."""


def test_every_mistake_in_the_kent_rules_that_changes_a_decision_is_caught() -> None:
    verdicts = [
        judge(KENT, mutant, TODAY, number=number, numbering=False) for number, mutant in enumerate(mutants_of(KENT))
    ]
    missed = {f"{one.mutant.kind}: {one.mutant.what}" for one in verdicts if one.caught_by is None}
    assert missed == set(MISTAKES_WITHOUT_EFFECT)
    assert len(missed) / len(verdicts) <= 0.05
