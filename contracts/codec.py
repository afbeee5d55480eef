"""The only place where bytes become an envelope and an envelope becomes bytes.

Kafka binary content mode of CloudEvents 1.0: context attributes are headers `ce_*`, the value is the JSON of one
event. Decoding never raises for what is on the wire and never repeats any of it: it answers with a failure code.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from contracts.envelope import SPEC_VERSION, Envelope
from contracts.failure_codes import FailureCode
from contracts.model import Contract
from contracts.topics import BY_TYPE

MAX_VALUE_BYTES = 900_000
"""Below Kafka's default max.message.bytes of 1,048,588, so that a record with its headers always fits."""

CONTENT_TYPE = "application/json"
REQUIRED = ("ce_id", "ce_type", "ce_source", "ce_time", "ce_subject", "ce_specversion")

Headers = Iterable[tuple[str, bytes | None]]
Upcaster = Callable[[dict[str, object]], dict[str, object]]

UPCASTERS: Mapping[str, tuple[str, Upcaster]] = {}
"""Old event type -> (the type it becomes, how). Empty while every event is in its first version."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """One Kafka record, ready to send."""

    topic: str
    key: bytes | None
    value: bytes
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Undecodable:
    """Why a record is no event of ours. Carries a code, never content."""

    code: FailureCode


def encode(envelope: Envelope[Contract]) -> Encoded:
    """Bytes of an envelope. The topic is the event's type, the key its subject."""
    headers = {
        "ce_id": envelope.id,
        "ce_type": envelope.type,
        "ce_source": envelope.source,
        "ce_time": envelope.time.isoformat(),
        "ce_subject": envelope.subject,
        "ce_specversion": envelope.specversion,
        "content-type": CONTENT_TYPE,
    }
    if envelope.traceparent is not None:
        headers["traceparent"] = envelope.traceparent
    value = envelope.data.model_dump_json(by_alias=True).encode()
    return Encoded(envelope.type, envelope.subject.encode(), value, headers)


def decode(
    key: bytes | None,
    value: bytes | None,
    headers: Headers,
    upcasters: Mapping[str, tuple[str, Upcaster]] = UPCASTERS,
) -> Envelope[Contract] | Undecodable:
    """The envelope of a record, its event brought up to the newest version this code knows."""
    attributes = _attributes(headers)
    if isinstance(attributes, Undecodable):
        return attributes
    if attributes["ce_specversion"] != SPEC_VERSION:
        return Undecodable("codec.version_unknown")
    if value is None:
        return Undecodable("codec.value_missing")
    if len(value) > MAX_VALUE_BYTES:
        return Undecodable("codec.too_large")
    body = _json_object(value)
    if isinstance(body, Undecodable):
        return body
    event = _event(attributes["ce_type"], body, upcasters)
    if isinstance(event, Undecodable):
        return event
    if key != attributes["ce_subject"].encode():
        return Undecodable("codec.key_mismatch")
    return _envelope(attributes, event)


def _attributes(headers: Headers) -> dict[str, str] | Undecodable:
    attributes: dict[str, str] = {}
    for name, raw in headers:
        if raw is None:
            continue
        try:
            attributes[name] = raw.decode()
        except UnicodeDecodeError:
            return Undecodable("codec.header_not_text")
    if any(not attributes.get(name) for name in REQUIRED):
        return Undecodable("codec.header_missing")
    return attributes


def _json_object(value: bytes) -> dict[str, object] | Undecodable:
    try:
        body = json.loads(value)
    except (ValueError, RecursionError):
        return Undecodable("codec.value_not_json")
    return body if isinstance(body, dict) else Undecodable("codec.value_not_json")


def _event(
    event_type: str, body: dict[str, object], upcasters: Mapping[str, tuple[str, Upcaster]]
) -> Contract | Undecodable:
    while event_type in upcasters:
        event_type, upcast = upcasters[event_type]
        body = upcast(body)
    topic = BY_TYPE.get(event_type)
    if topic is None:
        family = event_type.rpartition(".v")[0]
        known = any(name.rpartition(".v")[0] == family for name in BY_TYPE)
        return Undecodable("codec.version_unknown" if family and known else "codec.type_unknown")
    try:
        return topic.event.model_validate(body)
    except (ValidationError, RecursionError):
        return Undecodable("codec.value_invalid")


def _envelope(attributes: dict[str, str], event: Contract) -> Envelope[Contract] | Undecodable:
    try:
        time = dt.datetime.fromisoformat(attributes["ce_time"])
    except ValueError:
        return Undecodable("codec.header_not_text")
    return Envelope[Contract](
        id=attributes["ce_id"],
        type=event_type_of(event),
        source=attributes["ce_source"],
        time=time,
        subject=attributes["ce_subject"],
        traceparent=attributes.get("traceparent"),
        data=event,
    )


def event_type_of(event: Contract) -> str:
    """The type (= topic) of an event model."""
    for topic in BY_TYPE.values():
        if isinstance(event, topic.event):
            return topic.name
    raise TypeError(f"{type(event).__name__} is not a registered event")
