"""JSON pointers (RFC 6901) that cannot repeat what a client wrote in the place of a field's name."""

from __future__ import annotations

import re

Path = tuple[str | int, ...]

UNKNOWN_FIELD = "(unknown field)"
"""Stands for a name that may be somebody's: a body such as {"Jo Bloggs": …} must not come back in an error."""

_FIELD_NAME = re.compile(r"[a-z_]{1,40}|line[12]")


def pointer_of(path: Path) -> str:
    """The pointer of a path. Names that do not look like a field's are not repeated."""
    return "".join(f"/{_shown(step)}" for step in path)


def _shown(step: str | int) -> str:
    if isinstance(step, int):
        return str(step)
    return step if _FIELD_NAME.fullmatch(step) else UNKNOWN_FIELD
