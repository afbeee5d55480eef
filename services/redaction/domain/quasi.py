"""Quasi-identifiers: phrases that single somebody out without a name. Flagged for a person, never removed."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class QuasiFlag:
    """A phrase for review: code-point offsets into the original narrative, a stable kind, 0 < score < 1."""

    start: int
    end: int
    kind: str
    score: float


UNIQUE = re.compile(
    r"\b(?:the|our|my|your)\s(?:only|first|last|one|sole|other)\s(?:[\w'-]+\s){0,6}?(?:family|child|children|girl|boy|pupil|student|twins?|triplets|household|house|man|woman|lad|one|teacher|mother|father)\b[^.;\n]{0,80}",
    re.IGNORECASE,
)
FAME = re.compile(
    r"\b(?:in|on) the (?:\w+\s)?(?:paper|papers|news|telly|tv|radio|gazette|headlines|front page)\b[^.;\n]{0,60}",
    re.IGNORECASE,
)
OFFICE = re.compile(
    r"\b(?:the|our|a former|former)\s(?:\w+\s)?(?:mayor|vicar|councillor|postmistress|postmaster|churchwarden|gamekeeper|lollipop (?:lady|man)|butcher|publican|landlady|carnival (?:queen|princess)|champion|captain|goalkeeper|keeper)\b[^.;\n]{0,50}",
    re.IGNORECASE,
)
DEEDS = re.compile(
    r"\b(?:who|that) (?:won|ran|runs|owns|plays|played|rescued|was stabbed|was killed|drowned|died|drives|keeps)\b[^.;\n]{0,60}",
    re.IGNORECASE,
)

RULES: tuple[tuple[re.Pattern[str], str, float], ...] = (
    (UNIQUE, "only_one", 0.6),
    (FAME, "known_from_news", 0.5),
    (OFFICE, "known_by_office", 0.35),
    (DEEDS, "known_by_deed", 0.25),
)
"""Pattern, kind, and the share of such phrases in annotated narratives that single somebody out."""


def flags(narrative: str) -> tuple[QuasiFlag, ...]:
    """Every phrase for review, in document order."""
    found = [
        QuasiFlag(m.start(), m.end(), kind, score) for rule, kind, score in RULES for m in rule.finditer(narrative)
    ]
    return tuple(sorted(found, key=lambda flag: (flag.start, flag.end)))


def review_score(found: tuple[QuasiFlag, ...]) -> float:
    """The chance that at least one phrase identifies somebody, taking them as independent."""
    kept = 1.0
    for flag in found:
        kept *= 1 - flag.score
    return round(1 - kept, 3)
