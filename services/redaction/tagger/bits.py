"""What is true of a token in its document: one bit each, in one 64-bit integer per token.

The numbers are part of the model file's meaning: a bit that moves makes a trained model wrong, so new bits take
free numbers and `tests/unit/tagger` pins the table.
"""

from __future__ import annotations

from enum import IntEnum

BITS = 64
"""Width of the mask, and rows of the weight matrix that reads it. Unused bits are never set."""


class Bit(IntEnum):
    # The referral's record knows this word.
    CHILD_NAME = 0
    FAMILY_NAME = 1
    ADULT_NAME = 2
    KNOWN_AS = 3
    REFERRER = 4
    SCHOOL_WORD = 5
    ADDRESS_WORD = 6
    TOWN_WORD = 7
    RECORD_NUMBER = 8
    RECORD_OTHER = 9
    NEAR_NAME = 10
    NAME_BEGINNING = 11
    INITIAL = 12
    INITIALS = 13
    SCHOOL_INITIALS = 14
    BIRTH_NUMBER = 15
    BIRTH_MONTH = 16
    HOLDS_NAME = 17
    RECORD_EMPTY = 18
    # The same word elsewhere in this document.
    CAPITAL_ELSEWHERE = 20
    LOWER_ELSEWHERE = 21
    TWICE = 22
    OFTEN = 23
    TITLED = 24
    AFTER_KIN = 25
    SPEAKER = 26
    ALONE_ON_LINE = 27
    POSSESSIVE = 28
    SPEAKS = 29
    # The word itself stands for a relative, or is a title.
    KIN_WORD = 30
    TITLE_WORD = 31
    # Where the token stands.
    JOINED_BEFORE = 32
    JOINED_AFTER = 33
    WIDE_GAP = 34
    SENTENCE_START = 35
    LINE_START = 36
    LINE_END = 37
    FIRST_LINE = 38
    LAST_LINE = 39
    SHORT_LINE = 40
    AFTER_COLON = 41
    IN_QUOTES = 42
    LINE_UPPER = 43
    LINE_LOWER = 44
    TEXT_LOWER = 45
    TEXT_UPPER = 46
    SHORT_TEXT = 47
    # What the run of characters without a space around it is made of.
    CHUNK_CODE = 50
    CHUNK_AT = 51
    CHUNK_UNDERSCORE = 52
    CHUNK_LETTERS_AND_DIGITS = 53
    CHUNK_SLASH = 54
    CHUNK_DOT = 55
    CHUNK_RECORD = 56


RECORD_BITS = (1 << Bit.RECORD_EMPTY) - 1
"""Every bit that says that the record knows the word."""


def mask(*bits: Bit) -> int:
    """The integer with exactly these bits set."""
    return sum(1 << bit for bit in set(bits))
