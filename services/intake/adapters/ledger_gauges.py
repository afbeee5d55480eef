"""What the ledger says about the whole: how many referrals nobody has taken over yet, and since when."""

from __future__ import annotations

import datetime as dt

from prometheus_client import Gauge

from services.intake.domain.answer import State
from services.kit.clock import Clock
from services.kit.database import Pool, transaction
from services.kit.telemetry import UNKNOWN

OPEN = Gauge("saferoute_ledger_open", "Referrals that notify has not taken over, by how far they have come", ["state"])
OLDEST_SECONDS = Gauge("saferoute_ledger_oldest_open_seconds", "Age of the oldest referral that is not taken over")
"""Without boxes that wait for a key: those may wait for ever, and the next referral that stalls must still be seen."""
UNOPENED = Gauge("saferoute_ledger_unopened", "Open referrals whose box redaction could not open: it waits for a key")
STALLED = Gauge("saferoute_ledger_stalled", "Open referrals that had to be published again")

OPEN_BY_STATE = """
SELECT r.state, count(*) AS open, count(*) FILTER (WHERE o.emissions > 1) AS stalled,
       count(*) FILTER (WHERE box.closed) AS unopened, min(r.received_at) FILTER (WHERE NOT box.closed) AS oldest
  FROM open_emission o JOIN referral r ON r.id = o.referral_id
       CROSS JOIN LATERAL (SELECT coalesce((r.progress ->> 'unopened')::boolean, false)
                                  AND r.progress ->> 'redacted_at' IS NULL AS closed) box
 GROUP BY r.state
"""
"""Only open rows are touched: few in a system that works, however long it has worked."""


class LedgerGauges:
    """Counts open referrals; tests count, as they go the same way."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def __call__(self) -> None:
        """Measure now. Raises InfrastructureError."""
        OPEN.clear()
        OLDEST_SECONDS.set(UNKNOWN)
        STALLED.set(UNKNOWN)
        UNOPENED.set(UNKNOWN)
        async with transaction(self._pool) as connection:
            rows = await connection.fetch(OPEN_BY_STATE)
        states: dict[State, int] = {row["state"]: row["open"] for row in rows}
        for state, count in states.items():
            OPEN.labels(state).set(count)
        now = self._clock()
        oldest = min((row["oldest"] for row in rows if row["oldest"] is not None), default=now)
        OLDEST_SECONDS.set(max(0.0, (now - oldest) / dt.timedelta(seconds=1)))
        STALLED.set(sum(row["stalled"] for row in rows))
        UNOPENED.set(sum(row["unopened"] for row in rows))
