"""A policy pack: everything that a council decides about where concerns go."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from contracts.decision import PolicyVersion, Urgency
from contracts.derive_facts import fold_district
from contracts.facts import OpenFacts
from contracts.policy.advice import Advice, ImmediateActionRule, Letter
from contracts.policy.conditions import Residence, view_of
from contracts.policy.destinations import Area, Clock, Destination, Ladder, clock_fault
from contracts.policy.parts import Identifier, Line, PolicyPart, Prose, Sourced, turning_days
from contracts.policy.rules import URGENCIES, Case, Guarantee, HeldRule, Rule


class Council(Sourced):
    """Whose policy it is. `la_code` is the authority's three-digit code, by which home authorities are compared."""

    name: Line
    la_code: Annotated[str, Field(pattern=r"^[0-9]{3}$")]
    emergency_destination: Identifier
    """The destination whose phone is shown where another has none of its own."""


class DayHours(PolicyPart):
    """Opening and closing on one weekday, by the council's wall clock."""

    opens: dt.time
    closes: dt.time

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if self.opens >= self.closes:
            raise PydanticCustomError("hours", "opens must be before closes")
        return self


class OfficeHoursSpec(Sourced):
    """Office hours and holidays. `country` and `subdivision` are those of the `holidays` package."""

    sentence: Line
    timezone: Line
    country: Line
    subdivision: Line | None = None
    monday: DayHours | None = None
    tuesday: DayHours | None = None
    wednesday: DayHours | None = None
    thursday: DayHours | None = None
    friday: DayHours | None = None
    saturday: DayHours | None = None
    sunday: DayHours | None = None
    closed_on: tuple[dt.date, ...] = ()
    """Days on which the council is closed beyond the public holidays."""

    @property
    def week(self) -> tuple[DayHours | None, ...]:
        """Monday to Sunday."""
        return (
            self.monday, self.tuesday, self.wednesday, self.thursday, self.friday, self.saturday, self.sunday,
        )  # fmt: skip

    def __hash__(self) -> int:
        """Cheap, because a calendar is looked up by its hours for every decision."""
        return hash((self.timezone, self.country, self.subdivision))

    @model_validator(mode="after")
    def _opens_some_day(self) -> Self:
        if not any(self.week):
            raise PydanticCustomError("hours", "give the hours of at least one weekday")
        return self


class ImageryRule(Sourced):
    """What is said where media are refused, and beside every concern with imagery."""

    text: Prose
    instead: Prose


class Pack(PolicyPart):
    """A pack whose parts fit together: every id that is named exists. `hash` covers all but the test cases."""

    name: Identifier
    version: Line
    title: Line
    verified_on: dt.date
    council: Council
    office_hours: OfficeHoursSpec
    imagery: ImageryRule
    clocks: tuple[Clock, ...]
    areas: tuple[Area, ...] = ()
    ladders: tuple[Ladder, ...]
    destinations: Annotated[tuple[Destination, ...], Field(min_length=1)]
    advice: tuple[Advice, ...]
    immediate_actions: tuple[ImmediateActionRule, ...]
    letters: tuple[Letter, ...] = ()
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]
    held: HeldRule
    guarantees: tuple[Guarantee, ...] = ()
    tests: tuple[Case, ...] = ()
    hash: str = ""

    def __hash__(self) -> int:
        """Cheap, because compiled rules are looked up by their pack for every decision."""
        return hash((self.name, self.version, self.hash))

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        """Refuse a pack that names something it does not define, or defines something twice."""
        for kind, names in _definitions(self):
            first: dict[str, Path] = {}
            for path, name in names:
                if first.setdefault(name, path) != path:
                    at = ".".join(map(str, path))
                    raise PydanticCustomError("twice", "{kind} has the same id twice", {"kind": kind, "path": at})
        for path, kind, name in _references(self):
            if name not in _known(self, kind):
                at = ".".join(map(str, path))
                message = "no {kind} is called {name}"
                raise PydanticCustomError("unknown_reference", message, {"kind": kind, "name": name, "path": at})
        if {clock.urgency for clock in self.clocks} != set(URGENCIES):
            raise PydanticCustomError("clocks", "give one entry for each urgency", {"path": "clocks"})
        fault = clock_fault(self.clock_by_urgency, URGENCIES[::-1])
        if fault is not None:
            number = [clock.urgency for clock in self.clocks].index(fault[0])
            raise PydanticCustomError("clocks", "{words}", {"words": fault[1], "path": f"clocks.{number}.wait"})
        return self

    @cached_property
    def policy_version(self) -> PolicyVersion:
        """How decisions name this pack."""
        return PolicyVersion(name=self.name, version=self.version, hash=self.hash)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The council's time zone."""
        return ZoneInfo(self.office_hours.timezone)

    @cached_property
    def destination_by_id(self) -> Mapping[str, Destination]:
        return {one.id: one for one in self.destinations}

    @cached_property
    def advice_by_code(self) -> Mapping[str, Advice]:
        return {one.code: one for one in self.advice}

    @cached_property
    def ladder_by_id(self) -> Mapping[str, Ladder]:
        return {one.id: one for one in self.ladders}

    @cached_property
    def clock_by_urgency(self) -> Mapping[Urgency, Clock]:
        return {one.urgency: one for one in self.clocks}

    def rules_on(self, day: dt.date) -> tuple[Rule, ...]:
        """The rules in force on a day of the council's calendar, in their order."""
        return tuple(rule for rule in self.rules if rule.in_force(day))

    @cached_property
    def _period_starts(self) -> tuple[dt.date, ...]:
        return (dt.date.min, *turning_days((*self.rules, *self.destinations)))

    def period_of(self, day: dt.date) -> dt.date:
        """The first day of the period around `day` in which the same rules and destinations are in force."""
        return self._period_starts[bisect_right(self._period_starts, day) - 1]

    def periods_after(self, day: dt.date) -> tuple[dt.date, ...]:
        """The days after `day` on which a rule or a destination begins or ends."""
        return tuple(start for start in self._period_starts if start > day)

    def contact_changes_after(self, day: dt.date) -> tuple[dt.date, ...]:
        """The days after `day` on which a destination or one of its contacts begins or ends."""
        places = self.destinations
        phones = (place.phone for place in places if place.phone is not None)
        dated = (*places, *phones, *(one for place in places for one in place.recipients))
        return tuple(start for start in turning_days(dated) if start > day)

    @cached_property
    def area_by_district(self) -> Mapping[str, str]:
        """Folded district names (see `fold_district`) to area ids."""
        return {fold_district(district): area.id for area in self.areas for district in area.districts}

    @cached_property
    def _area_as_written(self) -> Mapping[str, str]:
        return {district: area.id for area in self.areas for district in area.districts}

    @property
    def districts(self) -> frozenset[str]:
        """The folded names of all districts: what a referral may say in the open about its place."""
        return frozenset(self.area_by_district)

    def area_of(self, facts: OpenFacts) -> str | None:
        """The area of the school's district: education advice follows it. Never by postcode."""
        if not facts.district:
            return None
        as_written = self._area_as_written.get(facts.district)
        return as_written or self.area_by_district.get(fold_district(facts.district))

    def residence_of(self, facts: OpenFacts) -> Residence:
        """Whether the child lives in this council's authority: social care follows it."""
        if facts.home_la is None:
            return "unknown"
        return "home" if facts.home_la == self.council.la_code else "elsewhere"

    def view(self, facts: OpenFacts) -> dict[str, object]:
        """The facts as this pack's conditions read them."""
        return view_of(facts, self.area_of(facts), self.residence_of(facts))

    def destination_on(self, name: str, day: dt.date) -> Destination:
        """The destination `name` on `day`, or the one that took over from it; itself where none did."""
        one = self.destination_by_id[name]
        for _ in self.destinations:
            if one.in_force(day) or one.replaced_by is None:
                return one
            one = self.destination_by_id[one.replaced_by]
        return one


