"""Takes the learned tagger's answer into the document: its spans as findings, its certainty token by token."""

from __future__ import annotations

from bisect import bisect_right
from typing import cast, get_args

from services.redaction.domain.document import Document
from services.redaction.domain.finding import Finding, Label
from services.redaction.domain.record import RecordIndex
from services.redaction.tagger.tagger import Tagging

KNOWN_LABELS = frozenset(get_args(Label))


def find(document: Document, index: RecordIndex, answer: Tagging) -> list[Finding]:
    """The tagger's spans; leaves its certainty on the document for the other layers' findings to be weighed by."""
    document.certainty = _by_token(document, answer)
    found = []
    for span in answer.spans:
        label = cast(Label, span.label) if span.label in KNOWN_LABELS else "ID_OTHER"
        found.append(Finding(span.start, span.end, label, "tagger", "learned from annotated narratives"))
    return found


def _by_token(document: Document, answer: Tagging) -> list[float]:
    """The highest certainty of the tagger's tokens within each token of the document."""
    certainty = [0.0] * len(document.starts)
    scores = answer.scores
    for start, value in zip(scores.starts.tolist(), scores.p_identifying.tolist(), strict=True):
        i = bisect_right(document.starts, start) - 1
        if i >= 0 and start < document.ends[i] and value > certainty[i]:
            certainty[i] = value
    return certainty
