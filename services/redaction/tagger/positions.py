"""Bits that follow from where a token stands: gaps, lines, sentences, chunks. Whole-array operations only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.redaction.tagger.bits import RECORD_BITS, Bit
from services.redaction.tagger.tokens import Kind, Tokens

Bits = NDArray[np.float32]
"""(64, n): a row a bit, 0 or 1; the layout in which a row is written at once and the network multiplies."""

Flags = NDArray[np.int32]
Truth = NDArray[np.bool_]

SHORT_LINE: Final = 4
"""Tokens in a line that can be a signature, a form field or a heading."""

SHORT_TEXT: Final = 60
"""Tokens in a note too short to tell from itself who is who."""

_LOWER_SHARE: Final = 0.985
_UPPER_SHARE: Final = 0.9
"""Shares of words from which a text counts as typed without, or with nothing but, capitals."""

_RECORD_ROWS: Final = RECORD_BITS.bit_length()
_NEWLINE: Final = int(Kind.NEWLINE)
_SENTENCE_END: Final = int(Kind.SENTENCE_END)
_QUOTE: Final = int(Kind.QUOTE)
_LETTERS: Final = int(Kind.LETTERS)
_LOWER: Final = int(Kind.LOWER)
_UPPER: Final = int(Kind.UPPER)
_COLON: Final = int(Kind.COLON)
_DOT: Final = int(Kind.DOT)
_DIGITS: Final = int(Kind.DIGITS)
_ODD: Final = int(Kind.AT | Kind.UNDERSCORE | Kind.SLASH)
_AT: Final = int(Kind.AT)
_UNDERSCORE: Final = int(Kind.UNDERSCORE)
_SLASH: Final = int(Kind.SLASH)


def has(flags: Flags, wanted: int) -> Truth:
    """Where any of the wanted flags is set."""
    found: Truth = (flags & wanted) != 0
    return found


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


def gaps(tokens: Tokens, flags: Flags) -> Gaps:
    """Line breaks join nothing."""
    count = len(tokens)
    breaks = has(flags, _NEWLINE)
    space = np.ones(count, dtype=np.int32)
    np.subtract(tokens.starts[1:], tokens.ends[:-1], out=space[1:])
    joined = space == 0
    joined[1:] &= ~breaks[:-1]
    joined &= ~breaks
    after = np.zeros(count, dtype=np.bool_)
    after[:-1] = joined[1:]
    return Gaps(joined, after, space > 1)


def put_positions(out: Bits, flags: Flags, between: Gaps) -> Places:
    """Sets gaps, sentences, quotes, lines and what holds for the whole text."""
    count = len(flags)
    out[Bit.JOINED_BEFORE] = between.joined_before
    out[Bit.JOINED_AFTER] = between.joined_after
    out[Bit.WIDE_GAP] = between.wide
    line_start = np.ones(count, dtype=np.bool_)
    breaks = has(flags, _NEWLINE)
    line_start[1:] = breaks[:-1]
    sentence_start = line_start.copy()
    sentence_start[1:] |= has(flags, _SENTENCE_END)[:-1] & ~between.joined_before[1:]
    quote = has(flags, _QUOTE)
    sentence_start[1:] |= quote[:-1]
    out[Bit.SENTENCE_START] = sentence_start
    out[Bit.IN_QUOTES] = np.cumsum(quote) & 1
    letters = has(flags, _LETTERS)
    _put_text(out, flags, letters)
    return Places(sentence_start, _put_lines(out, flags, letters, line_start, breaks))


def _put_lines(out: Bits, flags: Flags, letters: Truth, line_start: Truth, breaks: Truth) -> Truth:
    """Sets what holds for whole lines; returns which tokens are the only word of their line."""
    starts = np.flatnonzero(line_start)
    line = np.cumsum(line_start) - 1
    counted = np.empty((4, len(flags)), dtype=np.int32)
    counted[0] = letters
    counted[1] = letters & has(flags, _UPPER)
    counted[2] = letters & ~has(flags, _LOWER)
    counted[3] = ~breaks
    words, upper, capital, length = np.add.reduceat(counted, starts, axis=1)
    out[Bit.LINE_START] = line_start
    out[Bit.LINE_END, :-1] = breaks[1:]
    out[Bit.LINE_END, -1] = 1.0
    first_end = starts[1] if len(starts) > 1 else len(flags)
    out[Bit.FIRST_LINE, :first_end] = 1.0
    out[Bit.LAST_LINE, starts[-1] :] = 1.0
    out[Bit.SHORT_LINE] = (length <= SHORT_LINE)[line]
    out[Bit.LINE_UPPER] = ((words > 2) & (upper == words))[line]
    out[Bit.LINE_LOWER] = ((words > 2) & (capital == 0))[line]
    colons = has(flags, _COLON)
    before: NDArray[np.int64] = np.cumsum(colons) - colons
    out[Bit.AFTER_COLON] = before > before[starts][line]
    alone: Truth = letters & ((words == 1) & (length <= 2))[line]
    return alone


def _put_text(out: Bits, flags: Flags, letters: Truth) -> None:
    words = int(np.count_nonzero(letters))
    if words:
        if int(np.count_nonzero(has(flags, _LOWER))) >= _LOWER_SHARE * words:
            out[Bit.TEXT_LOWER] = 1.0
        if int(np.count_nonzero(has(flags, _UPPER))) >= _UPPER_SHARE * words:
            out[Bit.TEXT_UPPER] = 1.0
    if len(flags) < SHORT_TEXT:
        out[Bit.SHORT_TEXT] = 1.0


def put_chunks(out: Bits, flags: Flags, between: Gaps) -> list[tuple[int, int]]:
    """Sets the bits of runs without a blank; returns the runs (first token, last token) that are no plain word."""
    begins = ~between.joined_before
    starts = np.flatnonzero(begins)
    run = np.cumsum(begins) - 1
    union = np.bitwise_or.reduceat(flags, starts)
    known = np.maximum.reduceat(out[:_RECORD_ROWS].max(axis=0), starts)
    ends = np.append(starts[1:], len(flags)) - 1
    dotted = has(flags, _DOT)
    dots = (np.add.reduceat(dotted.astype(np.int32), starts) - dotted[ends]) > 0
    digits = has(union, _DIGITS)
    code = has(union, _ODD) | digits | dots
    of_run = np.empty((7, len(starts)), dtype=np.float32)
    of_run[0] = code
    of_run[1] = has(union, _AT)
    of_run[2] = has(union, _UNDERSCORE)
    of_run[3] = digits & has(union, _LETTERS)
    of_run[4] = has(union, _SLASH)
    of_run[5] = dots
    of_run[6] = known * (ends > starts)
    out[Bit.CHUNK_CODE : Bit.CHUNK_RECORD + 1] = of_run[:, run]
    odd = np.flatnonzero(code)
    return list(zip(starts[odd].tolist(), ends[odd].tolist(), strict=True))
