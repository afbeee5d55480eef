"""Turns a text and its record into what the network reads. The only feature code: training imports it too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contracts.record import Record
from services.redaction.tagger.bits import BITS, RECORD_BITS, Bit
from services.redaction.tagger.lexicon import WordLists
from services.redaction.tagger.linking import FUZZY_MIN, RecordWords, link
from services.redaction.tagger.positions import Bits, Flags, Places, Truth, gaps, has, put_chunks, put_positions
from services.redaction.tagger.tokens import Kind, Tokens, fold, kind, tokenise
from services.redaction.tagger.words import bucket, shape

CHUNK_BUCKETS: Final = 2048
"""Hash buckets for the shapes of codes ('A000000000000', 'aa_00'); row 0 means a plain word."""

_FUZZY_MAX: Final = 96
"""Distinct unknown words compared with the record's names by edit distance, per document."""

_OFTEN: Final = 4
"""Occurrences from which a word counts as frequent in its document."""

_RECORD_ROWS: Final = RECORD_BITS.bit_length()
_LETTERS: Final = int(Kind.LETTERS)
_LOWER: Final = int(Kind.LOWER)
_CAPITALISED: Final = int(Kind.CAPITALISED)
_KIN: Final = int(Kind.KIN)
_TITLE: Final = int(Kind.TITLE)
_SPEECH: Final = int(Kind.SPEECH)
_COLON: Final = int(Kind.COLON)
_APOSTROPHE: Final = int(Kind.APOSTROPHE)

Entry = tuple[str, int, bool]
"""(folded form, `Kind` flags, is an ordinary word)."""


@dataclass(frozen=True, slots=True)
class Features:
    """One document as arrays over its tokens (n) and its distinct surface forms (m)."""

    tokens: Tokens
    forms: list[str]
    """The m distinct surface forms in order of appearance."""
    form_of: NDArray[np.int32]
    """(n,) index into `forms`."""
    bits: Bits
    """(64, n) of 0 and 1, a row for each `Bit`."""
    chunks: NDArray[np.int32]
    """(n,) hashed shape of the code that the token is part of, 0 for none."""


@dataclass(slots=True)
class FormCache:
    """Flags and folded form per surface form of words from shipped lists; other words are never kept."""

    lists: WordLists
    known: dict[str, Entry]

    def __getitem__(self, surface: str) -> Entry:
        found = self.known.get(surface)
        if found is not None:
            return found
        folded = fold(surface) or surface
        flags = kind(surface, folded) | (_KIN if folded in self.lists.kin else 0)
        entry = (folded, flags, folded in self.lists.ordinary)
        if self.lists.is_listed(folded):
            self.known[surface] = entry
        return entry


def extract(text: str, record: Record, forms: FormCache) -> Features | None:
    """The features of a narrative; None where it holds nothing but blanks."""
    tokens = tokenise(text)
    if not len(tokens):
        return None
    index = {surface: at for at, surface in enumerate(dict.fromkeys(tokens.surfaces))}
    form_of = np.fromiter(map(index.__getitem__, tokens.surfaces), dtype=np.int32, count=len(tokens))
    entries = [forms[surface] for surface in index]
    flags = np.array([entry[1] for entry in entries], dtype=np.int32)[form_of]
    between = gaps(tokens, flags)
    words = link(record)
    bits = np.zeros((BITS, len(tokens)), dtype=np.float32)
    bits[:_RECORD_ROWS] = _record_rows(_record_masks(entries, words), form_of)
    places = put_positions(bits, flags, between)
    _put_repeats(bits, entries, form_of, flags, places)
    bits[Bit.KIN_WORD] = has(flags, _KIN)
    bits[Bit.TITLE_WORD] = has(flags, _TITLE)
    runs = put_chunks(bits, flags, between)
    if words.is_empty:
        bits[Bit.RECORD_EMPTY] = 1.0
    return Features(tokens, list(index), form_of, bits, _chunk_rows(text, tokens, runs))


def _record_rows(masks: list[int], form_of: NDArray[np.int32]) -> NDArray[np.uint8]:
    """(record bits, n) what the record says about each token."""
    of_token = np.array(masks, dtype="<u4")[form_of]
    return np.unpackbits(of_token.view(np.uint8).reshape(-1, 4), axis=1, bitorder="little", count=_RECORD_ROWS).T


def _record_masks(entries: list[Entry], words: RecordWords) -> list[int]:
    out = [words.exact.get(folded, 0) for folded, _, _ in entries]
    fuzzy: list[int] = []
    for at, (folded, flags, ordinary) in enumerate(entries):
        if not flags & _LETTERS:
            continue
        if len(folded) <= 4:
            out[at] |= words.initials.get(folded, 0)
        if len(folded) < 3 or out[at] or (ordinary and flags & _LOWER):
            continue
        out[at] = words.part_bits(folded, whole=not ordinary)
        if len(folded) >= FUZZY_MIN and not ordinary:
            fuzzy.append(at)
    fuzzy = fuzzy[:_FUZZY_MAX]
    for place in words.near([entries[at][0] for at in fuzzy]):
        out[fuzzy[place]] |= 1 << Bit.NEAR_NAME
    return out


def _put_repeats(out: Bits, entries: list[Entry], form_of: NDArray[np.int32], flags: Flags, places: Places) -> None:
    """Sets what the other occurrences of a word in the same document show, whatever their case."""
    index: dict[str, int] = {}
    word_of_form = np.array([index.setdefault(entry[0], len(index)) for entry in entries], dtype=np.int32)
    word_of = word_of_form[form_of]
    letters = has(flags, _LETTERS)
    seen = np.zeros((10, len(index)), dtype=np.float32)

    def note(row: int, where: Truth) -> None:
        seen[row, word_of[where]] = 1.0

    note(0, ~places.sentence_start & has(flags, _CAPITALISED))
    note(1, has(flags, _LOWER))
    counts = np.bincount(word_of, minlength=len(index))
    seen[2] = counts >= 2
    seen[3] = counts >= _OFTEN
    note(4, _after(has(flags, _TITLE)) & letters)
    note(5, _after(has(flags, _KIN)) & letters)
    note(6, _before(has(flags, _COLON)) & letters)
    note(7, places.alone)
    note(8, _before(has(flags, _APOSTROPHE)) & letters)
    note(9, _before(has(flags, _SPEECH)) & letters)
    out[Bit.CAPITAL_ELSEWHERE : Bit.SPEAKS + 1] = seen[:, word_of]


def _after(where: Truth) -> Truth:
    """True for tokens that follow one of these."""
    out = np.zeros_like(where)
    out[1:] = where[:-1]
    return out


def _before(where: Truth) -> Truth:
    """True for tokens that stand before one of these."""
    out = np.zeros_like(where)
    out[:-1] = where[1:]
    return out


def _chunk_rows(text: str, tokens: Tokens, runs: list[tuple[int, int]]) -> NDArray[np.int32]:
    out = np.zeros(len(tokens), dtype=np.int32)
    starts, ends = tokens.starts, tokens.ends
    for first, last in runs:
        code = shape(text[starts[first] : ends[last]])
        out[first : last + 1] = 1 + bucket(code, CHUNK_BUCKETS - 1)
    return out
