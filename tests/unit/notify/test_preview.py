"""`saferoute mail preview`: what people would get."""

from __future__ import annotations

from pathlib import Path

import typer
from typer.testing import CliRunner

from services.notify.commands import register

KENT = str(Path(__file__).parents[3] / "services/routing/policies/kent")


def run(*words: str) -> tuple[int, str]:
    app = typer.Typer()
    register(app)
    result = CliRunner().invoke(app, list(words))
    return result.exit_code, result.output


def test_a_message_is_shown_as_it_would_be_written() -> None:
    code, shown = run("mail", "preview", "--policy-pack", KENT, "--purpose", "ring", "--urgency", "immediate")
    assert code == 0
    assert shown.startswith("Subject: [Saferoute] RING THE ON-CALL PHONE NOW: IMMEDIATE KR-7F3K-9QX")
    assert "07700 900101" in shown


def test_an_unknown_purpose_is_refused() -> None:
    assert run("mail", "preview", "--policy-pack", KENT, "--purpose", "gossip")[0] == 2
