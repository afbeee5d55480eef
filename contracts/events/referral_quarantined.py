"""A referral could not be de-identified safely: a human must look, nothing of its words travels."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from contracts.facts import OpenFacts
from contracts.failure_codes import FailureCode
from contracts.model import Contract


class ReferralQuarantinedV1(Contract):
    """Content-free: the open facts and a stable failure code."""

    type: ClassVar[str] = "referral.quarantined.v1"

    referral_id: str
    reference: str
    revision: int = 1
    received_at: dt.datetime
    quarantined_at: dt.datetime
    facts: OpenFacts
    failure_code: FailureCode
