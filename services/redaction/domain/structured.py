"""Identifiers with a shape: dates of birth, numbers and codes, addresses of the network, and all of it spelled out."""

from __future__ import annotations

from services.redaction.domain import network, numbers, spoken
from services.redaction.domain.dates import dates
from services.redaction.domain.document import Document
from services.redaction.domain.finding import Finding
from services.redaction.domain.record import RecordIndex


def find(document: Document, index: RecordIndex) -> list[Finding]:
    """Every structured identifier of the narrative. Overlaps are left to the merge."""
    around = numbers.stretches(document)
    dated = dates(document.text, around, index.births)
    found = [*network.find(document), *numbers.find(document, around, dated), *spoken.find(document)]
    for date in dated:
        if date.birth:
            identity = index.births.get((date.year, date.month, date.day))
            found.append(Finding(date.start, date.end, "DOB", "structured", "date of birth", identity))
    return found
