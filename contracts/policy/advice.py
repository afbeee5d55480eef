"""What a school is told: advice blocks, immediate actions and template letters."""

from __future__ import annotations

from typing import Literal

from contracts.policy.conditions import Condition
from contracts.policy.parts import Identifier, Line, PolicyPart, Prose, Sourced

Hold = Literal["police_or_ceop_response", "embargo_lifted"]
"""What must be logged before the school goes on: the answer of the police or CEOP, or the embargo's end."""


class Variants(PolicyPart):
    """Two texts: for schools where the concern was reported, and for all others."""

    affected: Prose
    not_affected: Prose


class Advice(Sourced):
    """A block of advice. `code` is stable and travels; the words may change with the pack's version.

    `tel` is a fixed public number; `tel_of` is a destination whose number of that minute is shown instead.
    `when` narrows the block further than the rules that add it.
    """

    code: Identifier
    title: Line
    text: Prose
    variants: Variants | None = None
    checklist: tuple[Line, ...] = ()
    tel: Line | None = None
    tel_of: Identifier | None = None
    link: Line | None = None
    hold_until: Hold | None = None
    asks_for: Line | None = None
    """What the school should add to the referral, where the block is a question."""
    when: tuple[Condition, ...] = ()


class ImmediateActionRule(PolicyPart):
    """An advice block that belongs in the synchronous answer to a referral where `when` holds."""

    advice: Identifier
    when: tuple[Condition, ...] = ()


class ImmediateAction(PolicyPart):
    """What the answer to a referral tells the school to do now: shown as it stands."""

    code: str
    text: str
    tel: str | None = None


class ShownAdvice(PolicyPart):
    """An advice block as a school reads it: the variant chosen, the number of that minute."""

    code: str
    title: str
    text: str
    checklist: tuple[str, ...] = ()
    tel: str | None = None
    link: str | None = None
    hold_until: Hold | None = None
    asks_for: str | None = None


class Letter(Sourced):
    """A template letter that a school adapts and shares. Its placeholders name no child, school or platform."""

    id: Identifier
    version: Line
    title: Line
    sentence: Line
    needs_referral: bool = False
    """False for an awareness letter: any school may take it."""
    text: Prose
