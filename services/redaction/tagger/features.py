"""Turns a text and its record into what the network reads. The only feature code: training imports it too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contracts.record import Record
from services.redaction.tagger.bits import Bit
from services.redaction.tagger.lexicon import WordLists
from services.redaction.tagger.linking import FUZZY_MIN, RecordWords, link
from services.redaction.tagger.positions import chunk_bits, gaps, position_bits
from services.redaction.tagger.tokens import Kind, Tokens, fold, kind, tokenise
from services.redaction.tagger.words import bucket, shape

CHUNK_BUCKETS: Final = 2048
"""Hash buckets for the shapes of codes ('A000000000000', 'aa_00'); row 0 means a plain word."""

_FUZZY_MAX: Final = 96
"""Distinct unknown words compared with the record's names by edit distance, per document."""

_OFTEN: Final = 4


@dataclass(frozen=True, slots=True)
class Features:
    """One document as arrays over its tokens (n) and its distinct surface forms (m)."""

    tokens: Tokens
    forms: list[str]
    """The m distinct surface forms in order of appearance."""
    form_of: NDArray[np.int32]
    """(n,) index into `forms`."""
    bits: NDArray[np.uint64]
    """(n,) masks of `Bit`."""
    chunks: NDArray[np.int32]
    """(n,) hashed shape of the code that the token is part of, 0 for none."""
    word_of: NDArray[np.int32]
    """(n,) the same number for the same word in whatever case, counted from 0."""


@dataclass(slots=True)
class FormCache:
    """Flags and folded form per surface form of words from shipped lists; other words are never kept."""

    lists: WordLists
    known: dict[str, tuple[str, int, bool]]

    def __getitem__(self, surface: str) -> tuple[str, int, bool]:
        """(folded, `Kind` flags, is an ordinary word)."""
        found = self.known.get(surface)
        if found is not None:
            return found
        folded = fold(surface) or surface
        ordinary = folded in self.lists.ordinary
        entry = (folded, kind(surface, folded), ordinary)
        if self.lists.is_listed(folded):
            self.known[surface] = entry
        return entry


def extract(text: str, record: Record, forms: FormCache) -> Features | None:
    """The features of a narrative; None where it holds nothing but blanks."""
    tokens = tokenise(text)
    if not len(tokens):
        return None
    index = {surface: at for at, surface in enumerate(dict.fromkeys(tokens.surfaces))}
    form_of = np.array([index[surface] for surface in tokens.surfaces], dtype=np.int32)
    entries = [forms[surface] for surface in index]
    form_flags = np.array([entry[1] for entry in entries], dtype=np.int32)
    flags = form_flags[form_of]
    between = gaps(tokens, flags)
    bits, sentence_start, alone = position_bits(flags, between)
    words = link(record)
    of_form = _record_bits(entries, words)
    by_word = _Repeats(entries, form_of, flags)
    of_form |= by_word.form_bits(sentence_start, alone)
    bits |= of_form[form_of]
    if words.is_empty:
        bits |= np.uint64(1 << Bit.RECORD_EMPTY)
    chunk_mask, runs = chunk_bits(flags, bits, between)
    bits |= chunk_mask
    return Features(tokens, list(index), form_of, bits, _chunk_rows(text, tokens, runs), by_word.word_of)


def _record_bits(entries: list[tuple[str, int, bool]], words: RecordWords) -> NDArray[np.uint64]:
    """(m,) what the record says about each form."""
    out = [0] * len(entries)
    fuzzy: list[int] = []
    letters = int(Kind.LETTERS)
    for at, (folded, flags, ordinary) in enumerate(entries):
        found = words.exact.get(folded, 0)
        if flags & letters:
            if len(folded) <= 3:
                found |= words.initial_bits(folded)
            if not found and len(folded) >= 3 and not (ordinary and flags & Kind.LOWER):
                found = words.part_bits(folded)
                if len(folded) >= FUZZY_MIN:
                    fuzzy.append(at)
        out[at] = found
    fuzzy = fuzzy[:_FUZZY_MAX]
    for at, near in zip(fuzzy, words.near([entries[at][0] for at in fuzzy]), strict=True):
        if near:
            out[at] |= 1 << Bit.NEAR_NAME
    return np.array(out, dtype=np.uint64)


class _Repeats:
    """What the other occurrences of a word in the same document show, whatever their case."""

    def __init__(
        self, entries: list[tuple[str, int, bool]], form_of: NDArray[np.int32], flags: NDArray[np.int32]
    ) -> None:
        index: dict[str, int] = {}
        self.word_of_form = np.array([index.setdefault(entry[0], len(index)) for entry in entries], dtype=np.int32)
        self.word_of = self.word_of_form[form_of]
        self.flags = flags
        self.size = len(index)

    def _any(self, where: NDArray[np.bool_], bit: Bit) -> NDArray[np.uint64]:
        out = np.zeros(self.size, dtype=np.uint64)
        out[self.word_of[where]] = 1 << bit
        return out

    def _is(self, wanted: Kind) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = (self.flags & np.int32(int(wanted))) != 0
        return found

    def form_bits(self, sentence_start: NDArray[np.bool_], alone: NDArray[np.bool_]) -> NDArray[np.uint64]:
        """(m,) masks."""
        letters = self._is(Kind.LETTERS)
        inside = letters & ~sentence_start
        out = self._any(inside & self._is(Kind.CAPITALISED), Bit.CAPITAL_ELSEWHERE)
        out |= self._any(letters & self._is(Kind.LOWER), Bit.LOWER_ELSEWHERE)
        out |= self._any(alone, Bit.ALONE_ON_LINE)
        after = np.zeros(len(letters), dtype=np.bool_)
        after[1:] = self._is(Kind.TITLE)[:-1]
        out |= self._any(after & letters, Bit.TITLED)
        after[1:] = self._is(Kind.KIN)[:-1]
        out |= self._any(after & letters, Bit.AFTER_KIN)
        before = np.zeros(len(letters), dtype=np.bool_)
        before[:-1] = self._is(Kind.COLON)[1:]
        out |= self._any(before & letters, Bit.SPEAKER)
        before[:-1] = self._is(Kind.APOSTROPHE)[1:]
        out |= self._any(before & letters, Bit.POSSESSIVE)
        before[:-1] = self._is(Kind.SPEECH)[1:]
        out |= self._any(before & letters, Bit.SPEAKS)
        counts = np.bincount(self.word_of, minlength=self.size)
        out |= (counts >= 2).astype(np.uint64) << np.uint64(Bit.TWICE)
        out |= (counts >= _OFTEN).astype(np.uint64) << np.uint64(Bit.OFTEN)
        return out[self.word_of_form]


def _chunk_rows(text: str, tokens: Tokens, runs: list[tuple[int, int]]) -> NDArray[np.int32]:
    out = np.zeros(len(tokens), dtype=np.int32)
    starts, ends = tokens.starts, tokens.ends
    for first, last in runs:
        code = shape(text[int(starts[first]) : int(ends[last])])
        out[first : last + 1] = 1 + bucket(code, CHUNK_BUCKETS - 1)
    return out
