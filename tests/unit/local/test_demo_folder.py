"""A demonstration throws away what an earlier one left, and nothing else."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from services.local.cli import build
from services.local.commands import DEMO_MARK


def test_a_demonstration_leaves_a_folder_alone_that_is_not_one_of_its_own(tmp_path: Path) -> None:
    key = tmp_path / "keys" / "vault.json"
    key.parent.mkdir()
    key.write_text("the only copy")
    result = CliRunner().invoke(build("demo"), ["demo", "--run-dir", str(tmp_path)])
    assert result.exit_code == 1
    assert key.read_text() == "the only copy"
    assert not (tmp_path / DEMO_MARK).exists()
