"""The ledger in PostgreSQL: everything that makes a 202 true is one transaction."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg

from contracts.codec import Encoded
from services.intake.domain.acceptance import Answered, Post, Recorded
from services.intake.domain.answer import TimelineEntry
from services.intake.domain.status import Progress
from services.kit.database import Connection, Pool, transaction
from services.kit.outbox import enqueue


class LedgerRaceError(Exception):
    """Another post won a race for the same key, record or reference: what is known must be looked at again."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the ledger writes for one accepted revision. `event` is published and kept until it is settled."""

    referral_id: str
    reference: str
    post: Post
    test: bool
    answer: str
    progress: Progress
    event_id: str
    event: Encoded
    received_at: dt.datetime
    next_emission_at: dt.datetime
    key_expires_at: dt.datetime


class LedgerUnit:
    """One unit of work on the ledger. Its methods belong to the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def hold_key(self, post: Post) -> bool:
        """Keep other posts with the same Idempotency-Key out until the end of this unit; False if one is inside."""
        high, low = _lock_of(post.key)
        free: bool = await self._connection.fetchval("SELECT pg_try_advisory_xact_lock($1, $2)", high, low)
        return free

    async def answered(self, post: Post) -> Answered | None:
        """What this client's key was answered before."""
        row = await self._connection.fetchrow(
            "SELECT body_fingerprint, answer FROM idempotency_key WHERE client_id = $1 AND key_fingerprint = $2",
            post.client_id,
            post.key,
        )
        return Answered(row["body_fingerprint"], row["answer"]) if row else None

    async def recorded(self, post: Post) -> Recorded | None:
        """What is known of the school's record; held against other posts about it until the end of this unit."""
        if post.record is None:
            return None
        row = await self._connection.fetchrow(
            """SELECT id, reference, revision, record_version, body_fingerprint, answer FROM referral
               WHERE client_id = $1 AND record_fingerprint = $2 FOR UPDATE""",
            post.client_id,
            post.record,
        )
        if row is None:
            return None
        return Recorded(
            referral_id=row["id"],
            reference=row["reference"],
            revision=row["revision"],
            version=row["record_version"],
            body=row["body_fingerprint"],
            answer=row["answer"],
        )

    async def remember_answer(self, post: Post, answer: str, expires_at: dt.datetime) -> None:
        """Give this key the answer of an earlier post."""
        await self._connection.execute(
            "INSERT INTO idempotency_key VALUES ($1, $2, $3, $4, $5)",
            post.client_id,
            post.key,
            post.body,
            answer,
            expires_at,
        )

    async def record(self, entry: Entry) -> None:
        """Write the referral or its next revision, the answer to its key, its event and its place in the outbox."""
        post, event = entry.post, entry.event
        await self._connection.execute(
            _RECORD,
            entry.referral_id,
            entry.reference,
            post.client_id,
            entry.test,
            post.record,
            post.version,
            post.body,
            entry.answer,
            entry.progress.revision,
            entry.progress.model_dump_json(),
            entry.received_at,
            post.key,
            entry.key_expires_at,
            entry.event_id,
            event.topic,
            event.key,
            event.value,
            json.dumps(event.headers),
            entry.next_emission_at,
        )
        await enqueue(self._connection, event)


_RECORD = """
WITH referral AS (
    INSERT INTO referral (id, reference, client_id, test, record_fingerprint, record_version, body_fingerprint, answer,
                          revision, state, progress, received_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'received', $10::jsonb, $11, $11)
    ON CONFLICT (id) DO UPDATE SET
        test = $4, record_version = coalesce($6, referral.record_version), body_fingerprint = $7, answer = $8,
        revision = $9, state = 'received', progress = $10::jsonb, updated_at = $11, settled_at = NULL
), key AS (
    INSERT INTO idempotency_key (client_id, key_fingerprint, body_fingerprint, answer, expires_at)
    VALUES ($3, $12, $7, $8, $13)
), timeline AS (
    INSERT INTO timeline (referral_id, revision, event, at) VALUES ($1, $9, 'received', $11)
)
INSERT INTO open_emission (referral_id, revision, event_id, topic, key, value, headers, emissions, next_emission_at)
VALUES ($1, $9, $14, $15, $16, $17, $18, 1, $19)
ON CONFLICT (referral_id) DO UPDATE SET
    revision = $9, event_id = $14, topic = $15, key = $16, value = $17, headers = $18, emissions = 1,
    next_emission_at = $19
"""
"""One round trip for everything but the outbox. Foreign keys are checked at its end, so the order does not matter."""


class Ledger:
    """Opens units of work on intake's database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @contextlib.asynccontextmanager
    async def unit(self) -> AsyncIterator[LedgerUnit]:
        """A unit that commits at the end of the block.

        Raises:
            LedgerRaceError: nothing was written because another post was faster; begin again.
            InfrastructureError: the database is away; whether the unit was committed is unknown.
        """
        lost = False
        try:
            async with transaction(self._pool) as connection:
                yield LedgerUnit(connection)
        except asyncpg.UniqueViolationError:
            lost = True
        if lost:
            raise LedgerRaceError


def timeline_entry(row: asyncpg.Record) -> TimelineEntry:
    """A row of the timeline as it is answered."""
    return TimelineEntry.model_validate(
        {"event": row["event"], "at": row["at"], "revision": row["revision"], "destination": row["destination"]}
    )


def _lock_of(fingerprint: bytes) -> tuple[int, int]:
    """An advisory lock's two signed 32-bit numbers, from a fingerprint that is as good as random."""
    return (
        int.from_bytes(fingerprint[:4], "big", signed=True),
        int.from_bytes(fingerprint[4:8], "big", signed=True),
    )
