"""Turns a text and its record into what the network reads. The only feature code: training imports it too."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contracts.record import Record
from services.redaction.tagger.bits import BITS, RECORD_BITS, Bit
from services.redaction.tagger.lexicon import WordLists
from services.redaction.tagger.linking import FUZZY_MIN, RecordWords, link
from services.redaction.tagger.positions import Bits, Places, Seen, gaps, put_chunks, put_positions, seen
from services.redaction.tagger.tokens import Kind, Tokens, fold, kind, tokenise
from services.redaction.tagger.words import bucket, shape

CHUNK_BUCKETS: Final = 2048
"""Hash buckets for the shapes of codes ('A000000000000', 'aa_00'); row 0 means a plain word."""

_FUZZY_MAX: Final = 96
"""Distinct unknown words compared with the record's names by edit distance, per document."""

_OFTEN: Final = 4
"""Occurrences from which a word counts as frequent in its document."""

REMEMBERED: Final = 60_000
"""Surface forms kept, with 400 bytes each; listed words have endless mixtures of capitals."""

_RECORD_MASKS: Final = (np.int32(1) << np.arange(RECORD_BITS.bit_length(), dtype=np.int32))[:, None]
_LETTERS: Final = int(Kind.LETTERS)
_LOWER: Final = int(Kind.LOWER)
_KIN: Final = int(Kind.KIN)
_ORDINARY: Final = int(Kind.ORDINARY)
_NAMEABLE: Final = int(Kind.NAMEABLE)

_INITIALS: Final = 4
"""Letters up to which a word can be somebody's initials."""

_NAME: Final = 3
"""Letters from which a word can be part of a name."""

Numbers = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Features:
    """One document as arrays over its tokens (n) and its distinct surface forms (m)."""

    tokens: Tokens
    forms: list[str]
    """The m distinct surface forms in order of appearance."""
    form_of: Numbers
    """(n,) index into `forms`."""
    bits: Bits
    """(64, n) a row for each `Bit`."""
    chunks: Numbers
    """(n,) hashed shape of the code that the token is part of, 0 for none."""
    places: Numbers
    """(m,) where the cache of forms keeps each form, -1 for those that it does not keep."""


class FormCache:
    """Flags and folded form per surface form of words from shipped lists; other words are never kept.

    A form that is kept has a place from 0 on, for whoever keeps something beside it.
    """

    def __init__(self, lists: WordLists) -> None:
        self._lists = lists
        self.place_of: dict[str, int] = {}
        self._folded: list[str] = []
        self._flags = np.zeros(1024, dtype=np.int32)

    def look_up(self, forms: Iterable[str]) -> tuple[Numbers, list[str], Numbers]:
        """(m,) places, the folded forms, (m,) `Kind` flags."""
        place_of, folded_of = self.place_of.get, self._folded
        kept = [place_of(form, -1) for form in forms]
        places = np.array(kept, dtype=np.int32)
        flags = self._flags[places]
        folded = [folded_of[place] if place >= 0 else "" for place in kept]
        if -1 in kept:
            for at, form in enumerate(forms):
                if kept[at] < 0:
                    folded[at], flags[at], places[at] = self._met(form)
        return places, folded, flags

    def _met(self, surface: str) -> tuple[str, int, int]:
        folded = fold(surface) or surface
        flags = kind(surface, folded) | (_KIN if folded in self._lists.kin else 0)
        if folded in self._lists.ordinary:
            flags |= _ORDINARY
        if flags & _LETTERS and len(folded) >= _NAME and not (flags & _ORDINARY and flags & _LOWER):
            flags |= _NAMEABLE
        place = len(self._folded)
        if place >= REMEMBERED or not self._lists.is_listed(folded):
            return folded, flags, -1
        if place == len(self._flags):
            self._flags = np.concatenate((self._flags, np.zeros_like(self._flags)))
        self._folded.append(folded)
        self._flags[place] = flags
        self.place_of[surface] = place
        return folded, flags, place


