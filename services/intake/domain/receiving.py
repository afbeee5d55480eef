"""What accepting a referral makes: its open facts, the answer to the school, the event that the pipeline starts with.

Pure: ids, the instant, the policy pack and the sealed box are arguments.
"""

from __future__ import annotations

import datetime as dt

from contracts.api_referral import ReferralIn
from contracts.derive_facts import open_facts
from contracts.envelope import Envelope, derived_id
from contracts.events.referral_received import ReferralReceivedV1
from contracts.facts import OpenFacts
from contracts.model import Contract
from contracts.policy import Pack
from contracts.sealed import SealedBox
from services.intake.domain.acceptance import Update
from services.intake.domain.answer import Action, Receipt
from services.intake.domain.client import Client
from services.intake.domain.schools import SchoolsRegister
from services.intake.domain.warning import notices
from services.kit.policy_duty import acknowledge_by, immediate_actions


def facts_of(referral: ReferralIn, client: Client, schools: SchoolsRegister, pack: Pack, now: dt.datetime) -> OpenFacts:
    """What may travel in the open. The register of schools counts more than what a body says of its place."""
    school = schools.find(referral.school.urn)
    facts = open_facts(
        referral,
        client_id=client.id,
        at=now,
        district=school.district if school else None,
        phase=school.phase if school else None,
        districts=pack.districts | schools.districts,
        council_la=pack.council.la_code,
    )
    return facts.model_copy(update={"test": facts.test or client.mode == "test"})


def receipt_of(
    referral: ReferralIn,
    facts: OpenFacts,
    which: Update,
    *,
    client: Client,
    schools: SchoolsRegister,
    pack: Pack,
    now: dt.datetime,
) -> Receipt:
    """The answer: when somebody must have acknowledged, and what to do at this very minute.

    Routing decides the urgency a moment later. Until then the fastest clock that the open facts allow for holds:
    immediate where danger is, urgent everywhere else, so that nobody waits for long if routing never decides.
    """
    return Receipt(
        id=which.referral_id,
        reference=which.reference,
        status_url=f"/v1/referrals/{which.referral_id}",
        received_at=now,
        acknowledge_by=acknowledge_by("immediate" if facts.immediate_danger else "urgent", now, pack),
        warnings=notices(referral, urn_known=not schools.doubts(referral.school.urn), test_key=client.mode == "test"),
        immediate_actions=tuple(
            Action(code=action.code, text=action.text, tel=action.tel) for action in immediate_actions(facts, now, pack)
        ),
    )


def received_event(
    facts: OpenFacts, sealed: SealedBox, which: Update, now: dt.datetime, traceparent: str | None
) -> Envelope[Contract]:
    """The event with the sealed part. Its id follows from what it is about: the same on every publication."""
    event = ReferralReceivedV1(
        referral_id=which.referral_id,
        reference=which.reference,
        revision=which.revision,
        change="new" if which.revision == 1 else "update",
        received_at=now,
        facts=facts,
        sealed=sealed,
    )
    return Envelope[Contract](
        id=derived_id(f"{which.referral_id}/{which.revision}", event.type),
        type=event.type,
        source="intake",
        time=now,
        subject=which.referral_id,
        traceparent=traceparent,
        data=event,
    )
