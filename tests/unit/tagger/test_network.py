"""The forward pass: what the arrays mean, and that long texts are cut without a seam."""

from __future__ import annotations

import numpy as np
import pytest

from services.redaction.tagger import network
from services.redaction.tagger.network import Layer


def layer(width: int, dilation: int, channels: int = 3) -> Layer:
    rng = np.random.default_rng(5)
    return Layer(
        rng.normal(size=(width * channels, channels)).astype(np.float32),
        rng.normal(size=channels).astype(np.float32),
        width,
        dilation,
    )


@pytest.mark.parametrize(("width", "dilation"), [(5, 1), (5, 4), (3, 2)])
@pytest.mark.parametrize("count", [1, 2, 7, 40])
def test_convolution_sums_the_neighbours_of_every_token(width: int, dilation: int, count: int) -> None:
    hidden = np.random.default_rng(1).normal(size=(count, 3)).astype(np.float32)
    given = layer(width, dilation)
    expected = np.tile(given.bias, (count, 1)).astype(np.float64)
    for at in range(count):
        for tap in range(width):
            other = at + (tap - width // 2) * dilation
            if 0 <= other < count:
                expected[at] += hidden[other] @ given.weight[tap * 3 : (tap + 1) * 3]
    np.testing.assert_allclose(network.convolution(hidden, given), np.maximum(expected, 0.0), rtol=1e-4, atol=1e-5)
