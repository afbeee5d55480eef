"""The model file: what is written is what is read, nothing else is accepted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from services.redaction.tagger.bits import BITS
from services.redaction.tagger.features import CHUNK_BUCKETS
from services.redaction.tagger.int8 import quantise
from services.redaction.tagger.lexicon import WordLists
from services.redaction.tagger.model import FORMAT, MODEL_FILE, Model, ModelFileError, load, save
from services.redaction.tagger.network import Layer, Weights
from services.redaction.tagger.words import VOCABULARY_START


def small_model() -> Model:
    rng = np.random.default_rng(3)

    def some(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return rng.normal(size=shape).astype(np.float32)

    weights = Weights(
        embedding=some(VOCABULARY_START + 2, 4),
        embedding_bias=some(4),
        word=some(4, 6),
        bits=some(BITS, 6),
        chunk=some(CHUNK_BUCKETS, 6),
        token_bias=some(6),
        layers=(Layer(some(18, 6), some(6), 3, 2),),
        output=some(6, 2),
        output_bias=some(2),
    )
    lists = WordLists(
        ordinary=frozenset({"the", "nan"}),
        capital_only=frozenset(),
        common=frozenset({"snapchat"}),
        kin=frozenset({"nan"}),
        forenames=frozenset({"kai"}),
        surnames=frozenset({"osei"}),
        vocabulary={"\n": VOCABULARY_START, "the": VOCABULARY_START + 1},
        seen=frozenset({"the"}),
    )
    return Model(weights, lists, ("O", "PERSON"), np.array([2.0, 0.5], dtype=np.float32))


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    model = small_model()
    save(tmp_path / "m.npz", model)
    back = load(tmp_path / "m.npz")
    assert back.lists == model.lists
    assert back.labels == model.labels
    np.testing.assert_allclose(back.weights.bits, model.weights.bits)
    np.testing.assert_allclose(back.weights.embedding, model.weights.embedding, atol=0.03)
    assert [(one.width, one.dilation) for one in back.weights.layers] == [(3, 2)]


def test_the_same_model_gives_the_same_bytes(tmp_path: Path) -> None:
    save(tmp_path / "a.npz", small_model())
    save(tmp_path / "b.npz", small_model())
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", format=np.array(FORMAT + 1))
    with pytest.raises(ModelFileError):
        load(tmp_path / "m.npz")


def test_rows_are_quantised_each_by_its_own_scale() -> None:
    matrix = np.array([[100.0, -50.0], [0.001, 0.0005], [0.0, 0.0]], dtype=np.float32)
    small, scale = quantise(matrix)
    np.testing.assert_allclose(small * scale, matrix, rtol=0.01)


def test_the_shipped_file_is_small() -> None:
    assert MODEL_FILE.stat().st_size <= 15_000_000
