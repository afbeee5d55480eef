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
        self._network = Network(model.weights, model.lists)
        self._forms = FormCache(model.lists, {})

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
        return Tagging(self._spans(tokens, table, identifying), TokenScores(tokens.starts, tokens.ends, identifying))

    def spans(self, text: str, record: Record) -> list[TaggerSpan]:
        """Spans in order, never overlapping, never outside the text."""
        return self.tag(text, record).spans

    def token_scores(self, text: str, record: Record) -> TokenScores:
        """How sure the tagger is of each token, whatever the thresholds."""
        return self.tag(text, record).scores

    def _spans(self, tokens: Tokens, table: NDArray[np.float32], identifying: NDArray[np.float32]) -> list[TaggerSpan]:
        best = table[:, 1:].argmax(axis=1) + 1
        covered = np.flatnonzero(identifying >= self._thresholds[best])
        out: list[TaggerSpan] = []
        last = -2
        for at in covered.tolist():
            start, end = int(tokens.starts[at]), int(tokens.ends[at])
            label, value = self._labels[best[at]], float(identifying[at])
            previous = out[-1] if out else None
            if previous is not None and previous.label == label and self._continues(tokens, last, at):
                out[-1] = TaggerSpan(previous.start, end, label, max(previous.probability, value))
            elif tokens.surfaces[at][0] != "\n":
                out.append(TaggerSpan(start, end, label, value))
            last = at
        return out

    @staticmethod
    def _continues(tokens: Tokens, last: int, at: int) -> bool:
        if tokens.surfaces[at][0] == "\n":
            return False
        if at == last + 1:
            return tokens.surfaces[last][0] != "\n"
        joined = tokens.ends[last] == tokens.starts[last + 1] and tokens.ends[at - 1] == tokens.starts[at]
        return at == last + 2 and bool(joined) and tokens.surfaces[last + 1] in _BRIDGED
