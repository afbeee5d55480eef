"""The envelope every event travels in: CloudEvents 1.0."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Generic, TypeVar

from contracts.model import Contract

T = TypeVar("T", bound=Contract)

SPEC_VERSION = "1.0"
EVENT_NAMESPACE = uuid.UUID("5afe0000-0e7e-5000-8000-000000000001")
"""Any fixed UUID: it makes our derived ids ours. Changing it would make old events look new."""


class Envelope(Contract, Generic[T]):
    """CloudEvents context attributes around one event.

    `id` is unique per event and the same on every re-delivery: consumers deduplicate by it. `source` is the
    producing service, `subject` the referral id, which is also the Kafka key, so that one referral stays in order.
    `traceparent` is the W3C trace context of our work on the request that started it (never the client's own), or None.
    """

    id: str
    type: str
    source: str
    time: dt.datetime
    subject: str
    specversion: str = SPEC_VERSION
    traceparent: str | None = None
    data: T

    def caused(
        self, source: str, event_type: str, data: Contract, time: dt.datetime, event_id: str
    ) -> Envelope[Contract]:
        """The envelope of an event that this one brought about: same referral, same trace."""
        return Envelope[Contract](
            id=event_id,
            type=event_type,
            source=source,
            time=time,
            subject=self.subject,
            traceparent=self.traceparent,
            data=data,
        )


def derived_id(input_id: str, step: str) -> str:
    """The id of the event that `step` makes of the event `input_id`: the same on every re-delivery."""
    return str(uuid.uuid5(EVENT_NAMESPACE, f"{input_id}/{step}"))
