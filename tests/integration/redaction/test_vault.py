"""The vault on a real PostgreSQL: kept once, unreadable without the key, gone when erased."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from contracts.record import Learner, Record
from contracts.sealed import PersonalPart
from services.kit.database import Pool, open_pool
from services.kit.errors import PermanentError
from services.kit.migrations import migrate
from services.kit.sealing import KeyFileError
from services.kit.settings import DatabaseSettings
from services.local.postgres import EmbeddedPostgres
from services.redaction.adapters.vault import KeyEncryptionKey, Vault, VaultKeys
from services.redaction.app import MIGRATIONS

NOW = dt.datetime(2026, 3, 4, 10, 15, tzinfo=dt.UTC)
PART = PersonalPart(
    record=Record(learners=(Learner(legal_forename="Planted", legal_surname="Canaryname"),)),
    narrative="Planted Canaryname said that she was frightened.",
)


@dataclass
class Parts:
    pool: Pool
    key: KeyEncryptionKey
    vault: Vault


@pytest.fixture
async def parts(postgres: EmbeddedPostgres, tmp_path: Path) -> AsyncIterator[Parts]:
    dsn = postgres.create_database("vault_test", "vault_test")
    (tmp_path / "dsn").write_text(dsn)
    await asyncio.to_thread(migrate, dsn, MIGRATIONS)
    pool = await open_pool(DatabaseSettings(dsn_file=tmp_path / "dsn"))
    await pool.execute("TRUNCATE data_key CASCADE")
    key = KeyEncryptionKey.generate("test")
    yield Parts(pool, key, Vault(pool, VaultKeys((key,)), lambda: NOW))
    await pool.close()


async def test_what_is_stored_is_read_again(parts: Parts) -> None:
    await parts.vault.store("r1", 1, PART)
    assert await parts.vault.read("r1", 1) == PART
    assert await parts.vault.read("r1", 2) is None
    assert await parts.vault.read("r2", 1) is None


async def test_storing_twice_keeps_one_row_and_the_first_words(parts: Parts) -> None:
    await parts.vault.store("r1", 1, PART)
    await parts.vault.store("r1", 1, PART.model_copy(update={"narrative": "something else"}))
    assert await parts.vault.read("r1", 1) == PART
    assert await parts.pool.fetchval("SELECT count(*) FROM vault") == 1


async def test_revisions_share_a_data_key_and_referrals_do_not(parts: Parts) -> None:
    for referral, revision in (("r1", 1), ("r1", 2), ("r2", 1)):
        await parts.vault.store(referral, revision, PART)
    assert await parts.pool.fetchval("SELECT count(DISTINCT wrapped_key) FROM data_key") == 2


async def test_the_database_holds_nothing_readable(parts: Parts) -> None:
    await parts.vault.store("r1", 1, PART)
    rows = await parts.pool.fetch("SELECT v::text AS v, k::text AS k FROM vault v JOIN data_key k USING (referral_id)")
    content = "".join(bytes.fromhex(part[2:]).decode("latin-1") for row in rows for part in _bytea(row["v"] + row["k"]))
    assert content
    assert "Canaryname" not in content


async def test_another_key_opens_nothing(parts: Parts) -> None:
    await parts.vault.store("r1", 1, PART)
    stranger = Vault(parts.pool, VaultKeys((KeyEncryptionKey.generate("other"),)), lambda: NOW)
    with pytest.raises(PermanentError):
        await stranger.read("r1", 1)


async def test_a_ciphertext_cannot_be_moved_to_another_referral(parts: Parts) -> None:
    await parts.vault.store("r1", 1, PART)
    await parts.vault.store("r2", 1, PART)
    await parts.pool.execute(
        "UPDATE data_key SET wrapped_key = (SELECT wrapped_key FROM data_key WHERE referral_id = 'r1')"
        " WHERE referral_id = 'r2'"
    )
    with pytest.raises(PermanentError):
        await parts.vault.read("r2", 1)


async def test_what_was_erased_stays_erased_when_the_event_comes_again(parts: Parts) -> None:
    await parts.vault.store("r1", 1, PART)
    await parts.vault.erase("r1")
    await parts.vault.store("r1", 1, PART)
    assert await parts.vault.read("r1", 1) is None
    row = await parts.pool.fetchrow("SELECT wrapped_key, erased_at FROM data_key WHERE referral_id = 'r1'")
    assert (row["wrapped_key"], row["erased_at"]) == (b"", NOW)
    assert await parts.pool.fetchval("SELECT ciphertext FROM vault WHERE referral_id = 'r1'") == b""


async def test_erasing_says_whether_there_was_anything_and_keeps_the_day_of_the_first_time(parts: Parts) -> None:
    await parts.vault.store("r1", 1, PART)
    assert await parts.vault.erase("r1")
    later = Vault(parts.pool, VaultKeys((parts.key,)), lambda: NOW + dt.timedelta(days=1))
    assert not await later.erase("r1")
    assert not await later.erase("r2")
    assert await parts.pool.fetchval("SELECT erased_at FROM data_key WHERE referral_id = 'r1'") == NOW
    await parts.vault.store("r2", 1, PART)
    assert await parts.vault.read("r2", 1) is None, "erased before it ever arrived"


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "vault.json"
    KeyEncryptionKey.generate("k").save(path)
    assert VaultKeys.load(path).current.id == "k"
    path.chmod(0o644)
    with pytest.raises(KeyFileError):
        VaultKeys.load(path)


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "vault.json"
    KeyEncryptionKey.generate("k").save(path)
    with pytest.raises(FileExistsError):
        KeyEncryptionKey.generate("k").save(path)


def _bytea(row: str) -> list[str]:
    """The bytea columns of a row's text form."""
    return [
        part.strip('"').removeprefix("\\") for part in row.strip("()").split(",") if "\\\\x" in part or "\\x" in part
    ]
