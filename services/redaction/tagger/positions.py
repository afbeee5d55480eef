"""Bits that follow from where a token stands: gaps, lines, sentences, chunks. Whole-array operations only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.redaction.tagger.bits import Bit
from services.redaction.tagger.tokens import Kind, Tokens

Truth = NDArray[np.bool_]

Bits = Truth
"""(64, n): a row a bit; the layout in which a row is written at once and the network multiplies."""

Flags = NDArray[np.int32]

SHORT_LINE: Final = 4
"""Tokens in a line that can be a signature, a form field or a heading."""

SHORT_TEXT: Final = 60
"""Tokens in a note too short to tell from itself who is who."""

_LOWER_SHARE: Final = 0.985
_UPPER_SHARE: Final = 0.9
"""Shares of words from which a text counts as typed without, or with nothing but, capitals."""

_LETTERS: Final = int(Kind.LETTERS)
_INNER_DOT: Final = 1 << 29
_KNOWN: Final = 1 << 30
"""What `put_chunks` adds to a token's flags: it is a dot within a run, the record knows it. `Kind` ends below."""

_OF_RUN: Final = np.array(
    [
        Kind.AT | Kind.UNDERSCORE | Kind.SLASH | Kind.DIGITS | _INNER_DOT,
        Kind.AT,
        Kind.UNDERSCORE,
        Kind.DIGITS,
        Kind.SLASH,
        _INNER_DOT,
        _KNOWN,
    ],
    dtype=np.int32,
)[:, None]
"""By bit from `CHUNK_CODE` on: any of what sets it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """(n,) each: which tokens have a flag of `Kind`."""

    letters: Truth
    newline: Truth
    lower: Truth
    upper: Truth
    capitalised: Truth
    sentence_end: Truth
    colon: Truth
    quote: Truth
    dot: Truth
    title: Truth
    kin: Truth
    speech: Truth
    apostrophe: Truth


_ASKED: Final = np.array(
    [
        *(Kind.LETTERS, Kind.NEWLINE, Kind.LOWER, Kind.UPPER, Kind.CAPITALISED, Kind.SENTENCE_END, Kind.COLON),
        *(Kind.QUOTE, Kind.DOT, Kind.TITLE, Kind.KIN, Kind.SPEECH, Kind.APOSTROPHE),
    ],
    dtype=np.int32,
)[:, None]
"""The flags of `Seen` in its order."""


def seen(flags: Flags) -> Seen:
    """The flags of all tokens, taken apart at once."""
    return Seen(*((flags & _ASKED) != 0))


@dataclass(frozen=True, slots=True)
class Gaps:
    """Per token: is it joined to the one before, after; is there a gap of two or more before it."""

    joined_before: Truth
    joined_after: Truth
    wide: Truth


@dataclass(frozen=True, slots=True)
class Places:
    """Per token: does it begin a sentence; is it the only word of its line."""

    sentence_start: Truth
    alone: Truth


def gaps(tokens: Tokens, held: Seen) -> Gaps:
    """Line breaks join nothing."""
    count = len(tokens)
    plain = ~held.newline
    space = tokens.starts[1:] - tokens.ends[:-1]
    joined = np.zeros(count + 1, dtype=np.bool_)
    joined[1:-1] = (space == 0) & plain[1:] & plain[:-1]
    wide = np.zeros(count, dtype=np.bool_)
    wide[1:] = space > 1
    return Gaps(joined[:-1], joined[1:], wide)


def put_positions(out: Bits, held: Seen, between: Gaps) -> Places:
    """Sets gaps, sentences, quotes, lines and what holds for the whole text."""
    out[Bit.JOINED_BEFORE] = between.joined_before
    out[Bit.JOINED_AFTER] = between.joined_after
    out[Bit.WIDE_GAP] = between.wide
    line_start = np.ones(len(held.letters), dtype=np.bool_)
    line_start[1:] = held.newline[:-1]
    sentence_start = line_start.copy()
    sentence_start[1:] |= (held.sentence_end[:-1] & ~between.joined_before[1:]) | held.quote[:-1]
    out[Bit.SENTENCE_START] = sentence_start
    out[Bit.IN_QUOTES] = np.cumsum(held.quote) & 1
    _put_text(out, held)
    return Places(sentence_start, _put_lines(out, held, line_start))


def _put_lines(out: Bits, held: Seen, line_start: Truth) -> Truth:
    """Sets what holds for whole lines; returns which tokens are the only word of their line."""
    letters = held.letters
    starts = np.flatnonzero(line_start)
    line = np.cumsum(line_start) - 1
    counted = np.empty((4, len(line)), dtype=np.int32)
    counted[0] = letters
    counted[1] = letters & held.upper
    counted[2] = letters & ~held.lower
    counted[3] = ~held.newline
    words, upper, capital, length = np.add.reduceat(counted, starts, axis=1)
    out[Bit.LINE_START] = line_start
    out[Bit.LINE_END, :-1] = held.newline[1:]
    out[Bit.LINE_END, -1] = True
    out[Bit.FIRST_LINE, : starts[1] if len(starts) > 1 else len(line)] = True
    out[Bit.LAST_LINE, starts[-1] :] = True
    out[Bit.SHORT_LINE] = (length <= SHORT_LINE)[line]
    out[Bit.LINE_UPPER] = ((words > 2) & (upper == words))[line]
    out[Bit.LINE_LOWER] = ((words > 2) & (capital == 0))[line]
    if held.colon.any():
        before: NDArray[np.int64] = np.cumsum(held.colon) - held.colon
        out[Bit.AFTER_COLON] = before > before[starts][line]
    alone: Truth = letters & ((words == 1) & (length <= 2))[line]
    return alone


def _put_text(out: Bits, held: Seen) -> None:
    words = int(np.count_nonzero(held.letters))
    if words:
        if int(np.count_nonzero(held.lower)) >= _LOWER_SHARE * words:
            out[Bit.TEXT_LOWER] = True
        if int(np.count_nonzero(held.upper)) >= _UPPER_SHARE * words:
            out[Bit.TEXT_UPPER] = True
    if len(held.letters) < SHORT_TEXT:
        out[Bit.SHORT_TEXT] = True


def put_chunks(out: Bits, flags: Flags, known: Truth, held: Seen, between: Gaps) -> list[tuple[int, int]]:
    """Sets the bits of runs without a blank; returns the runs (first token, last token) that are no plain word.

    `known` says which tokens the record knows.
    """
    begins = ~between.joined_before
    starts = np.flatnonzero(begins)
    own = flags | np.where(held.dot & between.joined_after, _INNER_DOT, 0) | np.where(known, _KNOWN, 0)
    union = np.bitwise_or.reduceat(own, starts)
    ends = np.empty_like(starts)
    ends[:-1] = starts[1:] - 1
    ends[-1] = len(flags) - 1
    of_run = (union & _OF_RUN) != 0
    of_run[Bit.CHUNK_LETTERS_AND_DIGITS - Bit.CHUNK_CODE] &= (union & _LETTERS) != 0
    of_run[Bit.CHUNK_RECORD - Bit.CHUNK_CODE] &= ends > starts
    out[Bit.CHUNK_CODE : Bit.CHUNK_RECORD + 1] = of_run[:, np.cumsum(begins) - 1]
    odd = np.flatnonzero(of_run[0])
    return list(zip(starts[odd].tolist(), ends[odd].tolist(), strict=True))
