"""What the answer points out without refusing: a concern is taken even where a code beside it is wrong."""

from __future__ import annotations

import re

from contracts.api_referral import LearnerIn, ReferralIn
from services.intake.domain.answer import Notice

UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
"""Check letters of the Department for Education's unique pupil number guide: I, O and S are not used."""
_UPN = re.compile(rf"[{UPN_LETTERS}][0-9]{{11}}[0-9{UPN_LETTERS}]")

_DSL_ROLES = frozenset(
    {
        "dsl",
        "ddsl",
        "deputy dsl",
        "dsl deputy",
        "designated safeguarding lead",
        "deputy designated safeguarding lead",
        "designated safeguarding lead deputy",
        "assistant dsl",
    }
)
"""How information systems write the designated safeguarding lead and deputies, folded."""


def notices(referral: ReferralIn, *, urn_known: bool, test_key: bool) -> tuple[Notice, ...]:
    """All that is worth a look in `referral`. Notices point and explain; they repeat nothing."""
    found = [notice for at, learner in enumerate(referral.learners) for notice in _upn_notices(at, learner)]
    if not urn_known:
        found.append(
            Notice(
                pointer="/school/urn",
                code="urn_unknown",
                detail="The register of schools does not know this URN. Check it; the referral was taken.",
            )
        )
    if _folded(referral.referrer.role) not in _DSL_ROLES:
        found.append(
            Notice(
                pointer="/referrer/role",
                code="referrer_not_dsl",
                detail="The referrer is not stated to be a designated safeguarding lead or deputy. "
                "Tell yours now; the referral was taken.",
            )
        )
    if test_key and not referral.test:
        found.append(
            Notice(
                pointer="/test",
                code="test_key",
                detail="Posted with a test key: the referral is marked as a test and nobody acts on it. "
                "Use a live key for a real concern.",
            )
        )
    return tuple(found)


def upn_is_valid(upn: str) -> bool:
    """Whether a unique pupil number has the right form and check letter (weights 2 to 13, modulo 23)."""
    text = upn.strip().upper()
    if not _UPN.fullmatch(text):
        return False
    values = [int(one) if one.isdigit() else UPN_LETTERS.index(one) for one in text[1:]]
    total = sum(weight * value for weight, value in enumerate(values, start=2))
    return text[0] == UPN_LETTERS[total % len(UPN_LETTERS)]


def _upn_notices(at: int, learner: LearnerIn) -> list[Notice]:
    numbers = [(f"/learners/{at}/upn", learner.upn)] if learner.upn else []
    numbers += [(f"/learners/{at}/former_upns/{place}", upn) for place, upn in enumerate(learner.former_upns)]
    return [
        Notice(
            pointer=pointer,
            code="upn_check_letter",
            detail="This is no valid UPN: its form or check letter is wrong. Check it; the referral was taken.",
        )
        for pointer, upn in numbers
        if not upn_is_valid(upn)
    ]


def _folded(role: str | None) -> str:
    return " ".join((role or "").casefold().replace("-", " ").replace("(", " ").replace(")", " ").split())
