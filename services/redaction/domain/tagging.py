"""Takes the learned tagger's answer into the document: its spans as findings, its certainty token by token."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast, get_args

import numpy as np

from services.redaction.domain.document import Document
from services.redaction.domain.finding import Finding, Label
from services.redaction.domain.record import RecordIndex
from services.redaction.tagger.tagger import Tagging

NOTHING = 0.01
"""Certainty that counts as none: less than any finding needs to stand."""

KNOWN_LABELS = frozenset(get_args(Label))


def find(document: Document, index: RecordIndex, answer: Tagging) -> list[Finding]:
    """The tagger's spans; leaves its certainty on the document for the other layers' findings to be weighed by."""
    document.certainty = _by_token(document, answer)
    found = []
    for span in answer.spans:
        label = cast(Label, span.label) if span.label in KNOWN_LABELS else "ID_OTHER"
        for part in _parts(document.text, span.start, span.end, label):
            start, end = _trimmed(document.text, *part)
            if start < end:
                found.append(Finding(start, end, label, "tagger", "learned from annotated narratives"))
    return found


BETWEEN = re.compile(r"\s*[,;/&|\n]\s*|\s+(?:and|or)\s+")
"""What stands between two people, never within a name."""


def _parts(text: str, start: int, end: int, label: Label) -> Iterator[tuple[int, int]]:
    """A span of people, one by one; other spans whole."""
    if label == "PERSON" and not text[start:end].isalpha():
        for match in BETWEEN.finditer(text, start, end):
            yield start, match.start()
            start = match.end()
    yield start, end


OPENING = frozenset("@#+(_")
"""Signs that may open an identifier; every other sign at a span's edge is punctuation and stays."""


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without the punctuation at its edges; empty where it has nothing else."""
    while start < end and not text[start].isalnum() and text[start] not in OPENING:
        start += 1
    while start < end and not text[end - 1].isalnum() and text[end - 1] != "_":
        end -= 1
    return start, end


def _by_token(document: Document, answer: Tagging) -> list[float]:
    """The highest certainty of the tagger's tokens within each token of the document."""
    scores = answer.scores
    certainty = np.zeros(len(document.starts), dtype=np.float32)
    if len(certainty):
        starts, ends = np.array(document.starts), np.array(document.ends)
        place = np.searchsorted(starts, scores.starts, side="right") - 1
        told = (scores.p_identifying >= NOTHING) & (place >= 0) & (scores.starts < ends[place])
        np.maximum.at(certainty, place[told], scores.p_identifying[told])
    return certainty.tolist()
