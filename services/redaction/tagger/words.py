"""A word's embedding rows: everything the network knows about a surface form by itself.

Rows depend on the surface form and the word lists alone, so a word's vector is computed once and kept.
"""

from __future__ import annotations

import re
from functools import lru_cache
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


@lru_cache(maxsize=1 << 12)
def _shape(code: str) -> int:
    return _SHAPE + bucket(code, SHAPE_BUCKETS)


@lru_cache(maxsize=1 << 15)
def _affix(piece: str) -> int:
    return _AFFIX + bucket(piece, AFFIX_BUCKETS)


@lru_cache(maxsize=1 << 15)
def _trigram(piece: str) -> int:
    return _TRIGRAM + bucket(piece, TRIGRAM_BUCKETS)


def word_rows(surface: str, lists: WordLists) -> list[int]:
    """At most `ROWS_PER_WORD` distinct meanings; the first is always the word itself (or `UNKNOWN`)."""
    length = _LENGTH + min(len(surface), 15)
    if not surface[0].isalpha():
        rows = [_shape(shape(surface)), length]
        if surface[0].isdigit():
            return [lists.vocabulary.get("0" * len(surface), UNKNOWN), *rows, _affix("^" + surface[:2])]
        return [lists.vocabulary.get(surface[0], UNKNOWN), *rows]
    folded = fold(surface)
    head, framed = "^" + folded, f"^{folded}$"
    return [
        lists.vocabulary.get(folded, UNKNOWN),
        _shape(_plain_shape(surface)),
        length,
        _STATUS + lists.status(folded),
        _affix(head[:2]),
        _affix(head[:3]),
        _affix(head[:4]),
        _affix(folded[-2:] + "$"),
        _affix(folded[-3:] + "$"),
        _affix(folded[-4:] + "$"),
        *[_trigram(framed[at : at + 3]) for at in range(min(len(folded), _MAX_TRIGRAMS))],
    ]
