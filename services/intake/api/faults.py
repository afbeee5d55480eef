"""A validation error as pointers, codes and fixed sentences. Of pydantic's own text nothing is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from services.intake.domain.answer import Notice
from services.intake.domain.pointer import Path, pointer_of

_DATE = "Write a date as 2026-11-21 or an instant as 2026-11-21T09:30:00Z."

_EXACT: dict[str, tuple[str, str]] = {
    "missing": ("missing", "This field is needed."),
    "extra_forbidden": (
        "unknown_field",
        "This API does not know the field: it would be lost. Check its spelling, or leave it out.",
    ),
    "string_type": ("wrong_type", "Use a text."),
    "string_unicode": ("wrong_type", "Use a text of valid Unicode characters."),
    "string_too_short": ("empty", "This field must not be empty."),
    "referrer_contact_missing": ("missing", "Give the referrer's email or phone: somebody may have to ask."),
}
_FAMILIES: tuple[tuple[str, str, str], ...] = (
    ("date", "date_invalid", _DATE),
    ("timezone", "date_invalid", _DATE),
    ("bool", "wrong_type", "Use true or false."),
    ("int", "wrong_type", "Use a whole number."),
    ("tuple", "wrong_type", "Use a list."),
    ("list", "wrong_type", "Use a list."),
    ("model", "wrong_type", "Use an object."),
    ("dict", "wrong_type", "Use an object."),
)
"""Beginnings of pydantic's error types, and what they mean to a client."""
_OTHER = ("invalid", "This value cannot be taken. See the documentation of this field at /docs.")


def faults_of(error: ValidationError, body: object) -> tuple[Notice, ...]:
    """The faults of `body`, one a place, in its order."""
    faults: dict[str, Notice] = {}
    for fault in error.errors(include_url=False, include_input=False):
        pointer = pointer_of(_path(fault["loc"], body))
        code, detail = _words(fault["type"], fault.get("ctx", {}))
        faults.setdefault(pointer, Notice(pointer=pointer, code=code, detail=detail))
    return tuple(faults.values())


def _path(loc: tuple[str | int, ...], body: object) -> Path:
    """The part of a location that is a way through the body: pydantic adds the branches of a union to it."""
    path: list[str | int] = []
    node = body
    for step in loc:
        if isinstance(node, dict):
            node = node.get(step)
        elif isinstance(node, list) and isinstance(step, int):
            node = node[step] if step < len(node) else None
        else:
            break
        path.append(step)
    return tuple(path)


def _words(kind: str, context: Mapping[str, Any]) -> tuple[str, str]:
    """Code and sentence. Of the context only what the schema says is used: listed values and limits."""
    match kind:
        case "literal_error":
            return "not_listed", f"Use one of: {context['expected']}."
        case "string_too_long":
            return "too_long", f"Use at most {context['max_length']} characters."
        case "too_long":
            return "too_many", f"Use at most {context['max_length']} entries."
        case "greater_than_equal":
            return "too_small", f"Use at least {context['ge']}."
    if kind in _EXACT:
        return _EXACT[kind]
    return next(((code, detail) for family, code, detail in _FAMILIES if kind.startswith(family)), _OTHER)
