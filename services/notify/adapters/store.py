"""Referrals, notifications and status events in PostgreSQL. Every function is part of its caller's transaction."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import uuid
from collections.abc import Sequence
from typing import Any

from contracts.codec import encode
from contracts.decision import Decision
from contracts.envelope import Envelope
from contracts.events.notification import NotificationEvent
from contracts.events.referral_redacted import RedactedNarrative
from contracts.events.referral_routed import ReferralRoutedV1
from contracts.facts import OpenFacts
from contracts.model import Contract
from services.kit.database import Connection
from services.kit.outbox import enqueue
from services.notify.domain.model import Notification, Standing

FIELDS = tuple(field.name for field in dataclasses.fields(Notification))
COLUMNS = ", ".join(FIELDS)
_PLACES = ", ".join(f"${n}" for n in range(1, len(FIELDS) + 1))
_CHANGES = ", ".join(f"{name} = EXCLUDED.{name}" for name in FIELDS if name != "id")


def notification_of(row: Any) -> Notification:
    """A row that holds at least COLUMNS."""
    return Notification(**{name: row[name] for name in FIELDS})


async def lock_referral(connection: Connection, routed: ReferralRoutedV1) -> Standing | None:
    """Serialise all changes of one referral. Answers the decision that holds, or None for a referral not yet known."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", routed.referral_id)
    row = await connection.fetchrow(
        "SELECT revision, stage, routed_at FROM referrals WHERE referral_id = $1", routed.referral_id
    )
    return Standing(row["revision"], row["stage"], row["routed_at"]) if row else None


async def keep_decision(connection: Connection, routed: ReferralRoutedV1, traceparent: str | None) -> None:
    """Make `routed` the decision that holds. Words of an earlier decision stay while this one brings none."""
    await connection.execute(
        """INSERT INTO referrals (referral_id, reference, revision, stage, received_at, routed_at, facts, decision,
                                  narrative, narrative_revision, traceparent)
           VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8::jsonb, $9::jsonb, $10, $11)
           ON CONFLICT (referral_id) DO UPDATE SET
             revision = $3, stage = $4, received_at = $5, routed_at = $6, facts = $7::jsonb, decision = $8::jsonb,
             narrative = coalesce($9::jsonb, referrals.narrative),
             narrative_revision = coalesce($10, referrals.narrative_revision), traceparent = $11""",
        routed.referral_id,
        routed.reference,
        routed.revision,
        routed.stage,
        routed.received_at,
        routed.routed_at,
        routed.facts.model_dump_json(),
        routed.decision.model_dump_json(),
        _storable(routed.narrative).model_dump_json() if routed.narrative else None,
        routed.revision if routed.narrative else None,
        traceparent,
    )


def _storable(words: RedactedNarrative) -> RedactedNarrative:
    """The words with U+FFFD for NUL, which JSON may carry and PostgreSQL refuses to keep: a school's copy and paste
    must not be the reason that nobody is told."""
    return words.model_copy(update={"text": words.text.replace("\x00", "\ufffd")})


async def decision_of(connection: Connection, referral_id: str) -> ReferralRoutedV1 | None:
    """The decision that holds for a referral, with the latest redacted words."""
    row = await connection.fetchrow("SELECT * FROM referrals WHERE referral_id = $1", referral_id)
    if row is None:
        return None
    words = row["narrative"]
    return ReferralRoutedV1(
        referral_id=row["referral_id"],
        reference=row["reference"],
        revision=row["revision"],
        stage=row["stage"],
        received_at=row["received_at"],
        routed_at=row["routed_at"],
        facts=OpenFacts.model_validate_json(row["facts"]),
        decision=Decision.model_validate_json(row["decision"]),
        narrative=RedactedNarrative.model_validate_json(words) if words is not None else None,
    )


async def notifications_of(connection: Connection, referral_id: str) -> dict[str, Notification]:
    """All notifications of a referral, by destination, locked."""
    rows = await connection.fetch(
        f"SELECT {COLUMNS} FROM notifications WHERE referral_id = $1 ORDER BY id FOR UPDATE",  # noqa: S608 - columns
        referral_id,
    )
    return {row["destination"]: notification_of(row) for row in rows}


