"""Intake's Kafka door: what other services say about referrals, raw records in, settled batches out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from contracts.topics import consumed_by
from services.kit.broker import DrainListener, keep_raw_batch, parse_raw_batch
from services.kit.dead_letter import Settler

MAX_RECORDS = 200
"""Each is one short transaction: a batch is over within a second, so a stop never waits long for it."""


def subscribe(broker: KafkaBroker, settler: Settler) -> None:
    """Consume what intake reads; offsets are committed only for settled batches."""
    listener = DrainListener()
    subscriber = broker.subscriber(
        *(topic.name for topic in consumed_by("intake")),
        group_id="intake",
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.NACK_ON_ERROR,
        batch=True,
        max_records=MAX_RECORDS,
        batch_timeout_ms=50,
        parser=parse_raw_batch,
        decoder=keep_raw_batch,
        listener=listener,
        no_reply=True,
    )
    listener.subscriber = subscriber

    @subscriber
    async def settle(records: Sequence[Any]) -> None:
        await settler.settle(records)
