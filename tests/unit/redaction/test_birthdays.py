"""Birthdays in words: those of the record go, other days stay."""

from __future__ import annotations

import datetime as dt

import pytest

from contracts.record import Learner, Record
from services.redaction.redactor import Redacted, Redactor

BORN = Record(learners=(Learner(legal_forename="Odile", date_of_birth=dt.date(2016, 4, 21)),))


@pytest.mark.parametrize(
    "words",
    ["the twenty-first of April", "twenty first April", "April the twenty-first", "the twenty-first day of April"],
)
def test_a_birthday_in_words_is_taken_out(redactor: Redactor, words: str) -> None:
    out = redactor.redact(BORN, f"She was ten on {words}. Her bag was lost.")
    assert isinstance(out, Redacted)
    assert "twenty" not in out.text.value
    assert "April" not in out.text.value


def test_another_day_in_words_stays(redactor: Redactor) -> None:
    out = redactor.redact(BORN, "It happened on the second of April, the third time this term.")
    assert isinstance(out, Redacted)
    assert "the second of April, the third time" in out.text.value
