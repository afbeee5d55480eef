"""`saferoute redact` over a file, plain text and standard input, and what it says of bad lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from services.redaction import commands


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    app = typer.Typer()
    commands.register(app)
    app.command("other")(lambda: None)
    return app


LINE = {
    "id": "r1",
    "record": {"learners": [{"role": "other_child", "legal_forename": "Jayden", "legal_surname": "Okafor", "upn": ""}]},
    "narrative": "Jayden rang 07700 900123.",
}


def test_each_line_gives_spans_text_and_no_hold(app: typer.Typer, tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text(json.dumps(LINE) + "\n\n" + json.dumps({**LINE, "id": "r2", "record": {}}) + "\n")
    result = CliRunner().invoke(app, ["redact", "--input", str(source), "--output", str(target)])
    assert result.exit_code == 0
    first, second = [json.loads(line) for line in target.read_text().splitlines()]
    assert first["spans"] == [[0, 6, "PERSON"], [12, 24, "PHONE"]]
    assert first["redacted"] == "[PERSON_1] rang [PHONE_1]."
    assert first["held"] is None
    assert second["id"] == "r2"


def test_plain_text_comes_in_on_standard_input(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, ["redact"], input="Told Mrs Adeyemi on 07700 900123.")
    assert result.stdout == "Told Mrs [STAFF_1] on [PHONE_1].\n"


def test_a_held_line_has_no_spans_and_no_text(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, ["redact"], input=json.dumps({**LINE, "narrative": "word " * 20_000}))
    row = json.loads(result.stdout)
    assert (row["spans"], row["redacted"], row["held"]) == ([], "", "redaction.too_large")


@pytest.mark.parametrize(
    "bad",
    [
        '{"id": "x", "narrative": 5}',
        '{"id": "x", "narrative": "Jayden", "record": []}',
        '{"id": "x", "narrative": "Jayden", "record": {"learners": [{"date_of_birth": "Jayden"}]}}',
        "{Jayden",
    ],
)
def test_a_bad_line_is_named_by_number_and_never_echoed(app: typer.Typer, bad: str) -> None:
    result = CliRunner().invoke(app, ["redact"], input=json.dumps(LINE) + "\n" + bad)
    assert result.exit_code == commands.EXIT_BAD_INPUT
    assert "line 2" in result.output
    assert "Jayden" not in result.output


def test_explain_and_diff_show_layer_and_both_sides(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, ["redact", "--explain", "--diff"], input=json.dumps(LINE), env={"COLUMNS": "200"})
    assert "record" in result.stderr
    assert "before" in result.stderr