Path = tuple[str | int, ...]
"""The way to a part of a pack: names of fields and numbers of list entries."""


def _definitions(pack: Pack) -> Iterator[tuple[str, list[tuple[Path, str]]]]:
    """Each kind of thing that has a name, with where each name stands."""
    ids: Mapping[str, Sequence[str]] = {
        "destinations": [one.id for one in pack.destinations],
        "advice": [one.code for one in pack.advice],
        "areas": [one.id for one in pack.areas],
        "ladders": [one.id for one in pack.ladders],
        "letters": [one.id for one in pack.letters],
        "rules": [one.id for one in pack.rules],
        "guarantees": [one.id for one in pack.guarantees],
        "clocks": [one.urgency for one in pack.clocks],
        "tests": [one.id for one in pack.tests],
    }
    for field, names in ids.items():
        yield field, [((field, number), name) for number, name in enumerate(names)]
    yield (
        "districts",
        [
            (("areas", number, "districts", entry), fold_district(name))
            for number, area in enumerate(pack.areas)
            for entry, name in enumerate(area.districts)
        ],
    )


def _known(pack: Pack, kind: str) -> frozenset[str]:
    match kind:
        case "destination":
            return frozenset(one.id for one in pack.destinations)
        case "advice block":
            return frozenset(one.code for one in pack.advice)
        case "area":
            return frozenset(one.id for one in pack.areas) | {"unknown"}
        case _:
            return frozenset(one.id for one in pack.ladders)


def _references(pack: Pack) -> Iterator[tuple[Path, str, str]]:
    """(path, kind, name) of everything that one part says of another."""
    yield ("council", "emergency_destination"), "destination", pack.council.emergency_destination
    yield ("held", "destination"), "destination", pack.held.destination
    yield from ((("held", "advice"), "advice block", code) for code in pack.held.advice)
    for number, rule in enumerate(pack.rules):
        yield from _rule_references(("rules", number), rule)
    for number, promise in enumerate(pack.guarantees):
        named = (*promise.destination, *promise.never_copied)
        yield from ((("guarantees", number), "destination", name) for name in named)
        yield from ((("guarantees", number, "advice"), "advice block", code) for code in promise.advice)
    for number, place in enumerate(pack.destinations):
        at: Path = ("destinations", number)
        yield from (((*at, "ladder"), "ladder", name) for name in (place.ladder,) if name)
        yield from (((*at, "replaced_by"), "destination", name) for name in (place.replaced_by,) if name)
        people = enumerate(place.recipients)
        yield from (((*at, "recipients", n), "area", name) for n, one in people for name in one.areas)
    for number, block in enumerate(pack.advice):
        yield from ((("advice", number, "tel_of"), "destination", name) for name in (block.tel_of,) if name)
    actions = enumerate(pack.immediate_actions)
    yield from ((("immediate_actions", n, "advice"), "advice block", one.advice) for n, one in actions)


def _rule_references(at: Path, rule: Rule) -> Iterator[tuple[Path, str, str]]:
    if rule.destination is not None:
        yield (*at, "destination"), "destination", rule.destination
    yield from (((*at, "copies"), "destination", name) for name in rule.copies)
    yield from (((*at, "without_copies"), "destination", name) for name in rule.without_copies)
    yield from (((*at, "advice", n), "advice block", code) for n, code in enumerate(rule.advice))
    conditions = enumerate(rule.when)
    yield from (((*at, "when", n, "area"), "area", name) for n, one in conditions for name in one.area or ())
