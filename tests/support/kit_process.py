"""A consumer or a relay of services/kit as a process of its own, to be killed: `python -m tests.support.kit_process`.

It takes one JSON argument and kills itself (SIGKILL) at the point it is told, so that every kill of a test strikes.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

from faststream import AckPolicy

from contracts.codec import Encoded
from contracts.envelope import Envelope
from contracts.model import Contract
from services.kit import outbox
from services.kit.broker import Publisher, create_broker
from services.kit.database import Connection, open_pool
from services.kit.dead_letter import Settler
from services.kit.outbox import Relay
from services.kit.settings import DatabaseSettings, KafkaSettings
from tests.support.kit_lab import SERVICE, Wiring, subscribe

IDLE_SECONDS = 1.5
"""A consumer that got nothing for so long has got all it will ever get."""


@dataclasses.dataclass(frozen=True)
class Job:
    """What the process does. `die_after` counts handled records, or published batches; 0 means it lives on."""

    part: Literal["consumer", "relay"]
    bootstrap_servers: str
    bad: bool
    die_after: int = 0
    topic: str = ""
    group: str = ""
    notes: str = ""
    dsn_file: str = ""
    batch_rows: int = 20
    die_before_sending: bool = False


def start(job: Job) -> subprocess.Popen[bytes]:
    """Start the process of a job."""
    command = [sys.executable, "-m", "tests.support.kit_process", json.dumps(dataclasses.asdict(job))]
    root = str(Path(__file__).parents[2])
    return subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def run_killed(job: Job, deaths: Sequence[int]) -> list[int]:
    """Run the job once per planned death, then once to its end. Answers the exit codes."""
    codes = [start(dataclasses.replace(job, die_after=death)).wait(60) for death in deaths]
    return [*codes, start(job).wait(60)]


WORK_SECONDS = 0.1
"""As long as the interval of auto-commit (kit_lab): the mistake has committed before the work is done."""


class _Notes:
    """Handles an event in WORK_SECONDS and appends its id to a file, which survives the process."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._file = os.open(job.notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._count = 0
        self.quiet_since = asyncio.get_running_loop().time() + 8.0

    async def __call__(self, envelope: Envelope[Contract]) -> Sequence[Envelope[Contract]]:
        await asyncio.sleep(WORK_SECONDS)
        os.write(self._file, f"{envelope.id}\n".encode())
        self._count += 1
        self.quiet_since = asyncio.get_running_loop().time()
        if self._count == self._job.die_after:
            os.kill(os.getpid(), signal.SIGKILL)
        return []


async def consume(job: Job) -> None:
    """Consume until nothing has come for a while."""
    broker = create_broker(KafkaSettings(bootstrap_servers=job.bootstrap_servers))
    notes = _Notes(job)
    settler = Settler(SERVICE, Publisher(broker, lambda: None), notes)
    policy = AckPolicy.ACK_FIRST if job.bad else AckPolicy.NACK_ON_ERROR
    subscribe(broker, job.topic, job.group, settler.settle, Wiring(ack_policy=policy, instance="one"))
    await broker.start()
    while asyncio.get_running_loop().time() < notes.quiet_since + IDLE_SECONDS:  # noqa: ASYNC110 - records have no event
        await asyncio.sleep(0.1)
    await broker.stop()


class _MortalPublisher(Publisher):
    """Dies in the batch it is told to: just before sending it, or just after Kafka confirmed it."""

    def __init__(self, broker: Any, job: Job) -> None:
        super().__init__(broker, lambda: os._exit(1))
        self._job = job
        self._batches = 0

    async def publish(self, events: Iterable[Encoded]) -> None:
        self._batches += 1
        last = self._batches == self._job.die_after
        if last and self._job.die_before_sending:
            os.kill(os.getpid(), signal.SIGKILL)
        await super().publish(events)
        if last:
            os.kill(os.getpid(), signal.SIGKILL)


class _HastyRelay(Relay):
    """The mistake: rows are deleted first and published afterwards."""

    async def _relay_batch(self, connection: Connection) -> int:
        rows = await connection.fetch("SELECT * FROM outbox ORDER BY id LIMIT $1", outbox.BATCH_ROWS)
        await connection.execute("DELETE FROM outbox WHERE id = ANY($1::bigint[])", [row["id"] for row in rows])
        if rows:
            await self._publisher.publish(
                [Encoded(row["topic"], row["key"], row["value"], json.loads(row["headers"])) for row in rows]
            )
        return len(rows)


async def relay(job: Job) -> None:
    """Relay until the outbox is empty."""
    outbox.BATCH_ROWS = job.batch_rows
    broker = create_broker(KafkaSettings(bootstrap_servers=job.bootstrap_servers))
    await broker.start()
    pool = await open_pool(DatabaseSettings(dsn_file=Path(job.dsn_file)))
    running = asyncio.create_task(
        (_HastyRelay if job.bad else Relay)(pool, _MortalPublisher(broker, job)).run(), name="relay"
    )
    while await pool.fetchval("SELECT count(*) FROM outbox"):  # noqa: ASYNC110 - nor have rows
        await asyncio.sleep(0.1)
    running.cancel()
    await broker.stop()
    await pool.close()


if __name__ == "__main__":
    given = Job(**json.loads(sys.argv[1]))
    asyncio.run(consume(given) if given.part == "consumer" else relay(given))
