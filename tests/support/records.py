"""Raw Kafka records and a publisher that remembers, for tests of what stands between Kafka and a handler."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from contracts.codec import Encoded, encode
from contracts.envelope import Envelope
from contracts.model import Contract
from services.kit.broker import Publisher


@dataclass
class RawRecord:
    """What aiokafka hands over, as far as it is looked at."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    partition: int = 0
    offset: int = 0


def raw(envelope: Envelope[Contract], offset: int = 0) -> RawRecord:
    """The record of an envelope."""
    wire = encode(envelope)
    headers = [(name, text.encode()) for name, text in wire.headers.items()]
    return RawRecord(wire.topic, wire.key, wire.value, headers, offset=offset)


@dataclass
class RememberingPublisher(Publisher):
    """Keeps what was published instead of sending it."""

    sent: list[Encoded] = field(default_factory=list)

    async def publish(self, events: Iterable[Encoded]) -> None:
        self.sent.extend(events)
