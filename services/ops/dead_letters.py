"""`saferoute dead-letters list|show|replay`: what services gave up on, looked at without its content, and sent again.

A dead letter may be sealed or speak of a child, so nothing of its value or key is ever shown; of its headers only
well-known ones, and of those only what looks like an id, a name or a time. A replay writes the record to the topic it
came from exactly as it was, and notes in Kafka itself what has been replayed, so that running it twice sends nothing
twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Annotated, Any

import typer
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata

from contracts.access import REPLAY_GROUP
from services.kit.broker import client_options
from services.kit.settings import KafkaSettings, ServiceSettings

PREFIX = "dead-letter."
NOTE_BYTES = 4_000
"""Kafka keeps 4,096 bytes of metadata with an offset."""
CHUNK = 100
"""Letters between two commits: a replay that is killed sends at most this many again."""
REQUEST_TIMEOUT_MS = 10_000
SHOWN = re.compile(r"(ce_(id|type|source|time|subject|specversion)|dl_\w+|content-type)")
PLAIN = re.compile(r"[A-Za-z0-9._:+/,-]{0,100}")
"""What may be shown of a well-known header; a hostile producer could have put anything there."""

Bootstrap = Annotated[str | None, typer.Option("--bootstrap-servers", help="Kafka, when not as configured.")]
Code = Annotated[str | None, typer.Option("--code", help="Only letters with this failure code.")]
Topic = Annotated[str | None, typer.Option("--topic", help="Only this dead-letter topic.")]


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter where it lies. Its content has no place in `repr`."""

    place: TopicPartition
    offset: int
    timestamp_ms: int
    key: bytes | None = field(repr=False)
    value: bytes | None = field(repr=False)
    headers: tuple[tuple[str, bytes], ...] = field(repr=False)

    def header(self, name: str) -> str:
        return dict(self.headers).get(name, b"").decode(errors="replace")

    @property
    def code(self) -> str:
        code = self.header("dl_failure_code")
        return code if PLAIN.fullmatch(code) else "unknown"

    @property
    def replayable(self) -> bool:
        """Whether what lies here is the whole record as it was."""
        return not self.header("dl_omitted") and self.code != "codec.header_not_text"


class Replayed:
    """Which offsets of one partition have been replayed: all below `upto`, and some above."""

    def __init__(self, upto: int, above: Iterable[int] = ()) -> None:
        self.upto = upto
        self._above = set(above)

    def __contains__(self, offset: int) -> bool:
        return offset < self.upto or offset in self._above

    def add(self, offset: int) -> None:
        self._above.add(offset)
        while self.upto in self._above:
            self._above.discard(self.upto)
            self.upto += 1

    @classmethod
    def from_note(cls, committed: OffsetAndMetadata | None, beginning: int) -> Replayed:
        """What an earlier run left with the committed offset; letters that expired since are forgotten."""
        if committed is None or committed.offset < 0:
            return cls(beginning)
        ranges = [part.partition("-") for part in str(committed.metadata or "").split(",") if part]
        above = {offset for first, _, last in ranges for offset in range(int(first), int(last or first) + 1)}
        return cls(max(committed.offset, beginning), above)

    def note(self) -> str:
        """`12-15,20`: what is replayed above `upto`."""
        ranges: list[list[int]] = []
        for offset in sorted(self._above):
            if ranges and ranges[-1][1] == offset - 1:
                ranges[-1][1] = offset
            else:
                ranges.append([offset, offset])
        return ",".join(f"{first}-{last}" if last > first else str(first) for first, last in ranges)


