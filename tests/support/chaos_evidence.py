"""What is true outside the services: records on the topics, mails in the catcher, rows that still wait."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg
import httpx
from confluent_kafka import Consumer, ConsumerGroupState, TopicPartition
from confluent_kafka.admin import AdminClient

from contracts.codec import decode
from contracts.envelope import Envelope
from contracts.events.referral_quarantined import ReferralQuarantinedV1
from contracts.events.referral_received import ReferralReceivedV1
from contracts.events.referral_redacted import ReferralRedactedV1
from contracts.events.referral_routed import ReferralRoutedV1
from contracts.topics import DEAD_LETTERS, SERVICES, consumed_by
from services.local.mail_store import CaughtMail, MailStore
from services.local.stack import Stack

STORIES: Final = (ReferralReceivedV1, ReferralRedactedV1, ReferralQuarantinedV1, ReferralRoutedV1)
"""The topics on which a referral's order shows."""

KINDS: Final = ("REMINDER", "RING", "NOT ANSWERED", "RAISED", "For information", "is now with another team")
"""What a subject says a mail is for; none of these and no update: the first notice."""

OPEN_MESSAGES: Final = """SELECT DISTINCT n.reference FROM notifications n JOIN deliveries d ON d.notification_id = n.id
WHERE d.state IN ('due', 'attempting') AND (n.state <> 'open' OR n.next_escalation_at IS NOT NULL)"""

STUCK_SECONDS = 10.0
"""An event that waits for so long in an outbox while everything runs will not leave at all."""

