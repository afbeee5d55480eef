"""Messages a second of settled batches beside one message at a time, in one run. `python -m bench.bench_consumer`.

Both arms read the same topic on a real broker, decode, and publish one event for each they read, with the services'
producer settings. The batch arm is `Settler` as the services wire it; the other is FastStream's subscriber with one
message, acknowledged after its answer is confirmed.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog
from faststream import AckPolicy

from contracts.codec import decode, encode
from contracts.envelope import Envelope
from contracts.model import Contract
from services.kit.broker import Publisher, create_broker
from services.kit.dead_letter import Settler
from services.kit.settings import KafkaSettings
from services.local.kafka import EmbeddedKafka
from services.local.topics import TopicSpec
from tests.support.kit_lab import EXAMPLE, SERVICE, Wiring, numbered_events, produce, subscribe

SOURCE = "bench.source"
ROUNDS = 3
"""The arms take turns, so that a busy machine troubles both."""


class Counting:
    """Answers every event with one, and says when it has seen them all."""

    def __init__(self, wanted: int) -> None:
        self._left = wanted
        self.first: float | None = None
        self.done = asyncio.Event()

    async def __call__(self, envelope: Envelope[Contract]) -> Sequence[Envelope[Contract]]:
        self.first = self.first or time.monotonic()
        self._left -= 1
        if self._left == 0:
            self.done.set()
        return [EXAMPLE.model_copy(update={"subject": envelope.subject})]


async def batches(kafka: EmbeddedKafka, messages: int, group: str) -> float:
    """Messages a second with `Settler`."""
    broker = create_broker(KafkaSettings(bootstrap_servers=kafka.bootstrap_servers))
    counting = Counting(messages)
    settler = Settler(SERVICE, Publisher(broker, broker_broke), counting)
    subscribe(broker, SOURCE, group, settler.settle, Wiring(max_records=500))
    await broker.start()
    await counting.done.wait()
    seconds = time.monotonic() - (counting.first or 0)
    await broker.stop()
    return messages / seconds


async def one_at_a_time(kafka: EmbeddedKafka, messages: int, group: str) -> float:
    """Messages a second with one acknowledged message after the other."""
    broker = create_broker(KafkaSettings(bootstrap_servers=kafka.bootstrap_servers))
    counting = Counting(messages)
    publisher = Publisher(broker, broker_broke)

    @broker.subscriber(
        SOURCE,
        group_id=group,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.NACK_ON_ERROR,
        decoder=keep_raw_message,
        no_reply=True,
    )
    async def handle(record: Any) -> None:
        decoded = decode(record.key, record.value, record.headers)
        assert isinstance(decoded, Envelope)
        await publisher.publish([encode(event) for event in await counting(decoded)])

    await broker.start()
    await counting.done.wait()
    seconds = time.monotonic() - (counting.first or 0)
    await broker.stop()
    return messages / seconds


async def keep_raw_message(message: Any) -> object:
    return message.raw_message


def broker_broke() -> None:
    raise SystemExit("the producer broke: this run measures nothing")


async def compare(messages: int, single: int, folder: Path) -> None:
    with EmbeddedKafka(folder) as kafka:
        kafka.declare_topics([TopicSpec(SOURCE, 6), TopicSpec(EXAMPLE.type, 6)])
        await produce(kafka, SOURCE, numbered_events(messages // 10, 10))
        ratios = []
        for number in range(ROUNDS):
            fast = await batches(kafka, messages, f"batches-{number}")
            slow = await one_at_a_time(kafka, single, f"single-{number}")
            ratios.append(fast / slow)
            print(f"batches {fast:.0f}/s, one at a time {slow:.0f}/s, ratio {fast / slow:.1f}", flush=True)
        print(f"median ratio {sorted(ratios)[ROUNDS // 2]:.1f} ({min(ratios):.1f} to {max(ratios):.1f})")


def main() -> None:
    logging.disable(logging.ERROR)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=12_000)
    parser.add_argument("--single", type=int, default=2_000, help="how many the slower arm takes")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(compare(given.messages, given.single, Path(folder)))


if __name__ == "__main__":
    main()
