"""What `policy check` says about a pack: errors that keep it from deciding, warnings that somebody should look at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from contracts.policy.advice import Advice
from contracts.policy.conditions import SCALAR_FACTS, View
from contracts.policy.pack import Pack
from contracts.policy.rules import RANK
from services.kit.message_lint import ALLOWED_PLACEHOLDERS, LintFinding, lint_message
from services.routing.domain.finding import Finding
from services.routing.domain.proof import Proof, Reach, prove
from services.routing.domain.reaching import reaching

_LETTER_PLACEHOLDERS: Final = (
    frozenset({"letter_date", "contact_name", "contact_phone", "contact_email", "signatory"}) & ALLOWED_PLACEHOLDERS
)
"""What a school may fill in: its own contact, never a child, a school or a platform."""

OUT_OF_ORDER: Final = "stands after a rule with the same or a higher number"
"""The finding about a rule whose number does not fit its place."""


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
        *_later(pack, today),
        *reaching(pack, today),
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
    """What will be unproved on a later day on which a rule or a destination begins or ends."""
    for day in pack.periods_after(today):
        for one in _proved(prove(pack, day)):
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
