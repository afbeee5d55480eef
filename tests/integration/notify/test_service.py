"""The service as a process, on a real Kafka: from a record on the topic to a mail and back to a record."""

from __future__ import annotations

import asyncio
import os
import sys
import urllib.request
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from contracts.codec import decode, encode
from contracts.envelope import Envelope
from contracts.events.referral_routed import ReferralRoutedV1
from contracts.model import Contract
from contracts.topics import DEAD_LETTERS, PARTITIONS, TOPICS
from services.local.kafka import EmbeddedKafka
from services.local.mail_catcher import MailCatcher
from services.local.postgres import EmbeddedPostgres
from services.local.processes import CODE_ROOT, Child, Program, free_port
from services.local.run_directory import PartError
from services.local.topics import TopicSpec
from services.notify.handlers import LEASE
from tests.integration.notify.conftest import KENT
from tests.support.embedded import kafka
from tests.unit.notify.events import enveloped, routed

__all__ = ["kafka"]

pytestmark = pytest.mark.real_kafka


class Service:
    """`python -m services.notify`, to be started, killed and asked."""

    def __init__(self, run_dir: Path, env: dict[str, str], port: int) -> None:
        self._env = {**os.environ, **env}
        self._port = port
        self.log = run_dir / "notify.log"
        argv = (sys.executable, "-m", "services.notify")
        self._migrate = (*argv, "migrate")
        program = Program("notify", (*argv, "serve"), self.log, cwd=CODE_ROOT, env=self._env)
        self.child = Child(program, run_dir / "notify.pid")

    async def migrate(self) -> None:
        process = await asyncio.create_subprocess_exec(*self._migrate, env=self._env, cwd=CODE_ROOT)
        assert await process.wait() == 0

    async def start(self) -> None:
        self.child.start()
        await asyncio.to_thread(self.child.wait_until, self.ready, 60.0, PartError)

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/health/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


@pytest.fixture
async def service(
    kafka: EmbeddedKafka, postgres: EmbeddedPostgres, mail_catcher: MailCatcher, tmp_path: Path
) -> AsyncIterator[Service]:
    """Notify with a database of its own, running."""
    names = [one.name for one in TOPICS] + [one.name for one in DEAD_LETTERS]
    kafka.declare_topics([TopicSpec(name, PARTITIONS) for name in names])
    dsn_file = tmp_path / "dsn"
    dsn_file.write_text(postgres.create_database(f"notify_{uuid.uuid4().hex[:12]}", "notify"))
    port = free_port()
    made = Service(
        tmp_path,
        {
            "SAFEROUTE_KAFKA__BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "SAFEROUTE_DATABASE__DSN_FILE": str(dsn_file),
            "SAFEROUTE_POLICY_PACK": str(KENT),
            "SAFEROUTE_SMTP__PORT": str(mail_catcher.smtp_port),
            "SAFEROUTE_SMTP__STARTTLS": "false",
            "SAFEROUTE_HTTP__PORT": str(port),
        },
        port,
    )
    await made.migrate()
    await made.start()
    yield made
    made.child.stop()


async def publish(broker: EmbeddedKafka, *events: Envelope[Contract]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap_servers, acks="all", enable_idempotence=True)
    await producer.start()
    for event in events:
        record = encode(event)
        headers = [(name, text.encode()) for name, text in record.headers.items()]
        await producer.send(record.topic, record.value, key=record.key, headers=headers)
    await producer.stop()


async def heard(broker: EmbeddedKafka, topic: str, referrals: set[str], seconds: float = 30) -> list[str]:
    """Ids of the events of `referrals` on `topic`, until each has one."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=broker.bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    ids: list[str] = []
    missing = set(referrals)
    try:
        async with asyncio.timeout(seconds):
            while missing:
                record = await consumer.getone()
                event = decode(record.key, record.value, record.headers)
                if isinstance(event, Envelope) and event.subject in referrals:
                    ids.append(event.id)
                    missing.discard(event.subject)
    finally:
        await consumer.stop()
    return ids


async def mails_of(catcher: MailCatcher, events: list[ReferralRoutedV1], seconds: float = 60) -> dict[str, int]:
    """How many different messages any one recipient has of each reference, once each reference has one."""
    async with asyncio.timeout(seconds):
        while True:
            letters = {(mail.subject, mail.recipients, str(mail.message["Message-ID"])) for mail in catcher.messages()}
            counts = {
                one.reference: _most(Counter(to for subject, to, _ in letters if one.reference in subject))
                for one in events
            }
            if all(counts.values()):
                return counts
            await asyncio.sleep(0.2)


def _most(letters: Counter[tuple[str, ...]]) -> int:
    return max(letters.values(), default=0)


def invented(count: int) -> list[ReferralRoutedV1]:
    """Referrals that no other test has."""
    made = []
    for _ in range(count):
        name = uuid.uuid4().hex
        made.append(routed(name).model_copy(update={"reference": f"KR-{name[:8].upper()}"}))
    return made


async def test_a_record_becomes_a_mail_and_a_sent_event(
    kafka: EmbeddedKafka, service: Service, mail_catcher: MailCatcher
) -> None:
    events = invented(3)
    await publish(kafka, *(enveloped(one) for one in events))
    assert await mails_of(mail_catcher, events) == {one.reference: 1 for one in events}
    assert await heard(kafka, "notification.sent.v1", {one.referral_id for one in events})


async def test_killed_again_and_again_it_loses_no_message(
    kafka: EmbeddedKafka, service: Service, mail_catcher: MailCatcher
) -> None:
    events = invented(60)
    for part in range(6):
        ten = events[part * 10 : part * 10 + 10]
        await publish(kafka, *(enveloped(one) for one in ten for _ in range(2)))
        await asyncio.sleep(0.15 * part)
        service.child.kill()
        await service.start()
    assert await mails_of(mail_catcher, events, seconds=120) == {one.reference: 1 for one in events}
    # killed between the server's yes and our record of it: nobody may touch the message before its lease has ended
    settled = LEASE.total_seconds() + 45
    assert await heard(kafka, "notification.sent.v1", {one.referral_id for one in events}, settled)


async def test_records_that_are_no_events_go_to_the_dead_letters_and_hold_nobody_up(
    kafka: EmbeddedKafka, service: Service, mail_catcher: MailCatcher
) -> None:
    [event] = invented(1)
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers)
    await producer.start()
    await producer.send_and_wait(
        event.type, b"\xff not json", key=event.referral_id.encode(), headers=[("ce_id", b"\xff")]
    )
    await producer.stop()
    await publish(kafka, enveloped(event))
    assert await mails_of(mail_catcher, [event], seconds=15) == {event.reference: 1}


async def test_told_to_stop_it_is_gone_within_fifteen_seconds(service: Service) -> None:
    started = asyncio.get_running_loop().time()
    await asyncio.to_thread(service.child.stop)
    assert asyncio.get_running_loop().time() - started < 15
    assert service.child.exit_code == 0