async def keep(connection: Connection, notification: Notification) -> None:
    """Insert or replace a notification."""
    await connection.execute(
        f"INSERT INTO notifications ({COLUMNS}) VALUES ({_PLACES}) ON CONFLICT (id) DO UPDATE SET {_CHANGES}",  # noqa: S608
        *(getattr(notification, name) for name in FIELDS),
    )


async def notification(connection: Connection, which: uuid.UUID, *, lock: bool = False) -> Notification | None:
    """One notification, or None."""
    row = await connection.fetchrow(
        f"SELECT {COLUMNS} FROM notifications WHERE id = $1" + (" FOR UPDATE" if lock else ""),  # noqa: S608 - columns
        which,
    )
    return notification_of(row) if row else None


async def by_reference(connection: Connection, reference: str, teams: Sequence[str]) -> Sequence[Notification]:
    """The notifications of a reference at any of `teams`; the one that must act first."""
    rows = await connection.fetch(
        f"""SELECT {COLUMNS} FROM notifications WHERE reference = $1 AND destination = ANY($2::text[])
            ORDER BY array_position(ARRAY['open', 'acknowledged', 'copied', 'moved'], state), destination""",  # noqa: S608
        reference,
        list(teams),
    )
    return [notification_of(row) for row in rows]


async def team_list(connection: Connection, teams: Sequence[str], states: Sequence[str]) -> Sequence[Notification]:
    """What lies with `teams`, soonest deadline first, so that breached ones lead."""
    rows = await connection.fetch(
        f"""SELECT {COLUMNS} FROM notifications WHERE destination = ANY($1::text[]) AND state = ANY($2::text[])
            ORDER BY ack_due_at, reference LIMIT 500""",  # noqa: S608 - columns
        list(teams),
        list(states),
    )
    return [notification_of(row) for row in rows]


async def overdue(connection: Connection, now: dt.datetime, limit: int) -> list[uuid.UUID]:
    """Open notifications whose next step is due, longest overdue first."""
    rows = await connection.fetch(
        """SELECT id FROM notifications WHERE state = 'open' AND next_escalation_at <= $1
           ORDER BY next_escalation_at LIMIT $2""",
        now,
        limit,
    )
    return [row["id"] for row in rows]


async def still_overdue(connection: Connection, which: uuid.UUID, now: dt.datetime) -> Notification | None:
    """The notification, locked, if its next step is due. One that another replica works on is left to it."""
    row = await connection.fetchrow(
        f"""SELECT {COLUMNS} FROM notifications WHERE id = $1 AND state = 'open' AND next_escalation_at <= $2
            FOR UPDATE SKIP LOCKED""",  # noqa: S608 - columns
        which,
        now,
    )
    return notification_of(row) if row else None


async def emit(connection: Connection, *events: Envelope[Contract]) -> None:
    """Put status events into the outbox and remember them. One that was emitted before is not emitted again.

    Each says on which decision notify stands as it is written: the ledger must not take word about an alert for word
    about the whole referral.
    """
    for event in events:
        known = await connection.fetchrow(
            "SELECT traceparent, stage FROM referrals WHERE referral_id = $1", event.subject
        )
        data = event.data
        if known is not None and isinstance(data, NotificationEvent):
            data = data.model_copy(update={"stage": known["stage"]})
        trace = known["traceparent"] if known is not None else None
        encoded = encode(event.model_copy(update={"traceparent": trace, "data": data}))
        status = await connection.execute(
            """INSERT INTO status_events (event_id, referral_id, topic, key, value, headers)
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (event_id) DO NOTHING""",
            event.id,
            event.subject,
            encoded.topic,
            encoded.key,
            encoded.value,
            json.dumps(encoded.headers),
        )
        if status == "INSERT 0 1":
            await enqueue(connection, encoded)


async def restate(connection: Connection, referral_id: str) -> None:
    """Put a referral's status events into the outbox once more, in their order, under their first ids.

    A routed event that comes again may mean that the broker lost what it held: the ledger emits a referral anew
    while it has not heard how it ended. Whoever did hear recognises the ids.
    """
    await connection.execute(
        """INSERT INTO outbox (topic, key, value, headers)
           SELECT topic, key, value, headers FROM status_events WHERE referral_id = $1 ORDER BY id""",
        referral_id,
    )
