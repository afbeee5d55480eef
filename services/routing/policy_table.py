"""A pack as a decision table that a safeguarding lead can read, in Markdown and in HTML."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from contracts.policy.conditions import Condition
from contracts.policy.pack import Pack
from contracts.policy.rules import Rule

_URGENCY = {"immediate": "immediate", "urgent": "urgent", "same_day": "same day", "routine": "routine"}

_FLAGS = {
    "embargo": "sets the embargo",
    "hold_for_human": "a person must place it",
    "conflict_check": "conflict check: nobody named, no head, no DSL",
    "fallback": "only where no rule above has placed it",
}


@dataclass(frozen=True, slots=True)
class Table:
    """A heading, column names and rows of plain text."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables_of(pack: Pack) -> tuple[Table, ...]:
    """Everything of a pack that decides, as tables."""
    return (
        _rules(pack),
        _clocks(pack),
        _guarantees(pack),
        _destinations(pack),
        _ladders(pack),
        _areas(pack),
        _advice(pack),
        _letters(pack),
    )


def as_markdown(pack: Pack) -> str:
    """The pack as a Markdown page."""
    parts = [f"# {pack.title}: decision table", "", *_introduction(pack), ""]
    for table in tables_of(pack):
        parts += [f"## {table.heading}", ""]
        parts += [_row(table.columns), _row(["---"] * len(table.columns)), *(_row(row) for row in table.rows), ""]
    return "\n".join(parts)


def as_html(pack: Pack) -> str:
    """The pack as one HTML page that needs nothing else."""
    title = html.escape(f"{pack.title}: decision table")
    body = [f"<h1>{title}</h1>", *(f"<p>{html.escape(line)}</p>" for line in _introduction(pack) if line)]
    for table in tables_of(pack):
        head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in table.columns)
        rows = "\n".join(f"<tr>{''.join(f'<td>{_cell_html(cell)}</td>' for cell in row)}</tr>" for row in table.rows)
        body.append(
            f'<h2>{html.escape(table.heading)}</h2>\n<div class="scroll" tabindex="0" role="region" '
            f'aria-label="{html.escape(table.heading)}">\n<table>\n<thead><tr>{head}</tr></thead>\n'
            f"<tbody>\n{rows}\n</tbody>\n</table>\n</div>"
        )
    return _PAGE.replace("TITLE", title).replace("BODY", "\n".join(body))


_PAGE = """<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>TITLE</title>
<style>
body { font: 1rem/1.5 Arial, sans-serif; color: #0b0c0c; max-width: 90rem; margin: 2rem auto; padding: 0 1rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .5rem; border-bottom: 1px solid #b1b4b6; }
th { border-bottom: 2px solid #0b0c0c; }
</style>
</head>
<body>
<main>
BODY
</main>
</body>
</html>
"""


def _introduction(pack: Pack) -> list[str]:
    return [
        f"Policy {pack.name}, version {pack.version}, compared with its sources on {pack.verified_on}.",
        "",
        "Rules are read from the top. The first that applies and names a destination makes it the primary one; a later "
        "one adds its destination as a copy. The urgency is the highest that an applying rule asks for. "
        "This page is made from the pack: change the pack, not the page.",
    ]


def _row(cells: Iterable[str]) -> str:
    """A row of a Markdown table: a bar or a line break in a cell would end the cell."""
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", "<br>") for cell in cells) + " |"


def _cell_html(cell: str) -> str:
    return html.escape(cell).replace("\n", "<br>")


def _rules(pack: Pack) -> Table:
    rows = tuple(
        (
            rule.id,
            rule.sentence,
            _when(rule.when),
            _name(rule.destination, pack),
            _URGENCY[rule.urgency] if rule.urgency else "",
            _adds(rule, pack),
            rule.source.in_words(),
        )
        for rule in pack.rules
    )
    return Table("Rules", ("rule", "in words", "when", "goes to", "urgency", "adds", "source"), rows)


def _when(conditions: Sequence[Condition]) -> str:
    if not conditions:
        return "always"
    return "\nor ".join(_one(condition) for condition in conditions)


