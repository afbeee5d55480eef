"""The personal part of a referral, sealed to redaction's public key."""

from __future__ import annotations

import datetime as dt

from contracts.api_referral import ReferralIn
from contracts.sealed import PersonalPart, SealedBox
from services.kit.sealing import SealingKey, seal


class Sealer:
    """Seals what only redaction may read. It holds no key that opens anything."""

    def __init__(self, key: SealingKey) -> None:
        self._key = key

    def __call__(self, referral: ReferralIn, referral_id: str, revision: int) -> SealedBox:
        """The box of one revision; it opens for no other."""
        plaintext = personal_part(referral).model_dump_json().encode()
        return seal(self._key, f"{referral_id}/{revision}", plaintext)


def personal_part(referral: ReferralIn) -> PersonalPart:
    """All of a referral that is not an open fact."""
    concern, source = referral.concern, referral.source
    return PersonalPart(
        record=referral.record(),
        narrative=concern.narrative,
        platforms=concern.platforms,
        occurred_at=_instant(concern.occurred_at),
        identified_at=_instant(concern.identified_at),
        police_reference=referral.police.reference if referral.police else None,
        reason_not_sought=referral.agreement.reason_not_sought if referral.agreement else None,
        actions_taken=referral.actions_taken,
        source_system=source.system if source else None,
        source_record_id=source.record_id if source else None,
    )


def _instant(moment: dt.datetime | dt.date | None) -> dt.datetime | None:
    """A day stands for its beginning; a time without a zone is taken as UTC."""
    if moment is None:
        return None
    if not isinstance(moment, dt.datetime):
        return dt.datetime.combine(moment, dt.time.min, dt.UTC)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)
