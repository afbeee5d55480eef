"""Folding for matching keeps every offset."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.redaction.domain.normalise import normalise


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Wiśniewski", "Wisniewski"),
        ("Wis\u0301niewski", "Wisniewski"),
        ("Jay\u200bden", "Jayden"),
        ("Jay\u00adden", "Jayden"),
        ("Jаydеn", "Jayden"),
        ("Jayden’s", "Jayden's"),
        ("&#74;ayden &amp; co", "Jayden & co"),
        ("Jay-\n  den", "Jayden"),
        ("Łukasz Ørsted", "Lukasz Orsted"),
        ("ﬁona", "fiona"),
        ("Ｊａｙ", "Jay"),
    ],
)
def test_variants_of_a_name_read_alike(written: str, read: str) -> None:
    assert normalise(written).text == read


def test_offsets_lead_back_to_the_word_as_written() -> None:
    written = "xx Jay\u200bde\u0301n yy"
    read = normalise(written)
    at = read.text.index("Jayden")
    start, end = read.original(at, at + len("Jayden"))
    assert written[start:end] == "Jay\u200bde\u0301n"


@given(st.text(max_size=200))
def test_every_offset_lies_within_the_original(written: str) -> None:
    read = normalise(written)
    for at in range(len(read.text)):
        start, end = read.original(at, at + 1)
        assert 0 <= start <= end <= len(written)
