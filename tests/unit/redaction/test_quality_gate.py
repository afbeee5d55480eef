"""A regression gate: no change may make the redactor clearly worse than its report says."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.redaction.evaluation import held_out
from services.redaction.evaluation.annotated import load, unmark
from services.redaction.evaluation.generator import paragraphs, referrals
from services.redaction.evaluation.nasty import nasty
from services.redaction.evaluation.scoring import Share, Spans, score
from services.redaction.redactor import Redacted, Redactor

DEV = Path(__file__).parents[2] / "data" / "redaction" / "dev.jsonl"


@pytest.fixture(scope="module")
def redact(redactor: Redactor):  # type: ignore[no-untyped-def]
    def run(record, narrative) -> Spans | None:  # type: ignore[no-untyped-def]
        outcome = redactor.redact(record, narrative)
        return [(s.start, s.end) for s in outcome.spans] if isinstance(outcome, Redacted) else None

    return run


def test_the_development_set_holds_its_figures(redact) -> None:  # type: ignore[no-untyped-def]
    figures = score(load(DEV), redact)
    assert figures.recall.value >= 0.995
    assert figures.leak_free.value >= 0.94
    assert figures.over.value <= 0.0125
    assert figures.kept.value >= 0.97
    assert not figures.held


def test_generated_referrals_of_every_origin_hold_their_figures(redact) -> None:  # type: ignore[no-untyped-def]
    figures = score(referrals(per_origin=6), redact)
    assert figures.by_label["PERSON"].value >= 0.995
    assert figures.by_label["PERSON in record"].value >= 0.998
    assert figures.by_label["structured identifiers"].value >= 0.99
    assert figures.over.value <= 0.006


def test_paragraphs_without_identifiers_stay(redact) -> None:  # type: ignore[no-untyped-def]
    assert score(paragraphs(60), redact).over.value <= 0.001


def test_nasty_cases_are_covered(redact) -> None:  # type: ignore[no-untyped-def]
    figures = score(nasty(), redact)
    assert figures.recall.hit >= figures.recall.n - 1


def test_the_kept_figures_of_kinds_nobody_trained_on_can_be_reported() -> None:
    kept = held_out.read()
    assert kept.whole["recall"].value >= 0.98
    assert kept.whole["leak_free"].value >= 0.85
    assert kept.whole["over"].value <= 0.03
    assert all(f"| {kind} |" in kept.text() for kind, _ in kept.kinds)


def test_marks_are_read_with_their_offsets() -> None:
    text, gold = unmark("Told [[PERSON|Mia]] of [[PLACE|Deal]].")
    assert text == "Told Mia of Deal."
    assert [(text[g.start : g.end], g.label) for g in gold] == [("Mia", "PERSON"), ("Deal", "PLACE")]


def test_an_interval_holds_its_share() -> None:
    low, high = Share(90, 100).interval()
    assert low < 0.9 < high
    assert Share().interval() == (0.0, 1.0)
