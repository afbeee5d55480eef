"""The features that the model file was trained on: a change here needs a new model and a new format number."""

from __future__ import annotations

import datetime as dt

import numpy as np

from contracts.record import Address, Contact, Learner, Record, Referrer, School
from services.redaction.tagger.bits import BITS, Bit
from services.redaction.tagger.features import Features, FormCache, extract
from services.redaction.tagger.lexicon import WordLists
from services.redaction.tagger.words import ROWS_PER_WORD, UNKNOWN, VOCABULARY_START, bucket, shape, word_rows

LISTS = WordLists(
    ordinary=frozenset({"the", "told", "mark", "saw", "a", "on", "his", "said", "at", "is", "nan"}),
    capital_only=frozenset({"whitstable"}),
    common=frozenset({"snapchat"}),
    kin=frozenset({"nan", "babcia"}),
    forenames=frozenset({"kai"}),
    surnames=frozenset({"kai", "mark"}),
    vocabulary={"the": VOCABULARY_START, "00": VOCABULARY_START + 1, ".": VOCABULARY_START + 2},
    seen=frozenset({"the"}),
)

PINNED = [1, 495, 21, 5, 3351, 1836, 632, 2652, 2136, 2136, 7980, 5355, 8796]

RECORD = Record(
    school=School(name="Marlpit Lane School", urn="118203"),
    referrer=Referrer(name="Annette Prowse"),
    learners=(
        Learner(
            legal_forename="Jayden",
            legal_surname="Osei",
            known_as=("Jay",),
            date_of_birth=dt.date(2012, 3, 4),
            address=Address(line1="61 Tenter Way", town="Ashford", postcode="TN24 9QJ"),
            contacts=(Contact(forename="Lowell", surname="Osei", phone="07700 900233"),),
        ),
    ),
)


def features(text: str, record: Record = RECORD) -> Features:
    found = extract(text, record, FormCache(LISTS))
    assert found is not None
    return found


def bits_of(found: Features, word: str) -> set[Bit]:
    at = found.tokens.surfaces.index(word)
    return {bit for bit in Bit if found.bits[bit, at]}


def test_bits_keep_their_numbers() -> None:
    assert {bit.name: int(bit) for bit in Bit} == {
        "CHILD_NAME": 0, "FAMILY_NAME": 1, "ADULT_NAME": 2, "KNOWN_AS": 3, "REFERRER": 4, "SCHOOL_WORD": 5,
        "ADDRESS_WORD": 6, "TOWN_WORD": 7, "RECORD_NUMBER": 8, "RECORD_OTHER": 9, "NEAR_NAME": 10,
        "NAME_BEGINNING": 11, "INITIAL": 12, "INITIALS": 13, "SCHOOL_INITIALS": 14, "BIRTH_NUMBER": 15,
        "BIRTH_MONTH": 16, "HOLDS_NAME": 17, "RECORD_EMPTY": 18, "CAPITAL_ELSEWHERE": 20, "LOWER_ELSEWHERE": 21,
        "TWICE": 22, "OFTEN": 23, "TITLED": 24, "AFTER_KIN": 25, "SPEAKER": 26, "ALONE_ON_LINE": 27,
        "POSSESSIVE": 28, "SPEAKS": 29, "KIN_WORD": 30, "TITLE_WORD": 31, "JOINED_BEFORE": 32, "JOINED_AFTER": 33,
        "WIDE_GAP": 34, "SENTENCE_START": 35, "LINE_START": 36, "LINE_END": 37, "FIRST_LINE": 38, "LAST_LINE": 39,
        "SHORT_LINE": 40, "AFTER_COLON": 41, "IN_QUOTES": 42, "LINE_UPPER": 43, "LINE_LOWER": 44, "TEXT_LOWER": 45,
        "TEXT_UPPER": 46, "SHORT_TEXT": 47, "CHUNK_CODE": 50, "CHUNK_AT": 51, "CHUNK_UNDERSCORE": 52,
        "CHUNK_LETTERS_AND_DIGITS": 53, "CHUNK_SLASH": 54, "CHUNK_DOT": 55, "CHUNK_RECORD": 56,
    }  # fmt: skip


