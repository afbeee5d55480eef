"""Notify on a real PostgreSQL and a real mail server, with a clock that the test moves."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import json
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from contracts.codec import decode
from contracts.envelope import Envelope
from contracts.model import Contract
from contracts.policy import Pack
from services.kit.database import Pool, open_pool
from services.kit.migrations import migrate
from services.kit.policy_pack import load_pack
from services.kit.settings import DatabaseSettings
from services.local.mail_catcher import MailCatcher
from services.local.mail_store import CaughtMail
from services.local.postgres import EmbeddedPostgres
from services.notify.__main__ import MIGRATIONS
from services.notify.adapters import staff
from services.notify.adapters.smtp import SmtpChannel
from services.notify.adapters.templates import MailTemplates
from services.notify.domain.permissions import Role
from services.notify.domain.retry import Outcome
from services.notify.handlers import Notify
from services.notify.settings import SmtpSettings
from services.notify.workers import DeliveryWorker, Sweeper
from tests.support.embedded import _session_mail_catcher, mail_catcher, postgres
from tests.unit.notify.events import NOON

__all__ = ["_session_mail_catcher", "mail_catcher", "postgres"]

KENT = Path(__file__).parents[3] / "services/routing/policies/kent"


@dataclass
class World:
    """One notify with everything a test looks at. `now` is its clock."""

    pool: Pool
    pack: Pack
    mails: MailCatcher
    notify: Notify
    now: dt.datetime = NOON

    def pass_time(self, **much: float) -> None:
        self.now += dt.timedelta(**much)

    async def send_all(self, notify: Notify | None = None) -> list[Outcome]:
        """Send what is due now, one message after the other."""
        sender, outcomes = notify or self.notify, list[Outcome]()
        while claimed := await sender.claim(10):
            outcomes += [await sender.deliver(one) for one in claimed]
        return outcomes

    async def sweep(self) -> int:
        """Take every escalation step that is due."""
        return await Sweeper(self.notify, 1.0).sweep()

    async def events(self) -> list[Contract]:
        """What the outbox holds, in order, through the codec."""
        rows = await self.pool.fetch("SELECT key, value, headers FROM outbox ORDER BY id")
        return [_event(row) for row in rows]

    async def event_ids(self) -> list[str]:
        rows = await self.pool.fetch("SELECT headers::json ->> 'ce_id' AS id FROM outbox ORDER BY id")
        return [row["id"] for row in rows]

    async def provision(self, *destinations: str, role: Role = "caseworker", name: str = "person-1") -> str:
        async with self.pool.acquire() as connection:
            return await staff.provision(connection, name, destinations, role, self.now)

    async def notifications(self) -> dict[str, str]:
        """State by destination."""
        rows = await self.pool.fetch("SELECT destination, state FROM notifications")
        return {row["destination"]: row["state"] for row in rows}

    async def the_notification(self, destination: str = "front_door") -> uuid.UUID:
        found: uuid.UUID = await self.pool.fetchval("SELECT id FROM notifications WHERE destination = $1", destination)
        return found

    def letters(self) -> list[CaughtMail]:
        return self.mails.messages()

    def told(self) -> list[str]:
        """Who got mail, in order."""
        return [one.recipients[0] for one in self.letters()]


def _event(row: Any) -> Contract:
    headers = [(name, text.encode()) for name, text in json.loads(row["headers"]).items()]
    decoded = decode(row["key"], row["value"], headers)
    assert isinstance(decoded, Envelope), decoded
    return decoded.data


@pytest.fixture
async def world(postgres: EmbeddedPostgres, mail_catcher: MailCatcher, tmp_path: Path) -> AsyncIterator[World]:
    """A fresh database and an empty mail server."""
    name = f"notify_{uuid.uuid4().hex[:12]}"
    dsn_file = tmp_path / "dsn"
    dsn_file.write_text(postgres.create_database(name, "notify"))
    await asyncio.to_thread(migrate, dsn_file.read_text(), MIGRATIONS)
    pool = await open_pool(DatabaseSettings(dsn_file=dsn_file))
    made = World(pool, load_pack(KENT), mail_catcher, None)  # type: ignore[arg-type]
    channel = SmtpChannel(SmtpSettings(port=mail_catcher.smtp_port, starttls=False, timeout_seconds=5.0))
    made.notify = Notify(
        pool, lambda: made.pack, lambda: made.now, MailTemplates("en"), channel, "https://saferoute.example.org"
    )
    yield made
    await channel.close()
    await pool.close()


@contextlib.asynccontextmanager
async def working(world: World) -> AsyncIterator[DeliveryWorker]:
    """The delivery worker, running."""
    worker = DeliveryWorker(world.notify)
    world.notify.wake = worker.wake
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def passing(world: World, seconds: float, done: Callable[[], bool] = lambda: False) -> None:
    """Let time pass, the world's ten times as fast as ours, until `done` or until so many of our seconds are over."""
    for _ in range(int(seconds * 10)):
        if done():
            return
        world.pass_time(seconds=1)
        await asyncio.sleep(0.1)
