"""The personal part of a referral and the sealed box it travels in."""

from __future__ import annotations

import datetime as dt

from contracts.model import Contract
from contracts.record import Record


class PersonalPart(Contract):
    """What only redaction may read: the record, the words, and whatever names an app, a case or a place."""

    record: Record
    narrative: str
    platforms: tuple[str, ...] = ()
    occurred_at: dt.datetime | None = None
    identified_at: dt.datetime | None = None
    police_reference: str | None = None
    reason_not_sought: str | None = None
    actions_taken: tuple[str, ...] = ()
    source_system: str | None = None
    source_record_id: str | None = None


class SealedBox(Contract):
    """An HPKE message (RFC 9180, one shot) to redaction's public key.

    `key_id` names the key pair, `suite` the HPKE suite, `ciphertext` is base64 of enc || ct.
    "<referral_id>/<revision>" is bound into it, so a box cannot be moved to another referral.
    """

    key_id: str
    suite: str
    ciphertext: str
