"""Prints the redactor's figures beside their targets: `python -m services.redaction.evaluation` (`make eval`).

Sets: dev (hand-written), generated (templates and names nobody trained on), no identifier, nasty.
Also: each layer switched off in turn, Presidio as it comes on the same sets, and what was measured on kinds of
narratives that nobody trained on.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated as Option

import typer

from contracts.record import Record
from services.redaction.adapters.presidio_vanilla import VanillaPresidio
from services.redaction.domain.finding import ALL_LAYERS, Layer
from services.redaction.evaluation import held_out
from services.redaction.evaluation.annotated import Annotated, load
from services.redaction.evaluation.generator import PER_ORIGIN, paragraphs, referrals
from services.redaction.evaluation.nasty import nasty
from services.redaction.evaluation.report import (
    Bar,
    Table,
    ablation_rows,
    dev_bars,
    generated_bars,
    held_out_bars,
    write,
)
from services.redaction.evaluation.scoring import Figures, Redact, Spans, score
from services.redaction.redactor import Redacted, Redactor

DEV = Path(__file__).parents[3] / "tests" / "data" / "redaction" / "dev.jsonl"
REPORT = Path(__file__).parents[3] / "docs" / "redaction"


def measured(redactor: Redactor) -> Redact:
    """The redactor as the scorer wants it."""

    def redact(record: Record, narrative: str) -> Spans | None:
        outcome = redactor.redact(record, narrative)
        return [(s.start, s.end) for s in outcome.spans] if isinstance(outcome, Redacted) else None

    return redact


def vanilla() -> Redact:
    """Presidio's defaults, which know nothing of the record."""
    engine = VanillaPresidio()
    return lambda _record, narrative: engine.spans(narrative)


def ablation(dev: list[Annotated]) -> dict[str, Figures]:
    """The development set with all layers, and with each one missing."""
    answer = {"all layers": score(dev, measured(Redactor.load()))}
    layers: Iterable[Layer] = sorted(ALL_LAYERS)
    for layer in layers:
        answer[f"without {layer}"] = score(dev, measured(Redactor.load(layers=ALL_LAYERS - {layer})))
    answer["record and structured alone"] = score(
        dev, measured(Redactor.load(layers=frozenset({"record", "structured"})))
    )
    return answer


def main(
    per_origin: Option[int, typer.Option(help="Generated referrals for each origin of names.")] = PER_ORIGIN,
    report: Option[Path, typer.Option(help="Folder for the report and its charts.")] = REPORT,
    quick: Option[bool, typer.Option(help="Leave ablation and baseline out.")] = False,
) -> None:
    """Measure, print, write the report; exit 1 where a target of the generated or quiet set is missed."""
    dev = load(DEV)
    redact = measured(Redactor.load())
    sets = {
        "dev": score(dev, redact),
        "generated": score(referrals(per_origin), redact),
        "no identifier": score(paragraphs(), redact),
        "nasty": score(nasty(), redact),
    }
    unseen = held_out.read()
    bars: list[Bar] = [
        *dev_bars(sets["dev"]),
        *held_out_bars(unseen),
        *generated_bars(sets["generated"], sets["no identifier"]),
    ]
    without = {} if quick else ablation(dev)
    baseline = {} if quick else {"dev": score(dev, vanilla()), "nasty": score(nasty(), vanilla())}
    table = Table(sets, bars, ablation_rows(without), baseline, unseen)
    sys.stdout.write(table.text())
    write(table, report)
    if any(not bar.met and bar.binding for bar in bars):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
