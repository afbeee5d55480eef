"""The model file: one npz of arrays without pickle; weights as int8 with a scale a row, word lists as packed text."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.redaction.tagger.int8 import quantise
from services.redaction.tagger.lexicon import WordLists
from services.redaction.tagger.network import Layer, Weights
from services.redaction.tagger.words import VOCABULARY_START

MODEL_FILE: Final = Path(__file__).resolve().parent / "model" / "tagger.npz"

FORMAT: Final = 4
"""Raised when bits, rows or layout change meaning; a file of another format is refused."""

_LISTS: Final = ("ordinary", "capital_only", "common", "kin", "forenames", "surnames", "vocabulary", "seen")

_BETWEEN: Final = "\x1f"
"""Parts the words of a list. A blank, so no token holds it; a line break is itself a word of the vocabulary."""

Arrays = dict[str, NDArray[Any]]


class ModelFileError(ValueError):
    """The file is not a model of this format."""


@dataclass(frozen=True, slots=True)
class Model:
    """What `Tagger` runs on. `thresholds` (L,) says from which probability a token of that label is covered."""

    weights: Weights
    lists: WordLists
    labels: tuple[str, ...]
    thresholds: NDArray[np.float32]


def pack_words(words: list[str]) -> NDArray[np.uint8]:
    """A word list as compressed text, in the order given."""
    return np.frombuffer(zlib.compress(_BETWEEN.join(words).encode("utf-8"), 9), dtype=np.uint8)


def _unpack_words(packed: NDArray[np.uint8]) -> list[str]:
    text = zlib.decompress(packed.tobytes()).decode("utf-8")
    return text.split(_BETWEEN) if text else []


def save(path: Path, model: Model) -> None:
    """Writes the file. Same model, same bytes."""
    weights, lists = model.weights, model.lists
    arrays: Arrays = {"format": np.array(FORMAT), "labels": pack_words(list(model.labels))}
    arrays["thresholds"] = model.thresholds
    for name in ("embedding", "chunk"):
        arrays[name], arrays[f"{name}_scale"] = quantise(getattr(weights, name))
    for name in ("embedding_bias", "word", "bits", "token_bias", "output", "output_bias"):
        arrays[name] = getattr(weights, name).astype(np.float32)
    arrays["layers"] = np.array([(layer.width, layer.dilation) for layer in weights.layers], dtype=np.int32)
    for at, layer in enumerate(weights.layers):
        arrays[f"layer{at}"] = layer.weight.astype(np.float16)
        arrays[f"layer{at}_bias"] = layer.bias.astype(np.float32)
    for name in _LISTS:
        words = getattr(lists, name)
        ordered = sorted(words, key=words.__getitem__) if isinstance(words, dict) else sorted(words)
        arrays[f"list_{name}"] = pack_words(ordered)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, allow_pickle=False, **arrays)


def load(path: Path = MODEL_FILE) -> Model:
    """Reads a model file; raises `ModelFileError` for another format, `OSError` where there is none."""
    with np.load(path, allow_pickle=False) as stored:
        arrays: Arrays = {name: stored[name] for name in stored.files}
    if int(arrays.get("format", np.array(0))) != FORMAT:
        raise ModelFileError(f"not a tagger model of format {FORMAT}")
    return Model(
        weights=_weights(arrays),
        lists=_lists(arrays),
        labels=tuple(_unpack_words(arrays["labels"])),
        thresholds=arrays["thresholds"].astype(np.float32),
    )


def _weights(arrays: Arrays) -> Weights:
    def full(name: str) -> NDArray[np.float32]:
        return np.ascontiguousarray(arrays[name], dtype=np.float32)

    def restored(name: str) -> NDArray[np.float32]:
        return full(name) * full(f"{name}_scale")

    layers = tuple(
        Layer(full(f"layer{at}"), full(f"layer{at}_bias"), int(width), int(dilation))
        for at, (width, dilation) in enumerate(arrays["layers"])
    )
    return Weights(
        embedding=restored("embedding"),
        embedding_bias=full("embedding_bias"),
        word=full("word"),
        bits=full("bits"),
        chunk=restored("chunk"),
        token_bias=full("token_bias"),
        layers=layers,
        output=full("output"),
        output_bias=full("output_bias"),
    )


def _lists(arrays: Arrays) -> WordLists:
    words = {name: _unpack_words(arrays[f"list_{name}"]) for name in _LISTS}
    return WordLists(
        ordinary=frozenset(words["ordinary"]),
        capital_only=frozenset(words["capital_only"]),
        common=frozenset(words["common"]),
        kin=frozenset(words["kin"]),
        forenames=frozenset(words["forenames"]),
        surnames=frozenset(words["surnames"]),
        vocabulary={word: VOCABULARY_START + at for at, word in enumerate(words["vocabulary"])},
        seen=frozenset(words["seen"]),
    )
