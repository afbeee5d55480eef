"""Bringing a database to its newest revision, by Alembic. Apart from `database`, so that a running service never
loads Alembic and SQLAlchemy."""

from __future__ import annotations

import asyncio
from pathlib import Path

from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection, NullPool, text
from sqlalchemy.ext.asyncio import create_async_engine

MIGRATION_LOCK = 0x5AFE
"""Any number that no other advisory lock of a service's database uses."""


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


def _upgrade(connection: Connection) -> None:
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
