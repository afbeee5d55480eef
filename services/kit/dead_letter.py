"""Settling a batch of raw records: each is handled, published onwards, or given up on with a code. None is skipped.

Records of one referral are handled in order (a lane), lanes in parallel. A record that cannot be decoded, or that
fails for good, goes to this service's dead-letter topic as it was: raw value, key, headers, origin and a failure code.
Only an outage stops the batch: it waits and raises, and FastStream rewinds to the last committed offset.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from contracts.codec import MAX_VALUE_BYTES, Encoded, Undecodable, decode, encode
from contracts.envelope import Envelope
from contracts.failure_codes import FailureCode
from contracts.model import Contract
from contracts.topics import Service, dead_letter_topic
from services.kit.broker import Publisher
from services.kit.errors import InfrastructureError, PermanentError, TransientError
from services.kit.logs import exception_fields
from services.kit.telemetry import EVENT_RETRIES, EVENT_SECONDS, EVENTS_DEAD_LETTERED, EVENTS_HANDLED, span

log = structlog.get_logger()

MAX_TRIES = 3
FIRST_BACKOFF_SECONDS = 0.2
"""Doubles per try: three tries are over within a second, so a poisoned record holds its lane no longer."""
OUTAGE_PAUSE_SECONDS = 1.0
"""NACK without a pause repeats about 2,500 times a second."""
MAX_LANES = 16
"""Referrals handled at once: as many as there are database connections."""
CEILING_COUNT = 100
CEILING_SECONDS = 60.0
"""More give-ups than this in this time is a broken deployment, not poison: the service waits instead, so that at most
this many leave in this time until somebody looks."""
MAX_LETTER_BYTES = 1_000_000
"""Kafka and its client take 1,048,576 bytes a record; the rest is room for framing and our own headers."""


class Record(Protocol):
    """What of aiokafka's ConsumerRecord is looked at."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


Handle = Callable[[Envelope[Contract]], Awaitable[Sequence[Envelope[Contract]]]]
"""One use case: takes an event, answers the events to publish (a stateful one has used its outbox and answers none)."""
GiveUp = Callable[[Envelope[Contract], FailureCode], Sequence[Envelope[Contract]]]
"""What to publish besides the dead letter when a decoded event cannot be handled: redaction quarantines."""


def nothing_more(_envelope: Envelope[Contract], _code: FailureCode) -> Sequence[Envelope[Contract]]:
    """The usual answer to giving up: the dead letter says it all."""
    return ()


@dataclass
class Ceiling:
    """Counts what handlers gave up on, so that a bad deploy cannot dead-letter everything."""

    limit: int = CEILING_COUNT
    seconds: float = CEILING_SECONDS
    _given_up: deque[float] = field(default_factory=deque)

    def check(self) -> None:
        """Raises InfrastructureError when too much has been given up on lately."""
        now = time.monotonic()
        while self._given_up and self._given_up[0] < now - self.seconds:
            self._given_up.popleft()
        if len(self._given_up) >= self.limit:
            raise InfrastructureError("handler")

    def count(self) -> None:
        self._given_up.append(time.monotonic())


