"""A database of a test's own with the tables that the kit stands on."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from services.kit.database import Pool, open_pool
from services.kit.settings import DatabaseSettings
from services.local.postgres import EmbeddedPostgres

TABLES = """
CREATE TABLE outbox (
    id bigserial PRIMARY KEY, topic text NOT NULL, key bytea, value bytea NOT NULL, headers text NOT NULL
);
CREATE TABLE inbox (event_id text PRIMARY KEY, received_at timestamptz NOT NULL);
"""


async def make_database(postgres: EmbeddedPostgres, folder: Path) -> Path:
    """A new database with the kit's tables; answers the file that holds its DSN."""
    name = f"kit_{uuid.uuid4().hex[:10]}"
    dsn = postgres.create_database(name, name)
    connection = await asyncpg.connect(dsn)
    await connection.execute(TABLES)
    await connection.close()
    file = folder / f"{name}.dsn"
    file.write_text(dsn)
    return file


@pytest.fixture
async def dsn_file(postgres: EmbeddedPostgres, tmp_path: Path) -> Path:
    return await make_database(postgres, tmp_path)


@pytest.fixture
async def pool(dsn_file: Path) -> AsyncIterator[Pool]:
    pool = await open_pool(DatabaseSettings(dsn_file=dsn_file, command_timeout_seconds=1.5))
    yield pool
    pool.terminate()
