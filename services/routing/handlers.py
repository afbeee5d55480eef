"""The story of one referral in routing: open facts in, a decision with its reasons out. Nothing is kept.

Immediate danger is decided twice: at once from the open facts of the sealed referral, without waiting for
redaction, and again with the redacted words. Both decisions carry the reasons of the same policy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from contracts.decision import Decision
from contracts.envelope import Envelope, derived_id
from contracts.events.referral_quarantined import ReferralQuarantinedV1
from contracts.events.referral_received import ReferralReceivedV1
from contracts.events.referral_redacted import RedactedNarrative, ReferralRedactedV1
from contracts.events.referral_routed import ReferralRoutedV1, Stage
from contracts.events.referral_transfer_requested import ReferralTransferRequestedV1
from contracts.failure_codes import FailureCode
from contracts.model import Contract
from contracts.policy import Pack
from services.kit.clock import Clock
from services.kit.errors import PermanentError
from services.routing.domain import decide, decide_alert, decide_held
from services.routing.domain.transfer import decide_transfer
from services.routing.domain.unplaced import decide_unplaced

log = structlog.get_logger()

Routable = ReferralReceivedV1 | ReferralRedactedV1 | ReferralQuarantinedV1 | ReferralTransferRequestedV1


@dataclass(frozen=True, slots=True)
class RouteReferral:
    """Decides who must act. `pack` answers the policy in force now; `received_at` is the instant decided for."""

    pack: Callable[[], Pack]
    clock: Clock

    async def __call__(self, envelope: Envelope[Contract]) -> Sequence[Envelope[Contract]]:
        match envelope.data:
            case ReferralReceivedV1() as received:
                alert = decide_alert(received.facts, received.received_at, self.pack())
                return [self._routed(envelope, received, "alert", alert)] if alert else ()
            case ReferralRedactedV1() as redacted:
                decision = decide(redacted.facts, redacted.received_at, self.pack())
                return [self._routed(envelope, redacted, "full", decision, redacted.narrative)]
            case ReferralQuarantinedV1() as quarantined:
                decision = decide_held(quarantined.facts, quarantined.received_at, self.pack())
                return [self._routed(envelope, quarantined, "held", decision)]
            case ReferralTransferRequestedV1() as request:
                moved = decide_transfer(request.facts, request.requested_at, request.to_destination, self.pack())
                if moved is None:
                    raise PermanentError("routing.destination_unknown")
                return [self._routed(envelope, request, "full", moved)]
            case _:
                return ()

    def give_up(self, envelope: Envelope[Contract], _code: FailureCode) -> Sequence[Envelope[Contract]]:
        """A fault that no rule foresaw: a person is told at once. A decision that comes later counts more.

        A transfer that cannot be decided stays with the team that asked: its clock runs on.
        """
        match envelope.data:
            case ReferralRedactedV1() | ReferralQuarantinedV1() as referral:
                decision = decide_unplaced(self.clock(), self.pack())
                return [self._routed(envelope, referral, "held", decision, step="unplaced")]
            case _:
                return ()

    def _routed(
        self,
        cause: Envelope[Contract],
        referral: Routable,
        stage: Stage,
        decision: Decision,
        narrative: RedactedNarrative | None = None,
        *,
        step: str | None = None,
    ) -> Envelope[Contract]:
        now = self.clock()
        log.info(
            "referral.routed",
            referral_id=referral.referral_id,
            stage=stage,
            destination=decision.destination,
            urgency=decision.urgency,
            rule_ids=[rule.id for rule in decision.rules],
        )
        event = ReferralRoutedV1(
            referral_id=referral.referral_id,
            reference=referral.reference,
            revision=referral.revision,
            stage=stage,
            received_at=referral.received_at,
            routed_at=now,
            facts=referral.facts,
            decision=decision,
            narrative=narrative,
        )
        return cause.caused("routing", event.type, event, now, derived_id(cause.id, f"routed/{step or stage}"))
