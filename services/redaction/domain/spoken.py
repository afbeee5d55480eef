"""Numbers, codes and names that are spelled out: in number words, in the spelling alphabet, letter by letter."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from services.redaction.domain.document import Document
from services.redaction.domain.finding import Finding
from services.redaction.domain.words import word_set

DIGIT_WORDS = word_set(
    """zero nought naught oh o nil one two three four five six seven eight nine double treble triple"""
)
TENS = word_set(
    """ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty
    sixty seventy eighty ninety hundred thousand"""
)
ORDINALS = word_set(
    """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
    fifteenth sixteenth seventeenth eighteenth nineteenth twentieth thirtieth"""
)
MONTHS = word_set("january february march april may june july august september october november december")
SPELLING = word_set(
    """alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima mike november oscar
    papa quebec romeo sierra tango uniform victor whisky whiskey xray x-ray x ray yankee zulu for as in"""
)
"""The spelling alphabet, and the words used to explain a letter ("M for mike")."""

NATO = SPELLING - frozenset(["x", "ray", "for", "as", "in"])

DIGITS_OF_A_NUMBER = 5
"""Number words in a row that make a telephone number or a code, not a count."""

LETTERS_OF_A_NAME = 3
"""Single letters in a row that spell a name."""

LOOSE = frozenset({" ", ", ", "-", ". ", " - ", "  ", "\n"})
SPACERS = frozenset({" ", ".", "-", "_", "*", ". ", "  ", " - ", "·"})
PLAIN_RUNS = re.compile(r"[garcbnyx]+|ab*c*d*e*f*|no.*|the.*")
"""Ratings in columns, lists of options, and emphasis by spacing."""

DOTTED_WORDS = frozenset({"dob", "nfa", "asap", "rip", "etc", "upn", "nhs", "pto", "abc", "rsvp", "uln", "uk", "usa"})


EVERY = DIGIT_WORDS | TENS | SPELLING | ORDINALS | MONTHS | frozenset(("of", "the", "and"))
"""Every word that can be part of something spelled out."""


def find(document: Document) -> Iterator[Finding]:
    """Everything that is spelled out: runs of spelling words first, then each kind within a run."""
    lowers = document.lowers
    last = -1
    for i in [i for i, lower in enumerate(lowers) if lower in EVERY]:
        if i <= last:
            continue
        last = _run(document, i, len(lowers) - 1, _any)
        if last - i + 1 >= LETTERS_OF_A_NAME:
            yield from _kinds(document, i, last)
    yield from _letters(document)


def _any(lower: str) -> bool:
    return lower in EVERY or (lower.isdigit() and len(lower) < 3)


def _codes(lower: str) -> bool:
    return lower in SPELLING or lower in DIGIT_WORDS or lower in TENS or (lower.isdigit() and len(lower) < 3)


def _digits(lower: str) -> bool:
    return lower in DIGIT_WORDS or lower == "hundred"


def _dates(lower: str) -> bool:
    return (
        lower in ORDINALS or lower in MONTHS or lower in DIGIT_WORDS or lower in TENS or lower in ("of", "the", "and")
    )


def _kinds(document: Document, first: int, last: int) -> Iterator[Finding]:
    for belongs, judge in ((_digits, _number), (_codes, _code), (_dates, _date)):
        i = first
        while i <= last:
            if not belongs(document.lowers[i]):
                i += 1
                continue
            end = _run(document, i, last, belongs)
            found = judge(document, i, end) if end > i else None
            if found is not None:
                yield found
            i = end + 1


def _run(document: Document, first: int, limit: int, belongs: Callable[[str], bool]) -> int:
    """The last token of the run that starts at `first`."""
    last = first
    while last < limit and document.gaps[last + 1] in LOOSE and belongs(document.lowers[last + 1]):
        last += 1
    return last


def _number(document: Document, first: int, last: int) -> Finding | None:
    if last - first + 1 < DIGITS_OF_A_NUMBER or len(set(document.lowers[first : last + 1])) < 3:
        return None
    return Finding(document.starts[first], document.ends[last], "PHONE", "structured", "number in words")


def _code(document: Document, first: int, last: int) -> Finding | None:
    words = document.lowers[first : last + 1]
    nato = sum(word in NATO for word in words)
    if nato >= 2 and len(words) >= 3:
        return Finding(document.starts[first], document.ends[last], "ID_OTHER", "structured", "code in spelling words")
    return None


def _date(document: Document, first: int, last: int) -> Finding | None:
    """A day and a month or year in words, where "born" or "birth" stands before it or a year is spelled out."""
    while first < last and document.lowers[first] in ("of", "the", "and", "may", "one", "two", "second", "first"):
        if document.lowers[first + 1] in ("of", "may"):
            break
        first += 1
    words = document.lowers[first : last + 1]
    days = sum(w in ORDINALS for w in words)
    months = sum(w in MONTHS for w in words)
    years = sum(w in TENS or w in DIGIT_WORDS for w in words)
    before = document.text[max(0, document.starts[first] - 40) : document.starts[first]].lower()
    born = any(cue in before for cue in ("born", "birth", "dob", "d.o.b"))
    if first and document.lowers[first - 1] == "the" and document.gaps[first] == " ":
        first -= 1
    if (days + months >= 2 and (years >= 2 or born)) or (born and days + months + years >= 3):
        return Finding(document.starts[first], document.ends[last], "DOB", "structured", "date of birth in words")
    return None


def _letters(document: Document) -> Iterator[Finding]:
    """ "J a y d e n", "T-E-A": single letters with the same sign between them."""
    words = document.words
    count, done = len(words), 0
    for i in [i for i, word in enumerate(words) if len(word) == 1]:
        if i < done or not words[i].isalpha():
            continue
        last = i
        while (
            last + 1 < count and len(words[last + 1]) == 1 and words[last + 1].isalpha() and _spaced(document, i, last)
        ):
            last += 1
        spelled = "".join(document.lowers[i : last + 1])
        if len(spelled) >= LETTERS_OF_A_NAME and spelled not in DOTTED_WORDS and not PLAIN_RUNS.fullmatch(spelled):
            yield Finding(document.starts[i], document.ends[last], "PERSON", "structured", "spelled-out letters")
        done = last + 1


def _spaced(document: Document, first: int, last: int) -> bool:
    gap = document.gaps[last + 1]
    if last > first and gap != document.gaps[first + 1]:
        return False
    return gap in SPACERS or (len(gap) <= 3 and not gap.isascii())
