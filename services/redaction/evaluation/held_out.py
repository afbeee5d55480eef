"""The figures on kinds of narratives that nobody trained on, as `python -m training.tagger.whole` left them.

They need the networks of five trainings, which do not ship; so their counts are kept and every report shows them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from services.redaction.evaluation.scoring import Share

MEASURED = Path(__file__).parents[3] / "training" / "tagger" / "whole.json"

NAMES = ("recall", "leak_free", "over", "kept")
"""Direct identifiers covered, documents without a leak, ordinary words covered, phrases that must survive intact."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Shares by name for all folds, and rows for each fold, label and kind."""

    whole: dict[str, Share]
    folds: list[tuple[str, dict[str, Share]]]
    kinds: list[tuple[str, dict[str, Share]]]
    labels: dict[str, Share]

    def text(self) -> str:
        """The section of the report."""
        head = "| {} | recall | no leak | over | kept |\n|---|---|---|---|---|\n"
        parts = ["\n## Kinds of narratives that nobody trained on\n\n", head.format("fold")]
        parts += [_row(name, shares) for name, shares in [*self.folds, ("all", self.whole)]]
        parts += ["\n", head.format("kind"), *(_row(name, shares) for name, shares in self.kinds)]
        parts.append("\n| label | recall | of |\n|---|---|---|\n")
        parts += [f"| {name} | {share.value:.4f} | {share.n} |\n" for name, share in self.labels.items()]
        return "".join(parts)


def _row(name: str, shares: dict[str, Share]) -> str:
    recall, leak_free, over, kept = (shares[key].value for key in NAMES)
    return f"| {name} | {recall:.4f} | {leak_free:.3f} | {over:.4f} | {kept:.3f} |\n"


def read(path: Path = MEASURED) -> HeldOut:
    """The counts of the last measurement."""
    stored = json.loads(path.read_text("utf-8"))
    return HeldOut(
        whole=_shares(stored["all"]),
        folds=[(", ".join(fold["kinds"]), _shares(fold["figures"])) for fold in stored["folds"]],
        kinds=[(kind, _shares(figures)) for kind, figures in stored["kinds"].items()],
        labels=_shares(stored["labels"]),
    )


def _shares(counts: dict[str, list[int]]) -> dict[str, Share]:
    return {name: Share(hit, n) for name, (hit, n) in counts.items()}
