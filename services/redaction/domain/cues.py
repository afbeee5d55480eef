"""Short numbers that only a word beside them makes an identifier: "CAD 3391", "card ends 4410", "room 114"."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from services.redaction.domain.document import Document
from services.redaction.domain.finding import Finding
from services.redaction.domain.words import word_set

PUBLIC_NUMBER = re.compile(
    r"(?:999|101|111|112|105|119|116\d{3}|0800\d{4,7}|0808\d{7}|08000\d{6}|0300\d{7}|03000?\d{6,7}|0345\d{7}|0344\d{7})"
)
"""Emergency, freephone and public-service numbers: advice, not identity."""


POLICE_CUE = re.compile(
    r"\b(?:cad|log|ref|reference|misper|incident|crime|police|101|999)\b[^.;\n]{0,14}$", re.IGNORECASE
)

CUES = word_set(
    """cad crime ref refs reference log case cris incident badge collar shoulder id code pin licence license
    passport account acct sort card serial imei booking ticket exhibit athena lcs liberi mosaic candidate cand
    file uci emis rio pnc ucr claim warrant invoice policy sia dbs visa brp niche storm cpoms number no nos num
    locker tag pupil hospital hosp mrn crn customer tenancy application permit fleet adm admission plate reg"""
)
"""Words after which a short number is somebody's or some case's."""

ENDS = word_set("ending ends ended in with")
NUMBERED = word_set("number phone mobile mob tel account acct card sims arbor contact no digits line code plate reg")
MAX_ENDING = 5
"""Digits and letters of what is given of a number's end."""
ENDING_REACH = 7
"""Words before in which the number itself is spoken of."""

DWELLINGS = word_set("room flat plot berth pitch unit caravan apartment apt block number no chalet mooring bay")
"""Words after which a number is where somebody lives."""

POLICE = word_set("pc pcso ps dc ds di sgt wpc officer")
FILLERS = word_set("is was no nos num number ref reference code id of the as are a")

CUE_DIGITS = 3
"""Digits a number needs after a cue; two are a count as a rule."""

FILLERS_BETWEEN = 3
"""Small words that may stand between a cue and its number: "reference number is"."""

VAGUE = word_set("no number case file policy code log")
"""Cues after which four digits from 19 or 20 on are a year."""

WHERE = word_set("at in from to on is opposite outside past near with by")
"""Words before a dwelling's word that make it one."""

SHARED = word_set("number no room block unit bay")
"""Words for dwellings that schools use as well."""


class Dates(NamedTuple):
    """Where the dates of a text stand, disjoint and in order: parallel lists of starts and ends."""

    starts: list[int]
    ends: list[int]

    def overlap(self, start: int, end: int) -> bool:
        """Whether a date shares a character with this stretch."""
        last = bisect_left(self.starts, end) - 1
        return last >= 0 and self.ends[last] > start

    def hold(self, start: int, end: int) -> bool:
        """Whether one date covers this stretch."""
        last = bisect_right(self.starts, start) - 1
        return last >= 0 and self.ends[last] >= end


def find(document: Document, dates: Dates) -> Iterator[Finding]:
    """Numbers given away by their cue; `dates` are taken for dates."""
    yield from _police(document)
    yield from _endings(document)
    for i in document.digits:
        word = document.words[i]
        if not word[0].isdigit() and not (word[-1].isdigit() and word[0].isupper()):
            continue
        start, end = document.starts[i], document.ends[i]
        money = document.text[start - 1 : start] in ("£", "$", "€")
        if money or dates.overlap(start, end) or PUBLIC_NUMBER.fullmatch(word):
            continue
        at = _cue(document, i)
        found = _judge(document, i, at) if at is not None else None
        if found is not None:
            yield found


def _cue(document: Document, i: int) -> int | None:
    """The token that announces the number at `i`, or None."""
    at = i - 1
    while at >= 0 and i - at <= FILLERS_BETWEEN and document.lowers[at] in FILLERS and document.lowers[at] not in CUES:
        at -= 1
    if at < 0 or any("\n" in gap for gap in document.gaps[at + 1 : i + 1]):
        return None
    return None if document.gaps[at + 1].strip(" .:#;(\"'") else at


def _judge(document: Document, i: int, at: int) -> Finding | None:
    cue, word = document.lowers[at], document.words[i]
    start, end = document.starts[i], document.ends[i]
    digits = sum(c.isdigit() for c in word)
    if cue in DWELLINGS and word[0].isdigit() and digits <= CUE_DIGITS and _dwells(document, at, digits):
        return Finding(document.starts[at], end, "PLACE", "structured", "number of a dwelling")
    if digits < CUE_DIGITS or (cue in VAGUE and re.fullmatch(r"(?:19|20)\d\d", word)):
        return None
    if cue in CUES:
        return Finding(start, end, "CASE_REF", "structured", "number after its cue")
    if cue in POLICE and word.isdigit():
        return Finding(start, end, "ID_OTHER", "structured", "number of an officer")
    return None


def _dwells(document: Document, at: int, digits: int) -> bool:
    """Whether a dwelling's word and number are somebody's: not "room 5" of a school or "number 1 worry"."""
    shared = document.lowers[at] in SHARED
    if not shared or (digits >= CUE_DIGITS and document.lowers[at] not in ("number", "no")):
        return True
    before = document.lowers[at - 1] if at else ""
    return before in WHERE and (digits > 1 or document.lowers[at] in ("number", "no"))


CAD = re.compile(
    r"\bcad\W{1,3}(?:no\.?|number|ref)?\s?\d[\dA-Z/-]{0,12}"
    r"(?:\s?(?:of\s|/)?(?:today|yesterday|\d{1,2}/\d{1,2}(?:/\d{2,4})?|\d{4,8}|\d{1,2}(?:st|nd|rd|th)?\s?(?:of\s)?"
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}))?",
    re.IGNORECASE,
)
"""A police incident number with its day, which belongs to it: "CAD 1182 of 06/02"."""

OF_A_DAY = re.compile(
    r"(?<=\d)\sof\s(?:today|yesterday|\d{1,2}/\d{1,2}(?:/\d{2,4})?|\d{1,2}(?:st|nd|rd|th)?\s"
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6})",
    re.IGNORECASE,
)


def _police(document: Document) -> Iterator[Finding]:
    """Incident numbers with the day they were given on."""
    for m in CAD.finditer(document.text) if "cad" in document.lowers else ():
        yield Finding(m.start(), m.end(), "CASE_REF", "structured", "police incident number")
    text = document.text
    if "of" in document.lowers:
        for m in OF_A_DAY.finditer(text):
            if POLICE_CUE.search(text[max(0, m.start() - 20) : m.start()]):
                start = text.rfind(" ", 0, m.start()) + 1
                yield Finding(start, m.end(), "CASE_REF", "structured", "police incident number")


def _endings(document: Document) -> Iterator[Finding]:
    """Last digits: "the number ending 427", "card ends 4410"."""
    for i in document.digits:
        word = document.words[i]
        if (
            not 2 <= len(word) <= MAX_ENDING
            or document.lowers[i - 1] not in ENDS
            or document.gaps[i].strip(" .…x*#'\"")
        ):
            continue
        before = document.lowers[max(0, i - ENDING_REACH) : i]
        if not NUMBERED.isdisjoint(before):
            yield Finding(document.starts[i], document.ends[i], "PHONE", "structured", "last digits of a number")
