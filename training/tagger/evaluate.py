"""`python -m training.tagger.evaluate`: the honest figure of the tagger alone.

The kinds of writers are dealt into five folds; every narrative is tagged by a network that saw no narrative of its
kind. Prints the figures; keeps the networks where `--models` says, for the figures of the whole redactor and for the
shipped thresholds (`python -m training.tagger.whole`).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Final

from services.redaction.tagger.model import save
from training.tagger import export, gold, names, plan, thresholds
from training.tagger.figures import Evidence
from training.tagger.fit import evidence, fit
from training.tagger.gold import Narrative
from training.tagger.names import NamePool
from training.tagger.train import THRESHOLDS, limit_threads

FOLDS: Final = 5


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=None)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folds", type=int, nargs="*", default=list(range(FOLDS)), help="only these, for a trial")
    parser.add_argument("--check", type=Path, default=None, help="a further annotated file, never trained on")
    parser.add_argument("--models", type=Path, default=None, help="a folder to keep the folds' networks in")
    parser.add_argument("--report", type=Path, default=None, help="where to write the figures as JSON")
    return parser.parse_args()


def _say(line: str) -> None:
    print(line, flush=True)


def _fold(
    number: int, held: set[str], narratives: list[Narrative], pool: NamePool, arguments: argparse.Namespace
) -> tuple[Evidence, dict[str, object]]:
    """Trains on the other kinds; what was found on these, and the figures."""
    training = [one for one in narratives if one.kind not in held]
    fitted = fit(training, pool, plan.schedule(arguments.epochs), _say, plan.layout)
    if arguments.models:
        arguments.models.mkdir(parents=True, exist_ok=True)
        save(arguments.models / f"fold{number}.npz", export.model(fitted, json.loads(THRESHOLDS.read_text("utf-8"))))
    found = evidence([fitted], [one for one in narratives if one.kind in held])
    _say(f"{', '.join(sorted(held))}\n{found.summary()}")
    figures: dict[str, object] = {"kinds": sorted(held), "levels": found.levels()}
    if arguments.check:
        checked = evidence([fitted], gold.read(arguments.check))
        _say(f"check\n{checked.summary()}")
        figures["check"] = checked.levels()
    return found, figures


def main() -> int:
    """Exit status 0 with the figures printed."""
    arguments = _arguments()
    limit_threads(arguments.threads)
    narratives, pool = gold.read_all(), names.load()
    kinds = gold.kinds(narratives)
    together = Evidence()
    report: dict[str, object] = {}
    for fold in arguments.folds:
        found, report[f"fold {fold}"] = _fold(fold, set(kinds[fold::FOLDS]), narratives, pool, arguments)
        together.extend(found)
    chosen = thresholds.choose(together, thresholds.CEILING)
    report["all folds"] = together.levels()
    report["chosen"] = {
        "recall": thresholds.recall(together, chosen),
        "over": thresholds.over(together, chosen),
        "by label": {label: [hit, of] for label, (hit, of) in together.by_label(plan_level(together)).items()},
    }
    _say(f"all folds\n{together.summary()}\nchosen {json.dumps(chosen)}\n{json.dumps(report['chosen'])}")
    if arguments.report:
        arguments.report.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


def plan_level(found: Evidence) -> float:
    """The common threshold at the planned share of over-redaction, for the table by label."""
    return found.threshold_for(thresholds.CEILING)


if __name__ == "__main__":
    sys.exit(main())
