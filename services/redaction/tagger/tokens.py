"""Cuts a text into letter runs, digit runs, single signs and line breaks."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import IntFlag
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.redaction.tagger.lexicon import word_set

_TOKEN: Final = re.compile(r"[^\W\d_]+|\d+|\n+|[^\w\s]|_")
"""Linear: every alternative starts with a different class of character and none nests a repeat."""


_BLANK: Final = np.array([chr(code).isspace() and chr(code) != "\n" for code in range(0x3002)])
"""By code point: is it a blank between tokens. The last entry stands for all higher code points, none of which is."""


_SINGLE: Final = 4
"""The class of signs, each of which is a token."""


def _class(sign: str) -> int:
    """A blank (0), a letter, a digit, a line break or a sign."""
    if sign == "\n":
        return 3
    if sign.isspace():
        return 0
    return 1 if sign.isalpha() else 2 if sign.isdecimal() else _SINGLE


_CLASSES: Final = bytes(_class(chr(code)) if code < 128 else 0 for code in range(256))
"""By code point of ASCII: the class of character; a table for `bytes.translate`."""


class Kind(IntFlag):
    """What a surface form is by itself, whatever stands around it."""

    LETTERS = 1
    DIGITS = 2
    SIGN = 4
    NEWLINE = 8
    LOWER = 16
    UPPER = 32
    CAPITALISED = 64
    SENTENCE_END = 128
    COLON = 256
    QUOTE = 512
    AT = 1024
    UNDERSCORE = 2048
    SLASH = 4096
    DOT = 8192
    TITLE = 16384
    KIN = 32768
    SPEECH = 65536
    APOSTROPHE = 131072
    ORDINARY = 262144
    NAMEABLE = 524288


_SIGNS: Final = {
    ".": int(Kind.SENTENCE_END | Kind.DOT),
    "!": int(Kind.SENTENCE_END),
    "?": int(Kind.SENTENCE_END),
    ":": int(Kind.COLON),
    '"': int(Kind.QUOTE),
    "“": int(Kind.QUOTE),
    "”": int(Kind.QUOTE),
    "@": int(Kind.AT),
    "_": int(Kind.UNDERSCORE),
    "/": int(Kind.SLASH),
    "\\": int(Kind.SLASH),
    "#": int(Kind.SLASH),
    "'": int(Kind.APOSTROPHE),
    "’": int(Kind.APOSTROPHE),
}

_NEWLINE: Final = int(Kind.NEWLINE)
_DIGITS: Final = int(Kind.DIGITS)
_SIGN: Final = int(Kind.SIGN)
_LETTERS: Final = int(Kind.LETTERS)
_LOWER: Final = int(Kind.LOWER)
_UPPER: Final = int(Kind.UPPER | Kind.CAPITALISED)
_CAPITALISED: Final = int(Kind.CAPITALISED)
_TITLE: Final = int(Kind.TITLE)
_SPEAKS: Final = int(Kind.SPEECH)

_TITLES: Final = word_set(
    "mr mrs ms miss mx dr prof sir madam rev revd fr sister nurse pc dc ds di dci sgt pcso cllr coach auntie aunty "
    "aunt uncle pan pani pastor imam supt insp constable sergeant"
)
_SPEECH: Final = word_set(
    "said says say told tells asked asks replied rang phoned texted messaged disclosed reported stated explained "
    "denied admitted added wrote thinks thought wants wanted came went has had is was lives goes"
)


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one text in order; offsets are code points, ends exclusive."""

    surfaces: list[str]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.surfaces)


def tokenise(text: str) -> Tokens:
    """Every character but blanks falls into exactly one token. Time is linear in the text."""
    if text.isascii():
        return _plain_tokens(text)
    surfaces = _TOKEN.findall(text)
    lengths = np.fromiter(map(len, surfaces), dtype=np.int32, count=len(surfaces))
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    filled = np.flatnonzero(~_BLANK[np.minimum(codes, len(_BLANK) - 1)]).astype(np.int32)
    starts = filled[np.cumsum(lengths) - lengths]
    return Tokens(surfaces, starts, starts + lengths)


def _plain_tokens(text: str) -> Tokens:
    """The tokens of an ASCII text: cut where the class of character changes, and around every sign."""
    classes = np.frombuffer(b"\0" + text.encode("ascii").translate(_CLASSES) + b"\0", dtype=np.uint8)
    inner = classes[1:-1]
    change = classes[1:] != classes[:-1]
    single, filled = inner == _SINGLE, inner != 0
    starts = np.flatnonzero((change[:-1] | single) & filled)
    ends = np.flatnonzero((change[1:] | single) & filled) + 1
    surfaces = [text[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    return Tokens(surfaces, starts.astype(np.int32), ends.astype(np.int32))


def fold(surface: str) -> str:
    """Lower case without accents: the form in which words are compared."""
    lowered = surface.lower()
    if lowered.isascii():
        return lowered
    return "".join(c for c in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(c))


def kind(surface: str, folded: str) -> int:
    """The flags of one surface form."""
    first = surface[0]
    if first == "\n":
        return _NEWLINE
    if first.isdecimal():
        return _DIGITS
    if not first.isalpha():
        return _SIGN | _SIGNS.get(surface, 0)
    flags = _LETTERS
    if surface.islower():
        flags |= _LOWER
    elif surface.isupper():
        flags |= _UPPER
    elif first.isupper():
        flags |= _CAPITALISED
    if folded in _TITLES:
        flags |= _TITLE
    if folded in _SPEECH:
        flags |= _SPEAKS
    return flags
