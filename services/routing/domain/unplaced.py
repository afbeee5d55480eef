"""What happens with a referral that could not be decided at all: a person opens it, nobody waits for a mended rule."""

from __future__ import annotations

import datetime as dt

from contracts.decision import Decision
from contracts.policy.pack import Pack

SOON = dt.timedelta(minutes=15)
"""The shortest clock that any pack has: what could not be decided may be the most urgent of all."""


def decide_unplaced(at: dt.datetime, pack: Pack) -> Decision:
    """The decision at the aware instant `at` that needs no rule, no clock and no calendar of `pack`: they may be what
    failed. It goes to the pack's destination for held referrals as immediate."""
    return Decision(
        destination=pack.held.destination,
        urgency="immediate",
        acknowledge_by=at + SOON,
        rules=(pack.held.applied,),
        held_for_human=True,
        policy=pack.policy_version,
    )
