"""The command `saferoute policy record`: keeps past decisions for replays, facts only.

Reads what is on `referral.routed.v1` now, without a consumer group, so that it disturbs no service. The redacted
narrative stays on the topic: a record holds facts and the decision, and may be kept longer than the topic does.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from contracts.codec import Undecodable, decode
from contracts.events.referral_routed import ReferralRoutedV1
from contracts.topics import REFERRAL_ROUTED
from services.kit.broker import client_options
from services.kit.errors import InfrastructureError
from services.kit.settings import KafkaSettings, ServiceSettings
from services.routing.domain.replay import RecordedDecision, record_of
from services.routing.policy_input import BAD_INPUT

READ_SECONDS = 10.0
"""How long a partition may stay silent below its end before the broker counts as away."""


def record_decisions(
    output: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write the decisions, as JSON lines.")],
    bootstrap: Annotated[
        str | None,
        typer.Option("--bootstrap-servers", metavar="HOST:PORT", help="The broker; else the environment's settings."),
    ] = None,
) -> None:
    """Write every decision that is on the topic to FILE (open facts and decision, no words of the narrative)."""
    settings = ServiceSettings().kafka
    if bootstrap is not None:
        settings = settings.model_copy(update={"bootstrap_servers": bootstrap})
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as stream:  # noqa: PTH123  # a descriptor, made private
            count = asyncio.run(write_records(settings, stream))
    except InfrastructureError:
        typer.echo("the broker does not answer: give --bootstrap-servers HOST:PORT, or start it", err=True)
        raise typer.Exit(BAD_INPUT) from None
    except OSError:
        typer.echo(f"{output}: the file cannot be written: check the folder and its permissions", err=True)
        raise typer.Exit(BAD_INPUT) from None
    typer.echo(f"{count:,} decisions written to {output}")


async def write_records(settings: KafkaSettings, stream: TextIO) -> int:
    """Write each decision on the topic as a line; how many there were.

    Raises InfrastructureError where the broker is away or stops answering.
    """
    count = 0
    async for record in _records(settings):
        stream.write(record.model_dump_json() + "\n")
        count += 1
    return count


class Recorder:
    """Turns raw records of the topic into recorded decisions, each decision once."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def record_in(self, message: Any) -> RecordedDecision | None:
        """The decision in a raw record; None for what is no decision, and for one that was delivered again."""
        envelope = decode(message.key, message.value, message.headers)
        if isinstance(envelope, Undecodable) or not isinstance(envelope.data, ReferralRoutedV1):
            return None
        if envelope.id in self._seen:
            return None
        self._seen.add(envelope.id)
        return record_of(envelope.data)


async def _records(settings: KafkaSettings) -> AsyncIterator[RecordedDecision]:
    consumer = AIOKafkaConsumer(
        REFERRAL_ROUTED.name,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        **client_options(settings),
    )
    recorder = Recorder()
    try:
        await _started(consumer)
        async for message in _messages(consumer):
            record = recorder.record_in(message)
            if record is not None:
                yield record
    finally:
        await consumer.stop()


async def _started(consumer: AIOKafkaConsumer) -> None:
    failed = False
    try:
        await consumer.start()
    except (KafkaError, OSError):
        failed = True
    if failed:
        raise InfrastructureError("broker")


async def _messages(consumer: AIOKafkaConsumer) -> AsyncIterator[Any]:
    """Every message that was on the topic when reading began, each partition in its order."""
    places = sorted(consumer.assignment())
    await consumer.seek_to_beginning(*places)
    ends = await consumer.end_offsets(places)
    unread = [place for place in places if await consumer.position(place) < ends[place]]
    while unread:
        batches = await consumer.getmany(*unread, timeout_ms=int(READ_SECONDS * 1000))
        if not batches:
            raise InfrastructureError("broker")
        for place, batch in batches.items():
            for message in batch:
                if message.offset < ends[place]:
                    yield message
        unread = [place for place in unread if await consumer.position(place) < ends[place]]
