"""Reads annotated narratives: `[[LABEL|text]]` markup becomes segments, each with a label or none."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from contracts.record import Record

_MARK: Final = re.compile(r"\[\[([A-Z_]+)\|(.*?)\]\]", re.S)
_ROLES: Final = frozenset({"subject", "sibling", "peer", "alleged_perpetrator", "witness", "other"})

NARRATIVES: Final = Path(__file__).resolve().parent.parent / "narratives"
"""One file a kind of writer; the data card beside them says where they come from."""

OUTSIDE: Final = "O"
NEUTRAL: Final = frozenset({"QUASI", "OPTIONAL"})
"""Labels that are neither a leak when left nor an error when covered."""

Segment = tuple[str, str]
"""(text, label or `OUTSIDE`)."""


@dataclass(frozen=True, slots=True)
class Narrative:
    """One annotated referral. `record` stays a plain mapping so that augmentation can rewrite it."""

    id: str
    kind: str
    segments: tuple[Segment, ...]
    record: dict[str, Any]
    must_keep: tuple[str, ...]

    @property
    def text(self) -> str:
        return "".join(text for text, _ in self.segments)

    def spans(self) -> Iterator[tuple[int, int, str]]:
        """(start, end, label) of the labelled segments, in code points, ends exclusive."""
        at = 0
        for text, label in self.segments:
            if label != OUTSIDE:
                yield at, at + len(text), label
            at += len(text)


def segments(marked: str) -> tuple[Segment, ...]:
    """Splits marked text; nothing is lost: the texts joined are the plain narrative."""
    out: list[Segment] = []
    last = 0
    for match in _MARK.finditer(marked):
        if match.start() > last:
            out.append((marked[last : match.start()], OUTSIDE))
        out.append((match.group(2), match.group(1)))
        last = match.end()
    if last < len(marked):
        out.append((marked[last:], OUTSIDE))
    return tuple(out)


def read(path: Path) -> list[Narrative]:
    """One file; the kind is its name."""
    found: list[Narrative] = []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            found.append(
                Narrative(
                    row["id"], path.stem, segments(row["narrative"]), row["record"], tuple(row.get("must_keep", ()))
                )
            )
    return found


def read_all(folder: Path = NARRATIVES) -> list[Narrative]:
    """Every kind, in the order of the file names."""
    return [narrative for path in sorted(folder.glob("*.jsonl")) for narrative in read(path)]


def kinds(narratives: Iterable[Narrative]) -> list[str]:
    """The kinds present, sorted."""
    return sorted({narrative.kind for narrative in narratives})


def _date(written: str | None) -> str | None:
    return written if written and re.fullmatch(r"\d{4}-\d{2}-\d{2}", written) else None


def as_record(plain: dict[str, Any]) -> Record:
    """The contract's record; roles that the annotators invented become 'other', dates that are none go."""
    learners = [
        {
            **learner,
            "role": learner.get("role") if learner.get("role") in _ROLES else "other",
            "date_of_birth": _date(learner.get("date_of_birth")),
        }
        for learner in plain["learners"]
    ]
    return Record.model_validate({**plain, "learners": learners})
