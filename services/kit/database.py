"""PostgreSQL through asyncpg: a pool, and transactions that translate outages."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TypeAlias

import asyncpg
import asyncpg.pool

from services.kit.errors import InfrastructureError
from services.kit.settings import DatabaseSettings

Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy | asyncpg.Connection"
Pool: TypeAlias = "asyncpg.Pool"

ACQUIRE_SECONDS = 2.0
"""How long a caller waits for a free connection: past this a client is better served by a 503."""

OUTAGES = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # sessions that the server breaks off in the middle of an answer
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shutdown, crash recovery, cancelled by an operator
    asyncpg.InsufficientResourcesError,  # disk, memory, connections
    asyncpg.PostgresSystemError,  # I/O errors below the server
    asyncpg.ReadOnlySQLTransactionError,  # a fail-over left us on a standby
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.LockNotAvailableError,
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

    What the block itself raises passes through as it is, also where it looks like an outage (a missing file is an
    OSError, a wrong number of arguments an InterfaceError): a record that such a bug trips over must become a dead
    letter, not wait for ever for a database that is there.

    Raises:
        InfrastructureError: the database is away, paused, full, or does not let us in. After this the commit may or
            may not have happened: whoever repeats the work must be idempotent.
    """
    entered = away = False
    blocks_own: BaseException | None = None
    try:
        async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection, connection.transaction():
            entered = True
            try:
                yield connection
            except (OSError, asyncpg.InterfaceError) as error:
                if not isinstance(error, TimeoutError) and not connection.is_closed():
                    blocks_own = error
                raise
    except OUTAGES as error:
        if error is blocks_own:
            raise
        away = True
    except asyncpg.PostgresError:
        if entered:
            raise
        away = True  # a wrong password or a missing database is nothing that a record did
    if away:
        raise InfrastructureError("database")


async def answers(pool: Pool) -> bool:
    """Whether the database answers a trivial statement in time."""
    try:
        async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
            return bool(await connection.fetchval("SELECT 1", timeout=ACQUIRE_SECONDS) == 1)
    except OUTAGES:
        return False
