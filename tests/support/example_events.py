"""One synthetic event of every type: the committed examples, and what contract tests feed to every consumer."""

from __future__ import annotations

import datetime as dt
import uuid

from contracts.codec import event_type_of
from contracts.decision import Decision, PolicyVersion, RuleApplied
from contracts.envelope import Envelope
from contracts.events.notification import (
    NotificationAcknowledgedV1,
    NotificationEscalatedV1,
    NotificationFailedV1,
    NotificationSentV1,
)
from contracts.events.referral_quarantined import ReferralQuarantinedV1
from contracts.events.referral_received import ReferralReceivedV1
from contracts.events.referral_redacted import QuasiIdentifier, RedactedNarrative, ReferralRedactedV1
from contracts.events.referral_routed import ReferralRoutedV1
from contracts.events.referral_transfer_requested import ReferralTransferRequestedV1
from contracts.facts import OpenFacts
from contracts.model import Contract
from contracts.sealed import SealedBox
from contracts.topics import TOPICS

REFERRAL_ID = "5f0c1d2e3b4a59687786a5b4c3d2e1f0"
REFERENCE = "KR-7F3K-9QX"
NOTIFICATION_ID = "8d1f6c52-2f0e-5c8e-9b57-0d6a5f1f2a3b"
AT = dt.datetime(2026, 3, 4, 10, 15, tzinfo=dt.UTC)

FACTS = OpenFacts(
    online=True,
    risk_areas=("contact",),
    categories=("grooming",),
    support_level=3,
    imagery_involved="no",
    adult_involved="yes",
    agreement="given",
    identifiable_child=True,
    age_band="13_to_15",
    phase="secondary",
    district="Thanet",
    home_la="886",
    client_id="example-mis",
)
NARRATIVE = RedactedNarrative(
    text="[CHILD] told [STAFF_1] that somebody she met in a game asked which school she goes to.",
    pseudonyms={"CHILD": 1, "STAFF": 1},
    quasi_identifiers=(QuasiIdentifier(kind="rare_circumstance", score=0.2),),
    review_score=0.2,
)
DECISION = Decision(
    destination="front_door",
    urgency="urgent",
    area="east",
    acknowledge_by=AT + dt.timedelta(hours=1),
    advice=("ceop",),
    phone="03000 411 111",
    rules=(RuleApplied(id="10", sentence="Online grooming goes to the Front Door.", source="policy"),),
    facts_used=("online", "categories"),
    policy=PolicyVersion(name="kent", version="1", hash="0" * 64),
)
_NOTIFICATION: dict[str, object] = {
    "referral_id": REFERRAL_ID,
    "reference": REFERENCE,
    "revision": 1,
    "notification_id": NOTIFICATION_ID,
    "destination": "front_door",
}
_REFERRAL: dict[str, object] = {
    "referral_id": REFERRAL_ID,
    "reference": REFERENCE,
    "revision": 1,
    "received_at": AT,
    "facts": FACTS,
}

EXAMPLES: tuple[Contract, ...] = (
    ReferralReceivedV1.model_validate(
        _REFERRAL | {"sealed": SealedBox(key_id="example", suite="example", ciphertext="c2VhbGVk")}
    ),
    ReferralRedactedV1.model_validate(_REFERRAL | {"redacted_at": AT, "narrative": NARRATIVE}),
    ReferralQuarantinedV1.model_validate(_REFERRAL | {"quarantined_at": AT, "failure_code": "redaction.leak_guard"}),
    ReferralRoutedV1.model_validate(
        _REFERRAL | {"stage": "full", "routed_at": AT, "decision": DECISION, "narrative": NARRATIVE}
    ),
    NotificationSentV1.model_validate(
        _NOTIFICATION
        | {"channel": "email", "urgency": "urgent", "sent_at": AT, "acknowledge_by": AT + dt.timedelta(hours=1)}
    ),
    NotificationFailedV1.model_validate(
        _NOTIFICATION | {"channel": "email", "failure_code": "notify.recipient_refused", "failed_at": AT}
    ),
    NotificationAcknowledgedV1.model_validate(_NOTIFICATION | {"acknowledged_at": AT}),
    NotificationEscalatedV1.model_validate(_NOTIFICATION | {"level": 1, "escalated_at": AT}),
    ReferralTransferRequestedV1.model_validate(
        _REFERRAL
        | {
            "requested_at": AT,
            "from_destination": "online_safety_team",
            "to_destination": "front_door",
            "reason": "above_threshold",
        }
    ),
)


def example_envelopes() -> dict[str, Envelope[Contract]]:
    """An envelope by event type, the same at every call."""
    producers = {topic.name: topic.producer for topic in TOPICS}
    envelopes = {}
    for event in EXAMPLES:
        event_type = event_type_of(event)
        envelopes[event_type] = Envelope[Contract](
            id=str(uuid.uuid5(uuid.NAMESPACE_URL, event_type)),
            type=event_type,
            source=producers[event_type],
            time=AT,
            subject=REFERRAL_ID,
            traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            data=event,
        )
    return envelopes