def _one(condition: Condition) -> str:
    told = []
    for test in condition.tests:
        values = sorted(_word(value) for value in test.values)
        name = test.fact.replace("_", " ")
        match test.kind:
            case "is" if values in (["yes"], ["no"]) and {type(value) for value in test.values} == {bool}:
                told.append(name if values == ["yes"] else f"not {name}")
            case "is":
                told.append(f"{name}: {' or '.join(values)}")
            case "any":
                told.append(f"{name} include {' or '.join(values)}")
            case "none":
                told.append(f"{name} include none of {', '.join(values)}")
    return " and ".join(told)


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).replace("_", " ")


def _adds(rule: Rule, pack: Pack) -> str:
    flags = [words for field, words in _FLAGS.items() if getattr(rule, field)]
    if rule.raise_urgency:
        flags.append(f"urgency rises by {rule.raise_urgency}")
    if rule.copies:
        flags.append("copy: " + ", ".join(_name(name, pack) for name in rule.copies))
    if rule.without_copies:
        flags.append("no copy to " + ", ".join(_name(name, pack) for name in rule.without_copies))
    if rule.advice:
        flags.append("advice: " + ", ".join(rule.advice))
    return "\n".join(flags)


def _name(destination: str | None, pack: Pack) -> str:
    return "" if destination is None else pack.destination_by_id[destination].name


def _clocks(pack: Pack) -> Table:
    rows = tuple(
        (_URGENCY[one.urgency], one.wait.in_words(), one.sentence, one.source.in_words()) for one in pack.clocks
    )
    return Table("Clocks", ("urgency", "acknowledged within", "in words", "source"), rows)


def _guarantees(pack: Pack) -> Table:
    rows = tuple((one.id, one.sentence, _when(one.when), one.source.in_words()) for one in pack.guarantees)
    return Table("Guarantees proved over all facts", ("guarantee", "in words", "when", "source"), rows)


def _destinations(pack: Pack) -> Table:
    rows = []
    for one in pack.destinations:
        phone = "" if one.phone is None else f"{one.phone.in_hours}; out of hours {one.phone.out_of_hours}"
        if one.phone is not None and one.phone.valid_to is not None:
            phone += f" (ends {one.phone.valid_to})"
        until = "" if one.valid_to is None else f" to {one.valid_to}"
        since = "" if one.valid_from is None else f"from {one.valid_from}"
        monitored = "monitored" if one.monitored else "not always monitored"
        rows.append((one.id, one.name, one.sentence, monitored, phone, f"{since}{until}", str(one.verified_on or "")))
    columns = ("id", "name", "in words", "mailbox", "phone", "in force", "verified on")
    return Table("Destinations", columns, tuple(rows))


def _ladders(pack: Pack) -> Table:
    rows = tuple(
        (
            ladder.id,
            f"{level.level}: {level.kind.replace('_', ' ')}",
            ", ".join(f"{_URGENCY[urgency]} {wait.in_words()}" for urgency, wait in level.after.items()),
            ", ".join(level.in_hours).replace("_", " "),
            ", ".join(level.out_of_hours).replace("_", " "),
        )
        for ladder in pack.ladders
        for level in ladder.levels
    )
    return Table("When nobody acknowledges", ("ladder", "level", "after", "in office hours", "outside them"), rows)


def _areas(pack: Pack) -> Table:
    rows = tuple((one.id, one.name, ", ".join(one.districts), one.source.in_words()) for one in pack.areas)
    return Table("Areas", ("id", "name", "districts", "source"), rows)


def _advice(pack: Pack) -> Table:
    rows = []
    for one in pack.advice:
        text = [one.text, *(f"• {item}" for item in one.checklist)]
        if one.variants is not None:
            text += [f"If your school is affected: {one.variants.affected}", f"If not: {one.variants.not_affected}"]
        number = one.tel or (f"the number of {_name(one.tel_of, pack)}" if one.tel_of else "")
        rows.append((one.code, one.title, "\n".join(text), number, one.source.in_words()))
    return Table("Advice to schools", ("code", "title", "text", "number", "source"), tuple(rows))


def _letters(pack: Pack) -> Table:
    rows = tuple(
        (one.id, one.version, one.title, one.sentence, "yes" if one.needs_referral else "no", one.source.in_words())
        for one in pack.letters
    )
    return Table("Template letters", ("id", "version", "title", "in words", "needs a referral", "source"), rows)
