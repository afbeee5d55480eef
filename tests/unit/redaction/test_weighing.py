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
    found = [Finding(start, start + len(word), "PERSON", layer, "test")] if layer != "none" else []  # type: ignore[arg-type]
    dated = read_dates(document, RecordIndex())
    return [text[f.start : f.end] for f in weigh(document, found, dated, lexicon)]


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
    assert weighed(lexicon, "He sent a refferal on.", "refferal", 0.09, "lexicon") == []
    assert weighed(lexicon, "He sent a deqavi on.", "deqavi", 0.09, "lexicon") == ["deqavi"]


def test_a_title_makes_a_name_of_any_word(lexicon: Lexicon) -> None:
    assert weighed(lexicon, "It was bought off Dr Haze.", "Haze", 0.0, "context") == ["Haze"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Reported to Kent Police at once.", "Kent"),
        ("Rang the Dover district duty team.", "Dover"),
        ("The London Borough of Newham was told.", "Newham"),
        ("Kensington and Chelsea council replied.", "Chelsea"),
        ("Sent to Medway Family Court.", "Medway"),
    ],
)
def test_the_place_in_the_name_of_a_public_body_stays(lexicon: Lexicon, text: str, word: str) -> None:
    assert weighed(lexicon, text, word, 0.99) == []


@pytest.mark.parametrize("text", ["Chelsea early help was closed.", "Sold in Dover to a man.", "Jayden police called."])
def test_a_place_or_child_before_other_words_goes(lexicon: Lexicon, text: str) -> None:
    word = next(name for name in ("Chelsea", "Dover", "Jayden") if name in text)
    assert weighed(lexicon, text, word, 0.99) == [word]


def test_a_span_of_people_ends_with_its_sentence(lexicon: Lexicon) -> None:
    assert weighed(lexicon, "Told Kacprova. Lessons go on.", "Kacprova. Lessons", 0.5) == ["Kacprova"]
    assert weighed(lexicon, "Told J. Kacprova today.", "J. Kacprova", 0.5) == ["J. Kacprova"]


def test_a_rare_word_with_a_capital_goes_below_the_threshold(lexicon: Lexicon) -> None:
    careful = "One came. Two came. Three came. We met Limpet there."
    assert weighed(lexicon, careful, "Limpet", 0.06, "none") == ["Limpet"]
    assert weighed(lexicon, careful.replace("Limpet", "limpet"), "limpet", 0.06, "none") == []


def test_a_known_phrase_that_is_somebody_of_the_record_goes(lexicon: Lexicon) -> None:
    text = "We saw Jack Frost there."
    document = read(text, lexicon)
    document.certainty = [0.9] * len(document.words)
    record = [Finding(7, 11, "PERSON", "record", "test"), Finding(12, 17, "PERSON", "record", "test")]
    assert {text[f.start : f.end] for f in weigh(document, record, [], lexicon)} >= {"Jack", "Frost"}


def test_a_surname_of_three_letters_ends_its_sentence(lexicon: Lexicon) -> None:
    assert weighed(lexicon, "Chaired by Anselm Roe. Strategy was set.", "Anselm Roe. Strategy", 0.12) == ["Anselm Roe"]
