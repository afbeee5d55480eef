"""Somebody must act: who, how soon and why."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar, Literal

from contracts.decision import Decision
from contracts.events.referral_redacted import RedactedNarrative
from contracts.facts import OpenFacts
from contracts.model import Contract

Stage = Literal["alert", "held", "full"]


class ReferralRoutedV1(Contract):
    """A decision.

    `stage` is "alert" for the content-free alert that immediate danger raises before redaction has run, "held"
    for a quarantined referral, "full" for one with its redacted narrative. Only "full" carries a narrative.
    """

    type: ClassVar[str] = "referral.routed.v1"

    referral_id: str
    reference: str
    revision: int = 1
    stage: Stage
    received_at: dt.datetime
    routed_at: dt.datetime
    facts: OpenFacts
    decision: Decision
    narrative: RedactedNarrative | None = None
