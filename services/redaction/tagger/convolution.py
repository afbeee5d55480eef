"""A convolution along a text, four tokens at a time, with fewer multiplications than taps.

Toom and Cook's short filters (Winograd, "Arithmetic Complexity of Computations", 1980): four outputs of five taps need
eight products of matrices instead of twenty, and two small products with constants before and after. In single
precision the answer differs from the direct sum by some 5e-6, where hidden values reach 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]

TILE: Final = 4
"""Tokens computed together. Six would save little more, and lose a digit of precision."""

_POINTS: Final = (0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5)
"""Where the polynomials are evaluated, besides infinity; small numbers keep rounding errors small."""

MAX_WIDTH: Final = len(_POINTS) + 2 - TILE
"""Taps that the points suffice for."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A layer made ready for P = TILE + width - 1 points.

    `before` (P, P) and `after` (TILE, P + 1) are constants, the last column for the bias; `taps` is (P, C, C).
    """

    before: Matrix
    taps: Matrix
    after: Matrix
    bias: Matrix
    width: int
    dilation: int


def prepare(weight: Matrix, bias: Matrix, width: int, dilation: int) -> Filter:
    """The filter of a layer whose `weight` is (width * C, C); raises `ValueError` for more than `MAX_WIDTH` taps."""
    if width > MAX_WIDTH:
        raise ValueError(f"a filter has at most {MAX_WIDTH} taps")
    count = TILE + width - 1
    before = np.linalg.inv(_powers(count, count)).T
    scale = np.abs(before).max(axis=1, keepdims=True)
    channels = weight.shape[1]
    taps = np.asarray(weight, dtype=np.float64).reshape(width, -1)
    return Filter(
        before=np.ascontiguousarray(before / scale, dtype=np.float32),
        taps=((_powers(count, width) * scale) @ taps).reshape(count, channels, channels).astype(np.float32),
        after=np.concatenate((_powers(count, TILE).T, np.ones((TILE, 1))), axis=1).astype(np.float32),
        bias=bias,
        width=width,
        dilation=dilation,
    )


def _powers(count: int, degree: int) -> NDArray[np.float64]:
    """(count, degree) the powers of each point; of infinity only the highest counts."""
    finite = np.array(_POINTS[: count - 1])[:, None] ** np.arange(degree)
    last = np.zeros((1, degree))
    last[0, -1] = 1.0
    return np.concatenate((finite, last))


def residual(hidden: Matrix, layer: Filter) -> Matrix:
    """`hidden` (n, C) and the ReLU of its convolution added; beyond the text's ends stand zeros."""
    count, channels = hidden.shape
    step = layer.dilation
    points = len(layer.taps)
    tiles = -(-count // (step * TILE))
    reach = layer.width // 2 * step
    padded = np.zeros(((tiles + 1) * TILE * step, channels), dtype=np.float32)
    padded[reach : reach + count] = hidden
    by_tile = padded.reshape(tiles + 1, TILE, step, channels)
    inputs = np.empty((points, tiles, step, channels), dtype=np.float32)
    inputs[:TILE] = by_tile[:-1].transpose(1, 0, 2, 3)
    inputs[TILE:] = by_tile[1:, : points - TILE].transpose(1, 0, 2, 3)
    changed = layer.before @ inputs.reshape(points, -1)
    products = np.empty((points + 1, tiles * step, channels), dtype=np.float32)
    np.matmul(changed.reshape(points, tiles * step, channels), layer.taps, out=products[:points])
    products[points] = layer.bias
    sums = layer.after @ products.reshape(points + 1, -1)
    np.maximum(sums, 0.0, out=sums)
    outputs = padded[reach : reach + tiles * TILE * step].reshape(tiles, TILE, step, channels)
    outputs += sums.reshape(TILE, tiles, step, channels).transpose(1, 0, 2, 3)
    return padded[reach : reach + count]
