"""A replay as tables for a person and as CSV for a spreadsheet."""

from __future__ import annotations

import csv
from typing import TextIO

from rich.console import Console
from rich.table import Table

from contracts.policy.pack import Pack
from services.routing.domain.replay import Change, Replay

_SHOWN = 20
"""Changes shown one by one on a screen; the CSV has all."""

_COLUMNS = (
    "referral_id", "received_at", "changed",
    "destination_before", "destination_after", "urgency_before", "urgency_after",
    "embargo_before", "embargo_after", "copies_before", "copies_after", "rules_before", "rules_after",
)  # fmt: skip


def write_counts(result: Replay, pack: Pack, console: Console) -> None:
    """How many decisions change, from where to where, and by which rules."""
    version = pack.policy_version
    console.print(
        f"{result.tried:,} decisions tried under {version.name} {version.version} ({version.hash[:12]}): "
        f"{len(result.changes):,} would change.",
        highlight=False,
    )
    if not result.changes:
        return
    moves = Table("from", "to", "decisions", title="Destination and urgency")
    for (before, after), count in (*result.by_destination().most_common(), *result.by_urgency().most_common()):
        moves.add_row(before, after, f"{count:,}")
    console.print(moves)
    rules = Table("rule", "begins to apply", "ceases to apply", title="Rules, in the decisions that change")
    counted = result.by_rule()
    for name in sorted({key[2:] for key in counted}):
        rules.add_row(name, f"{counted[f'+ {name}']:,}", f"{counted[f'- {name}']:,}")
    console.print(rules)


def write_changes(result: Replay, console: Console) -> None:
    """The first changes, one a row."""
    if not result.changes:
        return
    shown = Table("referral", "received", "changes", "before", "after", title="Changes")
    for one in result.changes[:_SHOWN]:
        before, after = (f"{side.destination}, {side.urgency}" for side in (one.before, one.after))
        received = one.record.received_at.strftime("%Y-%m-%d %H:%M")
        shown.add_row(one.record.referral_id[:8], received, ", ".join(one.fields), before, after)
    console.print(shown)
    if len(result.changes) > _SHOWN:
        console.print(f"… and {len(result.changes) - _SHOWN:,} more: write them with --csv FILE.", highlight=False)


def write_csv(result: Replay, stream: TextIO) -> None:
    """Every change, one a row, with both sides."""
    writer = csv.writer(stream)
    writer.writerow(_COLUMNS)
    for one in result.changes:
        writer.writerow(_cells(one))


def _cells(one: Change) -> tuple[str, ...]:
    before, after = one.before, one.after
    return (
        one.record.referral_id,
        one.record.received_at.isoformat(),
        " ".join(one.fields),
        before.destination,
        after.destination,
        before.urgency,
        after.urgency,
        str(before.embargo).lower(),
        str(after.embargo).lower(),
        " ".join(before.copies),
        " ".join(after.copies),
        " ".join(before.rules),
        " ".join(after.rules),
    )
