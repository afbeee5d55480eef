"""Where referrals are: written from other services' events, read by clients."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from services.intake.adapters.ledger import timeline_entry
from services.intake.domain.answer import State, TimelineEntry
from services.intake.domain.status import Progress, Row
from services.kit.database import Connection, Pool, transaction
from services.kit.inbox import first_time


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page: the next page begins after it."""

    updated_at: dt.datetime
    id: str


_COLUMNS = "id, reference, test, revision, state, progress, received_at, updated_at"


class StatusUnit:
    """One event's change. Its methods belong to the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def first_time(self, event_id: str, now: dt.datetime) -> bool:
        """Whether this event has not been counted yet."""
        return await first_time(self._connection, event_id, now)

    async def progress_of(self, referral_id: str) -> Progress | None:
        """The evidence so far, held against other events of the same referral."""
        found = await self._connection.fetchval("SELECT progress FROM referral WHERE id = $1 FOR UPDATE", referral_id)
        return None if found is None else Progress.model_validate_json(found)

    async def keep(self, referral_id: str, progress: Progress, state: State, now: dt.datetime) -> None:
        """Keep the evidence and the state that follows from it."""
        await self._connection.execute(
            "UPDATE referral SET progress = $2::jsonb, state = $3, updated_at = $4 WHERE id = $1",
            referral_id,
            progress.model_dump_json(),
            state,
            now,
        )

    async def add_entry(self, referral_id: str, entry: TimelineEntry) -> None:
        """One more line of the timeline."""
        await self._connection.execute(
            "INSERT INTO timeline (referral_id, revision, event, at, destination) VALUES ($1, $2, $3, $4, $5)",
            referral_id,
            entry.revision,
            entry.event,
            entry.at,
            entry.destination,
        )

    async def settle(self, referral_id: str, revision: int, now: dt.datetime) -> None:
        """Close the ledger's row: nothing is published again, and the sealed box leaves this database."""
        await self._connection.execute(
            """WITH settled AS (UPDATE referral SET settled_at = $3 WHERE id = $1 AND revision = $2
                                AND settled_at IS NULL)
               DELETE FROM open_emission WHERE referral_id = $1 AND revision = $2""",
            referral_id,
            revision,
            now,
        )


class Statuses:
    """Reads and opens units of work."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @contextlib.asynccontextmanager
    async def unit(self) -> AsyncIterator[StatusUnit]:
        """A unit that commits at the end of the block. Raises InfrastructureError."""
        async with transaction(self._pool) as connection:
            yield StatusUnit(connection)

    async def find(self, client_id: str, referral_id: str) -> tuple[Row, Sequence[TimelineEntry]] | None:
        """A referral of this client, or None: another client's looks the same as none. Raises InfrastructureError."""
        async with transaction(self._pool) as connection:
            row = await connection.fetchrow(
                f"SELECT {_COLUMNS} FROM referral WHERE id = $1 AND client_id = $2",  # noqa: S608 - column names
                referral_id,
                client_id,
            )
            if row is None:
                return None
            lines = await connection.fetch(
                "SELECT event, at, revision, destination FROM timeline WHERE referral_id = $1 ORDER BY at, id",
                referral_id,
            )
            return _row(row), tuple(timeline_entry(line) for line in lines)

    async def page(
        self, client_id: str, state: State | None, since: dt.datetime | None, after: Cursor | None, limit: int
    ) -> Sequence[Row]:
        """This client's referrals in the order of their last change. Raises InfrastructureError."""
        async with transaction(self._pool) as connection:
            rows = await connection.fetch(
                f"""SELECT {_COLUMNS} FROM referral
                    WHERE client_id = $1 AND ($2::text IS NULL OR state = $2)
                      AND ($3::timestamptz IS NULL OR updated_at >= $3)
                      AND ($4::timestamptz IS NULL OR (updated_at, id) > ($4, $5))
                    ORDER BY updated_at, id LIMIT $6""",  # noqa: S608 - column names
                client_id,
                state,
                since,
                after.updated_at if after else None,
                after.id if after else None,
                limit,
            )
            return tuple(_row(row) for row in rows)


def _row(row: object) -> Row:
    values = dict(row)  # type: ignore[call-overload]  # asyncpg's record is a mapping
    return Row(**(values | {"progress": Progress.model_validate_json(values["progress"])}))