class Drawer:
    """All dead-letter topics of a cluster, open for reading."""

    def __init__(self, consumer: AIOKafkaConsumer, only: str | None) -> None:
        self._consumer = consumer
        self._only = only
        self.topics: frozenset[str] = frozenset()

    async def letters(self) -> AsyncIterator[Letter]:
        """Every letter that is there now, partition by partition, in order."""
        places = await self._assigned()
        if not places:
            return
        ends = await self._consumer.end_offsets(places)
        await self._consumer.seek_to_beginning(*places)
        for place in places:
            while await self._consumer.position(place) < ends[place]:
                for record in (await self._consumer.getmany(place, timeout_ms=500)).get(place, []):
                    yield _letter(place, record)

    async def replayed(self) -> dict[TopicPartition, Replayed]:
        """What has been replayed of each partition."""
        places = await self._assigned()
        beginnings = await self._consumer.beginning_offsets(places) if places else {}
        notes = await self._consumer._coordinator.fetch_committed_offsets(places)  # the public call hides metadata
        return {place: Replayed.from_note(notes.get(place), beginnings[place]) for place in places}

    async def _assigned(self) -> list[TopicPartition]:
        """All partitions, assigned once: aiokafka's coordinator trips over assignments that follow close upon each
        other, and each takes more than a second."""
        places = await self._places()
        if self._consumer.assignment() != set(places):
            self._consumer.assign(places)
        return places

    async def commit(self, place: TopicPartition, replayed: Replayed) -> None:
        note = replayed.note()
        if len(note) > NOTE_BYTES:
            raise ReplayError("too many letters were left out between replayed ones; replay the other codes first")
        await self._consumer.commit({place: (replayed.upto, note)})

    async def _places(self) -> list[TopicPartition]:
        cluster = await self._consumer._client.fetch_all_metadata()  # the public call answers names alone
        self.topics = frozenset(cluster.topics())
        wanted = sorted(name for name in self.topics if name.startswith(PREFIX) and self._only in (None, name))
        return [
            TopicPartition(name, number) for name in wanted for number in sorted(cluster.partitions_for_topic(name))
        ]


class ReplayError(Exception):
    """A replay that cannot go on; says why, without content."""


def _letter(place: TopicPartition, record: Any) -> Letter:
    headers = tuple((name, raw) for name, raw in record.headers if raw is not None)
    return Letter(place, record.offset, record.timestamp, record.key, record.value, headers)


