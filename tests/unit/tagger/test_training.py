"""Training data and augmentation: labels stay on their words, text and record change together."""

from __future__ import annotations

import random

import pytest

from training.tagger import gold
from training.tagger.names import NamePool
from training.tagger.noise import abbreviate, lower, scan, slip, spoil, unpunctuate, unwrap, upper
from training.tagger.rename import Renaming
from training.tagger.rewrite import birth_date, place, reference, school

POOL = NamePool({"en_GB": ["Bronwen", "Tobias"]}, {"en_GB": ["Wetherall", "Quorn"]})
RECORD = {
    "school": {"name": "Marlpit Lane School"},
    "referrer": {"name": "Annette Prowse"},
    "learners": [{"legal_forename": "Jayden", "legal_surname": "Osei", "known_as": ["Jay"]}],
}
SEGMENTS = gold.segments(
    "[[PERSON|Jayden]] and his nan [[PERSON|Pat Osei]] left [[SCHOOL|Marlpit]]. [[PERSON|JAYDEN]] ran."
)


def test_markup_becomes_segments_that_join_to_the_plain_text() -> None:
    assert gold.segments("a [[PERSON|Kai]] b") == (("a ", "O"), ("Kai", "PERSON"), (" b", "O"))


def test_a_person_has_one_new_name_in_text_and_record() -> None:
    renaming = Renaming(random.Random(4), POOL, ["summer"], ["Tonge"])
    record = renaming.record(RECORD, places=True)
    new = renaming.segments(SEGMENTS, people=True, places=True)
    forename = record["learners"][0]["legal_forename"]
    assert forename != "Jayden"
    assert new[0] == (forename, "PERSON")
    assert new[6] == (forename.upper(), "PERSON")
    assert record["school"]["name"].split()[0] == new[4][0]


def test_unlabelled_text_is_never_renamed() -> None:
    renaming = Renaming(random.Random(4), POOL, ["summer"], ["Tonge"])
    renaming.record(RECORD, places=True)
    new = renaming.segments(SEGMENTS, people=True, places=True)
    assert [text for text, label in new if label == "O"] == [text for text, label in SEGMENTS if label == "O"]


@pytest.mark.parametrize("change", [lower, upper, slip, scan, unpunctuate, unwrap, spoil])
def test_damage_keeps_the_labels(change: object) -> None:
    assert callable(change)
    for seed in range(20):
        new = change(SEGMENTS, random.Random(seed))
        assert [label for _, label in new] == [label for _, label in SEGMENTS]


def test_short_forms_keep_the_labels() -> None:
    for seed in range(50):
        new = abbreviate(SEGMENTS, random.Random(seed), ["biscuit"])
        assert [label for _, label in new] == [label for _, label in SEGMENTS]
        assert all(text for text, _ in new)


@pytest.mark.parametrize("make", [place, school, birth_date])
def test_rewritten_stretches_are_never_empty(make: object) -> None:
    assert callable(make)
    rng = random.Random(7)
    assert all(make(rng, POOL, ["Tonge"]).strip() for _ in range(2000))


def test_a_reference_keeps_its_pattern() -> None:
    made = {reference("CAD 1187/24", random.Random(seed)) for seed in range(40)}
    assert len(made) > 30
    assert all(any(char.isdigit() for char in one) for one in made)
