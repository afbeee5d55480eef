"""Turns a trained network into the model file that ships, with its thresholds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.redaction.tagger.model import Model
from services.redaction.tagger.network import Layer, Weights
from training.tagger.corpus import LABELS
from training.tagger.fit import Fitted


def weights(fitted: Fitted) -> Weights:
    """The trained arrays in the layout of the run time: a layer's taps side by side instead of on top of each other."""
    arrays = {name: np.asarray(value, dtype=np.float32) for name, value in fitted.params.items()}
    channels = fitted.shape.channels

    def side_by_side(stacked: NDArray[np.float32], width: int) -> NDArray[np.float32]:
        taps = stacked.reshape(width, channels, channels).transpose(1, 0, 2)
        return np.ascontiguousarray(taps.reshape(channels, width * channels))

    return Weights(
        embedding=arrays["embedding"],
        embedding_bias=arrays["embedding_bias"],
        word=arrays["word"],
        bits=arrays["bits"],
        chunk=arrays["chunk"],
        token_bias=arrays["token_bias"],
        layers=tuple(
            Layer(side_by_side(arrays[f"layer{at}"], width), arrays[f"layer{at}_bias"], width, dilation)
            for at, (width, dilation) in enumerate(fitted.shape.layers)
        ),
        output=arrays["output"],
        output_bias=arrays["output_bias"],
    )


def model(fitted: Fitted, thresholds: dict[str, float]) -> Model:
    """The model with a threshold for each label; 'outside' can never be covered."""
    levels = [2.0, *(thresholds[label] for label in LABELS[1:])]
    return Model(weights(fitted), fitted.lists, LABELS, np.array(levels, dtype=np.float32))
