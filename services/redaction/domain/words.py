"""How closed word lists stand in the code."""

from __future__ import annotations


def word_set(written: str) -> frozenset[str]:
    """The words of a blank-separated list."""
    return frozenset(written.split())
