"""What the demonstration shows: one row a referral, from the answer 202 to the mail that tells somebody."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rich import box
from rich.table import Table
from rich.text import Text

URGENCY_STYLE = {"immediate": "bold white on red", "urgent": "bold red", "same_day": "yellow", "routine": "green"}

KINDS_SHOWN = 3
"""So that a row fits a line of 120 columns."""


@dataclass
class Row:
    """One posted referral on its way. Instants are `time.monotonic()` seconds."""

    name: str
    referral_id: str
    reference: str
    revision: int
    accepted_at: float
    urgency: str = ""
    destination: str = ""
    redacted: Mapping[str, int] | None = None
    """Mentions taken out by kind; None until redaction has answered."""
    held: str | None = None
    mailed_to: set[str] = field(default_factory=set)
    mailed_at: float | None = None

    @property
    def done(self) -> bool:
        """Somebody who must act was told, and the words were redacted or held back."""
        return self.mailed_at is not None and (self.redacted is not None or self.held is not None)

    @property
    def seconds(self) -> float | None:
        """From 202 to the first mail."""
        return None if self.mailed_at is None else self.mailed_at - self.accepted_at


def board(rows: Sequence[Row]) -> Table:
    """The live table: one line a row, the widest column cut where the terminal ends."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("reference", no_wrap=True)
    table.add_column("urgency", no_wrap=True)
    table.add_column("destination", no_wrap=True)
    table.add_column("taken out of the words", no_wrap=True)
    table.add_column("told", no_wrap=True)
    table.add_column("s", no_wrap=True, justify="right")
    for row in rows:
        table.add_row(*cells(row))
    return table


def cells(row: Row) -> tuple[Text | str, ...]:
    """One row's cells; what is not known yet is blank."""
    reference = row.reference if row.revision == 1 else f"{row.reference} v{row.revision}"
    taken_out = f"held: {row.held}" if row.held else "" if row.redacted is None else summary_of(row.redacted)
    told = f"{len(row.mailed_to)} mail{'s' if len(row.mailed_to) != 1 else ''}" if row.mailed_to else ""
    seconds = "" if row.seconds is None else f"{row.seconds:.2f}"
    return (reference, Text(row.urgency, URGENCY_STYLE.get(row.urgency, "")), row.destination, taken_out, told, seconds)


def summary_of(redacted: Mapping[str, int]) -> str:
    """ "24: 5 child, 4 staff, 3 place, ...": how many mentions, and the commonest kinds."""
    if not redacted:
        return "nothing to take out"
    kinds = sorted(redacted.items(), key=lambda item: (-item[1], item[0]))
    shown = ", ".join(f"{count} {kind.lower().replace('_', ' ')}" for kind, count in kinds[:KINDS_SHOWN])
    return f"{sum(redacted.values())}: {shown}{', …' if len(kinds) > KINDS_SHOWN else ''}"


def verdict(rows: Iterable[Row], mails: int, seconds: float) -> tuple[str, bool]:
    """The closing lines, and whether every accepted referral reached somebody."""
    all_rows = list(rows)
    done = [row for row in all_rows if row.done]
    times = sorted(row.seconds for row in done if row.seconds is not None)
    taken_out = sum(sum((row.redacted or {}).values()) for row in done)
    lines = [
        f"{len(all_rows)} referrals accepted, {len(done)} told to somebody, {mails} mails caught, {seconds:.1f} s",
        f"{taken_out} identifying mentions taken out; {sum(row.held is not None for row in all_rows)} held for a human",
    ]
    if times:
        lines.append(f"from 202 to mail: median {statistics.median(times):.2f} s, slowest {times[-1]:.2f} s")
    missing = [row.reference for row in all_rows if not row.done]
    if missing:
        lines.append(f"NOT told to anybody: {', '.join(missing)}")
    return "\n".join(lines), bool(all_rows) and not missing
