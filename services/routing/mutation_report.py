"""The command `saferoute policy mutate`: how well a pack's check and test cases guard its rules."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter

from rich.console import Console
from rich.table import Table

from contracts.policy.pack import Pack
from services.routing.domain.mutants import Verdict, judge, mutants_of

ENOUGH = 0.95
"""Share of mutants that a good pack catches; the rest should be mistakes that change no decision."""


def judge_all(pack: Pack, today: dt.date, *, numbering: bool) -> tuple[Verdict, ...]:
    """The verdict on every mutant of the pack."""
    return tuple(
        judge(pack, mutant, today, number=number, numbering=numbering) for number, mutant in enumerate(mutants_of(pack))
    )


def show_mutants(pack: Pack, today: dt.date, console: Console, *, numbering: bool) -> bool:
    """Judge every mutant and print the result; True where enough are caught."""
    begun = time.perf_counter()
    verdicts = judge_all(pack, today, numbering=numbering)
    seconds = time.perf_counter() - begun
    counted = Counter((one.mutant.kind, one.caught_by) for one in verdicts)
    table = Table("mistake", "mutants", "by test cases", "by check", "not caught", title="Mutants of the rules")
    for kind in dict.fromkeys(one.mutant.kind for one in verdicts):
        by = [counted[kind, by] for by in ("test", "check", None)]
        table.add_row(kind, str(sum(by)), *map(str, by))
    console.print(table)
    missed = [one.mutant for one in verdicts if one.caught_by is None]
    for mutant in missed:
        console.print(f"not caught: {mutant.kind}: {mutant.what}", highlight=False)
    share = 1 - len(missed) / len(verdicts) if verdicts else 0.0
    console.print(
        f"{len(verdicts) - len(missed)} of {len(verdicts)} mutants caught ({share:.1%}); {seconds:.1f} s.",
        highlight=False,
    )
    return share >= ENOUGH
