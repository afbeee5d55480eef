"""Bits that follow from where a token stands: gaps, lines, sentences, chunks. Whole-array operations only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.redaction.tagger.bits import RECORD_BITS, Bit
from services.redaction.tagger.tokens import Kind, Tokens

Mask = NDArray[np.uint64]
Flags = NDArray[np.int32]
Truth = NDArray[np.bool_]

SHORT_LINE: Final = 4
"""Tokens in a line that can be a signature, a form field or a heading."""

SHORT_TEXT: Final = 60
"""Tokens in a note too short to tell from itself who is who."""


def _put(mask: Mask, where: Truth, bit: Bit) -> None:
    mask |= where.astype(np.uint64) << np.uint64(bit)


def _has(flags: Flags, wanted: Kind) -> Truth:
    found: Truth = (flags & np.int32(int(wanted))) != 0
    return found


@dataclass(frozen=True, slots=True)
class Gaps:
    """Per token: is it joined to the one before, after; is there a gap of two or more before it."""

    joined_before: Truth
    joined_after: Truth
    wide: Truth


def gaps(tokens: Tokens, flags: Flags) -> Gaps:
    """Line breaks join nothing."""
    count = len(tokens)
    breaks = _has(flags, Kind.NEWLINE)
    space = np.ones(count, dtype=np.int32)
    space[1:] = tokens.starts[1:] - tokens.ends[:-1]
    joined = space == 0
    joined[1:] &= ~breaks[:-1]
    joined &= ~breaks
    after = np.zeros(count, dtype=np.bool_)
    after[:-1] = joined[1:]
    return Gaps(joined, after, space > 1)


def position_bits(flags: Flags, between: Gaps) -> tuple[Mask, Truth, Truth]:
    """The mask of every token, and which tokens begin a sentence and stand in a one-word line."""
    count = len(flags)
    out = np.zeros(count, dtype=np.uint64)
    _put(out, between.joined_before, Bit.JOINED_BEFORE)
    _put(out, between.joined_after, Bit.JOINED_AFTER)
    _put(out, between.wide, Bit.WIDE_GAP)
    line_start = np.ones(count, dtype=np.bool_)
    line_start[1:] = _has(flags, Kind.NEWLINE)[:-1]
    sentence_start = line_start.copy()
    sentence_start[1:] |= _has(flags, Kind.SENTENCE_END)[:-1] & ~between.joined_before[1:]
    quote = _has(flags, Kind.QUOTE)
    sentence_start[1:] |= quote[:-1]
    _put(out, sentence_start, Bit.SENTENCE_START)
    _put(out, np.cumsum(quote) % 2 == 1, Bit.IN_QUOTES)
    alone = _line_bits(out, flags, line_start)
    _text_bits(out, flags)
    return out, sentence_start, alone


def _line_bits(out: Mask, flags: Flags, line_start: Truth) -> Truth:
    """Sets what holds for whole lines; returns which tokens are the only word of their line."""
    starts = np.flatnonzero(line_start)
    line = np.cumsum(line_start) - 1
    letters = _has(flags, Kind.LETTERS)
    words = np.add.reduceat(letters.astype(np.int32), starts)
    tall = letters & ~_has(flags, Kind.LOWER)
    upper = np.add.reduceat((letters & _has(flags, Kind.UPPER)).astype(np.int32), starts)
    capital = np.add.reduceat(tall.astype(np.int32), starts)
    content = ~_has(flags, Kind.NEWLINE)
    length = np.add.reduceat(content.astype(np.int32), starts)
    _put(out, line_start, Bit.LINE_START)
    line_end = np.ones(len(flags), dtype=np.bool_)
    line_end[:-1] = ~content[1:]
    _put(out, line_end, Bit.LINE_END)
    _put(out, line == 0, Bit.FIRST_LINE)
    _put(out, line == line[-1], Bit.LAST_LINE)
    _put(out, (length <= SHORT_LINE)[line], Bit.SHORT_LINE)
    _put(out, ((words > 2) & (upper == words))[line], Bit.LINE_UPPER)
    _put(out, ((words > 2) & (capital == 0))[line], Bit.LINE_LOWER)
    colons = np.cumsum(_has(flags, Kind.COLON))
    before = np.concatenate((np.zeros(1, dtype=colons.dtype), colons[:-1]))
    _put(out, before > before[starts][line], Bit.AFTER_COLON)
    alone: Truth = letters & (words == 1)[line] & (length <= 2)[line]
    return alone


def _text_bits(out: Mask, flags: Flags) -> None:
    letters = _has(flags, Kind.LETTERS)
    words = int(letters.sum())
    if words:
        if int((letters & _has(flags, Kind.LOWER)).sum()) >= 0.985 * words:
            out |= np.uint64(1 << Bit.TEXT_LOWER)
        if int((letters & _has(flags, Kind.UPPER)).sum()) >= 0.9 * words:
            out |= np.uint64(1 << Bit.TEXT_UPPER)
    if len(flags) < SHORT_TEXT:
        out |= np.uint64(1 << Bit.SHORT_TEXT)


def chunk_bits(flags: Flags, type_bits: Mask, between: Gaps) -> tuple[Mask, list[tuple[int, int]]]:
    """Bits of runs without a blank, and the runs (first token, last token) that are no plain word."""
    begins = ~between.joined_before
    starts = np.flatnonzero(begins)
    run = np.cumsum(begins) - 1
    union = np.bitwise_or.reduceat(flags, starts)
    known = np.bitwise_or.reduceat(type_bits & np.uint64(RECORD_BITS), starts) != 0
    ends = np.concatenate((starts[1:], [len(flags)])) - 1
    last_dot = _has(flags, Kind.DOT)[ends]
    dots = np.add.reduceat(_has(flags, Kind.DOT).astype(np.int32), starts) - last_dot
    odd = _has(union, Kind.AT | Kind.UNDERSCORE | Kind.SLASH)
    digits = _has(union, Kind.DIGITS)
    code = odd | digits | (dots > 0)
    both = digits & _has(union, Kind.LETTERS)
    out = np.zeros(len(flags), dtype=np.uint64)
    _put(out, code[run], Bit.CHUNK_CODE)
    _put(out, _has(union, Kind.AT)[run], Bit.CHUNK_AT)
    _put(out, _has(union, Kind.UNDERSCORE)[run], Bit.CHUNK_UNDERSCORE)
    _put(out, both[run], Bit.CHUNK_LETTERS_AND_DIGITS)
    _put(out, _has(union, Kind.SLASH)[run], Bit.CHUNK_SLASH)
    _put(out, (dots > 0)[run], Bit.CHUNK_DOT)
    _put(out, (known & (ends > starts))[run], Bit.CHUNK_RECORD)
    odd_runs = np.flatnonzero(code)
    return out, list(zip(starts[odd_runs].tolist(), ends[odd_runs].tolist(), strict=True))
