"""A birthday in words: "ten on the first of April". Only a day that the record holds as somebody's, so that the dates
of incidents stay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from services.redaction.domain.dates import MONTHS
from services.redaction.domain.document import Document
from services.redaction.domain.finding import Finding

FIRSTS = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh"),
    *("twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth"),
    *("twentieth", "thirtieth"),
)
ORDINALS = {word: day for day, word in enumerate(FIRSTS[:20], 1)} | {"thirtieth": 30}
TENS = {"twenty": 20, "thirty": 30}
FILLERS = frozenset({"of", "the", "day", "in"})
REACH = 5
"""Tokens between a month and its day: "April the twenty-first", "the twenty first day of April"."""


def find(document: Document, births: Mapping[tuple[int, int, int], str]) -> Iterator[Finding]:
    """Every day and month in words that is a birthday of the record."""
    days = {(month, day): identity for (_, month, day), identity in births.items()}
    months = {month for month, _ in days}
    names = {name: month for name, month in MONTHS.items() if month in months}
    if names.keys().isdisjoint(document.lowers):
        return
    for at in [at for at, word in enumerate(document.lowers) if word in names]:
        month = names[document.lowers[at]]
        for first, last, day in (_day_before(document, at), _day_after(document, at)):
            if (month, day) in days:
                where = document.starts[min(first, at)], document.ends[max(last, at)]
                yield Finding(*where, "DOB", "structured", "birthday in words", days[month, day])


def _day_before(document: Document, at: int) -> tuple[int, int, int]:
    """First and last token and the day that stands before the month at `at`; day 0 where none does."""
    last = at - 1
    while last > at - REACH and last > 0 and document.lowers[last] in FILLERS:
        last -= 1
    day = ORDINALS.get(document.lowers[last], 0) if last >= 0 else 0
    if 0 < day < 10 and last and document.lowers[last - 1] in TENS:
        return last - 1, last, TENS[document.lowers[last - 1]] + day
    return last, last, day


def _day_after(document: Document, at: int) -> tuple[int, int, int]:
    """The same for a day that stands after the month."""
    count, first = len(document.lowers), at + 1
    while first < min(count - 1, at + REACH) and document.lowers[first] in FILLERS:
        first += 1
    word = document.lowers[first] if first < count else ""
    if word in TENS and first + 1 < count:
        unit = ORDINALS.get(document.lowers[first + 1], 0)
        return first, first + 1, TENS[word] + unit if 0 < unit < 10 else 0
    return first, first, ORDINALS.get(word, 0)
