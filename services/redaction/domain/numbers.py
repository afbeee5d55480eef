"""Identifiers made of digits, or of letters and digits: their shapes, and the cues before short ones.

Only the stretches around digits are searched; each pattern is linear there. A checksum would only choose the
label, so none is computed: a mistyped identifier goes like a right one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.redaction.domain import cues
from services.redaction.domain.cues import CUE_DIGITS, POLICE_CUE, PUBLIC_NUMBER, Dates
from services.redaction.domain.dates import Dated
from services.redaction.domain.document import Document
from services.redaction.domain.finding import Finding, Label
from services.redaction.domain.lexicon import FREQUENT, SHAPE
from services.redaction.domain.words import word_set

POSTCODE_AREAS = word_set(
    """ab al b ba bb bd bh bl bn br bs bt ca cb cf ch cm co cr ct cv cw da dd de dg dh dl dn dt dy e ec eh en ex fk
    fy g gl gu ha hd hg hp hr hs hu hx ig ip iv ka kt kw ky l la ld le ll ln ls lu m me mk ml n ne ng nn np nr
    nw ol ox pa pe ph pl po pr rg rh rm s sa se sg sk sl sm sn so sp sr ss st sw sy ta td tf tn tq tr ts tw ub w
    wa wc wd wf wn wr ws wv yo ze gy je im bx gir"""
)

CODE = re.compile(
    r"""(?<![A-Za-z0-9])(?:
      (?P<UPN>[A-Za-z][ ]?\d{3}(?:[ -]?[\dO]){8}(?:[ -]?[\dA-Za-z])(?!\w))
    | (?P<NINO>[A-Za-z]{2}[ -]?\d{2}[ -]?\d{2}[ -]?(?:\d[\dO]?[ -]?[A-Za-z]|\d{2})(?!\w))
    | (?P<SHARE>(?:[A-Z]\d[A-Z\d]|[A-Z]{2}\d)(?:[ ][A-Z0-9]{3}){2}(?!\w))
    | (?P<POSTCODE>[A-Za-z]{1,2}[\dOoIl][A-Za-z\d]?[ -]{0,2}[\dOoIl][A-Za-z]{2}(?!\w))
    | (?P<VEHICLE_REG>[A-Za-z]{2}[ ]?\d[ ]?\d[ ]?[A-Za-z]{3}(?!\w)
       | [A-Z]\d{1,3}[ ]?[A-Z]{3}(?!\w) | [A-Z]{3}[ ]?\d{1,3}[A-Z](?!\w))
    | (?P<OUTWARD>[A-Z]{2}\d[A-Z\d]?(?:\ \d)?(?!\w)|(?:ct|me|tn|da|br)\d{1,2}(?!\w))
    | (?P<CASE_REF>[A-Z]{2}\d{2}[A-Z]\d{5}(?!\w))
    | (?P<LICENCE>[A-Z]{2,5}9{0,3}[ ]?\d{6}[ ]?[A-Z][A-Z9]\d[A-Z0-9]{2}(?:[ ]?\d{2})?(?!\w))
    | (?P<SERIES>[A-Z]{2,5}[ ](?!(?:19|20)\d\d(?!\d))\d{4,9}(?!\w))
    )""",
    re.VERBOSE,
)
"""Codes that open with a letter."""

NUMBER = re.compile(
    r"""(?<![\w.,£$€])(?:
      (?P<IP>\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?::\d{2,5})?(?![\w.]\d))
    | (?P<PHONE>(?:\(?[0O]|(?:\+\s?44|0044)[\s().-]{0,3}(?:\(0\))?[\s.-]{0,2}\d)
         (?:(?:[ ().-]{0,2}|\s{1,12})[\dO]){8,10}(?!\d)
         (?:\s?(?:ext|x|extension)\.?\s?\d{1,5})?
       | \+\s?\d(?:[ ().-]{0,2}\d){8,13}(?!\d))
    | (?P<CASE_REF>\d{2}/\d{3,7}/\d{2}(?!\d))
    | (?P<NHS_NUMBER>[\dO]{3}[ .-]?[\dO]{3}[ .-]?[\dO]{4}(?!\w))
    | (?P<ULN>\d{4}[ -]?\d{3}[ -]?\d{3}(?!\w))
    | (?P<LONG>\d(?:[ -]?\d){6,24}[A-Za-z]?(?!\w))
    | (?P<ID_OTHER>\d{2}-\d{2}-\d{2}(?![\d/-]) | \d{5,}[A-Za-z]?(?![.,]\d|\w))
    )""",
    re.VERBOSE,
)
"""Numbers too long, or too well grouped, to be an amount, a year or a time."""

GROUPS = re.compile(r"(?<![\w/])(?:[A-Z]{1,8}|\d{2,10}|[A-Z]{1,5}\d{1,10})(?:[-/~][A-Z0-9]{1,12}){1,5}(?![\w/])")
"""Codes in groups: "LADO/25/0147", "EHC-0072-MH"."""

RANGE = re.compile(r"\d{1,4}[-/]\d{1,4}|(?:19|20)\d\d(?:[-/]\d\d){1,2}|[A-Z]?\d{1,2}/\d{1,2}")
"""School years, hours, counts: two numbers that make no reference by themselves."""

LOG_NUMBER = re.compile(r"\d{2}-0\d{3}")
HARDWARE = re.compile(r"\b[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}\b")
IPV6 = re.compile(r"(?<![\w:])(?:[0-9A-Fa-f]{1,4}:{1,2}){2,8}[0-9A-Fa-f]{1,4}(?![\w:])")

SMALL_WORDS = word_set("in on at to by no of up or is as an")
"""Words of two letters that stand before numbers in prose."""

DIGIT = re.compile(r"\d")

AROUND = (2, 3)
"""Tokens before and after one with a digit that are searched with it."""


def stretches(document: Document) -> list[tuple[int, int]]:
    """Where digits are, with their neighbours: (start, end) offsets, disjoint and in order; looked for once."""
    if document.around_digits is not None:
        return document.around_digits
    answer: list[tuple[int, int]] = []
    count = len(document.words)
    before, after = AROUND
    for i in document.digits:
        start = max(0, document.starts[max(0, i - before)] - 3)
        end = document.ends[min(count - 1, i + after)]
        if answer and start <= answer[-1][1]:
            answer[-1] = (answer[-1][0], end)
        else:
            answer.append((start, end))
    document.around_digits = answer
    return answer


def find(document: Document, around: list[tuple[int, int]], dated: list[Dated]) -> Iterator[Finding]:
    """Identifiers with digits, within the stretches `around` them.

    `dated` are the dates of the text, which numbers must not be taken from.
    """
    dates = Dates([date.start for date in dated], [date.end for date in dated])
    for start, end in around:
        yield from _codes(document, start, end)
        yield from _numbers(document.text, start, end, dates)
        yield from _groups(document.text, start, end, dates)
        if document.text.count(":", start, end) > 1:
            yield from _addresses(document.text, start, end)
    yield from cues.find(document, dates)
    yield from _mixed(document)


def _addresses(text: str, start: int, end: int) -> Iterator[Finding]:
    """Hardware and IPv6 addresses; a time has neither letters nor two colons in a row."""
    for m in HARDWARE.finditer(text, start, end):
        yield Finding(m.start(), m.end(), "ID_OTHER", "structured", "hardware address")
    for m in IPV6.finditer(text, start, end):
        if re.search(r"[A-Fa-f]|::", m.group()):
            yield Finding(m.start(), m.end(), "IP", "structured", "network address")


def _codes(document: Document, start: int, end: int) -> Iterator[Finding]:
    for m in CODE.finditer(document.text, start, end):
        value = m.group()
        area = value[:2].rstrip("0123456789OoIl").lower() or value[:1].lower()
        match m.lastgroup:
            case "POSTCODE" if (
                area in POSTCODE_AREAS
                and DIGIT.search(value)
                and value[-2:].lower()
                not in (
                    "am",
                    "pm",
                    "st",
                    "nd",
                    "rd",
                    "th",
                )
            ):
                yield Finding(m.start(), m.end(), "POSTCODE", "structured", "postcode")
            case "OUTWARD" if area in POSTCODE_AREAS:
                yield Finding(m.start(), m.end(), "POSTCODE", "structured", "first half of a postcode")
            case "UPN":
                yield Finding(m.start(), m.end(), "UPN", "structured", "pupil number")
            case "NINO" if value[-1].isalpha() or (value[:2].isupper() and value[:2].lower() not in SMALL_WORDS):
                yield Finding(m.start(), m.end(), "NINO", "structured", "National Insurance number")
            case "CASE_REF":
                yield Finding(m.start(), m.end(), "CASE_REF", "structured", "court case number")
            case "SERIES" if document.shouting and document.flags[document.tokens(m.start(), m.end())[0]] & FREQUENT:
                continue
            case "LICENCE" | "SHARE" | "SERIES":
                yield Finding(m.start(), m.end(), "ID_OTHER", "structured", "code of letters and digits")
            case "VEHICLE_REG" if _is_plate(document, m.start(), value):
                yield Finding(m.start(), m.end(), "VEHICLE_REG", "structured", "vehicle registration")
            case _:
                yield from _outward(document.text, m.start())


def _outward(text: str, start: int) -> Iterator[Finding]:
    """The first half of a postcode at the head of what turned out to be no longer code: "ME13 now"."""
    m = OUTWARD.match(text, start)
    if m and m.group(1).lower() in POSTCODE_AREAS:
        yield Finding(m.start(), m.end(), "POSTCODE", "structured", "first half of a postcode")


OUTWARD = re.compile(r"([A-Z]{2}|ct|me|tn|da|br)\d[A-Z\d]?(?!\w)")
VEHICLE_WORD = re.compile(
    r"\b(?:reg|plate|plates|registration|car|van|vehicle|index|vrm|driver|drives|driving|audi|bmw|golf|corsa)\b",
    re.IGNORECASE,
)


def _is_plate(document: Document, start: int, value: str) -> bool:
    """Whether a plate's shape is one: "is 14 and" and "ON 12 DEC" have it too."""
    parts = value.split()
    if len(parts) == 1:
        return True
    plain = [part for part in parts if part.isalpha()]
    flags = document.flags_by_word()
    if any(flags.get(part.lower(), 0) & FREQUENT for part in plain if len(part) > 2 or len(plain) > 1):
        return False
    return value.upper() == value or bool(VEHICLE_WORD.search(document.text[max(0, start - 40) : start]))


