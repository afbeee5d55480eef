"""The forward pass in numpy: embeddings kept per word, then three convolutions as matrix products."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.redaction.tagger.features import Features
from services.redaction.tagger.lexicon import WordLists
from services.redaction.tagger.tokens import fold
from services.redaction.tagger.words import PAD, ROWS_PER_WORD, word_rows

Matrix = NDArray[np.float32]

BLOCK: Final = 2048
"""Tokens computed at once: bounds the memory of a 64 KiB narrative at a few megabytes."""


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
    """Weights with the vectors of the words met so far. Keeps only words of the shipped lists of ordinary words."""

    def __init__(self, weights: Weights, lists: WordLists) -> None:
        self._weights = weights
        self._lists = lists
        self._vectors: dict[str, Matrix] = {}

    def probabilities(self, features: Features) -> Matrix:
        """(n, labels): each token's distribution over the labels, the first of which is 'outside'."""
        weights = self._weights
        count = len(features.tokens)
        hidden = self._word_vectors(features.forms)[features.form_of]
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

    def _word_vectors(self, forms: list[str]) -> Matrix:
        """(m, C): kept vectors where there are, else computed together."""
        found = [self._vectors.get(form) for form in forms]
        missing = [at for at, vector in enumerate(found) if vector is None]
        if missing:
            fresh = self._fresh([forms[at] for at in missing])
            for at, vector in zip(missing, fresh, strict=True):
                found[at] = vector
                if self._lists.is_listed(fold(forms[at])):
                    self._vectors[forms[at]] = vector.copy()
        return np.array(found, dtype=np.float32)

    def _fresh(self, forms: list[str]) -> Matrix:
        weights = self._weights
        rows = np.full((len(forms), ROWS_PER_WORD), PAD, dtype=np.intp)
        for at, form in enumerate(forms):
            found = word_rows(form, self._lists)
            rows[at, : len(found)] = found
        summed = weights.embedding[rows].sum(axis=1) + weights.embedding_bias
        np.maximum(summed, 0.0, out=summed)
        vectors: Matrix = summed @ weights.word + weights.token_bias
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
