"""Packs documents end to end into batches of one fixed size, so that the training step compiles once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.redaction.tagger.bits import BITS
from services.redaction.tagger.lexicon import WordLists
from services.redaction.tagger.words import ROWS_PER_WORD, UNKNOWN, word_rows
from training.tagger.corpus import Example

TOKENS: Final = 4096
"""Tokens a batch, gaps included."""

FORMS: Final = 2048
"""Distinct surface forms a batch; a batch is closed early where it would hold more."""

GAP: Final = 8
"""Masked tokens between documents: half the widest reach of one convolution."""

HIDDEN_WORDS: Final = 0.12
"""Share of a document's words whose own embedding is hidden in training, so that spelling and context must do."""


@dataclass(frozen=True, slots=True)
class Batch:
    """`rows` (FORMS, ROWS_PER_WORD); `bits` (TOKENS, 64); all else (TOKENS,). `mask` is 0 in the gaps."""

    rows: NDArray[np.int32]
    form_of: NDArray[np.int32]
    bits: NDArray[np.uint8]
    chunks: NDArray[np.int32]
    labels: NDArray[np.int32]
    weights: NDArray[np.float32]
    mask: NDArray[np.float32]


class RowCache:
    """Embedding rows of a surface form, for one state of the word lists."""

    def __init__(self, lists: WordLists) -> None:
        self._lists = lists
        self._known: dict[str, list[int]] = {}

    def __getitem__(self, surface: str) -> list[int]:
        found = self._known.get(surface)
        if found is None:
            rows = word_rows(surface, self._lists)
            found = self._known[surface] = rows + [0] * (ROWS_PER_WORD - len(rows))
        return found


class _Open:
    """A batch that is being filled."""

    def __init__(self) -> None:
        self.rows = np.zeros((FORMS, ROWS_PER_WORD), dtype=np.int32)
        self.form_of = np.zeros(TOKENS, dtype=np.int32)
        self.bits = np.zeros((TOKENS, BITS), dtype=np.uint8)
        self.chunks = np.zeros(TOKENS, dtype=np.int32)
        self.labels = np.zeros(TOKENS, dtype=np.int32)
        self.weights = np.zeros(TOKENS, dtype=np.float32)
        self.mask = np.zeros(TOKENS, dtype=np.float32)
        self.index: dict[tuple[str, bool], int] = {}
        self.at = 0
        self.places: list[tuple[int, int, int]] = []

    def fits(self, example: Example) -> bool:
        return self.at + len(example.form_of) <= TOKENS and len(self.index) + len(example.forms) <= FORMS

    def put(self, number: int, example: Example, cache: RowCache, rng: random.Random | None) -> None:
        local = np.empty(len(example.forms), dtype=np.int32)
        for at, form in enumerate(example.forms):
            hidden = rng is not None and rng.random() < HIDDEN_WORDS
            place = self.index.get((form, hidden))
            if place is None:
                place = self.index[form, hidden] = len(self.index)
                self.rows[place] = cache[form]
                if hidden and form[0].isalpha():
                    self.rows[place, 0] = UNKNOWN
            local[at] = place
        begin, end = self.at, self.at + len(example.form_of)
        self.form_of[begin:end] = local[example.form_of]
        self.bits[begin:end] = example.bits
        self.chunks[begin:end] = example.chunks
        self.labels[begin:end] = example.labels
        self.weights[begin:end] = example.weights
        self.mask[begin:end] = 1.0
        self.places.append((number, begin, end))
        self.at = end + GAP

    def close(self) -> Batch:
        return Batch(self.rows, self.form_of, self.bits, self.chunks, self.labels, self.weights, self.mask)


def pack(
    examples: list[Example], cache: RowCache, rng: random.Random | None
) -> Iterator[tuple[Batch, list[tuple[int, int, int]]]]:
    """Batches with (example number, first token, end token) of what they hold; shuffled and hidden where `rng` is."""
    order = list(range(len(examples)))
    if rng is not None:
        rng.shuffle(order)
    batch = _Open()
    for number in order:
        example = _cut(examples[number])
        if not batch.fits(example):
            yield batch.close(), batch.places
            batch = _Open()
        batch.put(number, example, cache, rng)
    if batch.places:
        yield batch.close(), batch.places


def _cut(example: Example) -> Example:
    """Documents longer than a batch lose their end; none of the narratives is."""
    if len(example.form_of) <= TOKENS:
        return example
    end = TOKENS
    return Example(
        example.forms,
        example.form_of[:end],
        example.bits[:end],
        example.chunks[:end],
        example.starts[:end],
        example.ends[:end],
        example.labels[:end],
        example.weights[:end],
    )
