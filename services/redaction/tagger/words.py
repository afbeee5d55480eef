"""A word's embedding rows: everything the network knows about a surface form by itself.

Rows depend on the surface form and the word lists alone, so a word's vector is computed once and kept.
"""

from __future__ import annotations

import re
from typing import Final
from zlib import crc32

from services.redaction.tagger.lexicon import WordLists
from services.redaction.tagger.tokens import fold

ROWS_PER_WORD: Final = 20
"""Rows summed for a word; shorter lists are filled with row 0, which is all zeros and stays so."""

AFFIX_BUCKETS: Final = 3072
TRIGRAM_BUCKETS: Final = 6144
SHAPE_BUCKETS: Final = 512
"""Sizes of the hashed regions: large enough that a bucket is rarely shared by two frequent pieces, and 1 MB as int8."""

PAD: Final = 0
UNKNOWN: Final = 1
_STATUS: Final = 2
_LENGTH: Final = _STATUS + 16
_SHAPE: Final = _LENGTH + 16
_AFFIX: Final = _SHAPE + SHAPE_BUCKETS
_TRIGRAM: Final = _AFFIX + AFFIX_BUCKETS
VOCABULARY_START: Final = _TRIGRAM + TRIGRAM_BUCKETS
_MAX_TRIGRAMS: Final = 10

_LONG_RUN: Final = re.compile(r"([^0])\1{2,}|0{13,}", re.DOTALL)

_SHAPES: Final = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", "a" * 26 + "A" * 26 + "0" * 10
)


def bucket(piece: str, size: int) -> int:
    """A hash that is the same on every machine and in every run (Python's own is salted)."""
    return crc32(piece.encode("utf-8", "surrogatepass")) % size


def shape(surface: str) -> str:
    """'Jayden' → 'Aaa', '07700' → '00000': runs of letters and signs cut at two, digits counted up to twelve."""
    return _LONG_RUN.sub(_cut, surface[:40].translate(_SHAPES))


def _plain_shape(surface: str) -> str:
    """The same for the letter runs that most words are."""
    if surface.isalpha() and surface.isascii():
        if surface.islower():
            return "aa"[: len(surface)]
        if surface.isupper():
            return "AA"[: len(surface)]
        if surface[1:].islower():
            return "A" + "aa"[: len(surface) - 1]
    return shape(surface)


def _cut(run: re.Match[str]) -> str:
    return "0" * 12 if run.group()[0] == "0" else run.group()[:2]


def word_rows(surface: str, lists: WordLists) -> list[int]:
    """At most `ROWS_PER_WORD` distinct meanings; the first is always the word itself (or `UNKNOWN`)."""
    length = _LENGTH + min(len(surface), 15)
    if not surface[0].isalpha():
        rows = [_SHAPE + bucket(shape(surface), SHAPE_BUCKETS), length]
        if surface[0].isdigit():
            first = _AFFIX + bucket("^" + surface[:2], AFFIX_BUCKETS)
            return [lists.vocabulary.get("0" * len(surface), UNKNOWN), *rows, first]
        return [lists.vocabulary.get(surface[0], UNKNOWN), *rows]
    folded = fold(surface)
    head, tail = "^" + folded, folded + "$"
    affixes = (head[:2], head[:3], head[:4], tail[-3:], tail[-4:], tail[-5:])
    return [
        lists.vocabulary.get(folded, UNKNOWN),
        _SHAPE + bucket(_plain_shape(surface), SHAPE_BUCKETS),
        length,
        _STATUS + lists.status(folded),
        *[_AFFIX + bucket(piece, AFFIX_BUCKETS) for piece in affixes],
        *_trigrams(folded),
    ]


def _trigrams(folded: str) -> list[int]:
    """The rows of each three letters in a row, the word's edges among them."""
    framed = f"^{folded}$"
    count = min(len(folded), _MAX_TRIGRAMS)
    if not framed.isascii():
        return [_TRIGRAM + bucket(framed[at : at + 3], TRIGRAM_BUCKETS) for at in range(count)]
    code = framed.encode("ascii")
    return [_TRIGRAM + crc32(code[at : at + 3]) % TRIGRAM_BUCKETS for at in range(count)]
