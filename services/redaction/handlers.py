"""The story of one referral in redaction: open the box, keep what is in it, take out who it is, say so.

Whatever cannot be done safely ends in quarantine: a human is told that there is a referral, and none of its words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

import structlog
from prometheus_client import Counter
from pydantic import ValidationError

from contracts.envelope import Envelope, derived_id
from contracts.events.referral_quarantined import ReferralQuarantinedV1
from contracts.events.referral_received import ReferralReceivedV1
from contracts.events.referral_redacted import QuasiIdentifier, RedactedNarrative, ReferralRedactedV1
from contracts.failure_codes import FailureCode
from contracts.model import Contract
from contracts.sealed import PersonalPart
from services.kit.clock import Clock
from services.kit.errors import PermanentError
from services.kit.sealing import PrivateKeyRing, open_box
from services.redaction.adapters.engine import RedactionEngine
from services.redaction.adapters.vault import Vault
from services.redaction.redactor import Held, Redacted

log = structlog.get_logger()

REDACTED = Counter("saferoute_referrals_redacted_total", "Revisions whose words went on, redacted")
QUARANTINED = Counter("saferoute_referrals_quarantined_total", "Revisions held for a human, by cause", ["failure_code"])


@dataclass(frozen=True, slots=True)
class RedactReferral:
    """`referral.received.v1` in, `referral.redacted.v1` or `referral.quarantined.v1` out, the vault filled first.

    Deterministic event ids make a re-delivery harmless: the same box gives the same event again. A box held for another
    reason than before is news.
    """

    keys: PrivateKeyRing
    vault: Vault
    engine: RedactionEngine
    clock: Clock

    async def __call__(self, envelope: Envelope[Contract]) -> Sequence[Envelope[Contract]]:
        if not isinstance(envelope.data, ReferralReceivedV1):
            return ()
        received = envelope.data
        part = self._open(received)
        if isinstance(part, Held):
            return [self._quarantined(envelope, received, part.code)]
        await self.vault.store(received.referral_id, received.revision, part)
        outcome = await self.engine.redact(part, on=received.received_at.date())
        match outcome:
            case Redacted():
                return [self._redacted(envelope, received, outcome)]
            case Held(code):
                return [self._quarantined(envelope, received, code)]
            case _:
                assert_never(outcome)

    def give_up(self, envelope: Envelope[Contract], code: FailureCode) -> Sequence[Envelope[Contract]]:
        """A fault that no case above foresaw: quarantine, so that a human is told at once.

        A vault that its key does not open keeps its code: what was in the box is kept by nobody but the ledger.
        """
        if not isinstance(envelope.data, ReferralReceivedV1):
            return ()
        held: FailureCode = code if code.startswith("sealed.") else "redaction.failed"
        return [self._quarantined(envelope, envelope.data, held)]

    def _open(self, received: ReferralReceivedV1) -> PersonalPart | Held:
        aad = f"{received.referral_id}/{received.revision}"
        try:
            return PersonalPart.model_validate_json(open_box(self.keys, aad, received.sealed))
        except PermanentError as error:
            return Held(error.code)
        except ValidationError:
            return Held("sealed.content_invalid")

    def _redacted(
        self, cause: Envelope[Contract], received: ReferralReceivedV1, outcome: Redacted
    ) -> Envelope[Contract]:
        REDACTED.inc()
        log.info("referral.redacted", referral_id=received.referral_id, revision=received.revision)
        now = self.clock()
        event = ReferralRedactedV1(
            referral_id=received.referral_id,
            reference=received.reference,
            revision=received.revision,
            received_at=received.received_at,
            redacted_at=now,
            facts=received.facts,
            narrative=RedactedNarrative(
                text=outcome.text.value,
                pseudonyms=dict(outcome.pseudonyms),
                quasi_identifiers=tuple(QuasiIdentifier(kind=flag.kind, score=flag.score) for flag in outcome.quasi),
                review_score=outcome.review_score,
            ),
        )
        return cause.caused("redaction", event.type, event, now, derived_id(cause.id, "redacted"))

    def _quarantined(
        self, cause: Envelope[Contract], received: ReferralReceivedV1, code: FailureCode
    ) -> Envelope[Contract]:
        QUARANTINED.labels(code).inc()
        log.error("referral.quarantined", referral_id=received.referral_id, failure_code=code)
        now = self.clock()
        event = ReferralQuarantinedV1(
            referral_id=received.referral_id,
            reference=received.reference,
            revision=received.revision,
            received_at=received.received_at,
            quarantined_at=now,
            facts=received.facts,
            failure_code=code,
        )
        return cause.caused("redaction", event.type, event, now, derived_id(cause.id, f"quarantined/{code}"))
