"""PostgreSQL through asyncpg: a pool, transactions that translate outages, and migrations by Alembic."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeAlias

import asyncpg
import asyncpg.pool
from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection as SyncConnection
from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import create_async_engine

from services.kit.errors import InfrastructureError
from services.kit.settings import DatabaseSettings

Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy | asyncpg.Connection"
Pool: TypeAlias = "asyncpg.Pool"

ACQUIRE_SECONDS = 2.0
"""How long a caller waits for a free connection: past this a client is better served by a 503."""

MIGRATION_LOCK = 0x5AFE
"""Any number that no other advisory lock of a service's database uses."""

OUTAGES = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.DiskFullError,
    asyncpg.QueryCanceledError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
)
"""What asyncpg raises when the server is away, paused, full or asks to come back, as opposed to a wrong statement."""


async def open_pool(settings: DatabaseSettings) -> Pool:
    """A pool that connects lazily, so that a service starts while its database is still away."""
    pool = asyncpg.create_pool(
        settings.dsn(),
        min_size=0,
        max_size=settings.pool_size,
        command_timeout=settings.command_timeout_seconds,
        timeout=settings.command_timeout_seconds,
    )
    await pool
    return pool


@contextlib.asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Connection]:
    """One transaction, committed at the end of the block.

    Raises:
        InfrastructureError: the database is away, paused or full. After this the commit may or may not have
            happened: whoever repeats the work must be idempotent.
    """
    away = False
    try:
        async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection, connection.transaction():
            yield connection
    except OUTAGES:
        away = True
    if away:
        raise InfrastructureError("database")


async def answers(pool: Pool) -> bool:
    """Whether the database answers a trivial statement in time."""
    try:
        async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
            return bool(await connection.fetchval("SELECT 1", timeout=ACQUIRE_SECONDS) == 1)
    except OUTAGES:
        return False


def run_migrations_online() -> None:
    """What every service's migrations/env.py does: run the revisions in one transaction, one replica at a time."""
    dsn: str = context.config.attributes["dsn"]
    asyncio.run(_run_migrations(dsn))


async def _run_migrations(dsn: str) -> None:
    engine = create_async_engine(dsn.replace("postgresql://", "postgresql+asyncpg://", 1), poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        await connection.run_sync(_upgrade)
    await engine.dispose()


def _upgrade(connection: SyncConnection) -> None:
    context.configure(connection=connection)
    context.run_migrations()


def migrate(dsn: str, migrations: Path) -> None:
    """Bring a database to the newest revision of `migrations` (a folder with Alembic's env.py and versions/).

    Safe to run from several replicas at once: revisions run under an advisory lock.
    """
    config = Config()
    config.set_main_option("script_location", str(migrations))
    config.attributes["dsn"] = dsn
    command.upgrade(config, "head")
