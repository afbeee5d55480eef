"""The forward pass in numpy: embeddings kept per word, then three convolutions as matrix products."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.redaction.tagger.convolution import prepare, residual
from services.redaction.tagger.features import Features
from services.redaction.tagger.int8 import quantise
from services.redaction.tagger.lexicon import WordLists
from services.redaction.tagger.words import word_rows

Matrix = NDArray[np.float32]

BLOCK: Final = 512
"""Tokens computed at once: what belongs to them stays in a processor's own cache, some two megabytes."""

_FIRST_ROWS: Final = 4096
"""Rows of the table of word vectors at the start."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A residual convolution; `weight` is (width * channels, channels), the taps on top of each other."""

    weight: Matrix
    bias: Matrix
    width: int
    dilation: int

    @property
    def reach(self) -> int:
        """Tokens seen on each side."""
        return self.width // 2 * self.dilation


@dataclass(frozen=True, slots=True)
class Weights:
    """Everything trained. Shapes: embedding (rows, E), word (E, C), bits (64, C), chunk (2048, C), output (C, L)."""

    embedding: Matrix
    embedding_bias: Matrix
    word: Matrix
    bits: Matrix
    chunk: Matrix
    token_bias: Matrix
    layers: tuple[Layer, ...]
    output: Matrix
    output_bias: Matrix


class Network:
    """Weights with the vectors of the words met so far.

    The table keeps the forms that the cache of forms keeps, words of the shipped lists of ordinary words; rows after
    them are scratch for one document, so that no name of a referral outlives it in a lookup.
    """

    def __init__(self, weights: Weights, lists: WordLists) -> None:
        self._weights = weights
        self._filters = [prepare(layer.weight, layer.bias, layer.width, layer.dilation) for layer in weights.layers]
        self._embedding, self._scale = quantise(weights.embedding)
        self._scoring = np.ascontiguousarray(weights.output.T)
        self._output_bias = weights.output_bias[:, None]
        self._lists = lists
        self._row_of = np.full(_FIRST_ROWS, -1, dtype=np.int32)
        self._table = np.zeros((_FIRST_ROWS, weights.word.shape[1]), dtype=np.float32)
        self._kept = 0

    def probabilities(self, features: Features) -> Matrix:
        """(n, labels): each token's distribution over the labels, the first of which is 'outside'."""
        count = len(features.tokens)
        rows = self._rows(features)[features.form_of]
        if count <= BLOCK:
            return self._scores(features, rows, 0, count)
        halo = sum(layer.reach for layer in self._weights.layers)
        parts = []
        for begin in range(0, count, BLOCK):
            first, end = max(0, begin - halo), min(count, begin + BLOCK + halo)
            table = self._scores(features, rows, first, end)
            parts.append(table[begin - first : begin - first + BLOCK])
        return np.concatenate(parts)

    def _scores(self, features: Features, rows: NDArray[np.int32], first: int, end: int) -> Matrix:
        """The distributions of the tokens from `first` to `end`, as if nothing stood around them."""
        weights = self._weights
        hidden: Matrix = self._table[rows[first:end]]
        hidden += features.bits[:, first:end].astype(np.float32).T @ weights.bits
        chunks = features.chunks[first:end]
        coded = np.flatnonzero(chunks)
        if len(coded):
            hidden[coded] += weights.chunk[chunks[coded]]
        np.maximum(hidden, 0.0, out=hidden)
        for layer in self._filters:
            hidden = residual(hidden, layer)
        scores: Matrix = self._scoring @ hidden.T
        scores += self._output_bias
        scores -= scores.max(axis=0)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=0)
        return scores.T

    def _rows(self, features: Features) -> NDArray[np.int32]:
        """(m,) each form's row in the table of vectors, computing those that are not kept."""
        places = features.places
        if len(places) and places.max() >= len(self._row_of):
            self._row_of = np.concatenate((self._row_of, np.full(places.max() + 1, -1, dtype=np.int32)))
        rows: NDArray[np.int32] = np.where(places >= 0, self._row_of[places], -1)
        missing = np.flatnonzero(rows < 0)
        if not len(missing):
            return rows
        missing = missing[np.argsort(places[missing] < 0, kind="stable")]
        first, end = self._kept, self._kept + len(missing)
        if end > len(self._table):
            self._table = np.concatenate((self._table[:first], np.zeros((end, self._table.shape[1]), np.float32)))
        forms = features.forms
        self._table[first:end] = self._fresh([forms[at] for at in missing.tolist()])
        rows[missing] = np.arange(first, end, dtype=np.int32)
        listed = missing[places[missing] >= 0]
        self._row_of[places[listed]] = rows[listed]
        self._kept += len(listed)
        return rows

    def _fresh(self, forms: list[str]) -> Matrix:
        """(m, C) vectors of these forms, computed together."""
        weights, lists = self._weights, self._lists
        found = [word_rows(form, lists) for form in forms]
        begins = np.array([0, *accumulate(map(len, found[:-1]))], dtype=np.intp)
        flat = np.array(list(chain.from_iterable(found)), dtype=np.intp)
        rows: Matrix = self._embedding[flat] * self._scale[flat]
        summed = np.add.reduceat(rows, begins, axis=0)
        summed += weights.embedding_bias
        np.maximum(summed, 0.0, out=summed)
        vectors: Matrix = summed @ weights.word
        vectors += weights.token_bias
        return vectors
