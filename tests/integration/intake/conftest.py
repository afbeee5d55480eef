"""An intake of one's own on a real PostgreSQL: database, keys, two clients, a clock that stands still until told."""

from __future__ import annotations

import datetime as dt
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from contracts.codec import decode
from contracts.envelope import Envelope
from contracts.model import Contract
from services.intake.adapters.files import new_fingerprint_key
from services.intake.app import MIGRATIONS, create_app
from services.intake.commands import provision_client
from services.intake.settings import IntakeSettings
from services.kit.migrations import migrate
from services.kit.sealing import PrivateKeyRing, generate_key_pair, load_private_ring, write_private_file
from services.kit.serve import Fatal
from services.kit.settings import DatabaseSettings, KafkaSettings
from services.local.postgres import EmbeddedPostgres
from services.local.processes import free_port

PACK = Path("services/routing/policies/kent")
MONDAY_MORNING = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)
KEPT = frozenset({"alembic_version", "api_client", "api_key"})
OURS, ALSO_OURS, THEIRS = "917001", "917002", "917099"


@dataclass
class StillClock:
    """A clock that a test moves."""

    now: dt.datetime = MONDAY_MORNING

    def __call__(self) -> dt.datetime:
        return self.now

    def forward(self, **length: float) -> None:
        self.now += dt.timedelta(**length)


@dataclass
class Intake:
    """A running intake, as a client and as its operator see it."""

    http: httpx.AsyncClient
    database: asyncpg.Connection[Any]
    ring: PrivateKeyRing
    clock: StillClock
    dsn: str
    keys: dict[str, str] = field(default_factory=dict)

    async def post(self, body: object, *, key: str | None = None, client: str = "ours", **more: Any) -> httpx.Response:
        """Post a referral as `client` under an Idempotency-Key of its own, or under `key`."""
        headers = self.auth(client) | {"Idempotency-Key": key or secrets.token_hex(16)} | more.pop("headers", {})
        return await self.http.post("/v1/referrals", json=body, headers=headers, **more)

    async def get(self, path: str, *, client: str = "ours") -> httpx.Response:
        """Get as `client`."""
        return await self.http.get(path, headers=self.auth(client))

    def auth(self, client: str = "ours") -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[client]}"}

    async def outbox(self) -> list[Envelope[Contract]]:
        """The events that wait for Kafka, in order."""
        rows = await self.database.fetch("SELECT key, value, headers::jsonb AS headers FROM outbox ORDER BY id")
        return [decoded(row["key"], row["value"], row["headers"]) for row in rows]

    async def count(self, table: str) -> int:
        return int(await self.database.fetchval(f"SELECT count(*) FROM {table}"))  # noqa: S608 - a test's own word


def decoded(key: bytes, value: bytes, headers: str) -> Envelope[Contract]:
    """An outbox row as its consumers will read it."""
    envelope = decode(key, value, [(name, text.encode()) for name, text in json.loads(headers).items()])
    assert isinstance(envelope, Envelope)
    return envelope


def referral(**changes: Any) -> dict[str, Any]:
    """A referral with its mandatory fields and a subject; `changes` replace whole parts."""
    body: dict[str, Any] = {
        "school": {"urn": OURS},
        "referrer": {"name": "Denise Farrant", "role": "DSL", "email": "d.farrant@samphirebay.example"},
        "learners": [{"legal_forename": "Oskar", "legal_surname": "Farthingale", "date_of_birth": "2014-02-11"}],
        "concern": {"narrative": "Oskar said that he is afraid to go home.", "categories": ["neglect"]},
    }
    return body | changes


def new_database(postgres: EmbeddedPostgres) -> str:
    """A database of one's own at intake's newest revision."""
    name = f"intake_{secrets.token_hex(6)}"
    dsn = postgres.create_database(name, name)
    migrate(dsn, MIGRATIONS)
    return dsn


def settings_for(folder: Path, dsn: str, bootstrap_servers: str, **more: Any) -> IntakeSettings:
    """Settings of an intake whose files are in `folder`."""
    public, private = generate_key_pair()
    (folder / "sealing.public.json").write_text(public)
    write_private_file(folder / "sealing.private.json", private)
    write_private_file(folder / "fingerprint.key", new_fingerprint_key())
    write_private_file(folder / "intake.dsn", dsn)
    return IntakeSettings(
        database=DatabaseSettings(dsn_file=folder / "intake.dsn"),
        kafka=KafkaSettings(bootstrap_servers=bootstrap_servers),
        policy_pack=PACK,
        sealing_key_file=folder / "sealing.public.json",
        fingerprint_key_file=folder / "fingerprint.key",
        log_level="DEBUG",
        **more,
    )


@asynccontextmanager
async def running(settings: IntakeSettings, folder: Path, clock: StillClock | None = None) -> AsyncIterator[Intake]:
    """The service in this process, its HTTP door reached without a socket."""
    clock = clock or StillClock()
    app = create_app(settings, Fatal(), clock)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    database = await asyncpg.connect(settings.database.dsn())
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://intake.example") as http,
    ):
        ring = load_private_ring([folder / "sealing.private.json"])
        yield Intake(http, database, ring, clock, settings.database.dsn())
    await database.close()


async def with_clients(intake: Intake) -> Intake:
    """Provision the clients that tests post as."""
    dsn = intake.dsn
    await intake.database.execute("TRUNCATE api_client CASCADE")
    intake.keys = {
        "ours": await provision_client(dsn, "ours", (OURS,), "live"),
        "both": await provision_client(dsn, "both", (OURS, ALSO_OURS), "live"),
        "theirs": await provision_client(dsn, "theirs", (THEIRS,), "live"),
        "trial": await provision_client(dsn, "trial", (OURS,), "test"),
    }
    return intake


@pytest.fixture(scope="session")
def intake_dsn(postgres: EmbeddedPostgres) -> str:
    """A database at intake's newest revision, shared by the tests of a session."""
    return new_database(postgres)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_intake(intake_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Intake]:
    """An intake without Kafka: nobody listens on its port, so outbox rows stay where they are."""
    folder = tmp_path_factory.mktemp("intake")
    settings = settings_for(folder, intake_dsn, f"127.0.0.1:{free_port()}", emission_poll_seconds=3_600)
    async with running(settings, folder) as started:
        yield await with_clients(started)


@pytest_asyncio.fixture(loop_scope="module")
async def intake(shared_intake: Intake) -> Intake:
    """The module's intake with an empty ledger, on Monday morning."""
    names = await shared_intake.database.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    tables = [row["tablename"] for row in names if row["tablename"] not in KEPT]
    await shared_intake.database.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY")
    shared_intake.clock.now = MONDAY_MORNING
    return shared_intake
