"""PostgreSQL: reachable, at its newest revision, with a modest role and a true clock; what waits in two ledgers."""

from __future__ import annotations

import ast
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg

from contracts.topics import Service
from services.kit.clock import Clock
from services.kit.database import OUTAGES, Connection
from services.ops.doctor.findings import Finding, clock, fault, ledger, not_named, ok, revision, role, unanswered
from services.ops.doctor.settings import DoctorSettings

STATEFUL: tuple[Service, ...] = ("intake", "redaction", "notify")
CODE = Path(__file__).parents[2]
CONNECT_SECONDS = 5.0

ROLE = (
    "SELECT rolsuper, rolcreaterole OR rolcreatedb AS creates, rolbypassrls FROM pg_roles WHERE rolname = current_user"
)
OPEN = """
SELECT count(*) AS open, count(*) FILTER (WHERE o.emissions > 1) AS stalled, min(r.received_at) AS oldest
  FROM open_emission o JOIN referral r ON r.id = o.referral_id
"""
OVERDUE = """
SELECT count(*) FILTER (WHERE n.urgency = 'immediate') AS immediate, count(*) AS overdue
  FROM notifications n JOIN referrals r USING (referral_id)
 WHERE n.state = 'open' AND n.ack_due_at < $1 AND NOT (r.facts ->> 'test')::boolean
"""


async def look_at_databases(settings: DoctorSettings, now: Clock) -> AsyncIterator[Finding]:
    """Findings about every database that is named."""
    for service in STATEFUL:
        if service not in settings.databases:
            yield not_named(f"database/{service}", "SAFEROUTE_DATABASES")
            continue
        for finding in await _database(service, settings.databases[service], now):
            yield finding


async def _database(service: Service, dsn_file: Path, now: Clock) -> list[Finding]:
    check = f"database/{service}"
    connection, code = await _connected(dsn_file.read_text().strip() if dsn_file.exists() else "")  # noqa: ASYNC240
    if connection is None:
        return [fault(check, f"it does not let {service} in ({code})",
                      "start PostgreSQL, look at its disk (runbook disk-full) and at the URL's password")]  # fmt: skip
    try:
        return [ok(check, "it answers"), *await _asked(service, connection, now)]
    except (*OUTAGES, asyncpg.PostgresError) as error:
        return [fault(check, f"it answers, and not what it is asked ({type(error).__name__})",
                      f"run `python -m services.{service} migrate`, then look again")]  # fmt: skip
    finally:
        await connection.close()


async def _connected(dsn: str) -> tuple[asyncpg.Connection | None, str]:
    """The connection, or the kind of refusal. Without a URL nothing is guessed from the environment."""
    if not dsn:
        return None, "its file is missing or empty"
    try:
        return await asyncpg.connect(dsn, timeout=CONNECT_SECONDS), ""
    except (*OUTAGES, asyncpg.PostgresError, ValueError) as error:
        return None, type(error).__name__


async def _asked(service: Service, connection: Connection, now: Clock) -> list[Finding]:
    powers = await connection.fetchrow(ROLE)
    before = now()
    theirs: dt.datetime = await connection.fetchval("SELECT clock_timestamp()")
    ours = before + (now() - before) / 2
    found = [
        role(service, superuser=powers["rolsuper"], creates=powers["creates"], bypasses=powers["rolbypassrls"]),
        clock(f"database/{service}/clock", (theirs - ours).total_seconds()),
        revision(service, await _revision(connection), newest_revision(service)),
    ]
    if found[-1].level == "fault":
        return found
    match service:
        case "intake":
            row = await connection.fetchrow(OPEN)
            age = (theirs - row["oldest"]).total_seconds() if row["oldest"] else 0.0
            found.append(ledger(row["open"], row["stalled"], age))
        case "notify":
            row = await connection.fetchrow(OVERDUE, theirs)
            found.append(unanswered(row["immediate"], row["overdue"] - row["immediate"]))
        case "redaction" | "routing":
            pass
    return found


async def _revision(connection: Connection) -> str | None:
    """Where Alembic says that the tables stand; None in an empty database."""
    if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
        return None
    found: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    return found


def newest_revision(service: Service, code: Path = CODE) -> str | None:
    """The revision that no other one builds upon, read from the migrations without running them; None without any."""
    ids: set[str] = set()
    built_upon: set[str] = set()
    for path in (code / service / "migrations" / "versions").glob("*.py"):
        for node in ast.parse(path.read_text()).body:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=value)):
                    pass
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=value)):
                    pass
                case _:
                    continue
            ids |= {str(value)} if name == "revision" else set()
            built_upon |= {str(value)} if name == "down_revision" else set()
    return max(ids - built_upon, default=None)