class Settler:
    """Settles batches for one service."""

    def __init__(
        self, service: Service, publisher: Publisher, handle: Handle, *, give_up: GiveUp = nothing_more
    ) -> None:
        self._service = service
        self._publisher = publisher
        self._handle = handle
        self._give_up = give_up
        self._ceiling = Ceiling()
        self._lanes = asyncio.Semaphore(MAX_LANES)
        self._letters_sent: set[tuple[str, int, int, int]] = set()
        """Which records of a batch that an outage sends back have their dead letter already: without this every second
        of a database outage would write one more. By content too, as a wiped broker counts offsets anew."""

    async def settle(self, records: Sequence[Record]) -> None:
        """Handle a batch so that its offsets may be committed.

        Raises:
            InfrastructureError: something that everything needs is away; the batch must be delivered again.
        """
        lanes: dict[bytes, list[Record]] = defaultdict(list)
        for record in records:
            lanes[record.key or b""].append(record)
        outage = asyncio.Event()
        work = (self._lane(lane, outage) for lane in lanes.values())
        results = await asyncio.gather(*work, return_exceptions=True)
        failures = [result for result in results if isinstance(result, BaseException)]
        if failures:
            failure = next((one for one in failures if not isinstance(one, InfrastructureError)), failures[0])
            log.warning("consumer.waits", **exception_fields(failure))
            await asyncio.sleep(OUTAGE_PAUSE_SECONDS)
            raise failure
        self._letters_sent.clear()

    async def _lane(self, records: Sequence[Record], outage: asyncio.Event) -> None:
        """The records of one referral, in order; none is begun once another lane has met an outage: five hundred
        referrals that each wait for a deadline would hold the batch longer than Kafka lets a consumer be silent."""
        try:
            for record in records:
                await self._settle_record(record, outage)
        except BaseException:
            outage.set()
            raise

    async def _settle_record(self, record: Record, outage: asyncio.Event) -> None:
        """Handle it, then wait for Kafka's confirmation outside the handlers' places: so the publications of a batch
        travel together instead of sixteen at a time."""
        place = (record.topic, record.partition, record.offset, hash(record.value))
        async with self._lanes:
            if outage.is_set() or place in self._letters_sent:
                return
            started = time.perf_counter()
            outcome = await self._outcome(record)
        if isinstance(outcome, list):
            await self._publisher.publish(outcome)
            EVENTS_HANDLED.labels(record.topic).inc()
        else:
            code, besides = outcome
            await self._publisher.publish([*besides, dead_letter(record, self._service, code)])
            self._letters_sent.add(place)
            self._report(record, code)
        EVENT_SECONDS.labels(record.topic).observe(time.perf_counter() - started)

    async def _outcome(self, record: Record) -> list[Encoded] | tuple[FailureCode, list[Encoded]]:
        """The events to publish, or the code to give up with and what to publish besides the dead letter."""
        decoded = _decode(record)
        if isinstance(decoded, Undecodable):
            return decoded.code, []
        with span(f"{self._service} {record.topic}", decoded.traceparent) as traceparent:
            outcome = await self._try(decoded, record, traceparent)
        if isinstance(outcome, list):
            return outcome
        self._ceiling.check()
        self._ceiling.count()
        return outcome, self._besides(decoded, outcome)

    def _besides(self, envelope: Envelope[Contract], code: FailureCode) -> list[Encoded]:
        try:
            return [_encode(event, envelope.traceparent) for event in self._give_up(envelope, code)]
        except Exception as error:  # noqa: BLE001 - the boundary: the dead letter must leave all the same
            log.error("event.give_up_failed", referral_id=envelope.subject, **exception_fields(error))  # noqa: TRY400
            return []

    async def _try(
        self, envelope: Envelope[Contract], record: Record, traceparent: str | None
    ) -> list[Encoded] | FailureCode:
        """The handler's answer as bytes, or the code it was given up with after at most MAX_TRIES."""
        code: FailureCode = "handler.retries_exhausted"
        for attempt in range(1, MAX_TRIES + 1):
            try:
                return [_encode(event, traceparent) for event in await self._handle(envelope)]
            except InfrastructureError:
                raise
            except PermanentError as error:
                return error.code
            except TransientError as error:
                code = error.code
                failure: Exception = error
            except Exception as error:  # noqa: BLE001 - the boundary: a bug in a handler must not stop the partition
                code = "handler.permanent"
                failure = error
            log.warning(
                "event.try_failed",
                topic=record.topic,
                referral_id=envelope.subject,
                attempt=attempt,
                **exception_fields(failure),
            )
            if attempt < MAX_TRIES:
                EVENT_RETRIES.labels(record.topic).inc()
                await asyncio.sleep(FIRST_BACKOFF_SECONDS * 2 ** (attempt - 1))
        return code

    def _report(self, record: Record, code: FailureCode) -> None:
        EVENTS_DEAD_LETTERED.labels(record.topic, code).inc()
        log.error(
            "event.dead_lettered",
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            failure_code=code,
        )


def _decode(record: Record) -> Envelope[Contract] | Undecodable:
    try:
        return decode(record.key, record.value, record.headers)
    except Exception as error:  # noqa: BLE001 - the boundary: no bytes whatsoever may stop the partition
        log.error("event.decoder_failed", topic=record.topic, **exception_fields(error))  # noqa: TRY400
        return Undecodable("codec.value_invalid")


def _encode(event: Envelope[Contract], traceparent: str | None) -> Encoded:
    """Bytes of an event that goes on in this trace. Raises PermanentError for one that no consumer would take."""
    encoded = encode(event.model_copy(update={"traceparent": traceparent}))
    if len(encoded.value) > MAX_VALUE_BYTES:
        raise PermanentError("codec.too_large")
    return encoded


def dead_letter(record: Record, service: Service, code: FailureCode) -> Encoded:
    """The record as it was, with where it came from and why it is here, on the service's dead-letter topic.

    Headers that are text travel on so that a replay is exact; a header that is not text cannot be replayed and is
    left out, which the failure code says. A record that with our headers is larger than Kafka takes leaves its largest
    parts behind (`dl_omitted` names them): no service could ever handle it, and its origin is named.
    """
    origin = {
        "dl_topic": record.topic,
        "dl_partition": str(record.partition),
        "dl_offset": str(record.offset),
        "dl_service": service,
        "dl_failure_code": code,
        "dl_value_bytes": "" if record.value is None else str(len(record.value)),
    }
    headers = {name: raw.decode() for name, raw in record.headers if raw is not None and _is_text(raw)}
    key, value, omitted = record.key, record.value or b"", []
    if _size(key, value, headers) > MAX_LETTER_BYTES:
        value, omitted = b"", ["value"]
    if _size(key, value, headers) > MAX_LETTER_BYTES:
        headers, omitted = {}, [*omitted, "headers"]
    if _size(key, value, headers) > MAX_LETTER_BYTES:
        key, omitted = None, [*omitted, "key"]
    if omitted:
        origin["dl_omitted"] = ",".join(omitted)
    return Encoded(dead_letter_topic(service, record.topic), key, value, headers | origin)


def _size(key: bytes | None, value: bytes, headers: Mapping[str, str]) -> int:
    return len(key or b"") + len(value) + sum(len(name.encode()) + len(text.encode()) for name, text in headers.items())


def _is_text(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True