@contextlib.asynccontextmanager
async def open_drawer(settings: KafkaSettings, only: str | None = None) -> AsyncIterator[Drawer]:
    """The cluster's dead letters. Raises KafkaError when no broker answers."""
    options = client_options(settings) | {"request_timeout_ms": REQUEST_TIMEOUT_MS}
    consumer = AIOKafkaConsumer(
        **options, group_id=REPLAY_GROUP, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    try:
        await consumer.start()
        yield Drawer(consumer, only)
    finally:
        await consumer.stop()


async def count(settings: KafkaSettings, only: str | None) -> Counter[tuple[str, str, bool]]:
    """How many letters there are by topic, failure code, and whether they have been replayed."""
    counts: Counter[tuple[str, str, bool]] = Counter()
    async with open_drawer(settings, only) as drawer:
        replayed = await drawer.replayed()
        async for letter in drawer.letters():
            counts[letter.place.topic, letter.code, letter.offset in replayed[letter.place]] += 1
    return counts


def describe(letter: Letter) -> list[str]:
    """Lines about a letter that hold nothing of its content."""
    sizes = f"value {len(letter.value or b'')} bytes, key {len(letter.key or b'')} bytes"
    lines = [f"{letter.place.topic} {letter.place.partition}/{letter.offset}"]
    lines.append(f"  {sizes}, {'whole' if letter.replayable else 'not whole'}")
    for name, raw in letter.headers:
        text, known = raw.decode(errors="replace"), SHOWN.fullmatch(name)
        shown = text if known and PLAIN.fullmatch(text) else f"({len(raw)} bytes)"
        lines.append(f"  {name if known else '(another header)'}: {shown}")
    return lines


async def replay(
    settings: KafkaSettings, *, only: str | None, code: str | None, limit: int | None, dry_run: bool
) -> Counter[str]:
    """Send waiting letters to where they came from; counts `replayed`, `not whole` and `no topic`."""
    outcome: Counter[str] = Counter()
    async with open_drawer(settings, only) as drawer, _producer(settings) as producer:
        replayed = await drawer.replayed()
        chosen: list[Letter] = []
        async for letter in drawer.letters():
            if letter.offset in replayed[letter.place] or (code is not None and letter.code != code):
                continue
            if not letter.replayable:
                outcome["not whole"] += 1
            elif letter.header("dl_topic") not in drawer.topics:
                outcome["no topic"] += 1
            elif limit is None or len(chosen) < limit:
                chosen.append(letter)
        for start in range(0, 0 if dry_run else len(chosen), CHUNK):
            chunk = chosen[start : start + CHUNK]
            await _send(producer, chunk)
            for letter in chunk:
                replayed[letter.place].add(letter.offset)
            for place in {letter.place for letter in chunk}:
                await drawer.commit(place, replayed[place])
        outcome["replayed"] = len(chosen)
    return outcome


@contextlib.asynccontextmanager
async def _producer(settings: KafkaSettings) -> AsyncIterator[AIOKafkaProducer]:
    options = client_options(settings) | {"request_timeout_ms": REQUEST_TIMEOUT_MS}
    producer = AIOKafkaProducer(**options, enable_idempotence=True)
    try:
        await producer.start()
        yield producer
    finally:
        await producer.stop()


async def _send(producer: AIOKafkaProducer, letters: list[Letter]) -> None:
    """In order, each with the key that puts it into its old partition."""
    confirmations = []
    for letter in letters:
        headers = [(name, raw) for name, raw in letter.headers if not name.startswith("dl_")]
        value = letter.value if letter.header("dl_value_bytes") else None
        confirmations.append(await producer.send(letter.header("dl_topic"), value, letter.key, headers=headers))
    await asyncio.gather(*confirmations)


def register(app: typer.Typer) -> None:
    """Add the command group `dead-letters` to the command line."""
    group = typer.Typer(no_args_is_help=True, help="What services gave up on: list, show (without content), replay.")

    @group.command("list")
    def list_letters(topic: Topic = None, bootstrap_servers: Bootstrap = None) -> None:
        """Count dead letters by topic and failure code."""
        counts = _run(count(_settings(bootstrap_servers), topic))
        for name, code in sorted({(name, code) for name, code, _ in counts}):
            waiting, done = counts[name, code, False], counts[name, code, True]
            typer.echo(f"{waiting:6} waiting {done:6} replayed  {code:28} {name}")
        typer.echo(f"{sum(counts.values())} dead letters")

    @group.command("show")
    def show(topic: Topic = None, code: Code = None, limit: int = 20, bootstrap_servers: Bootstrap = None) -> None:
        """Describe dead letters: origin, failure code, sizes, well-known headers. Never their content."""
        for letter in _run(_first(_settings(bootstrap_servers), topic, code, limit)):
            typer.echo("\n".join(describe(letter)))

    @group.command("replay")
    def replay_letters(
        topic: Topic = None,
        code: Code = None,
        limit: Annotated[int | None, typer.Option(min=1, help="At most so many.")] = None,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be sent.")] = False,
        bootstrap_servers: Bootstrap = None,
    ) -> None:
        """Send waiting dead letters to the topics they came from, exactly as they were, each once."""
        settings = _settings(bootstrap_servers)
        outcome = _run(replay(settings, only=topic, code=code, limit=limit, dry_run=dry_run))
        typer.echo(f"{outcome['replayed']} {'would be ' if dry_run else ''}replayed")
        for reason in ("not whole", "no topic"):
            if outcome[reason]:
                typer.echo(f"{outcome[reason]} left where they are: {reason}")

    app.add_typer(group, name="dead-letters")


async def _first(settings: KafkaSettings, only: str | None, code: str | None, limit: int) -> list[Letter]:
    found: list[Letter] = []
    async with open_drawer(settings, only) as drawer:
        async for letter in drawer.letters():
            if len(found) < limit and code in (None, letter.code):
                found.append(letter)
    return found


def _settings(bootstrap_servers: str | None) -> KafkaSettings:
    settings = ServiceSettings().kafka
    return settings.model_copy(update={"bootstrap_servers": bootstrap_servers}) if bootstrap_servers else settings


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    try:
        return asyncio.run(work)
    except ReplayError as failure:
        sentence = str(failure)
    except (KafkaError, OSError) as failure:
        sentence = f"Kafka does not answer ({type(failure).__name__})"
    typer.echo(sentence, err=True)
    raise typer.Exit(1)
