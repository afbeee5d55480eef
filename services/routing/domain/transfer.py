"""A team hands a referral to another destination: the policy decides again, with that destination given."""

from __future__ import annotations

import datetime as dt

from contracts.decision import Decision, RuleApplied
from contracts.facts import OpenFacts
from contracts.policy.pack import Pack
from services.kit.policy_duty import acknowledge_by, phone_at
from services.routing.domain.decide import decide

TRANSFER = RuleApplied(
    id="transfer",
    sentence="The team that had it transferred this referral, with a reason.",
    source="referral.transfer-requested.v1",
)


def decide_transfer(facts: OpenFacts, at: dt.datetime, to_destination: str, pack: Pack) -> Decision | None:
    """The decision of `pack` at the aware instant `at`, sent to `to_destination` and with its clock begun anew.

    None where the pack has no such destination.
    """
    if to_destination not in pack.destination_by_id:
        return None
    usual = decide(facts, at, pack)
    return usual.model_copy(
        update={
            "destination": to_destination,
            "copies": tuple(name for name in usual.copies if name != to_destination),
            "rules": (*usual.rules, TRANSFER),
            "acknowledge_by": acknowledge_by(usual.urgency, at, pack),
            "phone": phone_at(to_destination, at, pack),
        }
    )
