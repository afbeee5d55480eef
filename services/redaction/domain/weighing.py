"""Weighs what the layers found by how sure the tagger is, word by word.

Record and structured findings stand whatever the tagger says. Its own spans are cut where a plain word, a safe
shape or a day that is no birth needs more certainty than it has; findings of the weaker layers fall where the
tagger sees nothing at all. Without a tagger every finding stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from services.redaction.domain.dates import MONTHS, Dated
from services.redaction.domain.document import Document
from services.redaction.domain.finding import Finding, Layer
from services.redaction.domain.lexicon import FREQUENT, NAME, ORDINARY, SAFE_PROPER, SHAPE, Lexicon
from services.redaction.domain.network import public_links
from services.redaction.domain.signals import DATE_WORDS, TITLES, WORDY_TITLES
from services.redaction.domain.words import word_set

NEEDED_DAY = 0.995
"""Certainty that a date needs which neither a cue nor the record makes a birth: incident dates stay in the text."""

NEEDED_PLAIN = 0.5
"""Certainty that a lower-case word of everyday notes needs."""

NEEDED_EDGE = 0.9
"""Certainty that a small word at the edge of a name or number needs to be part of it."""

SMALL = word_set("on at in to from of by is was and or with for a an as re i he she they we it his her my our")
"""Words that stand beside identifiers and seldom in them."""

NEEDED_HEADING = 0.15
"""The same for one with a capital in mid-sentence."""

INITIALS = 3
"""Capitals up to which a word may be somebody's initials wherever it stands."""

NEEDED_OPENING = 0.4
"""The same for one that opens a sentence, a line or a field, where a capital says nothing."""

NEEDED_LOWER = 0.97
"""Certainty that an ordinary word in lower case needs where the writer gives names their capitals: "takes no joy"."""

NEEDED_SAFE = 0.6
"""Certainty that a month, a country or a faith needs."""

NEEDED_SHAPE = 0.2
"""Certainty that a number or code in a safe shape needs: year groups, times, amounts."""

FLOOR: dict[Layer, float] = {"context": 0.08, "places": 0.08, "lexicon": 0.045}
"""Certainty below which a weak layer's word stays in the text."""

FLOOR_OF_RECORD = 0.1
"""The same for a word of the record that is an ordinary word as well; every other word of the record goes."""

NEEDED_TYPO = 0.15
"""Certainty below which an unknown lower-case word one slip away from an everyday one is a slip of the pen."""

TWO_SLIPS_FROM = 8
"""Letters of a word from which two do."""

TYPO_FROM = 4
"""Letters of a word from which one slip still points at one word."""


def weigh(document: Document, findings: Iterable[Finding], dated: list[Dated], lexicon: Lexicon) -> Iterator[Finding]:
    """The findings that stand; a tagger's span may come back in pieces.

    A weak layer's finding within what already stands adds nothing and is left out.
    """
    if document.certainty is None:
        yield from findings
        return
    days = {i for date in dated if not date.birth for i in document.tokens(date.start, date.end)}
    known = document.known = _known(document, lexicon)
    public = public_links(document)
    covered: set[int] = set()
    weak = []
    for finding in findings:
        if finding.layer in FLOOR:
            weak.append(finding)
            continue
        if finding.layer == "tagger" and any(s <= finding.start and finding.end <= e for s, e in public):
            continue
        for standing in _strong(document, finding, days, known):
            covered.update(document.tokens(standing.start, standing.end))
            yield standing
    for finding in weak:
        tokens = document.tokens(finding.start, finding.end)
        if not covered.issuperset(tokens) and _stands(document, finding, tokens, lexicon):
            yield finding


def _strong(document: Document, finding: Finding, days: set[int], known: frozenset[int]) -> Iterator[Finding]:
    """What stands of a finding of the record, of a structured one or of the tagger."""
    tokens = document.tokens(finding.start, finding.end)
    if finding.layer == "tagger":
        if tokens:
            yield from _pieces(document, finding, tokens, days)
    elif finding.layer == "record":
        plain = len(tokens) == 1 and document.flags[tokens[0]] & (ORDINARY | SAFE_PROPER)
        if not plain or (_certainty(document, tokens) >= FLOOR_OF_RECORD and not known.issuperset(tokens)):
            yield finding
    else:
        yield finding


