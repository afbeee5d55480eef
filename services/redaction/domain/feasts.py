"""Birth dates that a calendar of numbers does not show: "four on Valentine's Day", "13 on the first of April".

Feasts and such days stay everywhere else: only a cue of birth or age straight before them makes them somebody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set

from services.redaction.domain.dates import MONTH
from services.redaction.domain.document import Document
from services.redaction.domain.finding import Finding
from services.redaction.domain.words import word_set

AGE = (
    r"(?:1?\d|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen"
    r"|seventeen|eighteen)"
)
FEAST = (
    r"(?:st\.?\s)?(?:valentine'?s?|patrick'?s|david'?s|george'?s|andrew'?s|armistice|remembrance|boxing|christmas"
    r"|new\syear'?s|may|leap|pancake|mother'?s|father'?s|april\sfools?'?|april\sfool'?s|midsummer'?s?|st\sstephen'?s"
    r"|bastille|independence|canada|australia|women'?s)\s(?:day|eve|sunday)(?:'s)?"
    r"|hallowe'?en|bonfire\snight|guy\sfawkes(?:'s|')?(?:\s(?:night|day))?|burns\snight|hogmanay|shrove\stuesday"
    r"|(?:good\sfriday|(?:easter|palm|mothering)\s(?:sunday|monday)|eid|diwali|nowruz)|ash\swednesday"
    r"|(?:the\s)?(?:summer|winter)\ssolstice|christmas\s(?:eve|day)|leap\sday"
)
DAY = (
    rf"(?:the\s)?(?:{FEAST}"
    rf"|(?:\d{{1,2}}(?:st|nd|rd|th)|first|second|third|(?:twenty.|thirty.)?(?:first|second|third|fourth|fifth|sixth"
    rf"|seventh|eighth|ninth)|tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth"
    rf"|eighteenth|nineteenth|twentieth|thirtieth)\s(?:of\s)?{MONTH}|\d{{1,2}}\s{MONTH}\b)"
    rf"(?:,?\s(?:19|20)\d\d)?"
)
CUED = re.compile(
    rf"(?:\b(?:(?:turn(?:s|ed|ing)?|will\sbe|is|was|be|are|were|he's|she's)\s{AGE}\son|born\son"
    rf"|birthday\s(?:is|was|on)(?:\son)?)|\({AGE}\s(?:on|today,))\s(?P<day>{DAY})(?!\w)",
    re.IGNORECASE,
)
"""An age or a word of birth, straight before a day of the calendar or a feast."""

BABY = re.compile(rf"\b(?:an?\s)?(?P<day>{FEAST})\s(?:baby|babies|birthday|child)\b", re.IGNORECASE)
""" "A Halloween baby"."""

ANNOUNCED = frozenset(map(str, range(20))) | word_set(
    """born one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen"""
)
"""What stands straight before "on" or "today" wherever `CUED` finds something that is no birthday."""

BORN = word_set("baby babies birthday child")
FEAST_ENDS = word_set(
    """day eve sunday day's eve's sunday's monday night fawkes fawkes's halloween hallowe'en hogmanay tuesday friday
    wednesday eid diwali nowruz solstice"""
)
"""The last words of feasts, one of which stands straight before a word of `BORN` wherever `BABY` finds something."""


def find(document: Document) -> Iterator[Finding]:
    """Every such day. Linear: each pattern opens with a fixed word, and most texts are done after one look."""
    lowers = document.lowers
    cued = "birthday" in lowers or _meets(lowers, ANNOUNCED, ("on", "today"))
    baby = _meets(lowers, FEAST_ENDS, BORN)
    for pattern in ((CUED,) if cued else ()) + ((BABY,) if baby else ()):
        for m in pattern.finditer(document.text):
            yield Finding(m.start("day"), m.end("day"), "DOB", "structured", "birthday at a feast or in words")


def _meets(lowers: list[str], before: Set[str], words: Iterable[str]) -> bool:
    """Whether one of these words stands straight after one of those `before` it."""
    for word in words:
        at = -1
        for _ in range(lowers.count(word)):
            at = lowers.index(word, at + 1)
            if at and lowers[at - 1] in before:
                return True
    return False
