"""The envelope every event travels in: CloudEvents 1.0."""

from __future__ import annotations

import datetime as dt
from typing import Generic, TypeVar

from contracts.model import Contract

T = TypeVar("T", bound=Contract)

SPEC_VERSION = "1.0"


class Envelope(Contract, Generic[T]):
    """CloudEvents context attributes around one event.

    `id` is unique per event and the same on every re-delivery: consumers deduplicate by it. `source` is the
    producing service, `subject` the referral id, which is also the Kafka key, so that one referral stays in order.
    `traceparent` is the W3C trace context of the request that started it, or None.
    """

    id: str
    type: str
    source: str
    time: dt.datetime
    subject: str
    specversion: str = SPEC_VERSION
    traceparent: str | None = None
    data: T
