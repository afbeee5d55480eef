"""A referral is accepted when, and only when, everything about it is in the database."""

from __future__ import annotations

import pytest

from contracts.events.referral_received import ReferralReceivedV1
from contracts.sealed import PersonalPart
from services.intake.domain.reference import is_reference
from services.kit.sealing import open_box
from tests.integration.intake.conftest import Intake, referral

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_referral_is_accepted_with_what_the_school_needs_to_know(intake: Intake) -> None:
    answer = await intake.post(referral())
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert answer.headers["location"] == body["status_url"] == f"/v1/referrals/{body['id']}"
    assert is_reference(body["reference"])
    assert body["status"] == "received"
    assert body["warnings"] == []
    assert {"code", "text", "tel"} == set(body["immediate_actions"][0])


async def test_its_event_is_in_the_outbox_and_opens_for_redaction(intake: Intake) -> None:
    accepted = (await intake.post(referral())).json()
    (envelope,) = await intake.outbox()
    received = envelope.data
    assert isinstance(received, ReferralReceivedV1)
    assert envelope.subject == received.referral_id == accepted["id"]
    assert envelope.traceparent is not None
    assert received.facts.client_id == "ours"
    part = PersonalPart.model_validate_json(open_box(intake.ring, f"{accepted['id']}/1", received.sealed))
    assert part.narrative == referral()["concern"]["narrative"]
    assert part.record.learners[0].legal_surname == "Farthingale"
