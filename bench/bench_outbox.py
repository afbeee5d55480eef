"""Our outbox relay beside faststream-outbox: the same rows, the same kills, one run. `python -m bench.bench_outbox`.

Three measurements each: what kill -9 of the relay process loses, repeats and lets overtake; rows a second without
kills; milliseconds from the commit of a single row to its record in Kafka while nothing else happens.
faststream-outbox runs with one worker, as two would break the order for sure, and with a lease of two seconds instead
of its 60, so that the rows of a killed relay come back while the test still looks.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Literal

import asyncpg
from aiokafka import AIOKafkaConsumer
from faststream_outbox import OutboxBroker, make_outbox_table
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from contracts.codec import Encoded
from services.kit.broker import Publisher, create_broker
from services.kit.database import open_pool, transaction
from services.kit.outbox import Relay, enqueue
from services.kit.settings import DatabaseSettings, KafkaSettings
from services.local.kafka import EmbeddedKafka
from services.local.postgres import EmbeddedPostgres
from services.local.topics import TopicSpec
from tests.support.kit_lab import Verdict, judge, read_all

Name = Literal["ours", "faststream-outbox"]
NAMES: tuple[Name, ...] = ("ours", "faststream-outbox")
QUEUE = "relay"
TABLE = (
    "CREATE TABLE outbox (id bigserial PRIMARY KEY, topic text NOT NULL, key bytea, value bytea NOT NULL,"
    " headers text NOT NULL)"
)
PAYLOAD = "x" * 2_000
"""Bytes of filling a row: a redacted referral is about as large."""
IDLE_ROWS = 20
STRIKE_SECONDS = 0.2
"""A kill strikes at a random moment of this long after the relay reached its database: both are at work then."""


def row(topic: str, number: int, keys: int) -> Encoded:
    """Row `number`: the ids of one key count up, so that order can be judged."""
    key = f"k{number % keys}"
    headers = {"ce_id": f"{key}/{number // keys}"}
    return Encoded(topic, key.encode(), json.dumps({"id": headers["ce_id"], "fill": PAYLOAD}).encode(), headers)


class Ours:
    """services.kit.outbox, as the services run it."""

    def __init__(self, bootstrap_servers: str, dsn: str, topic: str) -> None:
        self._kafka = create_broker(KafkaSettings(bootstrap_servers=bootstrap_servers))
        self._dsn, self._topic = dsn, topic
        self.count = "SELECT count(*) FROM outbox"

    async def prepare(self) -> None:
        connection = await asyncpg.connect(self._dsn)
        await connection.execute(TABLE)
        await connection.close()

    @contextlib.asynccontextmanager
    async def opened(self, relaying: bool) -> AsyncIterator[None]:
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(self._dsn)
            file.flush()
            self._pool = await open_pool(DatabaseSettings(dsn_file=Path(file.name)))
        self._relay = Relay(self._pool, Publisher(self._kafka, lambda: sys.exit("broken")))
        if relaying:
            await self._kafka.start()
        task = asyncio.create_task(self._relay.run()) if relaying else None
        yield
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
        await self._kafka.stop()
        await self._pool.close()

    async def write(self, rows: Sequence[Encoded]) -> None:
        async with transaction(self._pool) as connection:
            await enqueue(connection, *rows)
        self._relay.wake()


class Library:
    """faststream-outbox: a subscriber of its table that publishes each row with its key and waits for Kafka."""

    lease_seconds = 2.0

    def __init__(self, bootstrap_servers: str, dsn: str, topic: str) -> None:
        self._kafka = create_broker(KafkaSettings(bootstrap_servers=bootstrap_servers))
        self._engine: AsyncEngine = create_async_engine(dsn.replace("postgresql://", "postgresql+asyncpg://", 1))
        self._metadata = MetaData()
        table = make_outbox_table(self._metadata, table_name="outbox")
        self._outbox = OutboxBroker(self._engine, outbox_table=table, apply_types=False, logger=None)
        publisher = Publisher(self._kafka, lambda: sys.exit("broken"))
        self.count = "SELECT count(*) FROM outbox"

        async def relay(body: Any) -> None:
            value = body if isinstance(body, bytes) else json.dumps(body).encode()
            event_id = json.loads(value)["id"]
            await publisher.publish([Encoded(topic, event_id.split("/")[0].encode(), value, {"ce_id": event_id})])

        self._outbox.subscriber(
            QUEUE,
            max_workers=1,
            fetch_batch_size=100,
            min_fetch_interval=0.05,
            max_fetch_interval=0.25,
            lease_ttl_seconds=self.lease_seconds,
            terminal_flush_batch_size=20,
        )(relay)

    async def prepare(self) -> None:
        async with self._engine.begin() as connection:
            await connection.run_sync(self._metadata.create_all)

    @contextlib.asynccontextmanager
    async def opened(self, relaying: bool) -> AsyncIterator[None]:
        if relaying:
            await self._kafka.start()
            await self._outbox.start()
        yield
        if relaying:
            await self._outbox.stop()
            await self._kafka.stop()
        await self._engine.dispose()

    async def write(self, rows: Sequence[Encoded]) -> None:
        async with self._engine.begin() as connection:
            for encoded in rows:
                await self._outbox.publish(encoded.value, queue=QUEUE, session=connection)


def subject(name: Name, bootstrap_servers: str, dsn: str, topic: str) -> Ours | Library:
    match name:
        case "ours":
            return Ours(bootstrap_servers, dsn, topic)
        case "faststream-outbox":
            return Library(bootstrap_servers, dsn, topic)


async def relay_for_ever(name: Name, bootstrap_servers: str, dsn: str, topic: str) -> None:
    """What the killed process does."""
    async with subject(name, bootstrap_servers, dsn, topic).opened(relaying=True):
        await asyncio.Event().wait()


class Place:
    """A topic and a database of one measurement's own."""

    def __init__(self, kafka: EmbeddedKafka, postgres: EmbeddedPostgres, name: Name, purpose: str) -> None:
        label = f"{name.replace('-', '_')}_{purpose}"
        self.kafka, self.name, self.topic = kafka, name, f"bench.{label}"
        self.dsn = postgres.create_database(label, label)
        kafka.declare_topics([TopicSpec(self.topic, 6)])

    def subject(self) -> Ours | Library:
        return subject(self.name, self.kafka.bootstrap_servers, self.dsn, self.topic)

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "bench.bench_outbox", "--relay", self.name]
        command += [self.kafka.bootstrap_servers, self.dsn, self.topic, "--lease", str(Library.lease_seconds)]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    async def waiting(self, connection: asyncpg.Connection) -> int:
        return int(await connection.fetchval("SELECT count(*) FROM outbox"))


