"""PostgreSQL away, paused, or asked for nonsense: what a transaction, the inbox, the outbox and the relay do."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from contracts.codec import MAX_VALUE_BYTES, Encoded
from services.kit import outbox
from services.kit.database import Pool, answers, open_pool, transaction
from services.kit.errors import InfrastructureError, PermanentError
from services.kit.inbox import first_time
from services.kit.outbox import Relay, enqueue
from services.kit.settings import DatabaseSettings
from services.local.postgres import EmbeddedPostgres
from tests.support.kit_lab import small, until
from tests.support.records import RememberingPublisher

NOW = dt.datetime(2026, 3, 4, tzinfo=dt.UTC)


async def put(pool: Pool, *events: Encoded) -> None:
    async with transaction(pool) as connection:
        await enqueue(connection, *events)


@contextlib.asynccontextmanager
async def relaying(*relays: Relay) -> Any:
    tasks = [asyncio.create_task(relay.run()) for relay in relays]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


@pytest.mark.parametrize(
    "bug",
    [FileNotFoundError("a template"), KeyError("a field"), PermanentError("handler.permanent")],
    ids=lambda bug: type(bug).__name__,
)
async def test_what_a_transactions_block_raises_passes_through_and_nothing_is_committed(
    pool: Pool, bug: Exception
) -> None:
    with pytest.raises(type(bug)):
        async with transaction(pool) as connection:
            await enqueue(connection, small("t"))
            raise bug
    assert await pool.fetchval("SELECT count(*) FROM outbox") == 0


@pytest.mark.parametrize("arguments", [("one", "too many"), (object(),)], ids=["number", "type"])
async def test_a_statement_with_wrong_arguments_is_a_bug_and_no_outage(pool: Pool, arguments: tuple[Any, ...]) -> None:
    with pytest.raises((asyncpg.InterfaceError, asyncpg.DataError)):
        async with transaction(pool) as connection:
            await connection.fetchval("SELECT $1::int", *arguments)


@pytest.fixture
def wrong_dsn_file(dsn_file: Path) -> Path:
    before_host, _, after = dsn_file.read_text().rpartition("@")
    dsn_file.write_text(f"{before_host}-wrong@{after}")
    return dsn_file


async def test_a_database_that_lets_nobody_in_is_an_outage(wrong_dsn_file: Path) -> None:
    pool = await open_pool(DatabaseSettings(dsn_file=wrong_dsn_file))
    with pytest.raises(InfrastructureError):
        async with transaction(pool):
            pass
    await pool.close()


async def test_an_event_counts_once_however_often_it_comes(pool: Pool) -> None:
    for expected in (True, False):
        async with transaction(pool) as connection:
            assert await first_time(connection, "e1", NOW) is expected


async def test_a_paused_server_is_an_outage_within_seconds_and_the_pool_recovers(
    pool: Pool, postgres: EmbeddedPostgres
) -> None:
    assert await answers(pool)
    postgres.pause()
    try:
        started = time.monotonic()
        with pytest.raises(InfrastructureError):
            await put(pool, small("t"))
        assert time.monotonic() - started < 8
    finally:
        postgres.resume()
    assert await until_answers(pool)
    await put(pool, small("t"))


async def until_answers(pool: Pool) -> bool:
    deadline = time.monotonic() + 10
    while not await answers(pool):
        if time.monotonic() > deadline:
            return False
    return True


async def test_an_event_that_no_consumer_would_take_cannot_enter_the_outbox(pool: Pool) -> None:
    with pytest.raises(PermanentError):
        await put(pool, small("t", value=b"x" * (MAX_VALUE_BYTES + 1)))


async def test_rows_leave_in_the_order_of_their_ids_and_large_ones_in_several_batches(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "BATCH_BYTES", 100_000)
    sizes: list[int] = []

    class Measuring(RememberingPublisher):
        async def publish(self, events: Iterable[Encoded]) -> None:
            batch = list(events)
            sizes.append(sum(len(event.value) for event in batch))
            await super().publish(batch)

    publisher = Measuring(sent=[])
    await put(pool, *(small("t", key=str(number), value=b"x" * 40_000) for number in range(20)))
    async with relaying(Relay(pool, publisher)):
        assert await until(lambda: len(publisher.sent) == 20, 5)
    assert [event.key for event in publisher.sent] == [str(number).encode() for number in range(20)]
    assert max(sizes) == 120_000, "a batch ends with the row that reaches the limit"


async def test_a_row_is_deleted_only_after_kafka_confirmed_it(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "OUTAGE_SECONDS", 0.05)

    class Refusing(RememberingPublisher):
        tries = 0

        async def publish(self, events: Iterable[Encoded]) -> None:
            self.tries += 1
            raise InfrastructureError("broker")

    publisher = Refusing(sent=[])
    await put(pool, small("t"))
    async with relaying(Relay(pool, publisher)):
        assert await until(lambda: publisher.tries >= 3, 5)
    assert await pool.fetchval("SELECT count(*) FROM outbox") == 1


async def test_only_one_relay_is_active_and_another_takes_over(
    pool: Pool, dsn_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "OUTAGE_SECONDS", 0.1)
    second_pool = await open_pool(DatabaseSettings(dsn_file=dsn_file))
    first, second = RememberingPublisher(sent=[]), RememberingPublisher(sent=[])
    async with relaying(Relay(second_pool, second)):
        async with relaying(Relay(pool, first)):
            for number in range(10):
                await put(pool, small("t", key=str(number)))
                await asyncio.sleep(0.05)
            assert await until(lambda: len(first.sent) + len(second.sent) == 10, 5)
            assert not (first.sent and second.sent), "two relays at once would let rows overtake each other"
            active, idle = (first, second) if first.sent else (second, first)
        await put(pool, small("t", key="last"))
        assert await until(lambda: bool((second if active is second else idle).sent), 5)
    await second_pool.close()


async def test_a_relay_outlives_its_database(
    pool: Pool, postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "OUTAGE_SECONDS", 0.1)
    publisher = RememberingPublisher(sent=[])
    relay = Relay(pool, publisher)
    async with relaying(relay):
        await put(pool, small("t", key="before"))
        assert await until(lambda: len(publisher.sent) == 1, 5)
        await asyncio.to_thread(postgres.stop)
        assert not await answers(pool)
        await asyncio.to_thread(postgres.start)
        assert await until_answers(pool)
        await put(pool, small("t", key="after"))
        assert await until(lambda: publisher.sent[-1].key == b"after", 10)


async def test_an_own_transaction_wakes_the_relay_at_once(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "POLL_SECONDS", 30.0)
    publisher = RememberingPublisher(sent=[])
    relay = Relay(pool, publisher)
    async with relaying(relay):
        await asyncio.sleep(0.3)
        await put(pool, small("t"))
        relay.wake()
        assert await until(lambda: len(publisher.sent) == 1, 1)
