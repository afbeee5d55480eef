"""Turns a trained network into the model file that ships, with its thresholds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from services.redaction.tagger import Tagger
from services.redaction.tagger.model import Model
from services.redaction.tagger.network import Layer, Weights
from training.tagger.corpus import LABELS
from training.tagger.fit import Fitted, predict
from training.tagger.gold import Narrative, as_record


def weights(fitted: Fitted) -> Weights:
    """The trained arrays as the run time holds them."""
    arrays = {name: np.asarray(value, dtype=np.float32) for name, value in fitted.params.items()}
    return Weights(
        embedding=arrays["embedding"],
        embedding_bias=arrays["embedding_bias"],
        word=arrays["word"],
        bits=arrays["bits"],
        chunk=arrays["chunk"],
        token_bias=arrays["token_bias"],
        layers=tuple(
            Layer(arrays[f"layer{at}"], arrays[f"layer{at}_bias"], width, dilation)
            for at, (width, dilation) in enumerate(fitted.shape.layers)
        ),
        output=arrays["output"],
        output_bias=arrays["output_bias"],
    )


def farthest(path: Path, fitted: Fitted, narratives: list[Narrative]) -> float:
    """The largest difference between what the file answers and what was trained: rounding, or a broken file."""
    tagger = Tagger.load(path)
    worst = 0.0
    for narrative, _, table in predict([fitted], narratives):
        scores = tagger.token_scores(narrative.text, as_record(narrative.record))
        worst = max(worst, float(np.abs(scores.p_identifying - (1.0 - table[:, 0])).max()))
    return worst


def model(fitted: Fitted, thresholds: dict[str, float]) -> Model:
    """The model with a threshold for each label; 'outside' can never be covered."""
    levels = [2.0, *(thresholds[label] for label in LABELS[1:])]
    return Model(weights(fitted), fitted.lists, LABELS, np.array(levels, dtype=np.float32))
