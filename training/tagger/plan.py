"""The network and the schedule that were chosen, in one place for training and evaluation (docs/decisions/0012)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from training.tagger.network import Schedule, Shape

CHOSEN: Final = Schedule(epochs=16)


def schedule(epochs: int | None = None) -> Schedule:
    """The chosen schedule, or the same with fewer epochs."""
    return CHOSEN if epochs is None else replace(CHOSEN, epochs=epochs)


def layout(rows: int) -> Shape:
    """The chosen network for a word list of this many embedding rows."""
    return Shape(rows, embedding=64, channels=96)
