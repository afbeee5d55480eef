"""`saferoute redact`: de-identify a file, a folder's export or what comes in on standard input."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from contracts.record import Record
from services.redaction.lines import BadLineError, Line, parse, render
from services.redaction.redactor import Held, Redacted, Redactor

LONG_INPUT = 200
"""Lines from which a progress bar is worth its place; fewer are done before it is drawn."""

EXIT_BAD_INPUT = 2
EXIT_HELD = 3
"""Exit status where every line was read but some narrative may not leave."""

Input = Annotated[
    Path | None,
    typer.Option(
        "--input", "-i", help="JSON lines {id, record, narrative}, or a plain text file. Default: standard input."
    ),
]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Where the answer goes. Default: standard output.")]
Explain = Annotated[bool, typer.Option("--explain", help="Show layer and reason of every span (on standard error).")]
Diff = Annotated[bool, typer.Option("--diff", help="Show before and after side by side (on standard error).")]


@dataclass(frozen=True, slots=True)
class View:
    """How the answer is shown: JSON lines or plain text on the output, tables for a person on `console`."""

    console: Console
    as_lines: bool
    explain: bool
    diff: bool


def register(app: typer.Typer) -> None:
    """Add the command to the main command line."""
    app.command("redact")(redact)


def redact(input_: Input = None, output: Output = None, explain: Explain = False, diff: Diff = False) -> None:
    """De-identify narratives with the records they belong to. The output is de-identified, never anonymous."""
    console = Console(stderr=True)
    text = _read(input_, console)
    redactor = Redactor.load()
    as_lines = text.lstrip().startswith("{")
    if as_lines:
        try:
            lines = list(_lines(text))
        except BadLineError as error:
            console.print(f"[red]Cannot read the input:[/red] {error}")
            raise typer.Exit(EXIT_BAD_INPUT) from None
    else:
        lines = [Line("stdin" if input_ is None else input_.name, Record(), text)]
    if output is None:
        held = _write(redactor, lines, sys.stdout, View(console, as_lines, explain, diff))
    else:
        with output.open("w", encoding="utf-8") as target:
            held = _write(redactor, lines, target, View(console, as_lines, explain, diff))
    if held:
        console.print(f"[yellow]{held} of {len(lines)} held: a human must look at them.[/yellow]")
        if not as_lines:
            raise typer.Exit(EXIT_HELD)


def _read(path: Path | None, console: Console) -> str:
    """The whole input. Bytes that are no UTF-8 are replaced, which redacts the word they stand in."""
    if path is None:
        return sys.stdin.buffer.read().decode("utf-8", errors="replace")
    if not path.is_file():
        console.print("[red]Cannot read the input:[/red] no such file; give a path, or pipe the text in")
        raise typer.Exit(EXIT_BAD_INPUT)
    return path.read_bytes().decode("utf-8", errors="replace")


def _lines(text: str) -> Iterator[Line]:
    """Every line, or BadLineError with the number of the first that cannot be read."""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            parsed = parse(line)
        except BadLineError as error:
            raise BadLineError(f"line {number}: {error}") from None
        yield parsed


def _write(redactor: Redactor, lines: list[Line], target: TextIO, view: View) -> int:
    """Redact each line into `target`; returns how many were held."""
    held = 0
    console = view.console
    with Progress(console=console, transient=True, disable=len(lines) < LONG_INPUT or not console.is_terminal) as bar:
        task = bar.add_task("redacting", total=len(lines))
        for line in lines:
            outcome = redactor.redact(line.record, line.narrative)
            held += isinstance(outcome, Held)
            target.write((render(line.id, outcome) if view.as_lines else _plain(outcome)) + "\n")
            if view.explain:
                _explain(console, line, outcome)
            if view.diff:
                _diff(console, line, outcome)
            bar.advance(task)
    return held


def _plain(outcome: Redacted | Held) -> str:
    match outcome:
        case Redacted():
            return outcome.text.value.rstrip("\n")
        case Held(code):
            return f"[held: {code}]"


def _explain(console: Console, line: Line, outcome: Redacted | Held) -> None:
    """A table of the spans: what was taken out, by which layer and why. Shows the words to whoever runs it."""
    match outcome:
        case Held(code):
            console.print(f"{line.id}: held, {code}")
        case Redacted():
            table = Table("start", "end", "label", "layer", "reason", "text", title=Text(line.id))
            for span in outcome.spans:
                words = Text(line.narrative[span.start : span.end])
                table.add_row(str(span.start), str(span.end), span.label, span.layer, span.reason, words)
            console.print(table)
            for flag in outcome.quasi:
                console.print(f"review: {flag.kind} ({flag.score:.2f}) at {flag.start}-{flag.end}")


def _diff(console: Console, line: Line, outcome: Redacted | Held) -> None:
    """Before and after in two columns, line by line."""
    match outcome:
        case Held(code):
            console.print(f"{line.id}: held, {code}")
        case Redacted():
            table = Table("before", "after", title=Text(line.id), show_lines=False, expand=True)
            after = outcome.text.value.splitlines()
            for left, right in _paired(line.narrative.splitlines(), after):
                changed = left != right
                table.add_row(Text(left, "red" if changed else ""), Text(right, "green" if changed else ""))
            console.print(table)


def _paired(before: list[str], after: list[str]) -> Iterator[tuple[str, str]]:
    """Lines side by side; a line that fell away or was joined stands alone."""
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for _, i1, i2, j1, j2 in matcher.get_opcodes():
        for offset in range(max(i2 - i1, j2 - j1)):
            left = before[i1 + offset] if i1 + offset < i2 else ""
            right = after[j1 + offset] if j1 + offset < j2 else ""
            yield left, right
