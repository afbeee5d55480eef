"""The open facts of a referral: all that routing may know, and nothing that names anyone.

Source of the vocabularies: the four areas of risk of "What is online safety" and the categories of
Keeping Children Safe in Education. A value that is not listed here cannot travel.
"""

from __future__ import annotations

from typing import Literal, get_args

from contracts.model import Contract

RiskArea = Literal["content", "contact", "conduct", "commerce"]
Category = Literal[
    "neglect",
    "physical_abuse",
    "emotional_abuse",
    "sexual_abuse",
    "harmful_sexual_behaviour",
    "cse",
    "cce",
    "grooming",
    "radicalisation",
    "domestic_abuse",
    "honour_based_abuse",
    "forced_marriage",
    "self_harm",
    "suicidal_ideation",
    "mental_health",
    "substance_misuse",
    "gangs",
    "missing",
    "bullying",
    "other",
]
SupportLevel = Literal[1, 2, 3, 4]
ImageryInvolved = Literal["no", "unknown", "yes_not_viewed", "yes_viewed"]
YesNoUnknown = Literal["yes", "no", "unknown"]
Fgm = Literal["none", "suspected", "at_risk", "known"]
KnownTo = Literal["early_help", "social_care", "police"]
RequestKind = Literal["referral", "consultation", "share_with_parents", "share_with_schools"]
Agreement = Literal["given", "refused", "not_sought", "unknown"]
AgeBand = Literal["under_5", "5_to_10", "11_to_12", "13_to_15", "16_to_17", "18_or_over", "unknown"]
Phase = Literal["early_years", "primary", "secondary", "all_through", "post_16", "special", "unknown"]

UNDER_13: frozenset[AgeBand] = frozenset({"under_5", "5_to_10", "11_to_12"})
UNDER_18: frozenset[AgeBand] = UNDER_13 | {"13_to_15", "16_to_17"}

PHASES: tuple[Phase, ...] = get_args(Phase)


class OpenFacts(Contract):
    """What an event says about a concern in the open: closed vocabularies, a district, a home authority.

    `district` is the school's district as the register of schools gives it, or None where unknown.
    `home_la` is the three-digit code of the authority where the subject lives ("886" is Kent), or None.
    `identifiable_child` says whether the referral names at least one learner.
    `agreement_reason_given` says that the school gave a reason for not asking the family; the reason itself
    stays in the sealed part.
    """

    immediate_danger: bool = False
    online: bool = False
    risk_areas: tuple[RiskArea, ...] = ()
    categories: tuple[Category, ...] = ()
    support_level: SupportLevel | None = None
    imagery_involved: ImageryInvolved = "unknown"
    adult_involved: YesNoUnknown = "unknown"
    staff_allegation: bool = False
    fgm: Fgm = "none"
    known_to: tuple[KnownTo, ...] = ()
    request: RequestKind = "referral"
    agreement: Agreement = "unknown"
    agreement_reason_given: bool = False
    police_investigation_live: bool = False
    identifiable_child: bool = False
    age_band: AgeBand = "unknown"
    phase: Phase = "unknown"
    district: str | None = None
    home_la: str | None = None
    test: bool = False
    client_id: str = ""
