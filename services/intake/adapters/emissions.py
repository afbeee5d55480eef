"""Events that nobody has settled: published again from the ledger, same id, same bytes."""

from __future__ import annotations

import datetime as dt

from services.intake.domain.emission import pause_after
from services.kit.database import Pool, transaction

BATCH_ROWS = 200
"""Referrals published again in one transaction: their boxes are some hundred megabytes at the very most."""


class Emissions:
    """The open events of the ledger."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def emit_due(self, now: dt.datetime, stall_after: dt.timedelta) -> int:
        """Put every event that is due into the outbox again; answers how many.

        An event that still waits in the outbox is passed over: while Kafka is away nothing piles up.
        Raises InfrastructureError.
        """
        async with transaction(self._pool) as connection:
            rows = await connection.fetch(
                """SELECT referral_id, emissions FROM open_emission
                   WHERE next_emission_at <= $1 AND NOT EXISTS (SELECT FROM outbox WHERE outbox.key = open_emission.key)
                   ORDER BY next_emission_at LIMIT $2 FOR UPDATE SKIP LOCKED""",
                now,
                BATCH_ROWS,
            )
            if not rows:
                return 0
            await connection.execute(
                """INSERT INTO outbox (topic, key, value, headers)
                   SELECT topic, key, value, headers FROM open_emission
                   WHERE referral_id = ANY($1::text[]) ORDER BY next_emission_at""",
                [row["referral_id"] for row in rows],
            )
            await connection.executemany(
                "UPDATE open_emission SET emissions = emissions + 1, next_emission_at = $2 WHERE referral_id = $1",
                [(row["referral_id"], now + pause_after(row["emissions"] + 1, stall_after)) for row in rows],
            )
            return len(rows)

    async def forget_expired_keys(self, now: dt.datetime) -> int:
        """Drop idempotency keys past their time; answers how many. Raises InfrastructureError."""
        async with transaction(self._pool) as connection:
            status: str = await connection.execute("DELETE FROM idempotency_key WHERE expires_at < $1", now)
        return int(status.rpartition(" ")[2])
