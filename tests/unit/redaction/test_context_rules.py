"""Names and birthdays that only their surroundings give away."""

from __future__ import annotations

import pytest

from contracts.record import Record
from services.redaction.domain import context, feasts, linking, places
from services.redaction.domain.document import read
from services.redaction.domain.lexicon import Lexicon
from services.redaction.domain.record import RecordIndex, index_record


def feast_days(lexicon: Lexicon, text: str) -> list[str]:
    return [text[f.start : f.end] for f in feasts.find(read(text, lexicon))]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Angel turned fifteen on Armistice Day at school.", "Armistice Day"),
        ("He was born on Valentine's Day 2011.", "Valentine's Day 2011"),
        ("She will be 13 on the first of April and knows it.", "the first of April"),
        ("Miles (11 on Guy Fawkes night) was there.", "Guy Fawkes night"),
        ("A Halloween baby, she says.", "Halloween"),
    ],
)
def test_a_feast_after_a_word_of_birth_is_a_birthday(lexicon: Lexicon, text: str, day: str) -> None:
    assert feast_days(lexicon, text) == [day]


@pytest.mark.parametrize(
    "text", ["We met on Armistice Day.", "The party on Halloween was loud.", "It was on 3 April that he was hit."]
)
def test_other_feasts_and_days_stay(lexicon: Lexicon, text: str) -> None:
    assert feast_days(lexicon, text) == []


def test_a_capitalised_word_alone_in_quotation_marks_is_a_nickname(lexicon: Lexicon) -> None:
    found = context.find(read('She met "Limpet" and said "Today" twice.', lexicon))
    assert [f.reason for f in found].count(context.QUOTED) == 1


def test_a_street_of_ordinary_words_in_lower_case_is_a_place(lexicon: Lexicon) -> None:
    document = read("One came. Two came. Three. He sells up canal rd most nights.", lexicon)
    assert [document.text[f.start : f.end] for f in places.find(document, RecordIndex())] == ["canal rd"]


def test_the_plural_of_a_surname_after_the_article_is_the_family(lexicon: Lexicon) -> None:
    record = Record.model_validate({"learners": [{"legal_forename": "Ada", "legal_surname": "Day"}]})
    index = index_record(record, lexicon)
    document = read("For two days nobody rang. The Days moved on.", lexicon)
    assert [document.text[f.start : f.end] for f in linking.find(document, index)] == ["Days"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A drawing signed 'K xx' was there.", ["K"]),
        ("The sheet, initialled AT, says so.", ["AT"]),
        ("Initialled by HT on the day.", ["HT"]),
        ("There were four initials I could not read.", []),
        ("He got a B and told AT nothing.", []),
    ],
)
def test_initials_are_known_by_what_stands_around_them(lexicon: Lexicon, text: str, found: list[str]) -> None:
    document = read(text, lexicon)
    signed = [f for f in context.find(document) if f.reason == context.SIGNED]
    assert [text[f.start : f.end] for f in signed] == found