async def strike(place: Place, connection: asyncpg.Connection, worker: subprocess.Popen[bytes], delay: float) -> None:
    """Kill the relay `delay` seconds after it reached its database, which is in the middle of what waits there."""
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    before, deadline = await connection.fetchval(others), time.monotonic() + 30
    while await connection.fetchval(others) <= before and time.monotonic() < deadline:  # noqa: ASYNC110 - no event
        await asyncio.sleep(0.002)
    await asyncio.sleep(delay)
    worker.kill()
    worker.wait()
    await asyncio.sleep(0.05)


async def killed(place: Place, rows: int, keys: int, kills: int, seed: int) -> tuple[Verdict, float]:
    """Write in portions; kill the relay at a random point of every portion; let the last process finish."""
    chance = random.Random(seed)
    writer = place.subject()
    await writer.prepare()
    connection = await asyncpg.connect(place.dsn)
    per_portion = -(-rows // kills)
    started = time.monotonic()
    async with writer.opened(relaying=False):
        for start in range(0, rows, per_portion):
            numbers = range(start, min(start + per_portion, rows))
            await writer.write([row(place.topic, number, keys) for number in numbers])
            await strike(place, connection, place.start(), chance.uniform(0, STRIKE_SECONDS))
        worker = place.start()
        while await place.waiting(connection):  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.05)
    worker.kill()
    worker.wait()
    await connection.close()
    sent = [row(place.topic, number, keys).headers["ce_id"] for number in range(rows)]
    arrived = [str(record.header("ce_id")) for record in await read_all(place.kafka, place.topic)]
    return judge(sent, arrived), time.monotonic() - started


async def steady(place: Place, rows: int, keys: int) -> float:
    """Rows a second: everything is there, then one relay starts inside this process."""
    relay = place.subject()
    await relay.prepare()
    writer = place.subject()
    async with writer.opened(relaying=False):
        await writer.write([row(place.topic, number, keys) for number in range(rows)])
    connection = await asyncpg.connect(place.dsn)
    async with relay.opened(relaying=True):
        started = time.monotonic()
        while await place.waiting(connection):  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.005)
        seconds = time.monotonic() - started
    await connection.close()
    return rows / seconds


async def idle(place: Place) -> list[float]:
    """Milliseconds from the commit of a lone row to its record at a consumer."""
    relay, delays = place.subject(), []
    await relay.prepare()
    consumer = AIOKafkaConsumer(place.topic, bootstrap_servers=place.kafka.bootstrap_servers, group_id=None)
    await consumer.start()
    async with relay.opened(relaying=True):
        await asyncio.sleep(2)
        for number in range(IDLE_ROWS):
            await relay.write([row(place.topic, number, 5)])
            committed = time.monotonic()
            await asyncio.wait_for(consumer.getone(), 20)
            delays.append(1000 * (time.monotonic() - committed))
            await asyncio.sleep(0.37)
    await consumer.stop()
    return sorted(delays)


async def compare(rows: int, keys: int, kills: int, seed: int, folder: Path) -> None:
    with EmbeddedKafka(folder / "kafka") as kafka, EmbeddedPostgres(folder / "postgres") as postgres:
        print(f"{rows} rows over {keys} keys, {kills} kill -9, seed {seed}")
        for name in NAMES:
            verdict, seconds = await killed(Place(kafka, postgres, name, "kills"), rows, keys, kills, seed)
            rate = await steady(Place(kafka, postgres, name, "steady"), rows, keys)
            delays = await idle(Place(kafka, postgres, name, "idle"))
            print(
                f"{name:18} kills: lost {verdict.lost}, duplicates {verdict.duplicates}, out of order "
                f"{verdict.out_of_order}, {seconds:.0f} s   steady: {rate:.0f} rows/s   idle: p50 "
                f"{statistics.median(delays):.0f} ms, p95 {delays[int(len(delays) * 0.95)]:.0f} ms",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--keys", type=int, default=300)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--relay", nargs=4, metavar=("NAME", "KAFKA", "DSN", "TOPIC"), help=argparse.SUPPRESS)
    parser.add_argument("--lease", type=float, default=Library.lease_seconds, help="faststream-outbox's, in seconds")
    given = parser.parse_args()
    Library.lease_seconds = given.lease
    if given.relay is not None:
        asyncio.run(relay_for_ever(*given.relay))
        return
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(compare(given.rows, given.keys, given.kills, given.seed, Path(folder)))


if __name__ == "__main__":
    main()
