"""A word's embedding rows: everything the network knows about a surface form by itself.

Rows depend on the surface form and the word lists alone, so a word's vector is computed once and kept.
"""

from __future__ import annotations

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

_SHAPES: Final = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", "a" * 26 + "A" * 26 + "0" * 10
)


def bucket(piece: str, size: int) -> int:
    """A hash that is the same on every machine and in every run (Python's own is salted)."""
    return crc32(piece.encode("utf-8", "surrogatepass")) % size


def shape(surface: str) -> str:
    """'Jayden' → 'Aaa', '07700' → '00000': runs of letters cut at two, digits counted up to twelve."""
    mapped = surface[:40].translate(_SHAPES)
    out: list[str] = []
    for char in mapped:
        limit = 12 if char == "0" else 2
        if len(out) < limit or any(previous != char for previous in out[-limit:]):
            out.append(char)
    return "".join(out)


def word_rows(surface: str, lists: WordLists) -> list[int]:
    """At most `ROWS_PER_WORD` distinct meanings; the first is always the word itself (or `UNKNOWN`)."""
    folded = fold(surface)
    rows = [_SHAPE + bucket(shape(surface), SHAPE_BUCKETS), _LENGTH + min(len(surface), 15)]
    if surface[0].isdigit():
        rows.append(_AFFIX + bucket("^" + surface[:2], AFFIX_BUCKETS))
        return [lists.vocabulary.get("0" * len(surface), UNKNOWN), *rows]
    if not surface[0].isalpha():
        return [lists.vocabulary.get(surface[0], UNKNOWN), *rows]
    rows.append(_STATUS + lists.status(folded))
    for size in (1, 2, 3):
        rows.append(_AFFIX + bucket("^" + folded[:size], AFFIX_BUCKETS))
    for size in (2, 3, 4):
        rows.append(_AFFIX + bucket(folded[-size:] + "$", AFFIX_BUCKETS))
    framed = f"^{folded}$"
    for at in range(min(len(framed) - 2, _MAX_TRIGRAMS)):
        rows.append(_TRIGRAM + bucket(framed[at : at + 3], TRIGRAM_BUCKETS))
    return [lists.vocabulary.get(folded, UNKNOWN), *rows]
