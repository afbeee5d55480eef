"""One thing that a check of a pack found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a pack. `where` is the part in the pack's own words, such as "rule 030-severe"."""

    level: Level
    where: str
    message: str
