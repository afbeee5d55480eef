"""kill -9 of a consumer and of a relay at the worst point, on real parts, with the mistakes that must be caught."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path

import asyncpg
import pytest

from contracts.codec import encode
from services.kit.outbox import enqueue
from services.local.kafka import EmbeddedKafka
from services.local.postgres import EmbeddedPostgres
from tests.integration.kit.conftest import make_database
from tests.support.kit_lab import Verdict, declare, judge, numbered_events, produce, read_all
from tests.support.kit_process import Job, run_killed

pytestmark = pytest.mark.real_kafka

EVENTS = numbered_events(30, 10)
IDS = [event.id for event in EVENTS]
KILLED = -9


async def consumer_arm(kafka: EmbeddedKafka, topic: str, folder: Path, bad: bool) -> Verdict:
    notes = folder / f"handled-{bad}"
    job = Job(
        "consumer", kafka.bootstrap_servers, bad, topic=topic, group=f"kit-{uuid.uuid4().hex[:8]}", notes=str(notes)
    )
    codes = await asyncio.to_thread(run_killed, job, [35, 60, 20])
    assert codes == [KILLED, KILLED, KILLED, 0]
    return judge(IDS, notes.read_text().splitlines())


async def test_a_consumer_killed_between_handling_and_commit_loses_nothing_and_the_default_ack_policy_is_caught(
    kafka: EmbeddedKafka, tmp_path: Path
) -> None:
    topic = declare(kafka)
    await produce(kafka, topic, EVENTS)
    ours, default = await asyncio.gather(
        consumer_arm(kafka, topic, tmp_path, bad=False), consumer_arm(kafka, topic, tmp_path, bad=True)
    )
    print(f"three kills between handling and commit: ours {ours}, default ack policy {default}")
    assert (ours.lost, ours.out_of_order) == (0, 0)
    assert default.lost > 0


async def relay_arm(kafka: EmbeddedKafka, dsn_file: Path, dsn: str, *, bad: bool, die_before_sending: bool) -> Verdict:
    topic = declare(kafka, partitions=1)
    connection = await asyncpg.connect(dsn)
    async with connection.transaction():
        for event in map(encode, EVENTS):
            await enqueue(connection, type(event)(topic, event.key, event.value, event.headers))
    job = Job("relay", kafka.bootstrap_servers, bad, dsn_file=str(dsn_file), die_before_sending=die_before_sending)
    codes = await asyncio.to_thread(run_killed, job, [4, 2])
    assert codes == [KILLED, KILLED, 0]
    assert await connection.fetchval("SELECT count(*) FROM outbox") == 0
    await connection.close()
    return judge(IDS, [str(record.header("ce_id")) for record in await read_all(kafka, topic)])


async def test_a_killed_relay_loses_no_row_keeps_the_order_and_deleting_before_confirmation_is_caught(
    kafka: EmbeddedKafka, postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    files = [await make_database(postgres, tmp_path) for _ in range(2)]
    ours, hasty = await asyncio.gather(
        relay_arm(kafka, files[0], files[0].read_text(), bad=False, die_before_sending=False),
        relay_arm(kafka, files[1], files[1].read_text(), bad=True, die_before_sending=True),
    )
    print(f"two kills in the middle: ours {ours}, deleting first {hasty}")
    assert ours == Verdict(lost=0, duplicates=40, out_of_order=0), "a batch of twenty again for each kill, no more"
    assert hasty.lost == 40