def test_the_record_is_recognised_field_by_field() -> None:
    found = features("Jayden Osei, Jay, and Lowell of 61 Tenter Way, Ashford, at Marlpit; Annette wrote on 4 March")
    assert Bit.CHILD_NAME in bits_of(found, "Jayden")
    assert Bit.FAMILY_NAME in bits_of(found, "Osei")
    assert Bit.KNOWN_AS in bits_of(found, "Jay")
    assert Bit.ADULT_NAME in bits_of(found, "Lowell")
    assert Bit.RECORD_NUMBER in bits_of(found, "61")
    assert Bit.ADDRESS_WORD in bits_of(found, "Tenter")
    assert Bit.ADDRESS_WORD not in bits_of(found, "Way")
    assert Bit.TOWN_WORD in bits_of(found, "Ashford")
    assert Bit.SCHOOL_WORD in bits_of(found, "Marlpit")
    assert Bit.REFERRER in bits_of(found, "Annette")
    assert Bit.BIRTH_NUMBER in bits_of(found, "4")
    assert Bit.BIRTH_MONTH in bits_of(found, "March")


def test_misspellings_beginnings_and_initials_point_at_the_record() -> None:
    found = features("Jaydon told AP that JO and Jayd met Lowellson")
    assert Bit.NEAR_NAME in bits_of(found, "Jaydon")
    assert Bit.INITIALS in bits_of(found, "AP")
    assert Bit.INITIALS in bits_of(found, "JO")
    assert Bit.NAME_BEGINNING in bits_of(found, "Jayd")
    assert Bit.NAME_BEGINNING in bits_of(found, "Lowellson")


def test_an_empty_record_says_so() -> None:
    found = features("Kai told", Record())
    assert Bit.RECORD_EMPTY in bits_of(found, "Kai")
    assert not bits_of(found, "Kai") & {Bit.CHILD_NAME, Bit.NEAR_NAME}


def test_other_occurrences_are_seen() -> None:
    found = features("Then he saw Mark. A mark on his nan Pat.\nPat: hello\nPat's")
    assert {Bit.CAPITAL_ELSEWHERE, Bit.LOWER_ELSEWHERE, Bit.TWICE} <= bits_of(found, "mark")
    assert {Bit.AFTER_KIN, Bit.SPEAKER, Bit.POSSESSIVE} <= bits_of(found, "Pat")
    assert Bit.KIN_WORD in bits_of(found, "nan")


def test_place_in_the_text_is_seen() -> None:
    found = features('One. "Two" three\nName: four  five\nSIX SEVEN EIGHT')
    assert {Bit.SENTENCE_START, Bit.LINE_START, Bit.FIRST_LINE} <= bits_of(found, "One")
    assert Bit.IN_QUOTES in bits_of(found, "Two")
    assert Bit.AFTER_COLON in bits_of(found, "four")
    assert Bit.WIDE_GAP in bits_of(found, "five")
    assert {Bit.LINE_UPPER, Bit.LAST_LINE} <= bits_of(found, "SEVEN")


def test_codes_are_seen_as_a_whole() -> None:
    found = features("on kai_05@x.example and M886110732118 the")
    assert {Bit.CHUNK_AT, Bit.CHUNK_UNDERSCORE, Bit.CHUNK_DOT} <= bits_of(found, "kai")
    assert Bit.CHUNK_LETTERS_AND_DIGITS in bits_of(found, "886110732118")
    assert found.chunks[found.tokens.surfaces.index("the")] == 0
    assert found.chunks[found.tokens.surfaces.index("M")] == 1 + bucket("A000000000000", 2047)


def test_blank_text_has_no_features() -> None:
    assert extract(" \t ", RECORD, FormCache(LISTS)) is None


def test_words_outside_the_shipped_lists_are_not_kept() -> None:
    cache = FormCache(LISTS)
    extract("Zebedee told the Kai", RECORD, cache)
    assert set(cache.place_of) == {"told", "the"}


def test_word_rows_are_stable() -> None:
    assert word_rows("the", LISTS)[0] == VOCABULARY_START
    assert word_rows("Zebedee", LISTS)[0] == UNKNOWN
    assert word_rows("17", LISTS)[0] == VOCABULARY_START + 1
    assert word_rows("Kai", LISTS) == PINNED
    assert len(word_rows("Wolverhampton" * 3, LISTS)) <= ROWS_PER_WORD


def test_shapes_keep_the_pattern_of_a_code() -> None:
    assert shape("Jayden") == "Aaa"
    assert shape("kai_05") == "aa_00"
    assert shape("M886110732118") == "A000000000000"


def test_bits_are_a_row_each() -> None:
    found = features("the Kai")
    assert found.bits.shape == (BITS, 2)
    assert set(np.unique(found.bits)) <= {0.0, 1.0}
