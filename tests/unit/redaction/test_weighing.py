"""The tagger's certainty decides over words that may stay; record and structured findings stand by themselves."""

from __future__ import annotations

import pytest

from services.redaction.domain.document import Document, read
from services.redaction.domain.finding import Finding
from services.redaction.domain.lexicon import Lexicon
from services.redaction.domain.record import RecordIndex
from services.redaction.domain.structured import read_dates
from services.redaction.domain.weighing import weigh


def weighed(lexicon: Lexicon, text: str, word: str, certainty: float, layer: str = "tagger") -> list[str]:
    """What stands of a finding over `word` of `text`, whose tokens the tagger is so sure of."""
    document: Document = read(text, lexicon)
    document.certainty = [0.0] * len(document.words)
    start = text.index(word)
    for i in document.tokens(start, start + len(word)):
        document.certainty[i] = certainty
    finding = Finding(start, start + len(word), "PERSON", layer, "test")  # type: ignore[arg-type]
    dated = read_dates(document, RecordIndex())
    return [text[f.start : f.end] for f in weigh(document, [finding], dated, lexicon)]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("He came on 14 May 2026 with her.", "14 May 2026"),
        ("It was late and the school was shut.", "school"),
        ("Lessons were missed again.", "Lessons"),
        ("She was told in June by us.", "June"),
        ("He likes Harry Potter a lot.", "Harry Potter"),
        ("They are driving to A&E now.", "A"),
        ("One. Two. Three. She takes no joy in it.", "joy"),
        ("Consent? Y", "Y"),
    ],
)
def test_words_that_may_stay_need_certainty(lexicon: Lexicon, text: str, word: str) -> None:
    assert weighed(lexicon, text, word, 0.35) == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("We saw Kacpro there.", "Kacpro"),
        ("We saw Sparrow there.", "Sparrow"),
        ("Told Mrs quickly about it.", "quickly"),
    ],
)
def test_names_do_not(lexicon: Lexicon, text: str, word: str) -> None:
    assert weighed(lexicon, text, word, 0.35) == [word]


def test_small_words_at_the_edge_of_a_find_stay(lexicon: Lexicon) -> None:
    assert weighed(lexicon, "Rang on 07700900123 twice.", "on 07700900123", 0.5) == ["07700900123"]


def test_the_record_stands_whatever_the_tagger_says(lexicon: Lexicon) -> None:
    assert weighed(lexicon, "We saw Kacpro there.", "Kacpro", 0.0, "record") == ["Kacpro"]


def test_a_slip_of_the_pen_is_no_name(lexicon: Lexicon) -> None:
    assert weighed(lexicon, "He sent a refferal on.", "refferal", 0.1, "lexicon") == []
    assert weighed(lexicon, "He sent a deqavi on.", "deqavi", 0.1, "lexicon") == ["deqavi"]


def test_a_title_makes_a_name_of_any_word(lexicon: Lexicon) -> None:
    assert weighed(lexicon, "It was bought off Dr Haze.", "Haze", 0.0, "context") == ["Haze"]
