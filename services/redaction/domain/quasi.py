"""Quasi-identifiers: phrases that single somebody out without a name. Flagged for a person, never removed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from services.redaction.domain.document import Document


@dataclass(frozen=True, slots=True)
class QuasiFlag:
    """A phrase for review: code-point offsets into the original narrative, a stable kind, 0 < score < 1."""

    start: int
    end: int
    kind: str
    score: float


REST = r"[^.;\n]{0,80}"
ONLY = re.compile(
    r"(?:only|first|last|one|sole|other)\s(?:[\w'-]+\s){0,6}?(?:family|child|children|girl|boy|pupil|student|twins?|triplets"
    rf"|household|house|man|woman|lad|one|teacher|mother|father)\b{REST}",
    re.IGNORECASE,
)
NEWS = re.compile(rf"(?:papers?|news|telly|tv|radio|gazette|headlines|front page)\b{REST}", re.IGNORECASE)
OFFICE = re.compile(
    r"(?:mayor|vicar|councillor|postmistress|postmaster|churchwarden|gamekeeper|lollipop (?:lady|man)|butcher|publican"
    rf"|landlady|carnival (?:queen|princess)|champion|captain|goalkeeper|keeper)\b{REST}",
    re.IGNORECASE,
)
DEED = re.compile(
    r"(?:who|that) (?:won|ran|runs|owns|plays|played|rescued|was stabbed|was killed|drowned|died|drives|keeps)\b"
    rf"{REST}",
    re.IGNORECASE,
)

RULES: tuple[tuple[str, re.Pattern[str], frozenset[str], str, float], ...] = (
    ("only first last sole other one", ONLY, frozenset({"the", "our", "my", "your"}), "only_one", 0.6),
    (
        "paper papers news telly tv radio gazette headlines front",
        NEWS,
        frozenset({"the", "local"}),
        "known_from_news",
        0.5,
    ),
    (
        "mayor vicar councillor postmistress postmaster churchwarden gamekeeper lollipop butcher publican landlady"
        " carnival champion captain goalkeeper keeper",
        OFFICE,
        frozenset({"the", "our", "former", "local", "village", "town", "parish"}),
        "known_by_office",
        0.35,
    ),
    ("who that", DEED, frozenset(), "known_by_deed", 0.25),
)
"""Trigger words, the phrase from there on, what must stand before it (nothing: anything), kind, and the share of such
phrases in annotated narratives that single somebody out."""

TRIGGERS = {word: rule[1:] for rule in RULES for word in rule[0].split()}


def flags(document: Document) -> tuple[QuasiFlag, ...]:
    """Every phrase for review, in document order."""
    found: list[QuasiFlag] = []
    for i in [i for i, lower in enumerate(document.lowers) if lower in TRIGGERS]:
        pattern, before, kind, score = TRIGGERS[document.lowers[i]]
        if before and (not i or document.lowers[i - 1] not in before):
            continue
        match = pattern.match(document.text, document.starts[i])
        if match and (not found or found[-1].end <= match.start()):
            start = document.starts[i - 1] if before else match.start()
            found.append(QuasiFlag(*document.source.original(start, match.end()), kind, score))
    return tuple(found)


def review_score(found: tuple[QuasiFlag, ...]) -> float:
    """The chance that at least one phrase identifies somebody, taking them as independent."""
    kept = 1.0
    for flag in found:
        kept *= 1 - flag.score
    return round(1 - kept, 3)
