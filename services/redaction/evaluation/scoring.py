"""Figures of a redactor over annotated narratives, each with its 95 % Wilson interval.

A mark counts as found when every letter and digit in it is covered. A word is over-redacted when it touches no
mark and is covered in part. A held narrative covers nothing and is counted by itself.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from contracts.record import Record
from services.redaction.evaluation.annotated import NEUTRAL, Annotated, Gold

WORD = re.compile(r"\w+(?:['’-]\w+)*")
Spans = list[tuple[int, int]]
Redact = Callable[[Record, str], Spans | None]
"""What is measured: spans covered, or None where the narrative is held."""

STRUCTURED = frozenset({"UPN", "ULN", "NHS_NUMBER", "NINO", "VEHICLE_REG", "CASE_REF", "ID_OTHER", "IP", "DOB", "URL"})
Z = 1.96
"""Two-sided 95 % of the normal distribution."""


@dataclass(slots=True)
class Share:
    """So many of so many."""

    hit: int = 0
    n: int = 0

    def add(self, hit: bool) -> None:
        """Count one more case."""
        self.hit += hit
        self.n += 1

    @property
    def value(self) -> float:
        """The share; 1 where there was no case."""
        return self.hit / self.n if self.n else 1.0

    def interval(self) -> tuple[float, float]:
        """95 % Wilson interval."""
        if not self.n:
            return (0.0, 1.0)
        mid, half = self.value + Z * Z / (2 * self.n), Z * math.sqrt(self._spread())
        scale = 1 + Z * Z / self.n
        return ((mid - half) / scale, (mid + half) / scale)

    def _spread(self) -> float:
        return self.value * (1 - self.value) / self.n + Z * Z / (4 * self.n * self.n)


@dataclass(slots=True)
class Figures:
    """All figures of one redactor on one set."""

    recall: Share = field(default_factory=Share)
    leak_free: Share = field(default_factory=Share)
    over: Share = field(default_factory=Share)
    kept: Share = field(default_factory=Share)
    by_label: dict[str, Share] = field(default_factory=lambda: defaultdict(Share))
    by_group: dict[str, Share] = field(default_factory=lambda: defaultdict(Share))
    person_by_group: dict[str, Share] = field(default_factory=lambda: defaultdict(Share))
    held: Counter[str] = field(default_factory=Counter)
    missed: list[tuple[str, str]] = field(default_factory=list)


def score(narratives: Iterable[Annotated], redact: Redact) -> Figures:
    """Run `redact` over the set and count."""
    figures = Figures()
    for item in narratives:
        spans = redact(item.record, item.narrative)
        if spans is None:
            figures.held["held"] += 1
        _count(figures, item, spans or [])
    return figures


def _count(figures: Figures, item: Annotated, spans: Spans) -> None:
    covered = bytearray(len(item.narrative))
    for start, end in spans:
        covered[start:end] = b"\1" * (end - start)
    known = _record_words(item.record)
    leaked = False
    for mark in item.gold:
        if mark.label in NEUTRAL:
            continue
        whole = all(covered[i] for i in range(mark.start, mark.end) if item.narrative[i].isalnum())
        leaked |= not whole
        _add(figures, item, mark, whole, known)
    figures.leak_free.add(not leaked)
    _count_words(figures, item, covered)
    for phrase in item.must_keep:
        at = item.narrative.find(phrase)
        if at >= 0:
            figures.kept.add(not any(covered[at : at + len(phrase)]))


def _add(figures: Figures, item: Annotated, mark: Gold, whole: bool, known: frozenset[str]) -> None:
    figures.recall.add(whole)
    figures.by_label[mark.label].add(whole)
    figures.by_group[item.group].add(whole)
    if mark.label in STRUCTURED:
        figures.by_label["structured identifiers"].add(whole)
    if mark.label == "PERSON":
        words = {w.casefold() for w in re.findall(r"\w+", item.narrative[mark.start : mark.end])}
        side = "in record" if words & known else "not in record"
        figures.by_label[f"PERSON {side}"].add(whole)
        figures.person_by_group[item.group].add(whole)
    if not whole:
        figures.missed.append((item.id, mark.label))


def _count_words(figures: Figures, item: Annotated, covered: bytearray) -> None:
    marked = bytearray(len(item.narrative))
    for mark in item.gold:
        marked[mark.start : mark.end] = b"\1" * (mark.end - mark.start)
    for m in WORD.finditer(item.narrative):
        if not any(marked[m.start() : m.end()]):
            figures.over.add(any(covered[m.start() : m.end()]))


def _record_words(record: Record) -> frozenset[str]:
    return frozenset(w.casefold() for w in re.findall(r"\w+", record.model_dump_json()) if len(w) > 1)
