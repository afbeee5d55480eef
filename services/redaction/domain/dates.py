"""Dates in every written form, and which of them are somebody's date of birth."""

from __future__ import annotations

import re
from typing import NamedTuple

MONTHS = {
    name[:length]: number
    for number, name in enumerate(
        "january february march april may june july august september october november december".split(), 1
    )
    for length in range(3, len(name) + 1)
}
MONTH = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"

DATE = re.compile(
    rf"""(?<![\w./-])(?:
      (?P<y1>(?:19|20)\d\d)(?P<s1>[-/. ])(?P<m1>\d{{1,2}})(?P=s1)(?P<d1>\d{{1,2}})(?![\d])
    | (?P<d2>[0-3]?[\dOoIl])\s?(?P<s2>[-/.]|\ (?=\d+\ ))\s?(?P<m2>[01]?[\dOoIl])\s?(?P=s2)\s?(?P<y2>(?:19|20|2O)[\dOo]{{2}}|[\dO]{{2}}|'\d\d)(?![\w/])
    | (?P<d3>[0-3]?[\dI])\s?(?:st|nd|rd|th)?(?:\s+of|\s+day\ of)?[\s./-]{{0,3}}(?P<n3>{MONTH})\b\.?(?:[\s,./'-]{{1,26}}(?P<y3>(?:19|20|2O)[\dO]{{2}}|\d\d)(?![\w:.]\d|\w))?
    | (?P<n4>{MONTH})\.?\s+(?:the\s+)?(?P<d4>[0-3]?\d)(?:st|nd|rd|th)?\b(?:,?\s+(?P<y4>(?:19|20)\d\d|'\d\d))?
    | (?P<y5>20[0-2]\d)(?P<m5>[01]\d)(?P<d5>[0-3]\d)(?!\d)
    )""",
    re.VERBOSE | re.IGNORECASE,
)
"""Numeric, ISO and month-word dates; the year may be missing where the month is a word."""

BIRTH_BEFORE = re.compile(
    r"(?:\bd\.?\s?o\.?\s?b\b\.?|\bborn\b|\bbirth\b|birthda(?:y|te)\b|\bdate of birth\b|\bb\.|\bb[:=])[^\n.;]{0,28}$",
    re.IGNORECASE,
)
"""A cue up to a few words before the date: "DOB", "born on", "birthday is", "b."."""

BIRTH_AFTER = re.compile(r"^\W{0,3}(?:\(?(?:d\.?o\.?b|birthday|date of birth)\b)", re.IGNORECASE)

CUE_REACH = 44
"""Characters before a date in which its cue may stand."""

OLD_AFTER = 4
"""Years between a full date and the newest year of the text from which it is no incident's date."""

DIGITS = str.maketrans("OoIl", "0011")


class Dated(NamedTuple):
    """One date of the text; year 0 where it is not written."""

    start: int
    end: int
    year: int
    month: int
    day: int
    birth: bool


def _number(value: str | None) -> int:
    return int((value or "0").translate(DIGITS).strip("'"))


def _parts(match: re.Match[str]) -> tuple[int, int, int]:
    group = match.groupdict()
    for i in "12345":
        if group.get("d" + i):
            month = group.get("m" + i)
            number = _number(month) if month else MONTHS.get((group.get("n" + i) or "").lower()[:3], 0)
            year = _number(group.get("y" + i))
            return (
                (year + 2000 if year and year < 50 else year + 1900 if year and year < 100 else year),
                number,
                _number(group["d" + i]),
            )
    return 0, 0, 0


def _plausible(year: int, month: int, day: int) -> bool:
    american = 1 <= day <= 12 and 1 <= month <= 31
    return (1 <= month <= 12 and 1 <= day <= 31) or american


def dates(text: str, births: dict[tuple[int, int, int], str]) -> list[Dated]:
    """Every date of `text`; `births` are the dates of birth the record holds.

    A date is a birth date where a cue says so, where the record does, or where it is written in full and lies
    years before the newest date of the text: notes give incidents of this year and births of long ago.
    """
    seen = [(m.start(), m.end(), *_parts(m)) for m in DATE.finditer(text)]
    seen = [entry for entry in seen if _plausible(*entry[2:])]
    newest = max((year for _, _, year, _, _ in seen if year < 2100), default=0)
    answer = []
    for start, end, year, month, day in seen:
        before = text[max(0, start - CUE_REACH) : start]
        birth = bool(BIRTH_BEFORE.search(before)) or bool(BIRTH_AFTER.search(text[end : end + 20]))
        birth = birth or (year, month, day) in births or (year, day, month) in births
        birth = (
            birth or (0 < year <= newest - OLD_AFTER) or (not year and (month, day) in {(m, d) for _, m, d in births})
        )
        answer.append(Dated(start, end, year, month, day, birth))
    return answer
