"""API clients and their keys in PostgreSQL."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from services.intake.domain.client import (
    LIVE_KEYS_AT_MOST,
    PREFIX_BYTES,
    SECRET_BYTES,
    Client,
    KeyRecord,
    Mode,
    key_text,
    secret_hash,
)
from services.kit.clock import Clock
from services.kit.database import Connection, Pool, transaction

FRESH_FOR = dt.timedelta(seconds=15)
"""A revoked key is refused everywhere within this time; until then a known one costs no round trip."""
MOST_CACHED = 10_000
"""Keys kept in memory: more than a council has clients."""


class TooManyKeysError(Exception):
    """The client has two keys that work already: revoke one first."""


@dataclass(frozen=True, slots=True)
class _Cached:
    record: KeyRecord
    until: dt.datetime


class ClientDirectory:
    """Finds keys by their prefix."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock
        self._cache: dict[str, _Cached] = {}

    async def find(self, prefix: str) -> KeyRecord | None:
        """The key with this prefix, or None. Raises InfrastructureError."""
        now = self._clock()
        cached = self._cache.get(prefix)
        if cached is not None and now < cached.until:
            return cached.record
        async with transaction(self._pool) as connection:
            record = await _find(connection, prefix)
        if len(self._cache) >= MOST_CACHED:
            self._cache.clear()
        if record is None:
            self._cache.pop(prefix, None)
        else:
            self._cache[prefix] = _Cached(record, now + FRESH_FOR)
        return record


async def _find(connection: Connection, prefix: str) -> KeyRecord | None:
    row = await connection.fetchrow(
        """SELECT client_id, urns, mode, secret_sha256, revoked_at
           FROM api_key JOIN api_client ON api_client.id = client_id WHERE prefix = $1""",
        prefix,
    )
    if row is None:
        return None
    client = Client(row["client_id"], frozenset(row["urns"]), row["mode"])
    return KeyRecord(client, row["secret_sha256"], row["revoked_at"] is not None)


async def create_client(
    connection: Connection, client_id: str, urns: Iterable[str], mode: Mode, now: dt.datetime
) -> str:
    """Make a client, or bind a known one to these URNs, and give it one more key; answers the key, shown only here.

    Raises:
        TooManyKeysError: it has two keys of this mode that work already.
    """
    await connection.execute(
        """INSERT INTO api_client (id, urns, created_at) VALUES ($1, $2, $3)
           ON CONFLICT (id) DO UPDATE SET urns = $2""",
        client_id,
        sorted(set(urns)),
        now,
    )
    live: int = await connection.fetchval(
        "SELECT count(*) FROM api_key WHERE client_id = $1 AND mode = $2 AND revoked_at IS NULL",
        client_id,
        mode,
    )
    if live >= LIVE_KEYS_AT_MOST:
        raise TooManyKeysError
    prefix, secret = secrets.token_bytes(PREFIX_BYTES), secrets.token_bytes(SECRET_BYTES)
    await connection.execute(
        "INSERT INTO api_key (prefix, client_id, secret_sha256, mode, created_at) VALUES ($1, $2, $3, $4, $5)",
        prefix.hex(),
        client_id,
        secret_hash(secret),
        mode,
        now,
    )
    return key_text(mode, prefix, secret)


async def revoke_key(connection: Connection, prefix: str, now: dt.datetime) -> bool:
    """Stop a key from working; False where there is none with this prefix that works."""
    status: str = await connection.execute(
        "UPDATE api_key SET revoked_at = $2 WHERE prefix = $1 AND revoked_at IS NULL", prefix, now
    )
    return status == "UPDATE 1"