def _numbers(text: str, start: int, end: int, dates: Dates) -> Iterator[Finding]:
    for m in NUMBER.finditer(text, start, end):
        if dates.overlap(m.start(), m.end()) and m.lastgroup not in ("PHONE", "IP"):
            continue
        digits = "".join(c for c in m.group() if c.isdigit())
        if PUBLIC_NUMBER.fullmatch(digits):
            continue
        yield Finding(m.start(), m.end(), _label(m.lastgroup), "structured", "number of identifying length")


def _label(kind: str | None) -> Label:
    match kind:
        case "IP" | "PHONE" | "NHS_NUMBER" | "ULN" | "CASE_REF":
            return kind
        case _:
            return "ID_OTHER"


def _groups(text: str, start: int, end: int, dates: Dates) -> Iterator[Finding]:
    for m in GROUPS.finditer(text, start, end):
        value = m.group()
        digits = sum(c.isdigit() for c in value)
        if digits < CUE_DIGITS or dates.hold(m.start(), m.end()):
            continue
        if RANGE.fullmatch(value) and not (
            LOG_NUMBER.fullmatch(value) or POLICE_CUE.search(text[max(0, m.start() - 28) : m.start()])
        ):
            continue
        yield Finding(m.start(), m.end(), "CASE_REF", "structured", "reference in groups")


def _mixed(document: Document) -> Iterator[Finding]:
    """Runs of letters and digits that no safe shape explains, and words joined by underscores."""
    for i in document.unsafe:
        flags, word = document.flags[i], document.words[i]
        if word.isalpha() or word.isdigit():
            continue
        digits = sum(c.isdigit() for c in word)
        if digits:
            label: Label = "ID_OTHER" if digits >= 4 or word.isupper() else "HANDLE"
            yield Finding(document.starts[i], document.ends[i], label, "structured", "letters and digits mixed")
        elif "_" in word.strip("_") and not flags & SHAPE:
            yield Finding(document.starts[i], document.ends[i], "HANDLE", "structured", "shape of a user name")
