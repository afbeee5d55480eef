"""Intake as a process beside a real Kafka: it takes referrals without one, and loses none when one loses everything."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from contracts.codec import decode, encode
from contracts.envelope import Envelope
from contracts.model import Contract
from contracts.topics import DEAD_LETTERS, REFERRAL_RECEIVED, TOPICS, dead_letter_topic
from services.intake.commands import provision_client
from services.local.jars import JarsUnavailableError
from services.local.kafka import EmbeddedKafka
from services.local.processes import free_port
from services.local.topics import TopicSpec
from tests.integration.intake.conftest import OURS, PACK, referral, settings_for
from tests.integration.intake.test_status import Story, enveloped
from tests.support.embedded import require_kafka

pytestmark = pytest.mark.real_kafka

STOP_SECONDS = 15.0
SPECS = [TopicSpec(topic.name, 2) for topic in TOPICS] + [TopicSpec(letter.name, 1) for letter in DEAD_LETTERS]


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[EmbeddedKafka]:
    """A broker that is not running yet."""
    broker = EmbeddedKafka(tmp_path / "kafka")
    yield broker
    broker.stop()


def start(broker: EmbeddedKafka) -> None:
    try:
        broker.start()
    except JarsUnavailableError as reason:
        if require_kafka():
            pytest.fail(f"REQUIRE_KAFKA=1 and no Apache Kafka: {reason}")
        pytest.skip(f"no Apache Kafka: {reason}")
    broker.declare_topics(SPECS)


@dataclass
class Process:
    """The service as its supervisor and a client see it."""

    child: subprocess.Popen[bytes]
    http: httpx.AsyncClient
    log: Path

    async def post(self, key: str, **changes: Any) -> httpx.Response:
        return await self.http.post("/v1/referrals", json=referral(**changes), headers={"Idempotency-Key": key})

    def stop(self) -> int:
        self.child.send_signal(signal.SIGTERM)
        return self.child.wait(STOP_SECONDS)


def launch(folder: Path, dsn: str, bootstrap_servers: str, port: int, more: dict[str, str]) -> subprocess.Popen[bytes]:
    """`python -m services.intake serve` with its files in `folder` and its log beside them."""
    folder.mkdir(exist_ok=True)
    settings_for(folder, dsn, bootstrap_servers)
    environment = {
        "PATH": os.defpath,
        "SAFEROUTE_DATABASE__DSN_FILE": str(folder / "intake.dsn"),
        "SAFEROUTE_KAFKA__BOOTSTRAP_SERVERS": bootstrap_servers,
        "SAFEROUTE_HTTP__PORT": str(port),
        "SAFEROUTE_POLICY_PACK": str(PACK),
        "SAFEROUTE_SEALING_KEY_FILE": str(folder / "sealing.public.json"),
        "SAFEROUTE_FINGERPRINT_KEY_FILE": str(folder / "fingerprint.key"),
        "SAFEROUTE_LOG_LEVEL": "DEBUG",
    } | {f"SAFEROUTE_{name.upper()}": value for name, value in more.items()}
    with (folder / "log").open("wb") as log:
        return subprocess.Popen([sys.executable, "-m", "services.intake", "serve"], env=environment, stdout=log)


@asynccontextmanager
async def process(dsn: str, folder: Path, bootstrap_servers: str, **more: str) -> AsyncIterator[Process]:
    """The service as a process of its own, ready, with a client of its own."""
    key, port = await provision_client(dsn, f"client-{free_port()}", (OURS,), "live"), free_port()
    child = launch(folder, dsn, bootstrap_servers, port, more)
    headers = {"Authorization": f"Bearer {key}"}
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=20) as http:
            await ready(http)
            yield Process(child, http, folder / "log")
    finally:
        child.kill()
        child.wait()


async def ready(http: httpx.AsyncClient) -> None:
    for _ in range(300):
        try:
            if (await http.get("/health/ready")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.2)
    raise AssertionError("intake did not become ready")


async def received(broker: EmbeddedKafka, ids: set[str], topic: str = REFERRAL_RECEIVED.name) -> list[Any]:
    """The records of a topic, read until each of these referrals was seen.

    Others may be among them: the database is shared, and a killed relay publishes some twice.
    """
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=broker.bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    records: list[Any] = []
    missing = {one.encode() for one in ids}
    try:
        async with asyncio.timeout(60):
            while missing:
                for batch in (await consumer.getmany(timeout_ms=500)).values():
                    records += batch
                    missing -= {record.key for record in batch}
    finally:
        await consumer.stop()
    return records


def envelope_of(record: Any) -> Envelope[Contract]:
    decoded = decode(record.key, record.value, record.headers)
    assert isinstance(decoded, Envelope)
    return decoded


async def test_without_kafka_it_accepts_and_with_kafka_everything_arrives(
    intake_dsn: str, tmp_path: Path, own_kafka: EmbeddedKafka
) -> None:
    async with process(intake_dsn, tmp_path / "intake", own_kafka.bootstrap_servers) as intake:
        accepted = [(await intake.post(f"k{number}")).json() for number in range(25)]
        assert len({one["id"] for one in accepted}) == 25
        await asyncio.to_thread(start, own_kafka)
        await received(own_kafka, {one["id"] for one in accepted})
        assert await status_reaches(intake, own_kafka, accepted[0])
        assert intake.stop() == 0
    log = intake.log.read_text()
    assert "Oskar" not in log
    assert "Farthingale" not in log


async def status_reaches(intake: Process, broker: EmbeddedKafka, accepted: dict[str, Any]) -> bool:
    """Whether events of other services, hostile bytes among them, show in the answer to the client."""
    story = Story(accepted["id"])
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap_servers)
    await producer.start()
    for event in (story.redacted(), story.routed(), story.sent()):
        encoded = encode(enveloped(event))
        headers = [(name, text.encode()) for name, text in encoded.headers.items()]
        await producer.send_and_wait(encoded.topic, b"\xff hostile", key=encoded.key, headers=[("x", b"\xff")])
        await producer.send_and_wait(encoded.topic, encoded.value, key=encoded.key, headers=headers)
    await producer.stop()
    letters = await received(broker, {accepted["id"]}, dead_letter_topic("intake", "referral.routed.v1"))
    assert dict(letters[0].headers)["dl_failure_code"] == b"codec.header_not_text"
    for _ in range(100):
        answer = (await intake.http.get(accepted["status_url"])).json()
        if answer["status"] == "notified":
            return True
        await asyncio.sleep(0.2)
    return False


async def test_a_broker_that_lost_everything_gets_every_open_referral_again(
    intake_dsn: str, tmp_path: Path, own_kafka: EmbeddedKafka
) -> None:
    await asyncio.to_thread(start, own_kafka)
    more = {"stall_after_seconds": "5", "emission_poll_seconds": "0.5"}
    async with process(intake_dsn, tmp_path / "intake", own_kafka.bootstrap_servers, **more) as intake:
        accepted = {(await intake.post(f"k{number}")).json()["id"] for number in range(10)}
        before = {envelope_of(one).subject: one for one in await received(own_kafka, accepted)}
        await asyncio.to_thread(own_kafka.stop)
        own_kafka.wipe()
        await asyncio.to_thread(start, own_kafka)
        records = await received(own_kafka, accepted)
        for record in records:
            envelope = envelope_of(record)
            if envelope.subject in accepted:
                assert envelope.id == envelope_of(before[envelope.subject]).id
                assert record.value == before[envelope.subject].value
    assert "referral.emitted_again" in intake.log.read_text()


async def test_a_killed_process_has_lost_nothing_it_accepted(
    intake_dsn: str, tmp_path: Path, own_kafka: EmbeddedKafka
) -> None:
    await asyncio.to_thread(start, own_kafka)
    accepted: set[str] = set()
    for round_number in range(3):
        folder = tmp_path / f"intake-{round_number}"
        async with process(intake_dsn, folder, own_kafka.bootstrap_servers) as intake:
            for number in range(15):
                accepted.add((await intake.post(f"k{number}")).json()["id"])
            intake.child.kill()
    async with process(intake_dsn, tmp_path / "last", own_kafka.bootstrap_servers):
        await received(own_kafka, accepted)
