"""Weighs what the layers found by how sure the tagger is, word by word.

Record and structured findings stand whatever the tagger says. Its own spans are cut where a plain word, a safe
shape or a day that is no birth needs more certainty than it has; findings of the weaker layers fall where the
tagger sees nothing at all. Without a tagger every finding stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from services.redaction.domain.context import QUOTED, SIGNED
from services.redaction.domain.dates import Dated
from services.redaction.domain.document import Document
from services.redaction.domain.finding import Finding, Layer
from services.redaction.domain.lexicon import ORDINARY, SAFE_PROPER, Lexicon
from services.redaction.domain.needs import HINTED, NEEDED_TYPO, hint_at, is_loose, is_slip, needed_at
from services.redaction.domain.network import public_links
from services.redaction.domain.places import is_hurried_street
from services.redaction.domain.places_bodies import bodies
from services.redaction.domain.signals import TITLES, WORDY_TITLES
from services.redaction.domain.words import word_set

FLOOR: dict[Layer, float] = {"context": 0.08, "places": 0.08, "lexicon": 0.045}
"""Certainty below which a weak layer's word stays in the text."""

FLOOR_OF_RECORD = 0.1
"""The same for a word of the record that is an ordinary word as well; every other word of the record goes."""


ABBREVIATED = 2
"""Letters up to which a word with a full stop is an initial or short for something: "J.", "St."."""


def weigh(document: Document, findings: Sequence[Finding], dated: list[Dated], lexicon: Lexicon) -> Iterator[Finding]:
    """The findings that stand; a tagger's span may come back in pieces.

    A weak layer's finding within what already stands adds nothing and is left out.
    """
    if document.certainty is None:
        yield from findings
        return
    days = {i for date in dated if not date.birth for i in document.tokens(date.start, date.end)}
    named = {document.at.get(f.start, -1) for f in findings if f.layer == "record" and f.label == "PERSON"}
    known = document.known = _known(document, lexicon, named) | bodies(document)
    public = public_links(document)
    covered: set[int] = set()
    weak = []
    for finding in findings:
        if finding.layer in FLOOR:
            weak.append(finding)
            continue
        if finding.layer == "tagger" and any(_is_public(finding, *link) for link in public):
            continue
        for standing in _strong(document, finding, days, known, lexicon):
            covered.update(document.tokens(standing.start, standing.end))
            yield standing
    for finding in weak:
        tokens = document.tokens(finding.start, finding.end)
        if not covered.issuperset(tokens) and _stands(document, finding, tokens, lexicon):
            covered.update(tokens)
            yield finding
    yield from _hints(document, covered, days)


def _is_public(finding: Finding, start: int, end: int) -> bool:
    """Whether the tagger found no more than the address of a public body's site."""
    if finding.label == "URL":
        return finding.start < end and start < finding.end
    return start <= finding.start and finding.end <= end


def _hints(document: Document, covered: set[int], days: set[int]) -> Iterator[Finding]:
    """Words below the tagger's own thresholds that their kind makes likely: a rare word with a capital, or one in a
    text whose writer gives names none."""
    for i, sure in enumerate(document.certainty or ()):
        if sure < HINTED or i in covered or i in days or i in document.known or sure < hint_at(document, i):
            continue
        yield Finding(document.starts[i], document.ends[i], "PERSON", "tagger", "likely for a word of its kind")


def _sentences(document: Document, finding: Finding, tokens: range) -> Iterator[Finding]:
    """A tagger's span of people cut where a sentence ends: "Told Bello. Phones are kept"; "J. Smith" is no end."""
    first = tokens.start
    for i in tokens[1:] if finding.label == "PERSON" else ():
        before = document.lowers[i - 1]
        if document.gaps[i] in (". ", ".\n") and len(before) > ABBREVIATED and before not in TITLES:
            yield finding._replace(start=document.starts[first], end=document.ends[i - 1])
            first = i
    if first == tokens.start:
        yield from (finding,) if tokens else ()
    else:
        yield finding._replace(start=document.starts[first])


