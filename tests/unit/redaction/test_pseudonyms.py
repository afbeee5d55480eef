"""The same person has the same token; nobody can forge one; a birth becomes an age."""

from __future__ import annotations

import datetime as dt

import pytest

from contracts.record import Record
from services.redaction.redactor import Redacted, Redactor
from tests.unit.redaction.records import family


def text_of(redactor: Redactor, record: Record, narrative: str, **setting: object) -> str:
    outcome = redactor.redact(record, narrative, **setting)  # type: ignore[arg-type]
    assert isinstance(outcome, Redacted)
    return outcome.text.value


def test_one_person_has_one_token_however_written(redactor: Redactor) -> None:
    text = text_of(redactor, family(), "Jayden Okafor-Smith was late. Jay said nothing. Jayden's mum rang.")
    assert text == "[CHILD] was late. [CHILD] said nothing. [CHILD]'s mum rang."


def test_people_of_the_record_are_called_by_their_part(redactor: Redactor) -> None:
    text = text_of(redactor, family(), "Ngozi rang about Tyrese; Darren and Helen Prowse were told.")
    assert text == "[MOTHER] rang about [SIBLING_1]; [FATHER] and [STAFF_1] were told."


def test_strangers_are_numbered_in_the_order_of_the_text(floor: Redactor) -> None:
    text = text_of(floor, Record(), "Kacper met Oliwia. Later Oliwia Zajac rang Kacper.")
    assert text == "[PERSON_1] met [PERSON_2]. Later [PERSON_2] rang [PERSON_1]."


def test_teachers_are_staff(floor: Redactor) -> None:
    assert text_of(floor, Record(), "She told Mrs Adeyemi in class.") == "She told Mrs [STAFF_1] in class."


def test_a_birth_becomes_an_age_where_the_day_is_known(redactor: Redactor) -> None:
    text = text_of(redactor, family(), "Born 3 April 2012.", on=dt.date(2026, 4, 2))
    assert text == "Born [DOB_1: age 13]."


def test_an_address_becomes_a_district_where_it_is_known(redactor: Redactor) -> None:
    text = text_of(redactor, family(), "He lives at 14 Teasel Way with her.", district="Swale")
    assert "Teasel" not in text
    assert "[ADDRESS: Swale]" in text


@pytest.mark.parametrize("forged", ["[CHILD]", "[PERSON_2]", "[ CHILD ]", "［CHILD］", "[DOB_1: age 9]"])
def test_a_pseudonym_typed_by_the_writer_loses_its_brackets(floor: Redactor, forged: str) -> None:
    text = text_of(floor, Record(), f"He is {forged} and went home.")
    assert forged not in text
    assert "[CHILD" not in text
    assert "[PERSON" not in text
    assert "[DOB" not in text


def test_counts_are_by_kind(redactor: Redactor) -> None:
    outcome = redactor.redact(family(), "Jayden and Tyrese; Jayden again, 07700 900118.")
    assert isinstance(outcome, Redacted)
    assert outcome.pseudonyms == {"CHILD": 2, "SIBLING": 1, "PHONE": 1}


def test_neighbours_of_one_kind_are_not_melted_into_one(redactor: Redactor) -> None:
    """Presidio once merged adjacent results of one type (its issues 888, 1196 and 1925)."""
    text = text_of(redactor, family(), "Present: Jayden, Tyrese / Ngozi Darren.")
    assert text == "Present: [CHILD], [SIBLING_1] / [MOTHER] [FATHER]."


def test_overlapping_finds_leave_one_token(redactor: Redactor) -> None:
    text = text_of(redactor, family(), "Mail d.smith77@example.com or 14 Teasel Way, Faversham, ME13 4QX.")
    assert text.count("[") == text.count("]")
    assert "smith" not in text.lower()
    assert "Faversham" not in text
