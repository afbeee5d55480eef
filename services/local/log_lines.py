"""How a service's log line looks to a person: `HH:MM:SS name       event key=value`, coloured where a terminal is."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final

RESET: Final = "\x1b[0m"
DIM: Final = "\x1b[2m"
BOLD: Final = "\x1b[1m"

COLOURS: Final[Mapping[str, str]] = {
    "red": "\x1b[31m",
    "green": "\x1b[32m",
    "yellow": "\x1b[33m",
    "blue": "\x1b[34m",
    "magenta": "\x1b[35m",
    "cyan": "\x1b[36m",
}
"""The colours that a service may have: the terminal's own six, readable on dark and light."""

LEVEL_COLOURS: Final[Mapping[str, str]] = {"warning": "yellow", "error": "red", "critical": "red"}
"""Levels that stand out; the others have no colour of their own."""

NAME_WIDTH: Final = 10
"""Columns for the name: `redaction` is the longest of ours."""

FRAME: Final = frozenset({"event", "level", "service", "timestamp"})
"""Fields that have their own place in the line."""


class LineStyle:
    """Turns lines into text for one output, with or without colour."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour

    def log(self, name: str, name_colour: str, line: bytes) -> str:
        """A line that a service wrote: JSON as fields, anything else as it is, control characters made harmless."""
        text = line.decode("utf-8", errors="replace").rstrip()
        try:
            entry = json.loads(text)
        except json.JSONDecodeError:
            entry = None
        if not isinstance(entry, dict):
            return self._row(_now(), name, name_colour, self._paint(DIM, printable(text)))
        level = str(entry.get("level", "info"))
        event = self._paint(COLOURS.get(LEVEL_COLOURS.get(level, ""), BOLD), printable(str(entry.get("event", ""))))
        fields = " ".join(f"{printable(str(key))}={_value(value)}" for key, value in entry.items() if key not in FRAME)
        mark = f"{level.upper()} " if level in LEVEL_COLOURS else ""
        return self._row(_moment(entry.get("timestamp")), name, name_colour, f"{mark}{event} {fields}".rstrip())

    def status(self, name: str, name_colour: str, text: str) -> str:
        """A line of the supervisor itself about a service."""
        return self._row(_now(), name, name_colour, self._paint(BOLD, f"● {text}"))

    def _row(self, moment: datetime, name: str, name_colour: str, rest: str) -> str:
        who = self._paint(COLOURS.get(name_colour, ""), f"{name:<{NAME_WIDTH}}")
        return f"{self._paint(DIM, f'{moment:%H:%M:%S}')} {who} {rest}"

    def _paint(self, code: str, text: str) -> str:
        return f"{code}{text}{RESET}" if self._colour and code and text else text


def printable(text: str) -> str:
    """The text without anything that could steer a terminal."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _value(value: object) -> str:
    if isinstance(value, str) and value and value.isprintable() and not any(sign in value for sign in ' "='):
        return value
    return printable(json.dumps(value, ensure_ascii=False))


def _now() -> datetime:
    return datetime.now().astimezone()


def _moment(timestamp: object) -> datetime:
    """The entry's own time in local time; ours if it has none."""
    try:
        return datetime.fromisoformat(str(timestamp)).astimezone()
    except ValueError:
        return _now()
