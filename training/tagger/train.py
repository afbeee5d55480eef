"""`python -m training.tagger.train`: trains the shipped model on every narrative and writes its file.

Reproducible: fixed seed, fixed data, locked packages (requirements/training.txt). Thresholds come from
thresholds.json, which `python -m training.tagger.whole --thresholds` chose on kinds not trained on.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Final

from services.redaction.tagger.model import MODEL_FILE, save
from training.tagger import export, gold, names, plan
from training.tagger.fit import fit

CHECKED: Final = 40
"""Every so many narratives the written file is compared with the trained network."""

ROUNDING: Final = 0.05
"""Probability that int8 rows and float16 layers may shift; about 0.01 is usual."""

THRESHOLDS: Final = Path(__file__).resolve().parent / "thresholds.json"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=None, help="fewer for a trial")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--output", type=Path, default=None, help="where to write; the shipped file where not given")
    return parser.parse_args()


def limit_threads(count: int) -> None:
    """Must run before the first array is made: XLA reads its flags once."""
    os.environ["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen={'true' if count > 1 else 'false'}"


def main() -> int:
    """Exit status 0 with the file written, 1 where it does not answer as trained."""
    arguments = _arguments()
    limit_threads(arguments.threads)
    began = time.monotonic()
    schedule = plan.schedule(arguments.epochs)
    narratives = gold.read_all()
    fitted = fit(narratives, names.load(), schedule, lambda line: print(line, flush=True), plan.layout)
    path = arguments.output or MODEL_FILE
    save(path, export.model(fitted, json.loads(THRESHOLDS.read_text(encoding="utf-8"))))
    worst = export.farthest(path, fitted, narratives[::CHECKED])
    if worst > ROUNDING:
        print(f"{path.name} answers otherwise than the network that was trained: {worst:.3f}")
        return 1
    print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB after {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