def _known(document: Document, lexicon: Lexicon) -> frozenset[int]:
    """Tokens of what everybody knows: "Harry Potter", "A&E"."""
    lowers, gaps = document.lowers, document.gaps
    answer: set[int] = set()
    phrases = lexicon.phrases
    for i in [i for i, lower in enumerate(lowers[:-1]) if lower in phrases]:
        if gaps[i + 1] == " " and lowers[i + 1] in phrases[lowers[i]]:
            answer |= {i, i + 1}
    for i in (i for i, gap in enumerate(gaps) if gap == "&"):
        if i and lowers[i - 1] + lowers[i] in AMPERSANDS:
            answer |= {i - 1, i}
    return frozenset(answer)


AMPERSANDS = word_set("ae qa rb hs tc bb po ms hm dt rr fe")
"""A&E, Q&A, R&B, H&S, T&C, B&B, P&O, M&S, H&M, D&T, R&R: letters that are nobody's initials."""

NEVER = 2.0
"""More certainty than there is: what everybody knows stays."""


def _certainty(document: Document, tokens: range) -> float:
    """The highest certainty among some tokens."""
    certainty = document.certainty or []
    return max((certainty[i] for i in tokens), default=1.0)


def _needed(document: Document, i: int, days: set[int]) -> float:
    flags = document.flags[i]
    if i in days:
        return NEEDED_DAY
    if i in document.known:
        return NEVER
    word = document.words[i]
    before = document.lowers[i - 1] if i else ""
    if before in TITLES and before not in WORDY_TITLES and document.gaps[i] in (" ", ". "):
        return 0.0
    if word in ("Y", "N") and document.gaps[i].strip()[-1:] in ("?", ":"):
        return NEEDED_LOWER
    if flags & SAFE_PROPER:
        return NEEDED_DAY if before in DATE_WORDS and document.lowers[i] in MONTHS else NEEDED_SAFE
    if flags & ORDINARY and document.careful and word.islower() and before not in TITLES:
        return NEEDED_LOWER
    if flags & SHAPE:
        return NEEDED_SHAPE
    if flags & FREQUENT and not flags & NAME:
        if "'" in word[1:-2]:
            return NEEDED_LOWER
        if not word[0].isupper():
            return NEEDED_PLAIN
        if word.isupper() and len(word) <= INITIALS and not document.shouting:
            return NEEDED_HEADING
        return NEEDED_OPENING if document.initial[i] else NEEDED_HEADING
    return 0.0


def _pieces(document: Document, finding: Finding, tokens: range, days: set[int]) -> Iterator[Finding]:
    """The finding without the tokens of which the tagger is not sure enough.

    Beside a word that is no everyday one, everyday words are part of the name and stand with it; so does a plain
    word between two parts that stand ("House of Grace").
    """
    certainty = document.certainty or []
    kept = [i for i in tokens if certainty[i] >= _needed(document, i, days)]
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
    while first < last and document.words[first] in SMALL and certainty[first] < NEEDED_EDGE:
        first += 1
    while last > first and document.words[last] in SMALL and certainty[last] < NEEDED_EDGE:
        last -= 1
    start = finding.start if first == tokens[0] else document.starts[first]
    yield finding._replace(start=start, end=finding.end if last == tokens[-1] else document.ends[last])


def _stands(document: Document, finding: Finding, tokens: range, lexicon: Lexicon) -> bool:
    """Whether a weak layer's finding stands beside the tagger's doubt."""
    if document.known and document.known.issuperset(tokens):
        return False
    if _after_title(document, tokens):
        return True
    sure = _certainty(document, tokens)
    if sure < FLOOR[finding.layer]:
        return False
    if finding.layer != "lexicon" or sure >= NEEDED_TYPO:
        return True
    return not all(_is_slip(document, i, lexicon) for i in tokens)


def _after_title(document: Document, tokens: range) -> bool:
    """ "Dr Haze", "Mrs Bye": a title with its capital makes any capitalised word a name."""
    i = tokens[0] if tokens else 0
    if not i or document.gaps[i] not in (" ", ". "):
        return False
    title = document.lowers[i - 1] in TITLES and document.lowers[i - 1] not in WORDY_TITLES
    return title and document.capital(i - 1) and document.capital(i) and not document.flags[i] & SAFE_PROPER


def _is_slip(document: Document, i: int, lexicon: Lexicon) -> bool:
    lower = document.lowers[i]
    if document.words[i] != lower or document.flags[i] & (ORDINARY | SAFE_PROPER) or len(lower) < TYPO_FROM:
        return False
    if any(lower[:at] in lexicon.frequent and lower[at:] in lexicon.frequent for at in range(3, len(lower) - 2)):
        return True
    slips = 2 if len(lower) >= TWO_SLIPS_FROM else 1
    return lexicon.is_slip(lower, slips)
