"""`python -m training.tagger.whole --models FOLDER`: the whole redactor on kinds of narratives that nobody trained on.

FOLDER holds the five networks that `python -m training.tagger.evaluate --models FOLDER` left there. Each fold of kinds
is redacted with all layers on, by the network, a word list and thresholds that were made without the narratives of
that fold. Prints the figures; `--thresholds` chooses the shipped thresholds on all of these folds as well.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Final

import numpy as np

from services.redaction.evaluation.__main__ import measured
from services.redaction.evaluation.annotated import load as annotated
from services.redaction.evaluation.scoring import Figures, Share, score
from services.redaction.lexicon import parse
from services.redaction.redactor import Redactor
from services.redaction.tagger import Tagger
from services.redaction.tagger.features import FormCache, extract
from services.redaction.tagger.model import Model, load
from services.redaction.tagger.network import Network
from training.lexicon.__main__ import nicknames_text, sections, words_text
from training.tagger import gold, thresholds
from training.tagger.corpus import LABELS, example
from training.tagger.figures import Evidence

FOLDS: Final = 5
TOLD: Final = ("recall", "leak_free", "over", "kept")
SHIPPED: Final = Path(__file__).resolve().parent / "thresholds.json"


def evidence(model: Model, narratives: list[gold.Narrative]) -> Evidence:
    """What the network sees in narratives, as thresholds are chosen on it."""
    network, forms, found = Network(model.weights, model.lists), FormCache(model.lists), Evidence()
    for narrative in narratives:
        one = example(narrative, forms)
        features = extract(narrative.text, gold.as_record(narrative.record), forms)
        if one is not None and features is not None:
            found.add(narrative, one, network.probabilities(features))
    return found


def redactor(model: Model, chosen: dict[str, float], held: set[str]) -> Redactor:
    """The redactor of a fold: no word of its kinds in any list."""
    files = sorted(path for path in gold.NARRATIVES.glob("*.jsonl") if path.stem not in held)
    levels = np.array([2.0, *(chosen[label] for label in LABELS[1:])], dtype=np.float32)
    model = Model(model.weights, model.lists, model.labels, levels)
    return Redactor.of(parse(words_text(sections(files)), nicknames_text()), Tagger(model))


def line(name: str, figures: Figures) -> str:
    """One fold's figures."""
    shares = {"recall": figures.recall, "leak-free": figures.leak_free, "over": figures.over, "kept": figures.kept}
    held = sum(figures.held.values())
    return f"{name:34} " + " ".join(f"{key} {share.value:.4f}" for key, share in shares.items()) + f" held {held}"


def add(total: Share, share: Share) -> None:
    """Counts one fold's cases with the others'."""
    total.hit += share.hit
    total.n += share.n


def together(folds: list[Figures]) -> Figures:
    """All folds as one."""
    answer = Figures()
    for figures in folds:
        for name in TOLD:
            add(getattr(answer, name), getattr(figures, name))
        for name in (f.name for f in fields(Figures) if f.name.startswith("by_")):
            for key, share in getattr(figures, name).items():
                add(getattr(answer, name)[key], share)
        answer.held.update(figures.held)
    return answer


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--folds", type=int, nargs="*", default=list(range(FOLDS)), help="only these, for a trial")
    parser.add_argument("--thresholds", action="store_true", help="write thresholds.json, chosen on these folds")
    parser.add_argument("--report", type=Path, default=None, help="where to write the figures as JSON")
    return parser.parse_args()


def main() -> int:
    """Exit status 0 with the figures printed."""
    arguments = _arguments()
    narratives = gold.read_all()
    kinds = gold.kinds(narratives)
    models = {fold: load(arguments.models / f"fold{fold}.npz") for fold in arguments.folds}
    seen = {
        fold: evidence(model, [one for one in narratives if one.kind in kinds[fold::FOLDS]])
        for fold, model in models.items()
    }
    if arguments.thresholds:
        chosen = thresholds.choose(_joined(seen.values()), thresholds.CEILING)
        SHIPPED.write_text(json.dumps(chosen, indent=2) + "\n", "utf-8")
    by_kind: dict[str, Figures] = {}
    by_fold: dict[int, Figures] = {}
    for fold, model in models.items():
        held = kinds[fold::FOLDS]
        others = (part for other, part in seen.items() if other != fold)
        chosen = thresholds.choose(_joined(others), thresholds.CEILING)
        redact = measured(redactor(model, chosen, set(held)))
        for kind in held:
            by_kind[kind] = score(annotated(gold.NARRATIVES / f"{kind}.jsonl"), redact)
        by_fold[fold] = together([by_kind[kind] for kind in held])
        sys.stdout.write(line(f"fold {fold}: {', '.join(held)}", by_fold[fold]) + "\n")
        sys.stdout.flush()
    whole = together(list(by_fold.values()))
    sys.stdout.write(line("all", whole) + "\n" + _table("label", whole.by_label))
    if arguments.report:
        arguments.report.write_text(json.dumps(_plain(kinds, by_fold, by_kind, whole), indent=1) + "\n", "utf-8")
    return 0


def _joined(parts: Iterable[Evidence]) -> Evidence:
    answer = Evidence()
    for part in parts:
        answer.extend(part)
    return answer


def _table(name: str, shares: dict[str, Share]) -> str:
    return "".join(
        f"{name} {key:24} {share.value:.4f} {share.hit}/{share.n}\n" for key, share in sorted(shares.items())
    )


def _counts(figures: Figures) -> dict[str, list[int]]:
    return {name: [getattr(figures, name).hit, getattr(figures, name).n] for name in TOLD}


def _plain(every: list[str], folds: dict[int, Figures], kinds: dict[str, Figures], whole: Figures) -> dict[str, object]:
    """As services/redaction/evaluation/held_out.py reads it; `every` are all kinds in the order of the folds."""
    return {
        "all": _counts(whole),
        "folds": [{"kinds": every[fold::FOLDS], "figures": _counts(figures)} for fold, figures in folds.items()],
        "kinds": {kind: _counts(figures) for kind, figures in sorted(kinds.items())},
        "labels": {label: [share.hit, share.n] for label, share in sorted(whole.by_label.items())},
    }


if __name__ == "__main__":
    sys.exit(main())
