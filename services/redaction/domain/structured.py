"""Identifiers with a shape: dates of birth, numbers and codes, addresses of the network, and all of it spelled out."""

from __future__ import annotations

from services.redaction.domain import birthdays, feasts, network, numbers, spoken
from services.redaction.domain.dates import Dated, dates
from services.redaction.domain.document import Document
from services.redaction.domain.finding import Finding
from services.redaction.domain.record import RecordIndex


def read_dates(document: Document, index: RecordIndex) -> list[Dated]:
    """The dates of the text, read once and kept on the document."""
    if document.dated is None:
        document.dated = dates(document.text, numbers.stretches(document), index.births)
    return document.dated


def find(document: Document, index: RecordIndex) -> list[Finding]:
    """Every structured identifier of the narrative. Overlaps are left to the merge."""
    dated = read_dates(document, index)
    around = numbers.stretches(document)
    found = [*network.find(document), *numbers.find(document, around, dated), *spoken.find(document)]
    found.extend(birthdays.find(document, index.births))
    found.extend(feasts.find(document))
    for date in dated:
        if date.birth:
            identity = index.births.get((date.year, date.month, date.day))
            article = document.text[max(0, date.start - 4) : date.start].lower() == "the "
            found.append(Finding(date.start - 4 * article, date.end, "DOB", "structured", "date of birth", identity))
    return found