REFERENCE = re.compile(r"KR-[0-9A-Z]{4}-[0-9A-Z]{3}")
UPDATE = re.compile(r"Update (\d+) of")
LEVEL = re.compile(r"^Reminder:\s+level (\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Told:
    """A mail as its recipient has it. Two copies with one `message_id` are one mail to a mail program."""

    reference: str
    recipient: str
    purpose: str
    update: int
    message_id: str
    at: float


@dataclass(frozen=True, slots=True)
class Said:
    """An event on a topic: `step` is its type, with the stage for a decision. In the order of its partition."""

    step: str
    event_id: str
    referral_id: str
    revision: int
    at: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that a verdict is drawn from. `waiting` are references with a message and a timer still to come."""

    said: Sequence[Said]
    told: Sequence[Told]
    waiting: frozenset[str] = frozenset()
    outbox: int = 0
    dead_letters: int = 0
    statuses: dict[str, dict[str, Any]] = field(default_factory=dict)


class MailBook:
    """The catcher's mails, each read once."""

    def __init__(self, store: MailStore) -> None:
        self._store = store
        self._read: dict[str, Told] = {}

    def told(self) -> list[Told]:
        for mail_id in self._store.ids():
            if mail_id not in self._read and (mail := self._store.read(mail_id)) is not None:
                self._read[mail_id] = _told(mail)
        return list(self._read.values())

    def references(self) -> set[str]:
        return {one.reference for one in self.told()}


def _told(mail: CaughtMail) -> Told:
    subject, text = mail.subject, mail.text or ""
    reference, update, level = REFERENCE.search(subject), UPDATE.search(subject), LEVEL.search(text)
    assert reference is not None, "a mail without a reference"
    kind = next((kind for kind in KINDS if kind in subject), "notice")
    return Told(
        reference=reference.group(),
        recipient=mail.recipients[0],
        purpose=update.group() if update else f"{kind} {level.group(1)}" if level else kind,
        update=int(update.group(1)) if update else 0,
        message_id=str(mail.message["Message-ID"]),
        at=mail.received_at.timestamp(),
    )


def read_topics(bootstrap_servers: str, topics: Iterable[str]) -> list[Any]:
    """Every record that is on the topics now, by another client library; each partition in its order."""
    consumer = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": "chaos", "enable.auto.commit": False})
    landed: list[Any] = []
    try:
        for place, low, high in _watermarks(consumer, topics):
            position = low
            consumer.assign([TopicPartition(place.topic, place.partition, low)])
            while position < high:
                message = consumer.poll(10)
                if message is None or message.error():
                    raise AssertionError(f"{place.topic} cannot be read back at {place.partition}/{position}")
                landed.append(message)
                position = int(message.offset() or 0) + 1
    finally:
        consumer.close()
    return landed


def _watermarks(consumer: Consumer, topics: Iterable[str]) -> list[tuple[TopicPartition, int, int]]:
    found = []
    for topic in topics:
        for number in sorted(consumer.list_topics(topic, timeout=10).topics[topic].partitions):
            place = TopicPartition(topic, number)
            low, high = consumer.get_watermark_offsets(place, timeout=10)
            found.append((place, low, high))
    return found


def lag(bootstrap_servers: str) -> int:
    """How many records the four services have not committed yet."""
    behind = 0
    for service in SERVICES:
        consumer = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": service})
        try:
            marks = _watermarks(consumer, (topic.name for topic in consumed_by(service)))
            committed = consumer.committed([place for place, _, _ in marks], timeout=10)
            for place, (_, low, high) in zip(committed, marks, strict=True):
                behind += high - max(low, place.offset)
        finally:
            consumer.close()
    return behind


def committed_ahead(bootstrap_servers: str) -> int:
    """How many redacted referrals routing has committed beyond the decisions that it has published."""
    consumer = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": "routing"})
    try:
        places = [place for place, _, _ in _watermarks(consumer, (ReferralRedactedV1.type,))]
        committed = sum(max(0, place.offset) for place in consumer.committed(places, timeout=10))
        return committed - sum(high for _, _, high in _watermarks(consumer, (ReferralRoutedV1.type,)))
    finally:
        consumer.close()


def all_consume(bootstrap_servers: str) -> bool:
    """Whether each service's group is one living consumer: a killed one stays a member for ten seconds."""
    admin = AdminClient({"bootstrap.servers": bootstrap_servers})
    found = [group.result(10) for group in admin.describe_consumer_groups(list(SERVICES)).values()]
    return all(one.state is ConsumerGroupState.STABLE and len(one.members) == 1 for one in found)


def said(bootstrap_servers: str) -> list[Said]:
    """The story of every referral as the topics have it."""
    events = []
    for message in read_topics(bootstrap_servers, (event.type for event in STORIES)):
        envelope = decode(message.key(), message.value(), message.headers() or ())
        assert isinstance(envelope, Envelope), f"{message.topic()} holds what is no event"
        step = envelope.type
        if isinstance(envelope.data, ReferralRoutedV1):
            step = f"{step}/{envelope.data.stage}"
        revision = getattr(envelope.data, "revision", 0)
        events.append(Said(step, envelope.id, envelope.subject, revision, message.timestamp()[1] / 1000))
    return events


async def rows(stack: Stack, database: str, query: str) -> list[Any]:
    """What a query answers in a service's database."""
    connection = await asyncpg.connect(stack.postgres.dsn(database), timeout=10)
    try:
        found: list[Any] = await connection.fetch(query, timeout=10)
        return found
    finally:
        await connection.close()


async def outbox_rows(stack: Stack) -> int:
    """Events that have not left yet."""
    counts = [await rows(stack, name, "SELECT count(*) AS n FROM outbox") for name in ("intake", "notify")]
    return sum(count[0]["n"] for count in counts)


async def _stuck_rows(stack: Stack) -> int:
    """Events that do not leave: a reminder that falls due while we look is none of them."""
    deadline = time.monotonic() + STUCK_SECONDS
    left = await outbox_rows(stack)
    while left and time.monotonic() < deadline:
        await asyncio.sleep(0.2)
        left = await outbox_rows(stack)
    return left


async def collect(stack: Stack, book: MailBook, referrals: Iterable[str] = ()) -> Evidence:
    """All evidence now; `referrals` are asked for at the API as well."""
    letters = await asyncio.to_thread(read_topics, stack.bootstrap_servers, [one.name for one in DEAD_LETTERS])
    return Evidence(
        said=await asyncio.to_thread(said, stack.bootstrap_servers),
        told=await asyncio.to_thread(book.told),
        waiting=frozenset(row["reference"] for row in await rows(stack, "notify", OPEN_MESSAGES)),
        outbox=await _stuck_rows(stack),
        dead_letters=len(letters),
        statuses=await _statuses(stack, referrals),
    )


async def _statuses(stack: Stack, referrals: Iterable[str]) -> dict[str, dict[str, Any]]:
    headers = {"Authorization": f"Bearer {stack.accounts.api_key}"}
    base = stack.deployment.url("intake")
    async with httpx.AsyncClient(base_url=base, headers=headers, timeout=10, trust_env=False) as client:
        answers = {one: await client.get(f"/v1/referrals/{one}") for one in referrals}
    return {one: answer.json() for one, answer in answers.items()}


async def drained(stack: Stack, book: MailBook, references: set[str], seconds: float) -> bool:
    """Wait until every reference has a mail and nothing is on its way anywhere; False when that was not in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if await _at_rest(stack, book, references):
            return True
        await asyncio.sleep(0.5)
    return False


async def _at_rest(stack: Stack, book: MailBook, references: set[str]) -> bool:
    if not references <= await asyncio.to_thread(book.references):
        return False
    try:
        if await outbox_rows(stack) or await rows(stack, "notify", OPEN_MESSAGES):
            return False
    except (OSError, asyncpg.PostgresError):
        return False
    return await asyncio.to_thread(lag, stack.bootstrap_servers) == 0
