"""The leak guard's own shapes: whose identifier it is does not matter, its form or its checksum is enough."""

from __future__ import annotations

import re

MAIL = re.compile(r"[\w+-]@[\w-]{1,63}\.[a-z]", re.IGNORECASE)
PHONE = re.compile(r"(?<!\d)(?:\+44|0)(?:[ ().-]{0,2}\d){9,10}(?!\d)")
LONG_NUMBER = re.compile(r"\d[\d ().-]{7,}[\dA-Za-z]")
TEN_DIGITS = re.compile(r"(?<!\d)\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d)|(?<!\d)\d{4}[ -]?\d{3}[ -]?\d{3}(?!\d)")
PUBLIC = re.compile(r"0800|0808|03000?[0-9]{6}|034[45]|116")
"""Freephone and public-service numbers, which advice in a referral may quote."""
UPN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]\d{11}[0-9A-Za-z](?![A-Za-z0-9])")
UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
POSTCODE = re.compile(r"(?<![A-Za-z0-9])(?:[A-Z][1-9]|[A-Z]{2}\d)[A-Z\d]? ?\d[ABD-HJLNP-UW-Z]{2}(?![A-Za-z0-9])")
INSURANCE = re.compile(r"(?<![A-Za-z0-9])[A-CEGHJ-PR-TW-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D](?![A-Za-z0-9])")
DIGIT = re.compile(r"\d")
ULN_LENGTH = 10


def shape(bare: str) -> str | None:
    """The kind of an identifier that stands in `bare`, a text without its pseudonyms, or None."""
    if "@" in bare and MAIL.search(bare):
        return "email"
    if not DIGIT.search(bare):
        return None
    if POSTCODE.search(bare):
        return "postcode"
    if not LONG_NUMBER.search(bare):
        return None
    if any(not PUBLIC.match(_digits(m.group())) for m in PHONE.finditer(bare)):
        return "phone"
    for match in TEN_DIGITS.finditer(bare):
        if _nhs(match.group()):
            return "nhs_number"
        if _uln(match.group()):
            return "uln"
    if any(_upn(m.group()) for m in UPN.finditer(bare)):
        return "upn"
    return "national_insurance" if INSURANCE.search(bare) else None


def _digits(value: str) -> str:
    return "".join(c for c in value if c.isdecimal())


def _nhs(value: str) -> bool:
    """Modulus 11 over nine digits with weights 10 to 2 (NHS Data Dictionary)."""
    digits = [int(c) for c in _digits(value)]
    check = 11 - sum(d * w for d, w in zip(digits, range(10, 1, -1), strict=False)) % 11
    return len(digits) == ULN_LENGTH and check % 11 == digits[9] and check != 10


def _uln(value: str) -> bool:
    """Ten less the remainder by 11 of the same sum (Learning Records Service)."""
    digits = [int(c) for c in _digits(value)]
    rest = sum(d * w for d, w in zip(digits, range(10, 1, -1), strict=False)) % 11
    return len(digits) == ULN_LENGTH and digits[0] != 0 and rest != 0 and 10 - rest == digits[9]


def _upn(value: str) -> bool:
    """The letter is the remainder by 23 of the digits with weights 2 to 12 (DfE, UPN guide)."""
    body = value[1:12]
    return value[0].upper() == UPN_LETTERS[sum(int(d) * w for d, w in zip(body, range(2, 13), strict=True)) % 23]
