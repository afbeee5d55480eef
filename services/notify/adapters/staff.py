"""Staff accounts. A bearer token is random and kept only as its SHA-256: what is in the database signs nobody in."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import uuid
from collections.abc import Sequence

from contracts.envelope import EVENT_NAMESPACE
from services.kit.database import Connection
from services.notify.domain.permissions import Role, Staff

TOKEN_BYTES = 32
"""256 random bits: nobody guesses one, so a fast hash is enough."""

MAX_TOKEN_CHARACTERS = 200
"""Anything longer is no token of ours and is not worth hashing."""


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


async def provision(
    connection: Connection, name_id: str, destinations: Sequence[str], role: Role, now: dt.datetime
) -> str:
    """Make or renew an account and answer its new token, which is shown this once. An older token stops working.

    `name_id` is the account's id in the council's directory, not a name.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    account = uuid.uuid5(EVENT_NAMESPACE, f"staff/{name_id}")
    await connection.execute(
        """INSERT INTO staff_accounts (id, name_id, role, token_hash, created_at) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (id) DO UPDATE SET role = $3, token_hash = $4, disabled_at = NULL""",
        account,
        name_id,
        role,
        _hash(token),
        now,
    )
    await connection.execute("DELETE FROM staff_destinations WHERE account_id = $1", account)
    await connection.executemany(
        "INSERT INTO staff_destinations (account_id, destination) VALUES ($1, $2)",
        [(account, destination) for destination in sorted(set(destinations))],
    )
    return token


async def signed_in(connection: Connection, token: str) -> Staff | None:
    """Whose token this is, or None."""
    if len(token) > MAX_TOKEN_CHARACTERS:
        return None
    row = await connection.fetchrow(
        """SELECT a.id, a.role, array_remove(array_agg(d.destination), NULL) AS destinations
           FROM staff_accounts a LEFT JOIN staff_destinations d ON d.account_id = a.id
           WHERE a.token_hash = $1 AND a.disabled_at IS NULL GROUP BY a.id""",
        _hash(token),
    )
    return Staff(row["id"], row["role"], frozenset(row["destinations"])) if row else None
