"""A decision with its reasons: as the JSON that other programs read, and in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from contracts.decision import Decision
from contracts.policy.pack import Pack
from services.kit.office_hours import calendar_of

_URGENCY_WORDS = {"immediate": "immediately", "urgent": "urgently", "same_day": "the same day", "routine": "routinely"}


def explanation(decision: Decision) -> dict[str, object]:
    """The decision as JSON values.

    Keys: destination, urgency, area, embargo, acknowledge_by (RFC 3339, UTC), advice (codes), phone, rules (id,
    sentence, source), policy (name, version, hash), copies, held_for_human, conflict_check, facts_used.
    """
    told = decision.model_dump(mode="json")
    order = ("destination", "urgency", "area", "embargo", "acknowledge_by", "advice", "phone", "rules", "policy")
    return {key: told[key] for key in (*order, *(name for name in told if name not in order))}


def in_words(decision: Decision, pack: Pack, at: dt.datetime) -> str:
    """The decision for a reader: who, how soon, what to do, and the reason of each with its source."""
    return "\n".join(_lines(decision, pack, at))


def _lines(decision: Decision, pack: Pack, at: dt.datetime) -> Iterator[str]:
    zone = calendar_of(pack.office_hours).zone
    due = decision.acknowledge_by.astimezone(zone).strftime("%A %d %B %Y, %H:%M %Z")
    area = next((one.name for one in pack.areas if one.id == decision.area), "area not known")
    yield f"{_name(decision.destination, pack)}, {_URGENCY_WORDS[decision.urgency]} ({area})"
    yield f"  Somebody must acknowledge by {due}."
    if decision.phone is not None:
        yield f"  The number to ring at {at.astimezone(zone).strftime('%H:%M')}: {decision.phone}"
    for name in decision.copies:
        yield f"  Copy: {_name(name, pack)}"
    if decision.embargo:
        yield "  EMBARGO: nothing about the incident goes to schools, pupils or parents until a reviewer lifts it."
    if decision.held_for_human:
        yield "  Marked for a person to place; it is sent all the same."
    if decision.conflict_check:
        yield "  Conflict check: nobody named in it, nor the school's head or DSL, is told by us."
    yield "  Why:"
    for rule in decision.rules:
        yield f"    {rule.id}: {rule.sentence}"
        yield f"      Source: {rule.source}"
    if decision.advice:
        yield "  Advice to the school:"
        yield from (f"    {code}: {pack.advice_by_code[code].title}" for code in decision.advice)
    version = decision.policy
    yield f"  Policy: {version.name} {version.version} ({version.hash[:12]})"


def _name(destination: str, pack: Pack) -> str:
    place = pack.destination_by_id.get(destination)
    return destination if place is None else place.name
