"""Changing the vault's key while services run, and erasing, by the commands that operations type."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from services.kit.clock import system_clock
from services.kit.database import Pool, open_pool
from services.kit.errors import PermanentError
from services.kit.migrations import migrate
from services.kit.settings import DatabaseSettings
from services.local.postgres import EmbeddedPostgres
from services.redaction import vault_commands
from services.redaction.adapters.vault import KeyEncryptionKey, Vault, VaultKeys
from services.redaction.app import MIGRATIONS
from tests.integration.redaction.test_vault import PART

ONE, TWO = "0" * 31 + "1", "0" * 31 + "2"


@dataclass
class Place:
    """A vault with its key file, and the command line beside it."""

    pool: Pool
    key_file: Path

    def keys(self) -> VaultKeys:
        return VaultKeys.load(self.key_file)

    def vault(self) -> Vault:
        return Vault(self.pool, self.keys(), system_clock)

    async def run(self, *words: str, stdin: str = "") -> Result:
        app = typer.Typer()
        app.callback()(lambda: None)
        vault_commands.register(app)
        return await asyncio.to_thread(CliRunner().invoke, app, ["vault", *words], input=stdin)

    async def step(self, name: str) -> None:
        """Run a step and put the file that it writes in place of the one that is there."""
        done = await self.run(name)
        assert done.exit_code == 0, done.output
        self.key_file.unlink()
        self.key_file.touch(mode=0o600)
        self.key_file.write_text(done.stdout)


@pytest.fixture
async def place(postgres: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    dsn = postgres.create_database("vault_commands", "vault_commands")
    (tmp_path / "dsn").write_text(dsn)
    await asyncio.to_thread(migrate, dsn, MIGRATIONS)
    KeyEncryptionKey.generate("first").save(tmp_path / "vault.json")
    monkeypatch.setenv("SAFEROUTE_DATABASE__DSN_FILE", str(tmp_path / "dsn"))
    monkeypatch.setenv("SAFEROUTE_SEALING_PRIVATE_KEYS", "[]")
    monkeypatch.setenv("SAFEROUTE_VAULT_KEY_FILE", str(tmp_path / "vault.json"))
    pool = await open_pool(DatabaseSettings(dsn_file=tmp_path / "dsn"))
    await pool.execute("TRUNCATE data_key CASCADE")
    yield Place(pool, tmp_path / "vault.json")
    await pool.close()


async def test_a_key_is_changed_step_by_step_and_old_and_new_replicas_open_everything_at_each(place: Place) -> None:
    old_file = place.keys()
    await place.vault().store(ONE, 1, PART)
    await place.step("add-key")
    assert place.keys().current.id == "first"
    informed = place.vault()
    await place.step("turn-keys")
    assert place.keys().current.id != "first"
    await place.vault().store(TWO, 1, PART)
    for replica in (informed, place.vault()):
        assert await replica.read(ONE, 1) == PART
        assert await replica.read(TWO, 1) == PART
    refused = await place.run("drop-keys")
    assert refused.exit_code == 1
    assert "1 data keys are still under an older key" in refused.output
    assert "1 data keys are under the first key now" in (await place.run("rewrap")).output
    assert "0 data keys" in (await place.run("rewrap")).output
    await place.step("drop-keys")
    assert len(place.keys().keys) == 1
    assert await place.vault().read(ONE, 1) == PART
    with pytest.raises(PermanentError):
        await Vault(place.pool, old_file, system_clock).read(ONE, 1)


async def test_a_rotation_that_is_under_way_is_not_begun_again(place: Place) -> None:
    assert (await place.run("turn-keys")).exit_code == 1
    await place.step("add-key")
    again = await place.run("add-key")
    assert again.exit_code == 1
    assert "end that rotation first" in again.output


async def test_erasing_writes_a_journal_that_erases_again_after_a_restore(place: Place) -> None:
    await place.vault().store(ONE, 1, PART)
    first = await place.run("erase", ONE)
    assert first.stdout.startswith(f"{ONE} erased 20")
    assert await place.vault().read(ONE, 1) is None
    await place.pool.execute("TRUNCATE data_key CASCADE")  # restored from a backup made before
    await place.vault().store(ONE, 1, PART)
    again = await place.run("erase", "-", stdin=first.stdout)
    assert "1 of 1 held something" in again.output
    assert await place.vault().read(ONE, 1) is None


async def test_a_reference_is_no_id_and_nothing_is_done(place: Place) -> None:
    done = await place.run("erase", "KR-7F3K-9QX")
    assert done.exit_code == 2
    assert "not a reference" in done.output
