"""Rules, their order and their test cases."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Final

from pydantic import AwareDatetime, ConfigDict, Field

from contracts.decision import RuleApplied, Urgency
from contracts.facts import OpenFacts
from contracts.policy.conditions import Condition, fact_names
from contracts.policy.parts import Identifier, Line, OneOrMore, PolicyPart, Prose, Sourced

URGENCIES: Final[tuple[Urgency, ...]] = ("routine", "same_day", "urgent", "immediate")
"""From the slowest clock to the fastest."""

RANK: Final[Mapping[Urgency, int]] = {urgency: rank for rank, urgency in enumerate(URGENCIES)}


class Rule(Sourced):
    """One row of the policy.

    Rules are read from the top. The first that applies and names a destination makes it the primary one; a later
    one that applies adds its destination as a copy. The urgency is the highest that any applying rule asks for.
    `fallback` rules apply only while nothing before them has named a destination. The number that an id begins
    with must grow from rule to rule, so that a row that was moved by accident is noticed.
    """

    id: Annotated[str, Field(pattern=r"^[0-9]{2,3}-[a-z0-9-]{1,60}$")]
    sentence: Line
    when: tuple[Condition, ...] = ()
    fallback: bool = False
    destination: Identifier | None = None
    urgency: Urgency | None = None
    copies: Annotated[tuple[Identifier, ...], OneOrMore] = ()
    without_copies: Annotated[tuple[Identifier, ...], OneOrMore] = ()
    """Destinations that get no copy where this rule applies, whatever other rules ask for."""
    advice: Annotated[tuple[Identifier, ...], OneOrMore] = ()
    embargo: bool = False
    raise_urgency: int = Field(default=0, ge=0, le=3)
    """Steps by which the urgency rises, up to immediate."""
    hold_for_human: bool = False
    conflict_check: bool = False

    @cached_property
    def applied(self) -> RuleApplied:
        """How a decision names this rule."""
        return RuleApplied(id=self.id, sentence=self.sentence, source=self.source.in_words())

    @cached_property
    def facts(self) -> tuple[str, ...]:
        """The facts it looks at."""
        return fact_names(self.when)


class HeldRule(Sourced):
    """What happens with a referral that could not be de-identified: a person at `destination` opens it."""

    id: Identifier
    sentence: Line
    destination: Identifier
    urgency: Urgency
    """The least urgency of a held referral; its facts may ask for more."""
    advice: Annotated[tuple[Identifier, ...], OneOrMore] = ()

    @cached_property
    def applied(self) -> RuleApplied:
        """How a decision names this rule."""
        return RuleApplied(id=self.id, sentence=self.sentence, source=self.source.in_words())


class Guarantee(Sourced):
    """What must be true of every decision for which `when` holds, whatever rules are added or moved.

    `policy check` proves each over all combinations of facts; a pack that breaks one is refused.
    """

    id: Identifier
    sentence: Line
    when: tuple[Condition, ...] = ()
    destination: Annotated[tuple[Identifier, ...], OneOrMore] = ()
    """The primary destination is one of these."""
    urgency_at_least: Urgency | None = None
    embargo: bool = False
    conflict_check: bool = False
    hold_for_human: bool = False
    advice: Annotated[tuple[Identifier, ...], OneOrMore] = ()
    """Every one of these blocks is given."""
    never_copied: Annotated[tuple[Identifier, ...], OneOrMore] = ()


class CaseFacts(OpenFacts):
    """The facts of a test case; what is left out has its default, what is misspelt is refused."""

    model_config = ConfigDict(extra="forbid")


class Expectation(PolicyPart):
    """What must come out. What is left out is not looked at; lists are compared as they stand."""

    destination: Identifier
    urgency: Urgency
    rules: tuple[str, ...]
    copies: tuple[Identifier, ...] = ()
    embargo: bool = False
    held_for_human: bool = False
    conflict_check: bool = False
    area: Identifier | None = None
    advice: tuple[Identifier, ...] | None = None
    phone: Line | None = None
    acknowledge_by: AwareDatetime | None = None


class Case(PolicyPart):
    """A referral that the pack's author wrote down, and the decision that it must get."""

    id: Identifier
    story: Prose
    at: AwareDatetime
    facts: CaseFacts
    expect: Expectation
