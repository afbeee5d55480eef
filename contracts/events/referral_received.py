"""A school's referral was durably accepted."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar, Literal

from contracts.facts import OpenFacts
from contracts.model import Contract
from contracts.sealed import SealedBox


class ReferralReceivedV1(Contract):
    """Facts in the open, everything personal in a box only redaction can open.

    `revision` starts at 1; a later version of the same record in the school's system is the next revision.
    """

    type: ClassVar[str] = "referral.received.v1"

    referral_id: str
    reference: str
    revision: int = 1
    change: Literal["new", "update"] = "new"
    received_at: dt.datetime
    facts: OpenFacts
    sealed: SealedBox
