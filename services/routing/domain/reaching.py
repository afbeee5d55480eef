"""Whether somebody is reached wherever a pack sends a concern: destinations, mailboxes, ladders, contacts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from contracts.policy.destinations import Destination, Ladder, RecipientRole
from contracts.policy.pack import Pack
from contracts.policy.rules import RANK, URGENCIES, Rule
from services.routing.domain.finding import Finding

CONTACT_AGE: Final = dt.timedelta(days=180)
"""How long a contact counts as verified. Source: the letter of 2015 whose contacts outlived the people in them."""


def reaching(pack: Pack, today: dt.date) -> tuple[Finding, ...]:
    """Where a concern would reach nobody on `today` or on a later day that the pack knows of."""
    now = (*_destinations(pack, today), *_routes(pack, today), *_ladder_ends(pack, today))
    later = tuple(
        Finding(one.level, one.where, f"from {day}: {one.message}")
        for day in pack.contact_changes_after(today)
        for one in (*_destinations(pack, day), *_routes(pack, day), *_ladder_ends(pack, day))
        if one not in now
    )
    forms = (finding for ladder in pack.ladders for finding in _ladder_form(ladder))
    return (*now, *later, *forms, *_contacts(pack, today))


def _destinations(pack: Pack, today: dt.date) -> Iterator[Finding]:
    for place in pack.destinations:
        if place.in_force(today):
            yield from _recipients(pack, place, today)
    for name in _named(pack):
        place = pack.destination_on(name, today)
        if not place.in_force(today):
            message = f"is not in force on {today} and nobody took over from it"
            yield Finding("error", f"destination {place.id}", message)
    for name in _named(pack):
        place = pack.destination_by_id[name]
        if not place.in_force(today) and pack.destination_on(name, today).in_force(today):
            message = f"is no longer in force; {pack.destination_on(name, today).id} gets what rules send there"
            yield Finding("warning", f"destination {name}", message)
    emergency = pack.destination_on(pack.council.emergency_destination, today)
    if emergency.phone is None or not emergency.phone.in_force(today):
        yield Finding("error", f"destination {emergency.id}", "is the emergency destination and has no phone in force")


def _recipients(pack: Pack, place: Destination, today: dt.date) -> Iterator[Finding]:
    for area in _areas(pack, place):
        if not place.recipients_of(("duty",), area, today):
            served = "" if area is None else f" for the area {area}"
            message = f"has no recipient{served}: what is sent there reaches nobody"
            yield Finding("error", f"destination {place.id}", message)


def _named(pack: Pack) -> tuple[str, ...]:
    """Every destination that a rule, a copy or the held rule sends to, each once."""
    names = [name for rule in pack.rules for name in (rule.destination, *rule.copies) if name is not None]
    return tuple(dict.fromkeys((*names, pack.held.destination)))


def _areas(pack: Pack, place: Destination) -> tuple[str | None, ...]:
    """The areas for which a destination needs people of its own; None is a school of an unknown area."""
    return (None, *(area.id for area in pack.areas)) if place.by_area else (None,)


def _routes(pack: Pack, today: dt.date) -> Iterator[Finding]:
    steps = max(rule.raise_urgency for rule in pack.rules)
    for rule in pack.rules:
        purpose = _needs_a_reader(rule, steps)
        for name in (rule.destination, *rule.copies):
            if name is None or purpose is None:
                continue
            place = pack.destination_on(name, today)
            unread = [one for one in place.recipients if one.in_force(today) and not one.monitored]
            if not place.monitored or unread:
                message = f"sends {purpose} to {place.id}, whose mailbox is not always monitored"
                yield Finding("error", f"rule {rule.id}", message)
    held = pack.destination_on(pack.held.destination, today)
    if not held.monitored:
        yield Finding("error", "held", f"sends what a person must open to {held.id}, which is not always monitored")


def _needs_a_reader(rule: Rule, steps: int) -> str | None:
    """Why somebody must read what this rule sends, or None where it may wait in a mailbox.

    `steps` are those by which another rule may raise the urgency of this one.
    """
    if rule.urgency is not None and RANK[rule.urgency] + steps >= RANK["urgent"]:
        return "urgent concerns"
    asked = [one.request for one in rule.when]
    if not asked or any(request is None or "consultation" in request for request in asked):
        return "consultations"
    return None


def _ladder_ends(pack: Pack, today: dt.date) -> Iterator[Finding]:
    for name in _named(pack):
        place = pack.destination_on(name, today)
        where = f"destination {place.id}"
        if place.ladder is None:
            yield Finding("error", where, "has no ladder: an unanswered concern would stop there")
            continue
        last = pack.ladder_by_id[place.ladder].levels[-1]
        hours: tuple[tuple[str, tuple[RecipientRole, ...]], ...] = (
            ("in office hours", last.in_hours), ("out of office hours", last.out_of_hours),
        )  # fmt: skip
        for area in _areas(pack, place):
            empty = [words for words, roles in hours if not place.recipients_of(roles, area, today)]
            for words in empty:
                yield Finding("error", where, f"has nobody on the last level of its ladder {words}")


def _ladder_form(ladder: Ladder) -> Iterator[Finding]:
    where = f"ladder {ladder.id}"
    numbers = [level.level for level in ladder.levels]
    if numbers != sorted(set(numbers)):
        yield Finding("error", where, "its levels must be numbered upwards, each once")
    for urgency in URGENCIES:
        waits = [level.after[urgency] for level in ladder.levels if urgency in level.after]
        if len(waits) < len(ladder.levels):
            yield Finding("error", where, f"has a level without a wait for {urgency}")
        for earlier, later in pairwise(waits):
            if earlier.unit == later.unit and later.amount < earlier.amount:
                yield Finding("error", where, f"a later level comes before an earlier one for {urgency}")


def _contacts(pack: Pack, today: dt.date) -> Iterator[Finding]:
    oldest = today - CONTACT_AGE
    for place in pack.destinations:
        for words, verified in _verified(place, pack, today):
            if verified < oldest:
                yield Finding("warning", f"destination {place.id}", f"{words} was last verified on {verified}: try it")
            elif verified > today:
                yield Finding("error", f"destination {place.id}", f"{words} is verified on {verified}, in the future")


def _verified(place: Destination, pack: Pack, today: dt.date) -> Iterator[tuple[str, dt.date]]:
    """The destination and each contact in force, with the day on which somebody last verified it."""
    if not place.in_force(today):
        return
    yield "what is said of it", place.verified_on or pack.verified_on
    if place.phone is not None and place.phone.in_force(today):
        yield "phone", place.phone.verified_on
    for one in place.recipients:
        if one.in_force(today):
            yield f"{one.channel} of the {one.role}", one.verified_on
