"""Weighs what the layers found by how sure the tagger is, word by word.

Record and structured findings stand whatever the tagger says. Its own spans are cut where a plain word, a safe
shape or a day that is no birth needs more certainty than it has; findings of the weaker layers fall where the
tagger sees nothing at all. Without a tagger every finding stands.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from rapidfuzz import process
from rapidfuzz.distance import OSA

from services.redaction.domain.dates import MONTHS, Dated
from services.redaction.domain.document import Document
from services.redaction.domain.finding import Finding, Layer
from services.redaction.domain.lexicon import FREQUENT, NAME, ORDINARY, SAFE_PROPER, SHAPE, Lexicon
from services.redaction.domain.network import public_links
from services.redaction.domain.signals import DATE_WORDS, TITLES
from services.redaction.domain.words import word_set

NEEDED_DAY = 0.97
"""Certainty that a date needs which neither a cue nor the record makes a birth: incident dates stay in the text."""

NEEDED_PLAIN = 0.25
"""Certainty that a lower-case word of everyday notes needs."""

NEEDED_EDGE = 0.9
"""Certainty that a small word at the edge of a name or number needs to be part of it."""

SMALL = word_set("on at in to from of by is was and or with for a an as re i he she they we it his her my our")
"""Words that stand beside identifiers and seldom in them."""

NEEDED_HEADING = 0.15
"""The same for one with a capital: sentence openings and headings carry capitals."""

NEEDED_LOWER = 0.97
"""Certainty that an ordinary word in lower case needs where the writer gives names their capitals: "takes no joy"."""

NEEDED_SAFE = 0.6
"""Certainty that a month, a country or a faith needs."""

NEEDED_SHAPE = 0.2
"""Certainty that a number or code in a safe shape needs: year groups, times, amounts."""

FLOOR: dict[Layer, float] = {"context": 0.08, "places": 0.08, "lexicon": 0.06}
"""Certainty below which a weak layer's word stays in the text."""

FLOOR_OF_RECORD = 0.1
"""The same for a word of the record that is an ordinary word as well; every other word of the record goes."""

NEEDED_TYPO = 0.15
"""Certainty below which an unknown lower-case word one slip away from an everyday one is a slip of the pen."""

TYPO_FROM = 4
"""Letters of a word from which one slip still points at one word."""


def weigh(document: Document, findings: Iterable[Finding], dated: list[Dated], lexicon: Lexicon) -> Iterator[Finding]:
    """The findings that stand; a tagger's span may come back in pieces."""
    if document.certainty is None:
        yield from findings
        return
    days = {i for date in dated if not date.birth for i in _tokens(document, date.start, date.end)}
    public = public_links(document.text)
    for finding in findings:
        if finding.layer == "tagger":
            if any(start <= finding.start and finding.end <= end for start, end in public):
                continue
            yield from _pieces(document, finding, days)
        elif finding.layer == "record":
            if not _is_plain(document, finding) or _certainty(document, finding) >= FLOOR_OF_RECORD:
                yield finding
        elif finding.layer not in FLOOR or _stands(document, finding, lexicon):
            yield finding


def _is_plain(document: Document, finding: Finding) -> bool:
    """Whether a finding is one ordinary word."""
    tokens = _tokens(document, finding.start, finding.end)
    return len(tokens) == 1 and bool(document.flags[tokens[0]] & (ORDINARY | SAFE_PROPER))


def _certainty(document: Document, finding: Finding) -> float:
    """The highest certainty within a finding."""
    certainty = document.certainty or []
    return max((certainty[i] for i in _tokens(document, finding.start, finding.end)), default=1.0)


def _tokens(document: Document, start: int, end: int) -> range:
    """Numbers of the tokens within a stretch of the text."""
    first = max(bisect_right(document.starts, start) - 1, 0)
    if first < len(document.ends) and document.ends[first] <= start:
        first += 1
    last = first
    while last < len(document.starts) and document.starts[last] < end:
        last += 1
    return range(first, last)


def _needed(document: Document, i: int, days: set[int]) -> float:
    flags = document.flags[i]
    if i in days:
        return NEEDED_DAY
    before = document.lowers[i - 1] if i else ""
    if flags & SAFE_PROPER:
        return NEEDED_DAY if before in DATE_WORDS and document.lowers[i] in MONTHS else NEEDED_SAFE
    if flags & ORDINARY and document.careful and document.words[i].islower() and before not in TITLES:
        return NEEDED_LOWER
    if flags & SHAPE:
        return NEEDED_SHAPE
    if flags & FREQUENT and not flags & NAME:
        return NEEDED_HEADING if document.words[i][0].isupper() else NEEDED_PLAIN
    return 0.0


def _pieces(document: Document, finding: Finding, days: set[int]) -> Iterator[Finding]:
    """The finding without the tokens of which the tagger is not sure enough.

    Beside a word that is no everyday one, everyday words are part of the name and stand with it; so does a plain
    word between two parts that stand ("House of Grace").
    """
    certainty = document.certainty or []
    tokens = _tokens(document, finding.start, finding.end)
    kept = [i for i in tokens if certainty[i] >= _needed(document, i, days)]
    if not tokens:
        return
    if len(kept) == len(tokens) or any(not _needed(document, i, days) for i in kept):
        yield from _without_edges(document, finding, tokens)
        return
    if not kept:
        return
    parts: list[list[int]] = [[kept[0], kept[0]]]
    for i in kept[1:]:
        if i - parts[-1][1] <= 2:
            parts[-1][1] = i
        else:
            parts.append([i, i])
    for first, last in parts:
        yield finding._replace(start=document.starts[first], end=document.ends[last])


def _without_edges(document: Document, finding: Finding, tokens: range) -> Iterator[Finding]:
    """The finding without the small words at its edges that the tagger took along: "on 07700 900123"."""
    certainty = document.certainty or []
    first, last = tokens[0], tokens[-1]
    while first < last and document.lowers[first] in SMALL and certainty[first] < NEEDED_EDGE:
        first += 1
    while last > first and document.lowers[last] in SMALL and certainty[last] < NEEDED_EDGE:
        last -= 1
    start = finding.start if first == tokens[0] else document.starts[first]
    yield finding._replace(start=start, end=finding.end if last == tokens[-1] else document.ends[last])


def _stands(document: Document, finding: Finding, lexicon: Lexicon) -> bool:
    sure = _certainty(document, finding)
    if sure < FLOOR[finding.layer]:
        return False
    if finding.layer != "lexicon" or sure >= NEEDED_TYPO:
        return True
    return not all(_is_slip(document, i, lexicon) for i in _tokens(document, finding.start, finding.end))


def _is_slip(document: Document, i: int, lexicon: Lexicon) -> bool:
    lower = document.lowers[i]
    if document.words[i] != lower or document.flags[i] & (ORDINARY | SAFE_PROPER) or len(lower) < TYPO_FROM:
        return False
    return process.extractOne(lower, lexicon.everyday, scorer=OSA.distance, score_cutoff=1) is not None
