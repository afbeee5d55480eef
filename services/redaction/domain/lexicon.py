"""The safe words: what a token must be, or look like, to stay in the text."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

from rapidfuzz import process
from rapidfuzz.distance import OSA

ORDINARY = 1
"""Listed in lower case by the dictionary or by a curated list."""
PROPER = 2
"""Listed by the dictionary with a capital only: a name, a place, a brand."""
SAFE_PROPER = 4
"""A capitalised word that identifies nobody: months, countries, languages, great brands."""
NAME = 8
"""An ordinary word that is also a forename or surname."""
FREQUENT = 16
"""A word that notes of this kind use all the time."""
SHAPE = 32
"""Letters and digits in a shape that is no identifier: Year groups, times, amounts, ordinals."""

SAFE = ORDINARY | SAFE_PROPER | SHAPE

SAFE_SHAPE = re.compile(
    r"""\d{1,4} | \d+(?:st|nd|rd|th|s|'s) | \d{1,2}(?:am|pm|ish|hrs?|mins?|h|m|d|w|yo|yrs?|wks?|mths?|months?|days?)
    | \d{1,5}(?:x|p|k|cm|mm|km|kg|g|mg|mcg|ml|l|ft|in|st|lb|lbs|oz|gb|mb|ghz|v|%|c|f|am|pm|bn|mph|kcal|min|hr|sec|secs)
    | x\d{1,2} | \d{1,2}[a-z]{1,2} | \d{1,2}[a-z]?\d
    | (?:y|yr|yrs|year|ks|p|t|w|wk|wks|c|h|s|l|m|q|k|b|d|g|u|r|ks|pt|set|ht|ev|am|pm|no|ch|ps|mp|a|e|f|v)\d{1,2}s?
    | \d{1,2}h\d{2} | \d{1,2}to\d{1,2} | g[cr]se\d | h2o | co2 | b12 | mp[34] | ps[1-5] | [34]g
    | u\d\d | covid19
    """,
    re.VERBOSE,
)
"""Full-match on the lower-case token. Codes of five and more digits are never safe by shape."""

STRETCHED = re.compile(r"(.)\1{2,}")
SUFFIXES = ("'s", "'d", "'ll", "'ve", "'re", "s'")

CACHE_LIMIT = 200_000
"""Known words held with their flags; only listed words are held, so that no name outlives its referral."""


@dataclass(slots=True)
class Lexicon:
    """Word lists, all lower case. `nicknames` leads from a forename to its short and pet forms and back.

    `everyday` are the frequent words that are no names, against which slips of the pen are measured; `phrases` leads
    from a word to those with which it names what everybody knows.
    """

    ordinary: frozenset[str]
    proper: frozenset[str]
    safe_proper: frozenset[str]
    names: frozenset[str]
    frequent: frozenset[str]
    nicknames: dict[str, tuple[str, ...]]
    everyday: tuple[str, ...]
    phrases: dict[str, frozenset[str]]
    _known: dict[str, int] = field(default_factory=dict)
    _by_length: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    _by_edge: dict[tuple[int, str, int], list[str]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        """Sort the everyday words by length, and by their first (0) and last (-1) letter as well."""
        for word in self.everyday:
            self._by_length[len(word)].append(word)
            for edge in (0, -1):
                self._by_edge[len(word), word[edge], edge].append(word)

    def is_slip(self, lower: str, slips: int) -> bool:
        """Whether a word of four letters or more becomes an everyday one by at most `slips` (1 or 2) edits.

        A single edit cannot change both the first letter and the last.
        """
        for length in range(len(lower) - slips, len(lower) + slips + 1):
            if slips > 1:
                near = self._by_length.get(length, [])
            else:
                near = self._by_edge.get((length, lower[0], 0), []) + self._by_edge.get((length, lower[-1], -1), [])
            if near and process.extractOne(lower, near, scorer=OSA.distance, score_cutoff=slips) is not None:
                return True
        return False

    def flags(self, lower: str) -> int:
        """The sum of the flags above for one lower-case token; 0 for a word nobody listed."""
        known = self._known.get(lower)
        if known is not None:
            return known
        digits = not lower.isalpha() and any(c.isdigit() for c in lower)
        if lower.endswith("'s") and not digits:
            whole = self._listed(lower)
            value = whole if whole & (ORDINARY | SAFE_PROPER) else self._listed(lower[:-2])
        else:
            value = self._shaped(lower) if digits else self._listed(lower) or self._derived(lower)
        if value and len(self._known) < CACHE_LIMIT:
            self._known[lower] = value
        return value

    def flags_of(self, lowers: list[str]) -> list[int]:
        """The flags of many tokens."""
        known = self._known.get
        return [value if (value := known(lower)) is not None else self.flags(lower) for lower in lowers]

    def _listed(self, lower: str) -> int:
        value = 0
        if lower in self.ordinary:
            value |= ORDINARY
        if lower in self.safe_proper:
            value |= SAFE_PROPER
        if lower in self.proper:
            value |= PROPER
        if lower in self.names:
            value |= NAME
        if lower in self.frequent:
            value |= FREQUENT
        return value

    def _derived(self, lower: str) -> int:
        """Flags by form: possessives and contractions of listed words, stretched words, safe shapes."""
        if not lower.isalpha():
            for suffix in SUFFIXES:
                if lower.endswith(suffix):
                    return self._listed(lower[: -len(suffix)])
            return 0
        if STRETCHED.search(lower):
            for repeat in (r"\1", r"\1\1"):
                value = self._listed(STRETCHED.sub(repeat, lower))
                if value & ORDINARY:
                    return value
        return 0

    def _shaped(self, lower: str) -> int:
        """Flags of a token with a digit in it."""
        return SHAPE if SAFE_SHAPE.fullmatch(lower) or self._misread(lower) else 0

    def _misread(self, lower: str) -> bool:
        """Whether a scanner read an ordinary word's letters as digits: "SA1D", "p1ease"."""
        for one in ("l", "i", "t"):
            value = self._listed(lower.replace("0", "o").replace("5", "s").replace("3", "e").replace("1", one))
            if value & ORDINARY and not value & NAME and len(lower) > 2:
                return True
        return False
