"""The outbox: events are rows of the transaction that made them true; a relay carries them to Kafka.

One relay at a time is active per database (an advisory lock), so rows leave in the order of their ids. That is the
order of commits for one referral, because a transaction locks its referral's row before it writes to the outbox. A row
is deleted only after Kafka confirmed it: at least once, never not at all.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable

import structlog

from contracts.codec import MAX_VALUE_BYTES, Encoded
from services.kit.broker import Publisher
from services.kit.database import OUTAGES, Connection, Pool, transaction
from services.kit.errors import InfrastructureError, PermanentError
from services.kit.logs import exception_fields
from services.kit.telemetry import OUTBOX_HEAD_SECONDS, OUTBOX_PUBLISHED, OUTBOX_WAITING, UNKNOWN

log = structlog.get_logger()

RELAY_LOCK = 0x0B0
"""The advisory lock that makes one relay of a service active."""
BATCH_ROWS = 500
BATCH_BYTES = 8_000_000
"""A batch ends before the row that would take it past this: 500 rows of the largest event would be 450 MB, more than
Kafka takes within the publishing deadline, so that the same batch would be tried for ever."""
POLL_SECONDS = 0.25
"""How soon a row is seen that another replica's transaction wrote; this process's own wake the relay at once."""
OUTAGE_SECONDS = 1.0
"""Pause after the database or the broker failed us."""

NEXT_ROWS = """
SELECT id, topic, key, value, headers
  FROM (SELECT *, sum(octet_length(value)) OVER (ORDER BY id) - octet_length(value) AS bytes_before
          FROM (SELECT * FROM outbox ORDER BY id LIMIT $1) AS first_rows) AS measured
 WHERE bytes_before < $2
 ORDER BY id
"""
INSERT = "INSERT INTO outbox (topic, key, value, headers) VALUES ($1, $2, $3, $4)"


async def enqueue(connection: Connection, *events: Encoded) -> None:
    """Put events into the outbox, inside the transaction that makes them true.

    Raises:
        PermanentError: an event is larger than any consumer would take. Nothing may enter that cannot leave: the
            relay would stand still at that row for ever.
    """
    for event in events:
        if len(event.value) > MAX_VALUE_BYTES:
            raise PermanentError("codec.too_large")
        await connection.execute(INSERT, event.topic, event.key, event.value, json.dumps(event.headers))


class Relay:
    """Carries outbox rows to Kafka until cancelled."""

    def __init__(self, pool: Pool, publisher: Publisher) -> None:
        self._pool = pool
        self._publisher = publisher
        self._awake = asyncio.Event()

    def wake(self) -> None:
        """Say that a transaction with outbox rows has just committed."""
        self._awake.set()

    async def run(self) -> None:
        """Relay for ever. Outages are waited out; a broken producer ends the process (see Publisher)."""
        while True:
            try:
                async with self._pool.acquire() as connection:
                    await self._relay_while_leader(connection)
            except (*OUTAGES, InfrastructureError) as error:
                log.warning("outbox.relay_interrupted", **exception_fields(error))
            await asyncio.sleep(OUTAGE_SECONDS)

    async def _relay_while_leader(self, connection: Connection) -> None:
        if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", RELAY_LOCK):
            return
        try:
            while True:
                self._awake.clear()
                if not await self._relay_batch(connection):
                    await self._sleep()
        finally:
            await connection.execute("SELECT pg_advisory_unlock($1)", RELAY_LOCK)

    async def _sleep(self) -> None:
        try:
            await asyncio.wait_for(self._awake.wait(), POLL_SECONDS)
        except TimeoutError:
            return

    async def _relay_batch(self, connection: Connection) -> int:
        rows = await connection.fetch(NEXT_ROWS, BATCH_ROWS, BATCH_BYTES)
        if not rows:
            return 0
        await self._publisher.publish(
            [Encoded(row["topic"], row["key"], row["value"], json.loads(row["headers"])) for row in rows]
        )
        await connection.execute("DELETE FROM outbox WHERE id = ANY($1::bigint[])", [row["id"] for row in rows])
        OUTBOX_PUBLISHED.inc(len(rows))
        return len(rows)


class OutboxGauges:
    """How much waits in the outbox, and for how long its first row has been seen there, whoever the relay is.

    Rows have no time of their own; the first one's id changes with every batch that leaves, so an id that stays is a
    relay that stands still. `seconds` is a clock that never jumps.
    """

    def __init__(self, pool: Pool, seconds: Callable[[], float] = time.monotonic) -> None:
        self._pool = pool
        self._seconds = seconds
        self._head: int | None = None
        self._since = 0.0

    async def __call__(self) -> None:
        """Measure now. Raises InfrastructureError."""
        OUTBOX_WAITING.set(UNKNOWN)
        OUTBOX_HEAD_SECONDS.set(UNKNOWN)
        async with transaction(self._pool) as connection:
            row = await connection.fetchrow("SELECT min(id) AS head, count(*) AS waiting FROM outbox")
        now = self._seconds()
        if row["head"] != self._head:
            self._head, self._since = row["head"], now
        OUTBOX_WAITING.set(row["waiting"])
        OUTBOX_HEAD_SECONDS.set(0 if self._head is None else now - self._since)
