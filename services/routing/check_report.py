"""The result of `saferoute policy check`, on a screen and as JSON."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from contracts.policy.pack import Pack
from services.routing.domain.soundness import Soundness


def check_as_json(pack: Pack, found: Soundness, seconds: float) -> dict[str, object]:
    """The result of a check for other programs."""
    proof = found.proof
    return {
        "policy": pack.policy_version.model_dump(),
        "errors": [{"where": one.where, "message": one.message} for one in found.errors],
        "warnings": [{"where": one.where, "message": one.message} for one in found.warnings],
        "space": {"combinations": proof.size, "classes": proof.classes, "without_destination": proof.uncovered},
        "rules": {one.rule.id: {"applies": one.applies, "primary": one.primary} for one in proof.reaches},
        "guarantees": [one.id for one in pack.guarantees],
        "seconds": round(seconds, 3),
    }


def show_check(pack: Pack, found: Soundness, seconds: float, console: Console) -> None:
    """Print findings, the reach of each rule, and the sizes."""
    proof = found.proof
    for one in (*found.errors, *found.warnings):
        colour = "red" if one.level == "error" else "yellow"
        console.print(f"[{colour}]{one.level}[/{colour}]", f"{one.where}: {one.message}", highlight=False)
    reached = Table(title="How far each rule reaches, in combinations of facts")
    for name in ("rule", "applies to", "is primary for"):
        reached.add_column(name, justify="left" if name == "rule" else "right")
    for reach in proof.reaches:
        reached.add_row(reach.rule.id, f"{reach.applies:,}", f"{reach.primary:,}" if reach.rule.destination else "–")
    console.print(reached)
    covered = "every one has exactly one primary destination"
    if proof.uncovered:
        covered = f"{proof.uncovered:,} have none"
    console.print(
        f"{pack.title}, version {pack.version} ({pack.hash[:12]}): {proof.size:,} combinations of facts in "
        f"{proof.classes:,} classes, {covered}.",
        highlight=False,
    )
    broken = len({one.guarantee.id for one in proof.broken})
    kept = f"{len(pack.guarantees) - broken} of {len(pack.guarantees)}"
    console.print(
        f"{kept} guarantees proved; {len(found.errors)} errors, {len(found.warnings)} warnings; {seconds:.2f} s.",
        highlight=False,
    )
