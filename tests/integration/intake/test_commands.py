"""What operations do with clients and keys."""

from __future__ import annotations

from pathlib import Path

import typer
from typer.testing import CliRunner

from services.intake.commands import register
from services.intake.domain.client import read_key
from tests.integration.intake.conftest import OURS


def run(dsn_file: Path, *words: str) -> tuple[int, str]:
    """Exit code and last line: a service of another test in this process may have set up logs that come before."""
    app = typer.Typer()
    register(app)
    result = CliRunner().invoke(app, ["clients", *words, "--dsn-file", str(dsn_file)])
    return result.exit_code, result.output.strip().rpartition("\n")[2]


def test_a_client_gets_two_keys_and_no_third_until_one_is_revoked(intake_dsn: str, tmp_path: Path) -> None:
    dsn_file = tmp_path / "dsn"
    dsn_file.write_text(intake_dsn)
    first, second = (run(dsn_file, "create", "rotating", "--urn", OURS) for _ in range(2))
    assert first[0] == second[0] == 0
    assert first[1] != second[1]
    key = read_key(first[1])
    assert key is not None
    assert run(dsn_file, "create", "rotating", "--urn", OURS) == (1, "rotating has 2 keys that work: revoke one first.")
    assert run(dsn_file, "revoke", key.prefix)[0] == 0
    assert run(dsn_file, "revoke", key.prefix)[0] == 1
    assert run(dsn_file, "create", "rotating", "--urn", OURS, "--test")[1].startswith("sr_test_")


def test_an_id_that_may_be_a_name_is_refused(intake_dsn: str, tmp_path: Path) -> None:
    dsn_file = tmp_path / "dsn"
    dsn_file.write_text(intake_dsn)
    code, said = run(dsn_file, "create", "Jo Bloggs", "--urn", OURS)
    assert code == 1
    assert "lower case" in said
