"""What `policy check` says about a pack: errors that keep it from deciding, warnings that somebody should look at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Literal

from contracts.policy.advice import Advice
from contracts.policy.conditions import SCALAR_FACTS, View
from contracts.policy.destinations import Destination, Ladder, RecipientRole
from contracts.policy.pack import Pack
from contracts.policy.rules import RANK, URGENCIES, Rule
from services.kit.message_lint import ALLOWED_PLACEHOLDERS, LintFinding, lint_message
from services.routing.domain.proof import Proof, Reach, prove

Level = Literal["error", "warning"]

CONTACT_AGE: Final = dt.timedelta(days=180)
"""How long a contact counts as verified. Source: the letter of 2015 whose contacts outlived the people in them."""

_LETTER_PLACEHOLDERS: Final = (
    frozenset({"letter_date", "contact_name", "contact_phone", "contact_email", "signatory"}) & ALLOWED_PLACEHOLDERS
)
"""What a school may fill in: its own contact, never a child, a school or a platform."""

OUT_OF_ORDER: Final = "stands after a rule with the same or a higher number"
"""The finding about a rule whose number does not fit its place."""

_PRESSING: Final = frozenset({"urgent", "immediate"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a pack. `where` is the part in the pack's own words, such as "rule 030-severe"."""

    level: Level
    where: str
    message: str


@dataclass(frozen=True, slots=True)
class Soundness:
    """All that a check found, with the proof it rests on."""

    findings: tuple[Finding, ...]
    proof: Proof

    def with_further(self, findings: tuple[Finding, ...]) -> Soundness:
        """The same with findings about something beside the pack."""
        return replace(self, findings=(*self.findings, *findings))

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.level == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.level == "warning")


def check_pack(pack: Pack, today: dt.date) -> Soundness:
    """Everything that is wrong or stale in `pack` on `today`."""
    proof = prove(pack, today)
    findings = (
        *_proved(proof),
        *_rules(pack),
        *_destinations(pack, today),
        *_later(pack, today),
        *_routes(pack, today),
        *_ladders(pack, today),
        *_contacts(pack, today),
        *_texts(pack),
        *_unused(pack),
    )
    return Soundness(findings, proof)


def objections(pack: Pack, today: dt.date) -> tuple[str, ...]:
    """The errors in words: what keeps a pack from replacing the one in use."""
    return tuple(f"{one.where}: {one.message}" for one in check_pack(pack, today).errors)


def lint_templates(templates: Mapping[str, str]) -> tuple[Finding, ...]:
    """What message templates may not say; by their names."""
    return tuple(
        finding for name, text in templates.items() for finding in _linted(f"template {name}", lint_message(text))
    )


def facts_in_words(view: View) -> str:
    """The facts of an example that are not at their most ordinary value."""
    ordinary = {fact: values[0] for fact, values in SCALAR_FACTS.items()}
    told = [
        f"{fact}={'+'.join(map(str, value)) if isinstance(value, tuple) else value}"
        for fact, value in view.items()
        if value != () and value != ordinary.get(fact)
    ]
    return ", ".join(told) or "nothing out of the ordinary"


def _later(pack: Pack, today: dt.date) -> Iterator[Finding]:
    """What will be wrong on a later day on which a rule or a destination begins or ends."""
    for day in pack.periods_after(today):
        for one in (*_proved(prove(pack, day)), *_destinations(pack, day)):
            yield Finding(one.level, one.where, f"from {day}: {one.message}")


def _proved(proof: Proof) -> Iterator[Finding]:
    if proof.uncovered_example is not None:
        example = facts_in_words(proof.uncovered_example)
        yield Finding(
            "error", "rules", f"{proof.uncovered:,} combinations of facts have no destination, for instance: {example}"
        )
    for reach in proof.reaches:
        yield from _reached(reach)
    for broken in proof.broken:
        where = f"guarantee {broken.guarantee.id}"
        yield Finding("error", where, f"{broken.part} is not kept, for instance: {facts_in_words(broken.example)}")


def _reached(reach: Reach) -> Iterator[Finding]:
    where = f"rule {reach.rule.id}"
    if reach.example is not None:
        takers = ", ".join(reach.shadowed_by)
        example = facts_in_words(reach.example)
        yield Finding("error", where, f"is shadowed by {takers}: it places no referral. For instance: {example}")
    elif reach.applies == 0:
        yield Finding("error", where, "can never apply: its conditions exclude each other")


