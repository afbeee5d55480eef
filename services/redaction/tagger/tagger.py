"""The learned tagger: finds spans that identify somebody, with a probability for each token."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contracts.record import Record
from services.redaction.tagger.features import FormCache, extract
from services.redaction.tagger.model import MODEL_FILE, Model, load
from services.redaction.tagger.network import Network
from services.redaction.tagger.tokens import Tokens, fold

_BRIDGED: Final = frozenset("._-/@#+'’:&")
"""Signs that stay inside a code or a name where both neighbours are covered and no blank divides them."""

_EDGES: Final = frozenset(' ,;:!?"“”‘()[]<>|')
"""Signs that belong to the sentence and not to what stands beside them: a span neither begins nor ends with one."""


@dataclass(frozen=True, slots=True)
class TaggerSpan:
    """A stretch of the text that identifies somebody: code points, end exclusive."""

    start: int
    end: int
    label: str
    probability: float
    """The highest probability of its tokens, between 0 and 1."""


@dataclass(frozen=True, slots=True)
class TokenScores:
    """Every token of the text (all characters but blanks): offsets and the probability that it identifies."""

    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    p_identifying: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Tagging:
    """Both answers from one pass over the text."""

    spans: list[TaggerSpan]
    scores: TokenScores


class Tagger:
    """Pure: the same text and record give the same answer; nothing of either is kept.

    Not safe for use by several threads at once; a worker process has one each.
    """

    def __init__(self, model: Model) -> None:
        self._lists = model.lists
        self._labels = model.labels
        self._thresholds = model.thresholds
        self._lowest = model.thresholds[1:].min()
        self._network = Network(model.weights, model.lists)
        self._forms = FormCache(model.lists)

    @classmethod
    def load(cls, path: Path = MODEL_FILE) -> Tagger:
        """Reads the model file; raises `OSError` or `ModelFileError` where there is no usable one."""
        return cls(load(path))

    def knows(self, word: str) -> bool:
        """Whether the word stood in a training narrative as an ordinary word."""
        return fold(word) in self._lists.seen

    def tag(self, text: str, record: Record) -> Tagging:
        """Spans and token scores together, at the cost of one."""
        features = extract(text, record, self._forms)
        if features is None:
            nothing = np.zeros(0, dtype=np.int32)
            return Tagging([], TokenScores(nothing, nothing, np.zeros(0, dtype=np.float32)))
        table = self._network.probabilities(features)
        identifying = 1.0 - table[:, 0]
        tokens = features.tokens
        return Tagging(
            self._spans(text, tokens, table, identifying), TokenScores(tokens.starts, tokens.ends, identifying)
        )

    def spans(self, text: str, record: Record) -> list[TaggerSpan]:
        """Spans in order, never overlapping, never outside the text."""
        return self.tag(text, record).spans

    def token_scores(self, text: str, record: Record) -> TokenScores:
        """How sure the tagger is of each token, whatever the thresholds."""
        return self.tag(text, record).scores

    def _spans(
        self, text: str, tokens: Tokens, table: NDArray[np.float32], identifying: NDArray[np.float32]
    ) -> list[TaggerSpan]:
        label = np.zeros(len(identifying), dtype=np.int64)
        likely = np.flatnonzero(identifying >= self._lowest)
        best = table[likely, 1:].argmax(axis=1) + 1
        label[likely] = np.where(identifying[likely] < self._thresholds[best], 0, best)
        _bridge(tokens, label)
        change = np.flatnonzero(np.concatenate(([label[0] > 0], label[1:] != label[:-1])))
        if not len(change):
            return []
        stops = np.append(change[1:], len(label)) - 1
        surest = np.maximum.reduceat(identifying, change)
        columns = (label[change], tokens.starts[change], tokens.ends[stops], surest)
        out: list[TaggerSpan] = []
        for number, start, end, value in zip(*(column.tolist() for column in columns), strict=True):
            if number:
                first, stop = _trim(text, start, end)
                if first < stop:
                    out.append(TaggerSpan(first, stop, self._labels[number], value))
        return out


def _bridge(tokens: Tokens, label: NDArray[np.int64]) -> None:
    """Gives a sign inside a code or a name the label of both its neighbours; a line break never has one."""
    between = np.flatnonzero((label[1:-1] == 0) & (label[:-2] > 0) & (label[:-2] == label[2:])) + 1
    for at in between.tolist():
        joined = tokens.ends[at - 1] == tokens.starts[at] and tokens.ends[at] == tokens.starts[at + 1]
        if joined and tokens.surfaces[at] in _BRIDGED:
            label[at] = label[at - 1]
    surfaces = tokens.surfaces
    for at in np.flatnonzero(label).tolist():
        if surfaces[at][0] == "\n":
            label[at] = 0


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] in _EDGES:
        start += 1
    while start < end and text[end - 1] in _EDGES:
        end -= 1
    return start, end
