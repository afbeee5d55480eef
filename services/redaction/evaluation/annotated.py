"""Annotated narratives: text with [[LABEL|marks]], and what a redactor's answer is scored against."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from contracts.record import Record
from services.redaction.lines import lenient

MARK = re.compile(r"\[\[([A-Z_]+)\|(.*?)\]\]", re.S)

NEUTRAL = frozenset({"QUASI", "OPTIONAL"})
"""Marks that are neither leak nor over-redaction: hints, and words that may stay or go."""


@dataclass(frozen=True, slots=True)
class Gold:
    """One identifying stretch: code points, end exclusive."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Annotated:
    """A narrative with its record and what must go. `group` is the kind, or the origin of its names."""

    id: str
    group: str
    record: Record
    narrative: str
    gold: tuple[Gold, ...]
    must_keep: tuple[str, ...]


def unmark(marked: str) -> tuple[str, tuple[Gold, ...]]:
    """Plain text and its marks."""
    pieces: list[str] = []
    gold: list[Gold] = []
    at = length = 0
    for m in MARK.finditer(marked):
        before = marked[at : m.start()]
        length += len(before)
        gold.append(Gold(length, length + len(m.group(2)), m.group(1)))
        pieces += [before, m.group(2)]
        length += len(m.group(2))
        at = m.end()
    pieces.append(marked[at:])
    return "".join(pieces), tuple(gold)


def load(path: Path) -> list[Annotated]:
    """Read a file of annotated narratives, one JSON object a line."""
    answer = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
        row = json.loads(line)
        text, gold = unmark(row["narrative"])
        answer.append(
            Annotated(
                id=row.get("id", f"{path.stem}-{number}"),
                group=row.get("style", path.stem),
                record=Record.model_validate(lenient(row["record"])),
                narrative=text,
                gold=gold,
                must_keep=tuple(row.get("must_keep", ())),
            )
        )
    return answer
