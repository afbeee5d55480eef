"""References that people read out on the phone: `KR-7F3K-9QX`, the last symbol a check on the six before it."""

from __future__ import annotations

import re

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U, so nothing is misread and no word is spelt."""
RANDOM_SYMBOLS = 6
RANDOM_BITS = 5 * RANDOM_SYMBOLS
"""A thousand million references; the database refuses the rare second use and another one is drawn."""
FIELD_POLYNOMIAL = 0b100101
"""x^5 + x^2 + 1, primitive over GF(2): multiplying by x visits all 31 non-zero symbols."""
MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0"})
PREFIX = "KR"
"""Kent referral: tells a reference apart from a case number on paper."""

_FORM = re.compile(rf"{PREFIX}-([{ALPHABET}]{{4}})-([{ALPHABET}]{{3}})")


def reference_of(number: int) -> str:
    """The reference of a number of `RANDOM_BITS` bits."""
    symbols = [number >> 5 * place & 31 for place in reversed(range(RANDOM_SYMBOLS))]
    text = "".join(ALPHABET[symbol] for symbol in [*symbols, _check(symbols)])
    return f"{PREFIX}-{text[:4]}-{text[4:]}"


def is_reference(text: str) -> bool:
    """Whether `text` is a reference as typed by a person, its check symbol included.

    Every single wrong symbol and every swap of two neighbours is noticed.
    """
    form = _FORM.fullmatch(text.strip().upper().translate(MISREAD))
    if form is None:
        return False
    symbols = [ALPHABET.index(symbol) for symbol in form[1] + form[2]]
    return _check(symbols[:-1]) == symbols[-1]


def _check(symbols: list[int]) -> int:
    """The symbols as coefficients of a polynomial over GF(32), evaluated at x without a constant term."""
    value = 0
    for symbol in symbols:
        value = _times_x(value ^ symbol)
    return value


def _times_x(value: int) -> int:
    doubled = value << 1
    return doubled ^ FIELD_POLYNOMIAL if doubled & 32 else doubled
