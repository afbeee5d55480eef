"""The word lists a model ships with: what counts as an ordinary word, a name, a word seen in training."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

_SHORT: Final = 2
"""Digits of a number that is nobody's, and line breaks in a row."""


def word_set(written: str) -> frozenset[str]:
    """The words of a blank-separated list, as closed lists stand in the code."""
    return frozenset(written.split())


class Status(IntEnum):
    """What the British dictionary and the list of common capitalised words say about a word."""

    UNKNOWN = 0
    ORDINARY = 1
    CAPITAL_ONLY = 2
    COMMON = 3
    """Languages, festivals, apps, shops, agencies, abbreviations: capitalised, and nobody."""


@dataclass(frozen=True, slots=True)
class WordLists:
    """Folded words (lower case, no accents).

    `vocabulary` maps a word that occurred *outside* identifying spans in at least two training narratives to its
    embedding row; a word that only ever was a name has none, so no training name can be learnt by heart.
    `seen` holds every word that occurred outside a span at least once.
    """

    ordinary: AbstractSet[str]
    capital_only: AbstractSet[str]
    common: AbstractSet[str]
    kin: AbstractSet[str]
    """Words for relatives and elders in many languages."""
    forenames: AbstractSet[str]
    surnames: AbstractSet[str]
    vocabulary: dict[str, int]
    seen: AbstractSet[str]
    withheld: AbstractSet[str] = field(default=frozenset())
    """Names treated as if no list held them (training hides half, so that the network does not lean on the lists)."""

    def status(self, folded: str) -> int:
        """`Status` × (forename listed) × (surname listed) as one number from 0 to 15."""
        if folded in self.common:
            base = Status.COMMON
        elif folded in self.ordinary:
            base = Status.ORDINARY
        elif folded in self.capital_only and folded not in self.withheld:
            base = Status.CAPITAL_ONLY
        else:
            base = Status.UNKNOWN
        if folded in self.withheld:
            return base * 4
        return base * 4 + 2 * (folded in self.forenames) + (folded in self.surnames)

    def is_listed(self, folded: str) -> bool:
        """Whether remembering the word tells nothing: it is on a shipped list of ordinary words, or a short number."""
        if folded in self.ordinary or folded in self.vocabulary or folded in self.common:
            return True
        return 0 < len(folded) <= _SHORT and (folded[0].isdigit() or folded[0] == "\n")
