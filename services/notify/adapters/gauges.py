"""What notify's database says about the whole: who has not answered, which steps are late, which messages wait."""

from __future__ import annotations

import datetime as dt

from prometheus_client import Gauge

from contracts.policy.rules import URGENCIES
from services.kit.clock import Clock
from services.kit.database import Pool, transaction
from services.kit.telemetry import UNKNOWN

OPEN = Gauge("saferoute_notify_open", "Notifications that nobody has acknowledged", ["urgency"])
OVERDUE = Gauge("saferoute_notify_overdue", "Those past the time by which somebody must have", ["urgency"])
LATE_STEP_SECONDS = Gauge("saferoute_notify_late_step_seconds", "How late the escalation step is that is due longest")
MESSAGES_WAITING = Gauge("saferoute_notify_messages_waiting", "Messages that no channel has taken yet")
OLDEST_MESSAGE_SECONDS = Gauge("saferoute_notify_oldest_message_seconds", "Age of the oldest of them")

UNANSWERED = """
SELECT n.urgency, count(*) AS open, count(*) FILTER (WHERE n.ack_due_at < $1) AS overdue
  FROM notifications n JOIN referrals r USING (referral_id)
 WHERE n.state = 'open' AND NOT (r.facts ->> 'test')::boolean
 GROUP BY n.urgency
"""
"""Without tests: nobody has to answer those."""
FIRST_STEP = "SELECT min(next_escalation_at) FROM notifications WHERE state = 'open'"
WAITING = "SELECT count(*) AS waiting, min(created_at) AS oldest FROM deliveries WHERE state IN ('due', 'attempting')"


class NotifyGauges:
    """Counts what is open; all three statements touch open rows only."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def __call__(self) -> None:
        """Measure now. Raises InfrastructureError."""
        self._forget()
        now = self._clock()
        async with transaction(self._pool) as connection:
            unanswered = await connection.fetch(UNANSWERED, now)
            step = await connection.fetchval(FIRST_STEP)
            waiting = await connection.fetchrow(WAITING)
        found = {row["urgency"]: row for row in unanswered}
        for urgency in URGENCIES:
            OPEN.labels(urgency).set(found[urgency]["open"] if urgency in found else 0)
            OVERDUE.labels(urgency).set(found[urgency]["overdue"] if urgency in found else 0)
        LATE_STEP_SECONDS.set(_seconds_since(step, now))
        MESSAGES_WAITING.set(waiting["waiting"])
        OLDEST_MESSAGE_SECONDS.set(_seconds_since(waiting["oldest"], now))

    def _forget(self) -> None:
        OPEN.clear()
        OVERDUE.clear()
        for gauge in (LATE_STEP_SECONDS, MESSAGES_WAITING, OLDEST_MESSAGE_SECONDS):
            gauge.set(UNKNOWN)


def _seconds_since(instant: dt.datetime | None, now: dt.datetime) -> float:
    """0 for what has not come yet, and where there is nothing."""
    return 0.0 if instant is None else max(0.0, (now - instant).total_seconds())
