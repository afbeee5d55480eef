"""The forward pass: what the arrays mean, and that long texts are cut without a seam."""

from __future__ import annotations

import numpy as np
import pytest

from services.redaction.tagger.convolution import prepare, residual

CHANNELS = 3


@pytest.mark.parametrize(("width", "dilation"), [(5, 1), (5, 4), (3, 2)])
@pytest.mark.parametrize("count", [1, 2, 7, 16, 40])
def test_convolution_sums_the_neighbours_of_every_token(width: int, dilation: int, count: int) -> None:
    rng = np.random.default_rng(5)
    weight = rng.normal(size=(width * CHANNELS, CHANNELS)).astype(np.float32)
    bias = rng.normal(size=CHANNELS).astype(np.float32)
    hidden = rng.normal(size=(count, CHANNELS)).astype(np.float32)
    expected = np.tile(bias, (count, 1)).astype(np.float64)
    for at in range(count):
        for tap in range(width):
            other = at + (tap - width // 2) * dilation
            if 0 <= other < count:
                expected[at] += hidden[other] @ weight[tap * CHANNELS : (tap + 1) * CHANNELS]
    found = residual(hidden, prepare(weight, bias, width, dilation))
    np.testing.assert_allclose(found, hidden + np.maximum(expected, 0.0), rtol=1e-4, atol=1e-4)


def test_a_filter_of_too_many_taps_is_refused() -> None:
    with pytest.raises(ValueError, match="taps"):
        prepare(np.zeros((7, 1), np.float32), np.zeros(1, np.float32), 7, 1)
