"""When a rule applies: conditions over the open facts, as data.

A condition is true where every fact that it names has one of the values it lists. A rule may have several
conditions; it applies where any of them is true. There is no negation but `..._none`, no arithmetic and no text:
so the whole space of facts is finite and can be proved over.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Final, Literal, NamedTuple, get_args

from pydantic import model_validator

from contracts.facts import (
    AgeBand,
    Agreement,
    Category,
    Fgm,
    ImageryInvolved,
    KnownTo,
    OpenFacts,
    Phase,
    RequestKind,
    RiskArea,
    YesNoUnknown,
)
from contracts.policy.parts import Identifier, OneOrMore, PolicyPart

Level = Literal[1, 2, 3, 4, "unknown"]
Residence = Literal["home", "elsewhere", "unknown"]
"""Where the child lives, seen from the council: in its authority, in another one, or nobody said."""

UNKNOWN_AREA: Final = "unknown"
"""The value of the fact `area` where the school's district belongs to no area of the pack."""

View = Mapping[str, object]
"""The facts as conditions read them: OpenFacts by name, with `area` and `residence`; no level is "unknown"."""

TestKind = Literal["is", "any", "none"]


class FactTest(NamedTuple):
    """One comparison: the fact is one of `values`; or the set-valued fact has any, or none, of them."""

    fact: str
    kind: TestKind
    values: frozenset[object]

    def holds(self, view: View) -> bool:
        value = view[self.fact]
        if self.kind == "is":
            return value in self.values
        disjoint = self.values.isdisjoint(value)  # type: ignore[arg-type]  # a tuple, by SET_FACTS
        return disjoint if self.kind == "none" else not disjoint


SCALAR_FACTS: Final[Mapping[str, tuple[object, ...]]] = {
    "immediate_danger": (False, True),
    "online": (False, True),
    "staff_allegation": (False, True),
    "police_investigation_live": (False, True),
    "identifiable_child": (False, True),
    "agreement_reason_given": (False, True),
    "support_level": get_args(Level),
    "imagery_involved": get_args(ImageryInvolved),
    "adult_involved": get_args(YesNoUnknown),
    "fgm": get_args(Fgm),
    "request": get_args(RequestKind),
    "agreement": get_args(Agreement),
    "age_band": get_args(AgeBand),
    "phase": get_args(Phase),
    "residence": get_args(Residence),
}
"""Every fact with one value, and all the values it can have. `area` is one more: its values are the pack's."""

SET_FACTS: Final[Mapping[str, tuple[object, ...]]] = {
    "risk_areas": get_args(RiskArea),
    "categories": get_args(Category),
    "known_to": get_args(KnownTo),
}
"""Every fact that is a set, and its possible members."""


class Condition(PolicyPart):
    """Facts and the values they may have; a fact that is left out may have any."""

    immediate_danger: bool | None = None
    online: bool | None = None
    staff_allegation: bool | None = None
    police_investigation_live: bool | None = None
    identifiable_child: bool | None = None
    agreement_reason_given: bool | None = None
    support_level: Annotated[tuple[Level, ...] | None, OneOrMore] = None
    imagery_involved: Annotated[tuple[ImageryInvolved, ...] | None, OneOrMore] = None
    adult_involved: Annotated[tuple[YesNoUnknown, ...] | None, OneOrMore] = None
    fgm: Annotated[tuple[Fgm, ...] | None, OneOrMore] = None
    request: Annotated[tuple[RequestKind, ...] | None, OneOrMore] = None
    agreement: Annotated[tuple[Agreement, ...] | None, OneOrMore] = None
    age_band: Annotated[tuple[AgeBand, ...] | None, OneOrMore] = None
    phase: Annotated[tuple[Phase, ...] | None, OneOrMore] = None
    residence: Annotated[tuple[Residence, ...] | None, OneOrMore] = None
    area: Annotated[tuple[Identifier, ...] | None, OneOrMore] = None
    risk_areas: Annotated[tuple[RiskArea, ...] | None, OneOrMore] = None
    risk_areas_none: Annotated[tuple[RiskArea, ...] | None, OneOrMore] = None
    categories: Annotated[tuple[Category, ...] | None, OneOrMore] = None
    categories_none: Annotated[tuple[Category, ...] | None, OneOrMore] = None
    known_to: Annotated[tuple[KnownTo, ...] | None, OneOrMore] = None
    known_to_none: Annotated[tuple[KnownTo, ...] | None, OneOrMore] = None

    @model_validator(mode="after")
    def _no_empty_list(self) -> Condition:
        """An empty list could never be met; the author meant something else."""
        for name in type(self).model_fields:
            if getattr(self, name) == ():
                raise ValueError(f"{name} lists no value: leave it out for 'any'")
        return self

    @cached_property
    def tests(self) -> tuple[FactTest, ...]:
        """The comparisons of this condition; all must hold."""
        return tuple(
            _fact_test(name, value) for name in type(self).model_fields if (value := getattr(self, name)) is not None
        )

    def holds(self, view: View) -> bool:
        """Whether every comparison holds."""
        return all(test.holds(view) for test in self.tests)


def _fact_test(field: str, value: object) -> FactTest:
    values = frozenset(value) if isinstance(value, tuple) else frozenset((value,))
    fact = field.removesuffix("_none")
    if fact not in SET_FACTS:
        return FactTest(field, "is", values)
    return FactTest(fact, "any" if fact == field else "none", values)


def any_holds(conditions: tuple[Condition, ...], view: View) -> bool:
    """Whether one of `conditions` holds. Without any condition the answer is yes."""
    if not conditions:
        return True
    return any(condition.holds(view) for condition in conditions)


def view_of(facts: OpenFacts, area: str | None, residence: Residence) -> dict[str, object]:
    """The facts as conditions read them."""
    view = dict(vars(facts))
    view["area"] = area or UNKNOWN_AREA
    view["residence"] = residence
    if facts.support_level is None:
        view["support_level"] = "unknown"
    return view


def fact_names(conditions: tuple[Condition, ...]) -> tuple[str, ...]:
    """The facts that `conditions` look at, each once, in the order of the condition's fields."""
    return tuple(dict.fromkeys(test.fact for condition in conditions for test in condition.tests))


def area_in(view: View) -> str | None:
    """The area that a view states, or None where the school's district belongs to none."""
    area = view["area"]
    return None if area == UNKNOWN_AREA else str(area)
