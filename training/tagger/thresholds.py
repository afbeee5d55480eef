"""Chooses from which probability a token of each label is covered, on narratives of kinds not trained on."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.tagger.corpus import LABELS
from training.tagger.figures import Evidence
from training.tagger.gold import NEUTRAL

CEILING: Final = 0.045
"""Share of ordinary words that the tagger alone may cover on kinds not trained on.

Weighing asks more certainty of everyday words than these thresholds do (services/redaction/domain/needs.py), so that
half of them stay: the whole redactor covers .026 there, and .01 of text like the development set."""

_GRID: Final = np.concatenate([np.geomspace(0.005, 0.2, 60), np.linspace(0.21, 0.9, 70)])
_LEAST: Final = 30
"""Spans a label needs before it gets a threshold of its own."""

_SPREAD: Final = 2.0
"""Factor by which a label's threshold may differ from the common one: rare labels would else follow a few spans."""


def _best(missed: NDArray[np.float64], covered: NDArray[np.float64], price: float) -> float:
    """The threshold with the least cost, where a missed span costs as much as `price` words covered for nothing."""
    lost = np.searchsorted(np.sort(missed), _GRID, side="left")
    extra = len(covered) - np.searchsorted(np.sort(covered), _GRID, side="left")
    return float(_GRID[int(np.argmin(price * lost + extra))])


def _at_price(evidence: Evidence, price: float) -> dict[str, float]:
    spans: dict[int, list[float]] = {at: [] for at in range(len(LABELS))}
    words: dict[int, list[float]] = {at: [] for at in range(len(LABELS))}
    for label, low, _, _, guess in evidence.spans:
        if label not in NEUTRAL:
            spans[guess].append(low)
    for high, _, _, guess in evidence.words:
        words[guess].append(high)
    everything = _best(
        np.array([low for group in spans.values() for low in group]),
        np.array([high for group in words.values() for high in group]),
        price,
    )
    chosen = {}
    for at, label in enumerate(LABELS[1:], start=1):
        own = _best(np.array(spans[at]), np.array(words[at]), price) if len(spans[at]) >= _LEAST else everything
        chosen[label] = round(float(np.clip(own, everything / _SPREAD, everything * _SPREAD)), 4)
    return chosen


def over(evidence: Evidence, thresholds: dict[str, float]) -> float:
    """Share of ordinary words covered."""
    covered = sum(high >= thresholds[LABELS[guess]] for high, _, _, guess in evidence.words if guess)
    return covered / max(1, len(evidence.words))


def recall(evidence: Evidence, thresholds: dict[str, float]) -> float:
    """Share of direct identifiers wholly covered."""
    hits = [
        guess > 0 and low >= thresholds[LABELS[guess]]
        for label, low, _, _, guess in evidence.spans
        if label not in NEUTRAL
    ]
    return sum(hits) / max(1, len(hits))


def choose(evidence: Evidence, ceiling: float) -> dict[str, float]:
    """The thresholds of the highest price that stays under this share of over-redacted words, lowered up to it."""
    chosen = _at_price(evidence, 0.05)
    for price in np.geomspace(0.1, 60.0, 80):
        candidate = _at_price(evidence, float(price))
        if over(evidence, candidate) > ceiling:
            break
        chosen = candidate
    for factor in np.arange(0.95, 0.4, -0.05):
        lowered = {label: round(float(level * factor), 4) for label, level in chosen.items()}
        if over(evidence, lowered) > ceiling:
            return {label: round(float(level * (factor + 0.05)), 4) for label, level in chosen.items()}
    return lowered
