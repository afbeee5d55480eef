"""A name is taken whole: initials, particles, further names, and the noun that closes an establishment's name."""

from __future__ import annotations

import pytest

from services.redaction.domain.document import read
from services.redaction.domain.finding import Finding, Label
from services.redaction.domain.growing import grown
from services.redaction.domain.lexicon import Lexicon


@pytest.mark.parametrize(
    ("text", "found", "whole", "label"),
    [
        ("seen by J. Smith today", "Smith", "J. Smith", "PERSON"),
        ("an A Tranter worked", "Tranter", "A Tranter", "PERSON"),
        ("met Lucas A & Tariq", "Lucas", "Lucas A", "PERSON"),
        ("met Roisin Ní Bhriain there", "Roisin", "Roisin Ni Bhriain", "PERSON"),
        ("told Blessing Young about", "Blessing", "Blessing Young", "PERSON"),
        ("helped by the Swanley Afghan Association on", "Swanley", "Swanley Afghan Association", "PLACE"),
        ("he attends St Yared's Orthodox fellowship now", "St Yared", "St Yared's Orthodox fellowship", "SCHOOL"),
        ("told Medway Police about it", "Medway", "Medway", "PLACE"),
        ("met Lucas and Tariq", "Lucas", "Lucas", "PERSON"),
        ("saw Jayden. A boy ran", "Jayden", "Jayden", "PERSON"),
    ],
)
def test_a_find_grows_to_the_whole_name(lexicon: Lexicon, text: str, found: str, whole: str, label: Label) -> None:
    document = read(text, lexicon)
    start = document.text.index(found)
    answer = grown(document, Finding(start, start + len(found), label, "tagger", "test"))
    assert document.text[answer.start : answer.end] == whole
