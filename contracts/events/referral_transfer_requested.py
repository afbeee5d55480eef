"""A team asked for a referral to go to another destination."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar, Literal

from contracts.facts import OpenFacts
from contracts.model import Contract

TransferReason = Literal["wrong_area", "below_threshold", "above_threshold", "out_of_remit", "conflict_of_interest"]


class ReferralTransferRequestedV1(Contract):
    """Content-free: routing decides again with the requested destination as its first rule."""

    type: ClassVar[str] = "referral.transfer-requested.v1"

    referral_id: str
    reference: str
    revision: int = 1
    received_at: dt.datetime
    requested_at: dt.datetime
    from_destination: str
    to_destination: str
    reason: TransferReason
    facts: OpenFacts
