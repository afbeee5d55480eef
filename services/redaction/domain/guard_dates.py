"""The leak guard's own reading of dates: whether a day of birth stands in a text, in whatever form and order."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Set

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
FULL_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
FIRSTS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth"
LATERS = "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
TENS = {"twentieth": 20, "thirtieth": 30, "twenty": 20, "thirty": 30}
NUMBERS = {word: value for value, word in enumerate(f"{FIRSTS} {LATERS}".split(), 1)} | TENS
"""Days in words; "twenty first" is the sum of two."""

FILLERS = frozenset({"of", "the", "day", "st", "nd", "rd", "th", "in", "year"})
"""What may stand between the parts of a date."""

MONTH_FORMS = tuple(frozenset(name[:length] for length in range(3, len(name) + 1)) for name in FULL_MONTHS)
"""What a month may be shortened to."""

MAX_DIGITS = 4
"""Digits of the longest part of a date that is a number."""

MIN_SUM = 20
"""Days above this may be the sum of two words."""

ATOM = re.compile(r"\d+|[a-z]+|\n")
YEARLESS = 2
"""Parts of a date without its year: the day and the month as a word."""

Part = tuple[int, bool]
"""A number of the text, and whether it was a month in words."""


def holds_birth(plain: str, pieces: Set[str], births: Set[dt.date]) -> bool:
    """Whether `plain` (folded, lower case) has one of `births` in it; `pieces` are its runs of letters and digits."""
    near = {born for born in births if not pieces.isdisjoint(_hints(born))}
    if not near:
        return False
    if any(not pieces.isdisjoint(_joined(born)) for born in near):
        return True
    if plain.isascii():
        near = _possible(pieces, near)
    return bool(near) and any(_is_day(window, born) for window in _windows(plain) for born in near)


def _possible(pieces: Set[str], births: Set[dt.date]) -> set[dt.date]:
    """The days of which both the day and the month stand somewhere in a text of these pieces, as number or word."""
    found = {int(piece) for piece in pieces if piece.isdecimal() and len(piece) <= MAX_DIGITS}
    found.update(NUMBERS[word] for word in NUMBERS.keys() & pieces)
    sums = not TENS.keys().isdisjoint(pieces)
    return {
        born
        for born in births
        if (born.day in found or (sums and born.day > MIN_SUM))
        and (born.month in found or not pieces.isdisjoint(MONTH_FORMS[born.month - 1]))
    }


def _joined(born: dt.date) -> tuple[str, ...]:
    """The day as one run of digits."""
    return (f"{born:%d%m%Y}", f"{born:%Y%m%d}", f"{born:%d%m%y}", f"{born:%m%d%Y}")


def _hints(born: dt.date) -> tuple[str, ...]:
    """One of these stands in every writing of the day."""
    month = FULL_MONTHS[born.month - 1]
    return (f"{born.year}", f"{born.year % 100:02d}", month, month[:3], month[:4], *_joined(born))


def _windows(plain: str) -> Iterator[list[Part]]:
    """Two or three numbers, or words for numbers, with nothing but signs and fillers between."""
    run: list[Part] = []
    for atom in ATOM.findall(plain):
        if atom in FILLERS:
            continue
        part = _part(atom)
        if part is None:
            run = []
            continue
        if run and run[-1][0] in (20, 30) and atom in NUMBERS:
            run[-1] = (run[-1][0] + part[0], False)
        else:
            run.append(part)
        if len(run) > YEARLESS:
            yield run[-3:]
        if len(run) >= YEARLESS:
            yield run[-2:]


def _part(atom: str) -> Part | None:
    if atom.isdecimal():
        return (int(atom), False) if len(atom) <= MAX_DIGITS else None
    if atom in NUMBERS:
        return NUMBERS[atom], False
    if atom[:3] in MONTHS and (FULL_MONTHS[MONTHS.index(atom[:3])].startswith(atom) or atom == "sept"):
        return MONTHS.index(atom[:3]) + 1, True
    return None


def _is_day(window: list[Part], born: dt.date) -> bool:
    """Whether the parts of a written date are this day.

    Day or month first, a full year also before them; without a year, a day and a month in words. A year of two
    digits in front is not read: "14/05 18.00" is a time as a rule.
    """
    if any(is_month and number != born.month for number, is_month in window):
        return False
    numbers = tuple(number for number, _ in window)
    days = ((born.day, born.month), (born.month, born.day))
    if len(window) == YEARLESS:
        return any(is_month for _, is_month in window) and numbers in days
    closed = numbers[2] in (born.year, born.year % 100) and numbers[:2] in days
    return closed or (numbers[0] == born.year and numbers[1:] in days)
