"""Runs a pack's own test cases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from contracts.policy.pack import Pack
from contracts.policy.rules import Case
from services.routing.domain.decide import decide


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One part of a case that came out otherwise."""

    field: str
    expected: object
    got: object


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How a case ended; without a mismatch it passed."""

    case: Case
    mismatches: tuple[Mismatch, ...]


def run_cases(pack: Pack) -> tuple[CaseResult, ...]:
    """Every case of the pack, in its order."""
    return tuple(CaseResult(case, tuple(_mismatches(case, pack))) for case in pack.tests)


def _mismatches(case: Case, pack: Pack) -> Iterator[Mismatch]:
    decision = decide(case.facts, case.at, pack)
    want = case.expect
    compared: list[tuple[str, object, object]] = [
        ("destination", want.destination, decision.destination),
        ("urgency", want.urgency, decision.urgency),
        ("rules", want.rules, tuple(rule.id for rule in decision.rules)),
        ("copies", want.copies, decision.copies),
        ("embargo", want.embargo, decision.embargo),
        ("held_for_human", want.held_for_human, decision.held_for_human),
        ("conflict_check", want.conflict_check, decision.conflict_check),
        ("area", want.area, decision.area),
    ]
    optional: list[tuple[str, object, object]] = [
        ("advice", want.advice, decision.advice),
        ("phone", want.phone, decision.phone),
        ("acknowledge_by", want.acknowledge_by, decision.acknowledge_by),
    ]
    compared.extend(row for row in optional if row[1] is not None)
    return (Mismatch(field, expected, got) for field, expected, got in compared if expected != got)
