"""Dates in every written form, and which of them are somebody's date of birth."""

from __future__ import annotations

import re
from typing import NamedTuple

MONTH_NAMES = """january february march april may june july august september october november december"""
MONTHS = {
    name[:length]: number for number, name in enumerate(MONTH_NAMES.split(), 1) for length in range(3, len(name) + 1)
}
MONTH = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?)"
)
ZERO = "[0-3IO]?[0-9IOl]"

DATE = re.compile(
    rf"""(?<![\w./-])(?:
      (?P<y1>(?:19|20)\d\d)(?P<s1>[-/. ])(?P<m1>\d{{1,2}})(?P=s1)(?P<d1>\d{{1,2}})(?!\d)
    | (?P<d2>{ZERO})[ ]?(?P<s2>[-/.]|[ ](?=\d+[ ]))[ ]?(?P<m2>{ZERO})[ ]?(?P=s2)[ ]?
      (?P<y2>(?:19|20|2O)[\dOo]{{2}}|[\dO]{{2}}|'\d\d)(?![\w/])
    | (?P<d3>{ZERO})(?:[ ]?(?:st|nd|rd|th))?(?:[ ]+of|[ ]+day[ ]of)?[\s./-]{{0,3}}(?P<n3>{MONTH})\b\.?
      (?:(?:[\s,./'-]{{1,2}}|\s{{1,26}})(?P<y3>(?:19|20|2O)[\dO]{{2}})(?!\w)
        |[ ./'-]{{1,2}}(?P<y7>\d\d)(?![\w:/]|[.]\d|[ ](?:{MONTH}|of)))?
    | (?P<n4>{MONTH})\.?[ ]+(?:the[ ]+)?(?P<d4>[0-3]?\d)(?:st|nd|rd|th)?\b(?:,?[ ]+(?P<y4>(?:19|20)\d\d|'\d\d))?
    | (?P<d6>\d{{1,2}})/(?P<m6>\d{{1,2}})(?![\d/])
    | (?P<y5>20[0-2]\d)(?P<m5>[01]\d)(?P<d5>[0-3]\d)(?!\d)
    )""",
    re.VERBOSE | re.IGNORECASE,
)
"""Numeric, ISO and month-word dates; the year may be missing where the month is a word."""


class Form(NamedTuple):
    """The groups of `DATE` that one way of writing fills."""

    day: str
    month: str
    in_words: bool
    years: tuple[str, ...]


FORM_OF: dict[str, Form] = {
    "d1": Form("d1", "m1", False, ("y1",)),
    "y2": Form("d2", "m2", False, ("y2",)),
    **dict.fromkeys(("n3", "y3", "y7"), Form("d3", "n3", True, ("y3", "y7"))),
    **dict.fromkeys(("d4", "y4"), Form("d4", "n4", True, ("y4",))),
    "d5": Form("d5", "m5", False, ("y5",)),
    "m6": Form("d6", "m6", False, ()),
}
"""By the last group that a match filled."""

BIRTH_BEFORE = re.compile(
    r"(?:\bd\.?\s?[o0]\.?\s?b\b\.?"
    r"|\bborn\b|\bbirth\b|birthda(?:y|te)\b|\bb\.|\bb[:=]|\bturn(?:s|ed|ing)? \w{1,9} on)[^\n.;]{0,28}$",
    re.IGNORECASE,
)
"""A cue up to a few words before the date: "DOB", "born on", "birthday is", "b."."""

BIRTH_AFTER = re.compile(r"^\W{0,3}\(?(?:d\.?o\.?b|birthday|date of birth)\b", re.IGNORECASE)

CUE_REACH = 52
"""Characters before a date in which its cue may stand; forms put columns of blanks between."""

OLD_AFTER = 4
"""Years between a full date and the newest year of the text from which it is no incident's date."""

FIRST_YEAR = 2024
"""No referral is older than the year before the first release; a text without a newer date is of this time."""

DIGITS = str.maketrans("OoIilL", "001111")
"""Letters that a scanner, a tired hand or a small "i" puts for digits: every letter that `DATE` takes for one."""


class Dated(NamedTuple):
    """One date of the text; year 0 where it is not written."""

    start: int
    end: int
    year: int
    month: int
    day: int
    birth: bool


def dates(text: str, stretches: list[tuple[int, int]], births: dict[tuple[int, int, int], str]) -> list[Dated]:
    """Every date within `stretches` of `text`; `births` are the dates of birth the record holds.

    A date is a birth date where a cue says so, where the record does, or where it is written in full and lies
    years before the newest date of the text: notes give incidents of this year and births of long ago.
    """
    matches = [m for start, end in stretches for m in DATE.finditer(text, start, end)]
    seen = [entry for entry in ((m.start(), m.end(), *_parts(m)) for m in matches) if _plausible(*entry[3:])]
    newest = max([FIRST_YEAR, *(year for _, _, year, _, _ in seen if year < 2100)])
    days = {(month, day) for _, month, day in births}
    answer = []
    for start, end, year, month, day in seen:
        known = (year, month, day) in births or (year, day, month) in births
        old = 0 < year <= newest - OLD_AFTER
        birth = known or old or (not year and (month, day) in days) or _cued(text, start, end)
        answer.append(Dated(start, end, year, month, day, birth))
    return answer


def _cued(text: str, start: int, end: int) -> bool:
    before = text[max(0, start - CUE_REACH) : start]
    return bool(BIRTH_BEFORE.search(before)) or bool(BIRTH_AFTER.search(text[end : end + 20]))


def _number(value: str | None) -> int:
    return int((value or "0").translate(DIGITS).strip("'"))


def _parts(match: re.Match[str]) -> tuple[int, int, int]:
    """(year, month, day) as written; a two-digit year is of this century up to 49."""
    form = FORM_OF[match.lastgroup or "m6"]
    month = MONTHS.get(match[form.month].lower()[:3], 0) if form.in_words else _number(match[form.month])
    year = _number(next((match[name] for name in form.years if match[name]), None))
    if 0 < year < 100:
        year += 2000 if year < 50 else 1900
    return year, month, _number(match[form.day])


def _plausible(month: int, day: int) -> bool:
    """A day and a month, in British or American order."""
    return (1 <= month <= 12 and 1 <= day <= 31) or (1 <= day <= 12 and 1 <= month <= 31)