def extract(text: str, record: Record, forms: FormCache) -> Features | None:
    """The features of a narrative; None where it holds nothing but blanks."""
    tokens = tokenise(text)
    if not len(tokens):
        return None
    index, form_of = _numbered(tokens.surfaces)
    kept, folded, form_flags = forms.look_up(index)
    words, word_of_form = _numbered(folded)
    flags = form_flags[form_of]
    held = seen(flags)
    between = gaps(tokens, held)
    known = link(record)
    masks = _record_masks(folded, form_flags, words, word_of_form, known)[form_of]
    bits = np.zeros((BITS, len(tokens)), dtype=np.bool_)
    bits[: len(_RECORD_MASKS)] = masks & _RECORD_MASKS
    places = put_positions(bits, held, between)
    _put_repeats(bits, len(words), word_of_form[form_of], held, places)
    bits[Bit.KIN_WORD] = held.kin
    bits[Bit.TITLE_WORD] = held.title
    runs = put_chunks(bits, flags, masks != 0, held, between)
    if known.is_empty:
        bits[Bit.RECORD_EMPTY] = True
    return Features(tokens, list(index), form_of, bits, _chunk_rows(text, tokens, runs), kept)


def _numbered(items: list[str]) -> tuple[dict[str, int], Numbers]:
    """The distinct items with their numbers in order of appearance, and the number of each item."""
    index: defaultdict[str, int] = defaultdict()
    index.default_factory = index.__len__
    numbers = np.fromiter(map(index.__getitem__, items), dtype=np.int32, count=len(items))
    return index, numbers


def _record_masks(
    folded: list[str], flags: Numbers, words: dict[str, int], word_of: Numbers, known: RecordWords
) -> Numbers:
    """(m,) what the record says about each form, a bit each. `words` are the folded forms, `word_of` their numbers."""
    letters = (flags & _LETTERS) != 0
    out = _looked_up(known.exact, words)[word_of]
    initials = {word: bits for word, bits in known.initials.items() if len(word) <= _INITIALS}
    out |= np.where(letters, _looked_up(initials, words)[word_of], 0)
    fuzzy: list[int] = []
    asked = np.flatnonzero(((flags & _NAMEABLE) != 0) & (out == 0))
    for at, ordinary in zip(asked.tolist(), (flags[asked] & _ORDINARY).tolist(), strict=True):
        found = known.part_bits(folded[at], whole=not ordinary)
        if found:
            out[at] = found
        if not ordinary and len(folded[at]) >= FUZZY_MIN:
            fuzzy.append(at)
    fuzzy = fuzzy[:_FUZZY_MAX]
    for place in known.near([folded[at] for at in fuzzy]):
        out[fuzzy[place]] |= 1 << Bit.NEAR_NAME
    return out


def _looked_up(table: dict[str, int], words: dict[str, int]) -> Numbers:
    """(words,) what a table of the record holds for each word; the record is the shorter of the two."""
    out = np.zeros(len(words), dtype=np.int32)
    number = words.get
    for word, bits in table.items():
        at = number(word)
        if at is not None:
            out[at] = bits
    return out


def _put_repeats(out: Bits, count: int, word_of: Numbers, held: Seen, places: Places) -> None:
    """Sets what the other occurrences of a word in the same document show, whatever their case."""
    letters = held.letters
    shown = np.zeros((8, len(word_of)), dtype=np.bool_)
    shown[0] = held.capitalised & ~places.sentence_start
    shown[1] = held.lower
    shown[2, 1:] = held.title[:-1]
    shown[3, 1:] = held.kin[:-1]
    shown[4, :-1] = held.colon[1:]
    shown[5] = places.alone
    shown[6, :-1] = held.apostrophe[1:]
    shown[7, :-1] = held.speech[1:]
    shown[2:] &= letters
    of_word = np.zeros(count, dtype=np.uint8)
    np.bitwise_or.at(of_word, word_of, np.packbits(shown, axis=0, bitorder="little")[0])
    again = np.unpackbits(of_word[word_of][None], axis=0, bitorder="little")
    out[Bit.CAPITAL_ELSEWHERE : Bit.LOWER_ELSEWHERE + 1] = again[:2]
    counts = np.bincount(word_of)[word_of]
    out[Bit.TWICE] = counts >= 2
    out[Bit.OFTEN] = counts >= _OFTEN
    out[Bit.TITLED : Bit.SPEAKS + 1] = again[2:]


def _chunk_rows(text: str, tokens: Tokens, runs: list[tuple[int, int]]) -> Numbers:
    out = np.zeros(len(tokens), dtype=np.int32)
    starts, ends = tokens.starts, tokens.ends
    for first, last in runs:
        code = shape(text[starts[first] : ends[last]])
        out[first : last + 1] = 1 + bucket(code, CHUNK_BUCKETS - 1)
    return out
