"""The line format of `saferoute redact`: {"id", "record", "narrative"} in, spans and redacted text out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, get_args, get_type_hints

from pydantic import ValidationError

from contracts.record import Learner, Record
from services.redaction.redactor import Held, Redacted


@dataclass(frozen=True, slots=True)
class Line:
    """One referral to redact."""

    id: str
    record: Record
    narrative: str


class BadLineError(Exception):
    """A line that cannot be read; says what to do, never repeats a value: it may name a child."""


KNOWN_ROLES = frozenset(get_args(get_args(get_type_hints(Learner)["role"])[0]))


def lenient(value: Any) -> Any:
    """Exports write "" for nothing and roles of their own; both are read as their nearest legal form."""
    if isinstance(value, dict):
        cleaned = {key: lenient(inner) for key, inner in value.items()}
        if "role" in cleaned and "legal_forename" in cleaned and cleaned["role"] not in (*KNOWN_ROLES, None):
            cleaned["role"] = "other"
        return {key: inner for key, inner in cleaned.items() if inner is not None}
    if isinstance(value, list):
        return [lenient(inner) for inner in value]
    return None if value == "" else value


def parse(text: str) -> Line:
    """Read one line. Raises BadLineError with what is wrong and what to do about it."""
    try:
        row = json.loads(text)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        raise BadLineError('not a JSON object; write {"id": …, "record": {…}, "narrative": "…"} on one line')
    narrative, record = row.get("narrative"), row.get("record")
    if not isinstance(narrative, str):
        raise BadLineError('"narrative" is missing or no string; put the text to redact there')
    if not isinstance(record, dict | None):
        raise BadLineError('"record" is no object; give {} where nothing is known')
    fault = ""
    try:
        return Line(str(row.get("id", "")), Record.model_validate(lenient(record or {})), narrative)
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False, include_url=False)[0]
        fault = ".".join(str(part) for part in first["loc"])
    raise BadLineError(
        f'"record" does not fit at {fault}; see the API reference for the field\'s form, or leave it out'
    )


def render(line_id: str, outcome: Redacted | Held) -> str:
    """One line of output. A held referral has no spans and no text."""
    match outcome:
        case Redacted():
            spans = [[span.start, span.end, span.label] for span in outcome.spans]
            row = {"id": line_id, "spans": spans, "redacted": outcome.text.value, "held": None}
        case Held(code):
            row = {"id": line_id, "spans": [], "redacted": "", "held": code}
    return json.dumps(row, ensure_ascii=False)
