"""The forward pass in numpy: embeddings kept per word, then three convolutions as matrix products."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.redaction.tagger.features import Features
from services.redaction.tagger.lexicon import WordLists
from services.redaction.tagger.tokens import fold
from services.redaction.tagger.words import word_rows

Matrix = NDArray[np.float32]

BLOCK: Final = 2048
"""Tokens computed at once: bounds the memory of a 64 KiB narrative at a few megabytes."""

_FIRST_ROWS: Final = 4096
"""Rows of the table of word vectors at the start; it grows with the shipped lists, never beyond them by much."""


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

    The table keeps words of the shipped lists of ordinary words; rows after them are scratch for one document, so
    that no name of a referral outlives it in a lookup.
    """

    def __init__(self, weights: Weights, lists: WordLists) -> None:
        self._weights = weights
        self._lists = lists
        self._row_of: dict[str, int] = {}
        self._table = np.zeros((_FIRST_ROWS, weights.word.shape[1]), dtype=np.float32)
        self._kept = 0

    def probabilities(self, features: Features) -> Matrix:
        """(n, labels): each token's distribution over the labels, the first of which is 'outside'."""
        weights = self._weights
        count = len(features.tokens)
        rows = self._rows(features.forms)
        hidden: Matrix = self._table[rows[features.form_of]]
        hidden += features.bits.T @ weights.bits
        hidden += weights.chunk[features.chunks]
        np.maximum(hidden, 0.0, out=hidden)
        halo = sum(layer.reach for layer in weights.layers)
        if count <= BLOCK:
            return self._convolve(hidden)
        parts = []
        for begin in range(0, count, BLOCK):
            first, end = max(0, begin - halo), min(count, begin + BLOCK + halo)
            table = self._convolve(hidden[first:end])
            parts.append(table[begin - first : begin - first + BLOCK])
        return np.concatenate(parts)

    def _convolve(self, hidden: Matrix) -> Matrix:
        weights = self._weights
        for layer in weights.layers:
            hidden = hidden + convolution(hidden, layer)
        scores = hidden @ weights.output + weights.output_bias
        scores -= scores.max(axis=1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=1, keepdims=True)
        return scores

    def _rows(self, forms: list[str]) -> NDArray[np.int32]:
        """(m,) each form's row in the table of vectors, computing those that are not kept."""
        rows = np.fromiter((self._row_of.get(form, -1) for form in forms), dtype=np.int32, count=len(forms))
        missing = np.flatnonzero(rows < 0).tolist()
        if not missing:
            return rows
        is_listed = self._lists.is_listed
        listed = [at for at in missing if is_listed(fold(forms[at]))]
        kept = set(listed)
        order = listed + [at for at in missing if at not in kept]
        first, end = self._kept, self._kept + len(order)
        if end > len(self._table):
            self._table = np.concatenate((self._table[:first], np.zeros((end, self._table.shape[1]), np.float32)))
        self._table[first:end] = self._fresh([forms[at] for at in order])
        rows[order] = np.arange(first, end)
        for at in listed:
            self._row_of[forms[at]] = self._kept
            self._kept += 1
        return rows

    def _fresh(self, forms: list[str]) -> Matrix:
        """(m, C) vectors of these forms, computed together."""
        weights = self._weights
        found = [word_rows(form, self._lists) for form in forms]
        begins = np.fromiter(accumulate(map(len, found[:-1]), initial=0), dtype=np.intp, count=len(found))
        flat = np.fromiter(chain.from_iterable(found), dtype=np.intp)
        summed = np.add.reduceat(weights.embedding[flat], begins, axis=0)
        summed += weights.embedding_bias
        np.maximum(summed, 0.0, out=summed)
        vectors: Matrix = summed @ weights.word
        vectors += weights.token_bias
        return vectors


def convolution(hidden: Matrix, layer: Layer) -> Matrix:
    """ReLU of the convolution, (n, C): the taps side by side, then one product for all of them."""
    count, channels = hidden.shape
    reach = layer.reach
    padded = np.zeros((count + 2 * reach, channels), dtype=np.float32)
    padded[reach : reach + count] = hidden
    wide = np.empty((count, layer.width * channels), dtype=np.float32)
    for tap in range(layer.width):
        first = tap * layer.dilation
        wide[:, tap * channels : (tap + 1) * channels] = padded[first : first + count]
    out: Matrix = wide @ layer.weight
    out += layer.bias
    np.maximum(out, 0.0, out=out)
    return out
