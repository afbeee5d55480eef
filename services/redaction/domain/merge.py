"""Joins what the layers found into disjoint whole-token spans, and repeats a name wherever it recurs."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from services.redaction.domain.document import Document
from services.redaction.domain.finding import Finding, Layer
from services.redaction.domain.growing import grown
from services.redaction.domain.lexicon import FREQUENT, ORDINARY, SAFE_PROPER
from services.redaction.domain.places import SAINT
from services.redaction.domain.signals import DATE_WORDS, SPEECH, follows_kin_or_title

RANK: dict[Layer, int] = {"record": 0, "structured": 1, "tagger": 2, "places": 3, "context": 4, "lexicon": 5}
"""Whose label wins where layers overlap: the one that knows most about what it found."""

JOINING = frozenset({" ", "-", "'", "  "})
"""What may stand between two parts of one name."""


WORDLIKE = re.compile(r"\w")

SEVERAL = 2
"""People from which a stretch is no one name."""

NAMED = frozenset({"PERSON", "HANDLE"})
"""Labels of names that may carry a possessive, which stays in the text; "St Mary's" keeps its own."""


def merge(document: Document, findings: Iterable[Finding]) -> list[Finding]:
    """Disjoint findings in document order, each from a token's start to a token's end without its possessive."""
    whole = [_whole_tokens(document, finding) for finding in findings if finding.start < finding.end]
    whole += _repeated(document, whole)
    whole = _apart(document.text, whole)
    whole.sort(key=lambda f: (f.start, -f.end, RANK[f.layer]))
    united: list[Finding] = []
    for finding in whole:
        last = united[-1] if united else None
        if (last is not None and finding.start < last.end) or (last is not None and _one_name(document, last, finding)):
            united[-1] = _union(last, finding)
        else:
            united.append(finding)
    return _disjoint([grown(document, finding) for finding in united])


def _disjoint(findings: list[Finding]) -> list[Finding]:
    """Findings that grew into each other, as one; one may have grown over several before it."""
    answer: list[Finding] = []
    for finding in findings:
        whole = finding
        while answer and whole.start < answer[-1].end:
            whole = _union(answer.pop(), whole)
        answer.append(whole)
    return answer


def _apart(text: str, findings: list[Finding]) -> list[Finding]:
    """Cuts a name that runs over two people of the record into what is left beside them: "Ngozi Darren"."""
    people = sorted(f for f in findings if f.layer == "record" and f.label == "PERSON")
    if len(people) < SEVERAL:
        return findings
    starts = [person.start for person in people]
    answer = []
    for finding in findings:
        inside = people[bisect_left(starts, finding.start) : bisect_left(starts, finding.end)]
        if finding.layer == "record" or len({f.identity for f in inside} - {"family"}) < SEVERAL:
            answer.append(finding)
            continue
        at = finding.start
        for person in inside:
            if WORDLIKE.search(text, at, person.start):
                answer.append(finding._replace(start=at, end=person.start))
            at = max(at, person.end)
        if WORDLIKE.search(text, at, finding.end):
            answer.append(finding._replace(start=at))
    return answer


def _whole_tokens(document: Document, finding: Finding) -> Finding:
    """The finding from its first token's start to its last token's end, without a possessive."""
    start, end, label = finding.start, finding.end, finding.label
    starts, ends = document.starts, document.ends
    at = document.at.get(start)
    if at is not None and ends[at] == end and "'" not in document.lowers[at]:
        return finding
    first = bisect_right(starts, start) - 1
    last = bisect_left(ends, end)
    if first >= 0 and start < ends[first]:
        start = starts[first]
    if last < len(ends) and starts[last] < end:
        end = ends[last]
        saint = last > 0 and document.lowers[last - 1] in SAINT
        if label in NAMED and document.lowers[last].endswith("'s") and not saint:
            end -= 2
    if start == finding.start and end == finding.end:
        return finding
    return finding._replace(start=start, end=max(end, start + 1))


def _repeated(document: Document, findings: list[Finding]) -> list[Finding]:
    """The other mentions of ordinary words that were used as names somewhere in this text."""
    names: dict[str, Finding] = {}
    for finding in findings:
        if finding.label != "PERSON" or finding.layer == "lexicon":
            continue
        for i in document.tokens(finding.start, finding.end):
            word = document.lowers[i].removesuffix("'s")
            if len(word) > 1 and document.flags[i] & (ORDINARY | SAFE_PROPER):
                names.setdefault(word, finding)
                names.setdefault(word + "'s", finding)
    if not names:
        return []
    again = []
    for i in [i for i, lower in enumerate(document.lowers) if lower in names]:
        lower = document.lowers[i]
        if i not in document.known and _is_mention(document, i):
            start = document.starts[i]
            again.append(names[lower]._replace(start=start, end=document.ends[i] - 2 * lower.endswith("'s")))
    return again


def _is_mention(document: Document, i: int) -> bool:
    """Whether a further occurrence of a name's word is the name again."""
    flags = document.flags[i]
    if not flags & (ORDINARY | SAFE_PROPER):
        return True
    before = document.lowers[i - 1] if i else ""
    after = document.lowers[i + 1] if i + 1 < len(document.lowers) else ""
    if flags & SAFE_PROPER and (before in DATE_WORDS or before[:1].isdigit() or after[:1].isdigit()):
        return False
    if document.capital(i):
        return not document.initial[i] or not flags & FREQUENT or after in SPEECH
    if document.whispering or document.shouting:
        return not flags & FREQUENT
    return follows_kin_or_title(before) and not flags & FREQUENT


def _union(first: Finding, second: Finding) -> Finding:
    """One finding over both; the label of the better-informed layer, the identity of whichever has one."""
    better, other = (first, second) if RANK[first.layer] <= RANK[second.layer] else (second, first)
    if better.label != "PERSON" and other.label == "PERSON" and other.layer == "record" and better.layer == "record":
        better, other = other, better
    identity = better.identity
    if identity is None or (identity == "family" and other.identity):
        identity = other.identity if other.label == better.label else identity
    return better._replace(start=min(first.start, second.start), end=max(first.end, second.end), identity=identity)


def _one_name(document: Document, last: Finding, finding: Finding) -> bool:
    """Whether two neighbours are the parts of one name or one address."""
    gap = document.text[last.end : finding.start]
    if gap == ", " and last.layer == finding.layer == "record" and last.identity == finding.identity is not None:
        return last.label == finding.label == "PERSON"
    initial = gap in (". ", ".") and document.text[last.end - 1].isupper() and last.end - last.start == 1
    if last.label != finding.label or not (gap in JOINING or initial):
        return False
    if last.label not in ("PERSON", "PLACE", "SCHOOL"):
        return False
    known = {last.identity, finding.identity} - {None, "family"}
    return len(known) < 2
