"""A referral's words were de-identified and passed the leak guard."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from pydantic import Field

from contracts.facts import OpenFacts
from contracts.model import Contract


class QuasiIdentifier(Contract):
    """A combination that may single somebody out although it names nobody; `score` is 0..1."""

    kind: str
    score: float


class RedactedNarrative(Contract):
    """De-identified text, never "anonymous": a pseudonym is still personal data under the UK GDPR.

    `pseudonyms` counts mentions by kind ("CHILD", "PHONE", ...). `review_score` (0..1) says how much a human
    should look at it before anybody else does.
    """

    text: str
    pseudonyms: dict[str, int] = Field(default_factory=dict)
    quasi_identifiers: tuple[QuasiIdentifier, ...] = ()
    review_score: float = 0.0


class ReferralRedactedV1(Contract):
    """What travels on instead of the sealed part."""

    type: ClassVar[str] = "referral.redacted.v1"

    referral_id: str
    reference: str
    revision: int = 1
    received_at: dt.datetime
    redacted_at: dt.datetime
    facts: OpenFacts
    narrative: RedactedNarrative
