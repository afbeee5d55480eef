"""No trace: what identifies a child is in sealed parts and in the vault, and nowhere else that anybody can look."""

from __future__ import annotations

import asyncio
import base64
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer

from contracts.topics import DEAD_LETTERS, SERVICES, TOPICS
from services.local.commands import sample_urns
from services.local.stack import Stack, running
from tests.support.canary import Planted, Search
from tests.support.embedded import run_directory
from tests.support.stack import Client, client_of, options

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.real_kafka]

REFERRALS = 200
REFERRALS_WITH_FAULTS = 40
URN = sample_urns()[0]
OFFSETS_ONLY = frozenset({".index", ".timeindex"})
"""Kafka's maps from offsets and times to positions: numbers only, laid out 10 MB each in advance."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def faulty() -> AsyncIterator[Client]:
    """A system whose services raise exceptions full of personal data."""
    launchers = {service: (sys.executable, "-m", "tests.support.faulty", service) for service in SERVICES}
    soon = {"intake": {"SAFEROUTE_STALL_AFTER_SECONDS": "5"}}  # what three faults in a row gave up on comes again
    with run_directory("faulty") as folder:
        async with (
            running(options(folder, launchers=launchers, overrides=soon)) as stack,
            client_of(stack) as client,
        ):
            yield client


async def test_planted_identifiers_leave_no_trace(client: Client) -> None:
    planted = [Planted.number(index) for index in range(REFERRALS)]
    said = await post_all(client, planted)
    assert Search(planted).traces(said) == set()
    assert await found_anywhere(client.stack, planted) == {}


async def test_no_trace_is_left_when_every_service_raises_exceptions_that_hold_them(faulty: Client) -> None:
    planted = [Planted.number(1_000 + index) for index in range(REFERRALS_WITH_FAULTS)]
    said = await post_all(faulty, planted)
    assert Search(planted).traces(said) == set()
    assert await found_anywhere(faulty.stack, planted) == {}
    logs = b"".join(path.read_bytes() for path in (faulty.stack.deployment.run_dir / "logs").iterdir())
    assert b'"ValueError"' in logs, "the faults were not injected"


async def post_all(client: Client, planted: list[Planted]) -> bytes:
    """Post them all and wait until each was told; what intake said, as bytes."""
    said, ids = [], []
    for index, one in enumerate(planted):
        body = one.referral(index, URN)
        for attempt in range(10):
            answer = await client.post(body, key=f"canary-{index}")
            said.append(answer.content + repr(answer.headers).encode())
            if answer.status_code == httpx.codes.ACCEPTED:
                ids.append(answer.json()["id"])
                break
            assert attempt < 9, answer.status_code
        broken = await client.post(body | {"learners": one.forename, one.surname: 1})
        assert broken.status_code == httpx.codes.UNPROCESSABLE_ENTITY
        said.append(broken.content)
    for referral_id in ids:
        said.append(repr(await client.reaches(referral_id, "notified", "acknowledged")).encode())
    return b"\n".join(said)


async def found_anywhere(stack: Stack, planted: list[Planted]) -> dict[str, set[str]]:
    """Where traces were found, and which."""
    found: dict[str, set[str]] = {}
    search = Search(planted)
    async for where, content in everything(stack):
        if marks := await asyncio.to_thread(search.traces, content):
            found[where] = marks
    return found


async def everything(stack: Stack) -> AsyncIterator[tuple[str, bytes]]:
    """Every place that holds bytes of the run: files, topics, tables, metrics."""
    for where, content in files(stack.deployment.run_dir):
        yield where, content
    async for where, content in topics(stack):
        yield where, content
    async for where, content in tables(stack):
        yield where, content
    async with httpx.AsyncClient() as http:
        for service in SERVICES:
            metrics = await http.get(f"{stack.deployment.url(service)}/metrics")
            yield f"metrics of {service}", metrics.content


def files(run_dir: Path) -> Iterator[tuple[str, bytes]]:
    """Logs, mails, Kafka's segments, PostgreSQL's tables and write-ahead log, temporary files: the whole folder."""
    for path in sorted(run_dir.rglob("*")):
        if path.is_file() and path.suffix not in OFFSETS_ONLY:
            yield str(path.relative_to(run_dir)), path.read_bytes()


async def topics(stack: Stack) -> AsyncIterator[tuple[str, bytes]]:
    """Keys, headers and values of every record, as a consumer gets them."""
    names = [topic.name for topic in TOPICS] + [letter.name for letter in DEAD_LETTERS]
    consumer = AIOKafkaConsumer(*names, bootstrap_servers=stack.bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        assert sum(ends.values()) > 0
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for partition, records in (await consumer.getmany(timeout_ms=200)).items():
                parts = [record.key or b"" for record in records] + [record.value or b"" for record in records]
                parts += [value for record in records for _, value in record.headers]
                yield f"topic {partition.topic}", b"\n".join(parts)
    finally:
        await consumer.stop()


async def tables(stack: Stack) -> AsyncIterator[tuple[str, bytes]]:
    """Every row of every table as text, what is stored as bytes decoded."""
    for database in ("intake", "redaction", "notify"):
        connection = await asyncpg.connect(stack.postgres.superuser_dsn(database))
        try:
            names = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            for (name,) in names:
                rows = await connection.fetch(f'SELECT * FROM "{name}"')  # noqa: S608 - a name from the catalogue
                values = [value for row in rows for value in row.values()]
                yield (
                    f"table {database}.{name}",
                    b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in values),
                )
        finally:
            await connection.close()


@pytest.mark.parametrize(
    "disguise",
    [
        lambda name: name.encode(),
        lambda name: name.upper().encode(),
        lambda name: f"x{name.lower()}y".encode(),
        lambda name: base64.b64encode(f"and {name} said".encode()),
        lambda name: base64.b64encode(f"so {name} said".encode()),
        lambda name: base64.b64encode(f"that {name}".encode()),
        lambda name: "".join(f"%{byte:02x}" for byte in name.encode()).encode(),
        lambda name: name.encode().hex().encode(),
        lambda name: b"\x00\xff" + name.encode() + b"\x00",
    ],
)
async def test_the_search_finds_what_it_looks_for(disguise: object) -> None:
    one = Planted.number(7)
    assert callable(disguise)
    assert Search([one]).traces(b"before " + disguise(one.surname) + b" after") != set()
    assert Search([Planted.number(8)]).traces(disguise(one.surname)) == set()


async def test_the_search_finds_numbers_and_dates_in_their_written_forms() -> None:
    one = Planted.number(7)
    for form in (one.upn, one.nhs, one.nhs.replace(" ", ""), one.phone, f"{one.born:%d %B %Y}", one.born.isoformat()):
        assert Search([one]).traces(f"… {form} …".encode()) != set()
