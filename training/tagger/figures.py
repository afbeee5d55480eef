"""The scorer's figures at every threshold at once: full cover of spans against covered ordinary words."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.tagger.corpus import Example
from training.tagger.gold import NEUTRAL, Narrative

_WORD: Final = re.compile(r"\w+(?:['’-]\w+)*")


@dataclass(slots=True)
class Evidence:
    """For each gold span its weakest token, for each ordinary word its strongest: a threshold splits both."""

    spans: list[tuple[str, float, str, str, int]] = field(default_factory=list)
    """(label, lowest probability, narrative id, text, label guessed there)."""
    words: list[tuple[float, str, str, int]] = field(default_factory=list)
    """(highest probability, narrative id, text, label guessed there)."""
    documents: list[float] = field(default_factory=list)
    kept: list[float] = field(default_factory=list)

    def add(self, narrative: Narrative, example: Example, table: NDArray[np.float32]) -> None:
        """`table` (n, labels) are the probabilities of each token."""
        text = narrative.text
        level = np.zeros(len(text), dtype=np.float32)
        guess = np.zeros(len(text), dtype=np.int32)
        best = table[:, 1:].argmax(axis=1) + 1
        for start, end, value, label in zip(example.starts, example.ends, 1.0 - table[:, 0], best, strict=True):
            level[start:end] = value
            guess[start:end] = label
        gold = np.zeros(len(text), dtype=np.bool_)
        weakest = 1.0
        for start, end, label in narrative.spans():
            gold[start:end] = True
            low, at = min(((float(level[i]), i) for i in range(start, end) if text[i].isalnum()), default=(1.0, start))
            self.spans.append((label, low, narrative.id, text[start:end], int(guess[at])))
            if label not in NEUTRAL:
                weakest = min(weakest, low)
        self.documents.append(weakest)
        for match in _WORD.finditer(text):
            if not gold[match.start() : match.end()].any():
                at = match.start() + int(level[match.start() : match.end()].argmax())
                self.words.append((float(level[at]), narrative.id, match.group(), int(guess[at])))
        for phrase in narrative.must_keep:
            at = text.find(phrase)
            if at >= 0:
                self.kept.append(float(level[at : at + len(phrase)].max()))

    def threshold_for(self, over: float) -> float:
        """The lowest threshold at which no more than this share of ordinary words is covered."""
        values = np.sort(np.array([value for value, *_ in self.words]))[::-1]
        return float(values[min(int(over * len(values)), len(values) - 1)]) + 1e-7

    def recall(self, threshold: float) -> float:
        """Share of direct identifiers wholly covered."""
        hits = [low >= threshold for label, low, *_ in self.spans if label not in NEUTRAL]
        return sum(hits) / max(1, len(hits))

    def by_label(self, threshold: float) -> dict[str, tuple[int, int]]:
        """label → (hits, spans)."""
        counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for label, low, *_ in self.spans:
            counts[label][0] += low >= threshold
            counts[label][1] += 1
        return {label: (hit, of) for label, (hit, of) in sorted(counts.items())}

    def levels(self, overs: Iterable[float] = (0.01, 0.015, 0.02, 0.025, 0.03)) -> list[dict[str, float]]:
        """The figures at fixed levels of over-redaction."""
        out = []
        for over in overs:
            at = self.threshold_for(over)
            free = float(np.mean([low >= at for low in self.documents]))
            kept = float(np.mean([high < at for high in self.kept])) if self.kept else float("nan")
            out.append({"over": over, "threshold": at, "recall": self.recall(at), "leak-free": free, "kept": kept})
        return out

    def summary(self) -> str:
        """`levels` as lines."""
        return "\n".join(" ".join(f"{name} {value:.4f}" for name, value in level.items()) for level in self.levels())

    def extend(self, other: Evidence) -> None:
        """Adds what was found on other narratives."""
        self.spans += other.spans
        self.words += other.words
        self.documents += other.documents
        self.kept += other.kept

    def misses(self, threshold: float) -> Counter[tuple[str, str]]:
        """What was missed, most frequent first."""
        return Counter(
            (label, text) for label, low, _, text, _ in self.spans if label not in NEUTRAL and low < threshold
        )
