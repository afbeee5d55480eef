"""Grows a finding to the whole name it is part of: initials, particles, further names, the noun of an establishment."""

from __future__ import annotations

from bisect import bisect_left

from services.redaction.domain.document import Document
from services.redaction.domain.finding import Finding
from services.redaction.domain.lexicon import FREQUENT, NAME, SAFE_PROPER, SHAPE
from services.redaction.domain.places import NOUNS
from services.redaction.domain.signals import AUTHORITIES, SPEECH, TITLES
from services.redaction.domain.words import word_set

PARTICLES = word_set(
    """ni nic ap ab ui o mac mc de da di du del dela della dos das do van von der den la le el al bin ibn ben bint st"""
)
"""Small words within surnames of many languages."""

BODIES = (
    word_set(
        """association society fellowship foundation league band cadets players service services forest group wanderers
    athletic academy dental family ministries assembly tabernacle cathedral abbey priory minster bakery butchers motors
    autos imports logistics care lettings taxis kennels stables nursery"""
    )
    | NOUNS
)
"""Nouns that close the name of a place or an establishment."""

INNER = word_set("of the and pupil referral day for in on orthodox primary junior infant")
"""Words that may stand without a capital before such a noun."""

MAX_GROWTH = 4
"""Words that a name is followed for."""


def grown(document: Document, finding: Finding) -> Finding:
    """The finding with what belongs to its name, from the narrative around it."""
    if finding.label == "PERSON":
        name = _grown_name(document, finding)
        return _grown_place(document, name) if finding.layer != "record" else name
    if finding.label in ("PLACE", "SCHOOL"):
        return _grown_place(document, finding)
    return finding


def _grown_name(document: Document, finding: Finding) -> Finding:
    """Initials ("J. Smith", "Smith, J"), particles and further names."""
    text = document.text
    start, end = finding.start, finding.end
    i = bisect_left(document.starts, start) - 1
    while i >= 0 and _precedes(document, i, text[document.ends[i] : start]):
        start = document.starts[i]
        i -= 1
    j = bisect_left(document.starts, end)
    while j < len(document.words) and _follows(document, j, text[end : document.starts[j]]):
        end = document.ends[j] - 2 * document.lowers[j].endswith("'s")
        j += 1
    return finding if (start, end) == (finding.start, finding.end) else finding._replace(start=start, end=end)


def _precedes(document: Document, i: int, gap: str) -> bool:
    """Whether a token before a name is an initial of it; a capital "A" in mid-sentence is no article."""
    word = document.words[i]
    if len(word) != 1 or not word.isupper() or gap not in (" ", ". ", ".", "-"):
        return False
    return gap != " " or (word != "I" and (word != "A" or document.capital(i) > document.initial[i]))


def _follows(document: Document, j: int, gap: str) -> bool:
    """Whether a token after a name goes on with it: an initial, a particle before a capital, a word that is a name."""
    word, flags = document.words[j], document.flags[j]
    if len(word) == 1:
        return word.isupper() and word != "I" and gap in (", ", " ") and (word != "A" or _closes(document, j))
    if gap not in (" ", "-"):
        return False
    if document.lowers[j - 1] in PARTICLES and document.capital(j):
        return True
    if document.lowers[j] in PARTICLES:
        return j + 1 < len(document.words) and document.gaps[j + 1] in (" ", "-", "'") and document.capital(j + 1)
    if not flags & NAME or flags & SAFE_PROPER:
        return False
    return document.capital(j) or (document.whispering and not flags & FREQUENT)


def _closes(document: Document, j: int) -> bool:
    """Whether a single "A" ends a name: a sign or a verb comes after it, no noun."""
    if j + 1 >= len(document.words):
        return True
    return document.gaps[j + 1] != " " or document.lowers[j + 1] in SPEECH


def _grown_place(document: Document, finding: Finding) -> Finding:
    """The noun that closes the name, where only capitals and small words lie between."""
    j = bisect_left(document.starts, finding.end)
    best = finding.end
    for step in range(j, min(j + MAX_GROWTH, len(document.words))):
        lower = document.lowers[step]
        gap = document.gaps[step] if step > j else document.text[finding.end : document.starts[step]]
        if gap not in (" ", "'s ") or lower in AUTHORITIES or lower in TITLES or document.flags[step] & SHAPE:
            break
        if not document.capital(step) and lower not in INNER and lower not in BODIES:
            break
        if lower in BODIES and (document.capital(step) or step > j):
            best = document.ends[step]
    return finding if best == finding.end else finding._replace(end=best)
