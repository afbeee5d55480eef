"""Refusals as RFC 9457 problem details: what is wrong, where, and what to do. Never a value that was sent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import Response

from services.intake.domain.answer import Notice

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:saferoute:problem:"
ERRORS_AT_MOST = 50
"""Faults listed in one answer: past this the body is not what this API is for."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of refusal: stable name, status, title, and what the client should do."""

    name: str
    status: int
    title: str
    detail: str


class ProblemError(Exception):
    """Ends a request with a problem. Carries fixed texts, pointers and codes only."""

    def __init__(
        self,
        kind: Kind,
        errors: Sequence[Notice] = (),
        headers: Mapping[str, str] | None = None,
        detail: str | None = None,
    ) -> None:
        super().__init__(kind.name)
        self.kind = kind
        self.errors = tuple(errors[:ERRORS_AT_MOST])
        self.headers = dict(headers or {})
        self.detail = detail or kind.detail

    def response(self) -> Response:
        """The answer as it goes out."""
        body: dict[str, object] = {
            "type": TYPE_PREFIX + self.kind.name,
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = [error.model_dump() for error in self.errors]
        return Response(json.dumps(body), self.kind.status, self.headers, media_type=MEDIA_TYPE)


NOT_JSON = Kind("not-json", 400, "The body is not JSON", "Send one JSON object in UTF-8, each field once.")
TOO_DEEP = Kind("too-deep", 400, "The body is nested too deeply", "Send the fields as documented; none nests deeper.")
KEY_MISSING = Kind(
    "idempotency-key-missing",
    400,
    "The header Idempotency-Key is needed",
    "Send one fresh random value (a UUID, say; 1 to 255 visible ASCII characters) for each referral, and the same "
    "value again when you repeat the request.",
)
UNAUTHENTICATED = Kind(
    "unauthenticated", 401, "A valid API key is needed", "Send Authorization: Bearer with a key that works."
)
FORBIDDEN_URN = Kind(
    "urn-not-yours",
    403,
    "This key may not post for this school",
    "Check the URN, or ask for your key to be bound to the school.",
)
NOT_FOUND = Kind("not-found", 404, "There is no such resource", "Check the address; see /openapi.json for all of them.")
METHOD_NOT_ALLOWED = Kind(
    "method-not-allowed", 405, "This resource knows other methods", "Use a method of the header Allow."
)
BODY_TIMEOUT = Kind(
    "body-timeout", 408, "The body took too long to arrive", "Send the request again, with the same key."
)
KEY_IN_FLIGHT = Kind(
    "request-in-flight",
    409,
    "A request with this Idempotency-Key is being answered",
    "Wait for its answer, or repeat with the same key after Retry-After seconds.",
)
VERSION_BEHIND = Kind(
    "version-behind",
    409,
    "A newer version of this record was taken already",
    "Nothing needs to be done if this is an old message; otherwise send the record with its newest source.version.",
)
VERSION_REUSED = Kind(
    "version-reused",
    409,
    "This version of the record was taken with other content",
    "Send the changed record with a higher source.version, so that it is taken as an update.",
)
TOO_LARGE = Kind(
    "too-large", 413, "The body is larger than 256 KiB", "Describe the concern in words; files are not taken."
)
UNSUPPORTED = Kind(
    "unsupported-media-type", 415, "The body must be application/json", "Send JSON in UTF-8 without content encoding."
)
INVALID = Kind(
    "invalid", 422, "The referral cannot be taken as it is", "Correct what the errors point at and send again."
)
MEDIA = Kind("media-refused", 422, "Media are never taken", "Send the referral again without them.")
KEY_REUSED = Kind(
    "idempotency-key-reused",
    422,
    "This Idempotency-Key was used for another body",
    "Use a fresh key for a new referral or an update, and the old key only for an exact repetition.",
)
TOO_MANY = Kind("too-many-requests", 429, "Too many requests", "Repeat with the same key after Retry-After seconds.")
INTERNAL = Kind(
    "internal",
    500,
    "Something went wrong here",
    "Repeat with the same key; if it lasts, use the phone numbers you know.",
)
UNAVAILABLE = Kind(
    "unavailable",
    503,
    "The ledger cannot be reached now",
    "Do not take the referral as accepted: repeat with the same key after Retry-After seconds. "
    "If a child is in immediate danger, call 999.",
)

KINDS: tuple[Kind, ...] = (
    NOT_JSON, TOO_DEEP, KEY_MISSING, UNAUTHENTICATED, FORBIDDEN_URN, NOT_FOUND, METHOD_NOT_ALLOWED, BODY_TIMEOUT,
    KEY_IN_FLIGHT, VERSION_BEHIND, VERSION_REUSED, TOO_LARGE, UNSUPPORTED, INVALID, MEDIA, KEY_REUSED, TOO_MANY,
    INTERNAL, UNAVAILABLE,
)  # fmt: skip
"""Every refusal there is, for the documentation."""
