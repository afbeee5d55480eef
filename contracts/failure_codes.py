"""Stable codes for everything that can go wrong with a message. Never exception text: that may name a child.

A code is part of the published contract: it may be added, never renamed or reused.
"""

from __future__ import annotations

from typing import Literal, get_args

FailureCode = Literal[
    # bytes that are not an envelope this service can read
    "codec.header_missing",
    "codec.header_not_text",
    "codec.type_unknown",
    "codec.version_unknown",
    "codec.value_missing",
    "codec.value_not_json",
    "codec.value_invalid",
    "codec.key_mismatch",
    "codec.too_large",
    # unsealing
    "sealed.key_unknown",
    "sealed.not_for_us",
    "sealed.content_invalid",
    # redaction refused to let words through
    "redaction.too_large",
    "redaction.timeout",
    "redaction.detector_failed",
    "redaction.leak_guard",
    "redaction.failed",
    # a decision could not be made
    "routing.destination_unknown",
    # telling people
    "notify.destination_unknown",
    "notify.recipient_refused",
    "notify.message_refused",
    "notify.channel_unavailable",
    "notify.retries_exhausted",
    # a handler gave up after its retries
    "handler.retries_exhausted",
    "handler.permanent",
]

FAILURE_CODES: frozenset[str] = frozenset(get_args(FailureCode))