def _rules(pack: Pack) -> Iterator[Finding]:
    numbers = [int(rule.id.split("-")[0]) for rule in pack.rules]
    for rule, before, number in zip(pack.rules[1:], numbers, numbers[1:], strict=False):
        if number <= before:
            yield Finding("error", f"rule {rule.id}", OUT_OF_ORDER)
    tested = {name for case in pack.tests for name in case.expect.rules}
    for rule in pack.rules:
        if rule.id not in tested:
            yield Finding("error", f"rule {rule.id}", "has no test case in the pack that expects it")
        if rule.destination is not None and rule.urgency is None:
            yield Finding("error", f"rule {rule.id}", "names a destination and no urgency")
    for name in sorted(tested - {rule.id for rule in pack.rules} - {pack.held.id}):
        yield Finding("error", "tests", f"a test case expects the rule {name}, which is not there")


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
    for rule in pack.rules:
        purpose = _needs_a_reader(rule)
        if rule.destination is None or purpose is None:
            continue
        for name in (rule.destination, *rule.copies):
            place = pack.destination_on(name, today)
            unread = [one for one in place.recipients if one.in_force(today) and not one.monitored]
            if not place.monitored or unread:
                message = f"sends {purpose} to {place.id}, whose mailbox is not always monitored"
                yield Finding("error", f"rule {rule.id}", message)
    held = pack.destination_on(pack.held.destination, today)
    if not held.monitored:
        yield Finding("error", "held", f"sends what a person must open to {held.id}, which is not always monitored")


def _needs_a_reader(rule: Rule) -> str | None:
    """Why somebody must read what this rule sends, or None where it may wait in a mailbox."""
    if rule.urgency in _PRESSING:
        return "urgent concerns"
    asked = [one.request for one in rule.when]
    if not asked or any(request is None or "consultation" in request for request in asked):
        return "consultations"
    return None


def _ladders(pack: Pack, today: dt.date) -> Iterator[Finding]:
    for ladder in pack.ladders:
        yield from _ladder_form(ladder)
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
        for words, verified in _verified(place, today):
            if verified < oldest:
                yield Finding("warning", f"destination {place.id}", f"{words} was last verified on {verified}: try it")
            elif verified > today:
                yield Finding("error", f"destination {place.id}", f"{words} is verified on {verified}, in the future")


def _verified(place: Destination, today: dt.date) -> Iterator[tuple[str, dt.date]]:
    """Each contact in force and the day on which somebody last verified it."""
    if not place.in_force(today):
        return
    if place.phone is not None and place.phone.in_force(today):
        yield "phone", place.phone.verified_on
    for one in place.recipients:
        if one.in_force(today):
            yield f"{one.channel} of the {one.role}", one.verified_on


def _texts(pack: Pack) -> Iterator[Finding]:
    for block in pack.advice:
        for text in _texts_of(block):
            yield from _linted(f"advice {block.code}", lint_message(text, allowed=frozenset()))
    for letter in pack.letters:
        for text in (letter.title, letter.text):
            yield from _linted(f"letter {letter.id}", lint_message(text, allowed=_LETTER_PLACEHOLDERS))
    for text in (pack.imagery.text, pack.imagery.instead):
        yield from _linted("imagery", lint_message(text, allowed=frozenset()))


def _texts_of(block: Advice) -> tuple[str, ...]:
    variants = () if block.variants is None else (block.variants.affected, block.variants.not_affected)
    asked = () if block.asks_for is None else (block.asks_for,)
    return (block.title, block.text, *variants, *block.checklist, *asked)


def _linted(where: str, findings: tuple[LintFinding, ...]) -> Iterator[Finding]:
    for one in findings:
        yield Finding("error", where, f"line {one.line}: “{one.excerpt}”: {one.message}")


def _unused(pack: Pack) -> Iterator[Finding]:
    given = {code for rule in pack.rules for code in rule.advice} | {one.advice for one in pack.immediate_actions}
    for block in pack.advice:
        if block.code not in given and block.code not in pack.held.advice:
            yield Finding("warning", f"advice {block.code}", "no rule gives it")
    fastest = max((rule.urgency for rule in pack.rules if rule.urgency), key=RANK.__getitem__, default=None)
    if fastest != "immediate":
        yield Finding("warning", "rules", "no rule asks for the urgency immediate")
