"""Messages waiting to be sent, in PostgreSQL: taken under a lease, settled by what the channel said."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from contracts.policy.rules import RANK
from services.kit.database import Connection
from services.notify.adapters.store import FIELDS, notification_of
from services.notify.domain.model import ESCALATIONS, Message, Notification

_NOTIFICATION = ", ".join(f"n.{name} AS {name}" for name in FIELDS)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this process may send now, with its notification.

    `attempts` counts this one. `maybe_delivered`: an earlier attempt had no answer, so this may be a second copy.
    """

    message: Message
    notification: Notification
    attempts: int
    created_at: dt.datetime
    maybe_delivered: bool
    embargo: bool
    test: bool


async def add(connection: Connection, messages: Sequence[Message], now: dt.datetime) -> None:
    """Add messages that are due at once. One that exists already stays as it is."""
    await connection.executemany(
        """INSERT INTO deliveries (id, notification_id, round, purpose, level, channel, address, rank, state,
                                   created_at, next_attempt_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'due', $9, $9) ON CONFLICT (id) DO NOTHING""",
        [
            (one.id, one.notification_id, one.round, one.purpose, one.level, one.channel, one.address,
             RANK[one.urgency], now)
            for one in messages
        ],
    )  # fmt: skip


async def claim(
    connection: Connection, channel: str, now: dt.datetime, lease: dt.timedelta, limit: int
) -> list[Claimed]:
    """Take due messages, most urgent first, and record that they are being attempted.

    A message whose lease has run out was being sent by a process that died: nobody knows whether it arrived.
    """
    rows = await connection.fetch(
        f"""WITH taken AS (
              SELECT id FROM deliveries
              WHERE channel = $1 AND ((state = 'due' AND next_attempt_at <= $2)
                                      OR (state = 'attempting' AND lease_until <= $2))
              ORDER BY rank DESC, next_attempt_at LIMIT $4 FOR UPDATE SKIP LOCKED)
            UPDATE deliveries d SET
              state = 'attempting', attempts = d.attempts + 1, lease_until = $2 + $3::interval,
              maybe_delivered = d.maybe_delivered OR d.state = 'attempting'
            FROM taken, notifications n, referrals r
            WHERE d.id = taken.id AND n.id = d.notification_id AND r.referral_id = n.referral_id
            RETURNING d.id AS message_id, d.round AS message_round, d.purpose, d.level, d.channel, d.address,
              d.attempts, d.created_at, d.maybe_delivered,
              (r.decision ->> 'embargo')::boolean AS embargo, (r.facts ->> 'test')::boolean AS test, {_NOTIFICATION}""",  # noqa: S608 - columns
        channel,
        now,
        lease,
        limit,
    )
    return [_claimed(row) for row in rows]


def _claimed(row: Any) -> Claimed:
    notification = notification_of(row)
    message = Message(
        id=row["message_id"],
        notification_id=notification.id,
        round=row["message_round"],
        purpose=row["purpose"],
        level=row["level"],
        channel=row["channel"],
        address=row["address"],
        urgency=notification.urgency,
    )
    return Claimed(
        message,
        notification,
        attempts=row["attempts"],
        created_at=row["created_at"],
        maybe_delivered=row["maybe_delivered"],
        embargo=row["embargo"],
        test=row["test"],
    )


async def accepted(connection: Connection, which: uuid.UUID, now: dt.datetime) -> None:
    """The channel took it: true whatever else has happened to the row meanwhile."""
    await connection.execute(
        "UPDATE deliveries SET state = 'accepted', accepted_at = $2, lease_until = NULL WHERE id = $1", which, now
    )


async def failed(connection: Connection, which: uuid.UUID, code: str) -> bool:
    """Give a message up. False where it was settled otherwise meanwhile."""
    status: str = await connection.execute(
        """UPDATE deliveries SET state = 'failed', failure_code = $2, lease_until = NULL
           WHERE id = $1 AND state = 'attempting'""",
        which,
        code,
    )
    return status == "UPDATE 1"


async def postpone(
    connection: Connection, which: uuid.UUID, attempt: int, next_attempt_at: dt.datetime, *, maybe_delivered: bool
) -> None:
    """Try again later. `attempt` keeps a slow process from undoing what a later attempt found out."""
    await connection.execute(
        """UPDATE deliveries SET state = 'due', next_attempt_at = $3, lease_until = NULL,
             maybe_delivered = maybe_delivered OR $4
           WHERE id = $1 AND state = 'attempting' AND attempts = $2""",
        which,
        attempt,
        next_attempt_at,
        maybe_delivered,
    )


async def hasten(connection: Connection, channel: str, now: dt.datetime) -> None:
    """The channel is back: what waits for its next try is due now."""
    await connection.execute(
        """UPDATE deliveries SET next_attempt_at = $2 WHERE id IN (
             SELECT id FROM deliveries WHERE channel = $1 AND state = 'due' AND attempts > 0 AND next_attempt_at > $2
             FOR UPDATE SKIP LOCKED)""",
        channel,
        now,
    )


async def cancel_escalations(connection: Connection, notification_id: uuid.UUID) -> None:
    """Somebody answered: reminders that wait are not sent. One on its way this instant cannot be stopped."""
    await connection.execute(
        """UPDATE deliveries SET state = 'cancelled' WHERE notification_id = $1 AND purpose = ANY($2::text[])
           AND state IN ('due', 'attempting')""",
        notification_id,
        sorted(ESCALATIONS),
    )


async def cancel_updates(connection: Connection, notification_id: uuid.UUID) -> None:
    """A later version is told of now: an update that still waits would be written from it and say the same again."""
    await connection.execute(
        """UPDATE deliveries SET state = 'cancelled' WHERE notification_id = $1 AND purpose = 'update'
           AND state IN ('due', 'attempting')""",
        notification_id,
    )


async def cancel_waiting(connection: Connection, notification_id: uuid.UUID) -> None:
    """What waits for this notification has been overtaken."""
    await connection.execute(
        "UPDATE deliveries SET state = 'cancelled' WHERE notification_id = $1 AND state IN ('due', 'attempting')",
        notification_id,
    )


async def nobody_reached(connection: Connection, notification: Notification) -> bool:
    """Whether every message of this round has been given up on."""
    reached = await connection.fetchval(
        """SELECT EXISTS (SELECT 1 FROM deliveries WHERE notification_id = $1 AND round = $2
                          AND state IN ('due', 'attempting', 'accepted'))""",
        notification.id,
        notification.round,
    )
    return not reached


async def addresses_told(connection: Connection, referral_id: str) -> frozenset[str]:
    """The addresses that hear of this referral from a notification that is still somebody's."""
    rows = await connection.fetch(
        """SELECT DISTINCT d.address FROM deliveries d JOIN notifications n ON n.id = d.notification_id
           WHERE n.referral_id = $1 AND n.state <> 'moved' AND d.round = n.round AND d.state <> 'cancelled'""",
        referral_id,
    )
    return frozenset(row["address"] for row in rows)
