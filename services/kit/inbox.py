"""The inbox of a stateful consumer: an event changes state once, however often it arrives."""

from __future__ import annotations

import datetime as dt

from services.kit.database import Connection


async def first_time(connection: Connection, event_id: str, now: dt.datetime) -> bool:
    """Whether this event has not changed anything yet. Belongs into the transaction that makes the change."""
    status: str = await connection.execute(
        "INSERT INTO inbox (event_id, received_at) VALUES ($1, $2) ON CONFLICT (event_id) DO NOTHING", event_id, now
    )
    return status == "INSERT 0 1"