def _strong(
    document: Document, finding: Finding, days: set[int], known: frozenset[int], lexicon: Lexicon
) -> Iterator[Finding]:
    """What stands of a finding of the record, of a structured one or of the tagger."""
    tokens = document.tokens(finding.start, finding.end)
    if finding.layer == "tagger":
        for part in _sentences(document, finding, tokens):
            yield from _pieces(document, part, document.tokens(part.start, part.end), days, lexicon)
    elif finding.layer == "record":
        plain = len(tokens) == 1 and document.flags[tokens[0]] & (ORDINARY | SAFE_PROPER)
        if not plain or (_certainty(document, tokens) >= FLOOR_OF_RECORD and not known.issuperset(tokens)):
            yield finding
    else:
        yield finding


def _known(document: Document, lexicon: Lexicon, named: set[int]) -> frozenset[int]:
    """Tokens of what everybody knows: "Harry Potter", "A&E"; never both names of somebody of the record (`named`)."""
    lowers, gaps = document.lowers, document.gaps
    answer: set[int] = set()
    phrases = lexicon.phrases
    for i in [i for i, lower in enumerate(lowers[:-1]) if lower in phrases]:
        following = lowers[i + 1] in phrases[lowers[i]] or lowers[i + 1].removesuffix("'s") in phrases[lowers[i]]
        if gaps[i + 1] == " " and following and not named.issuperset((i, i + 1)):
            answer |= {i, i + 1}
    for i in (i for i, gap in enumerate(gaps) if gap == "&"):
        if i and lowers[i - 1] + lowers[i] in AMPERSANDS:
            answer |= {i - 1, i}
    return frozenset(answer)


AMPERSANDS = word_set("ae qa rb hs tc bb po ms hm dt rr fe")
"""A&E, Q&A, R&B, H&S, T&C, B&B, P&O, M&S, H&M, D&T, R&R: letters that are nobody's initials."""


def _certainty(document: Document, tokens: range) -> float:
    """The highest certainty among some tokens."""
    certainty = document.certainty or []
    return max((certainty[i] for i in tokens), default=1.0)


def _pieces(document: Document, finding: Finding, tokens: range, days: set[int], lexicon: Lexicon) -> Iterator[Finding]:
    """The finding without the tokens of which the tagger is not sure enough.

    Beside a word that is no everyday one, everyday words are part of the name and stand with it; so does a plain
    word between two parts that stand ("House of Grace").
    """
    certainty = document.certainty or []
    needed = {i: needed_at(document, i, days, lexicon) for i in tokens}
    kept = [i for i in tokens if certainty[i] >= needed[i]]
    if len(kept) == len(tokens) or any(not needed[i] for i in kept):
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
    first, last = tokens[0], tokens[-1]
    while first < last and is_loose(document, first):
        first += 1
    while last > first and is_loose(document, last):
        last -= 1
    start = finding.start if first == tokens[0] else document.starts[first]
    yield finding._replace(start=start, end=finding.end if last == tokens[-1] else document.ends[last])


def _stands(document: Document, finding: Finding, tokens: range, lexicon: Lexicon) -> bool:
    """Whether a weak layer's finding stands beside the tagger's doubt."""
    if document.known and document.known.issuperset(tokens):
        return False
    if _after_title(document, tokens) or finding.reason in (QUOTED, SIGNED):
        return True
    if finding.layer == "places" and tokens and is_hurried_street(document, tokens[-1]):
        return True
    sure = _certainty(document, tokens)
    if sure < FLOOR[finding.layer]:
        return False
    if finding.layer != "lexicon" or sure >= NEEDED_TYPO:
        return True
    return not all(is_slip(document, i, lexicon) for i in tokens)


def _after_title(document: Document, tokens: range) -> bool:
    """ "Dr Haze", "Mrs Bye": a title with its capital makes any capitalised word a name."""
    i = tokens[0] if tokens else 0
    if not i or document.gaps[i] not in (" ", ". "):
        return False
    title = document.lowers[i - 1] in TITLES and document.lowers[i - 1] not in WORDY_TITLES
    return title and document.capital(i - 1) and document.capital(i) and not document.flags[i] & SAFE_PROPER
