"""Reads what the policy commands are given: referrals, recorded decisions, instants.

A message about a fault names the line and the field, never what stood there: a referral is about a child.
"""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from pydantic import ValidationError

from contracts.api_referral import ReferralIn
from contracts.policy.pack import Pack
from services.kit.policy_files import PolicyPackError, load_pack
from services.routing.domain.replay import RecordedDecision

SHIPPED_PACK = Path(__file__).parent / "policies" / "kent"
"""The pack that is used where none is named."""


MESSAGE_TEMPLATES = Path(__file__).parents[1] / "notify" / "templates"
"""Where the messages' templates are in a whole installation; an image that holds routing alone has none."""

_YEARS = range(2000, 2200)
"""The years for which instants are taken; public holidays are not worked out for others."""

_DISTRICT = "DistrictAdministrative (name)"
_PHASE = "PhaseOfEducation (name)"

BAD_INPUT = 2
"""Exit code where what was given cannot be used; 1 is for a pack or a page that fails its check."""


class InputFaultError(Exception):
    """What was given cannot be read. The text says what to do and repeats nothing of the input."""


@dataclass(frozen=True, slots=True)
class Line:
    """One JSON document of the input, with the line on which it begins (from 1)."""

    number: int
    value: object


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one document."""

    number: int
    message: str


def pack_from(directory: Path) -> Pack:
    """The pack in `directory`; InputFaultError with file, line and key of every problem."""
    problems: tuple[str, ...] = ()
    try:
        return load_pack(directory)
    except PolicyPackError as error:
        problems = tuple(problem.in_words() for problem in error.problems)
    raise InputFaultError("the policy pack cannot be used:\n  " + "\n  ".join(problems))


def templates_in(directory: Path) -> dict[str, str]:
    """The message templates below `directory`, by their path in it; none where there is no such directory."""
    files = sorted(directory.rglob("*.j2")) if directory.is_dir() else []
    return {str(file.relative_to(directory)): text_from(str(file)) for file in files}


@dataclass(frozen=True, slots=True)
class SchoolPlace:
    """What the register of schools says of one school."""

    district: str | None
    phase: str | None


def schools_in(file: Path) -> dict[str, SchoolPlace]:
    """URN to district and phase, from a GIAS extract (`edubasealldata.csv`: Windows-1252 or UTF-8)."""
    raw = b""
    with contextlib.suppress(OSError):
        raw = file.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    rows = csv.DictReader(text.splitlines())
    if "URN" not in (rows.fieldnames or ()):
        raise InputFaultError(f"{file}: give a GIAS extract as CSV: its first line has the column URN")
    return {row["URN"]: SchoolPlace(row.get(_DISTRICT) or None, row.get(_PHASE) or None) for row in rows}


def instant_from(text: str | None, pack: Pack) -> dt.datetime:
    """The instant that an ISO 8601 text names, in UTC; now where there is none.

    Without an offset the council's wall clock is meant.
    """
    if text is None:
        return dt.datetime.now(dt.UTC)
    instant: dt.datetime | None = None
    try:
        instant = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        instant = None
    if instant is None or instant.year not in _YEARS:
        raise InputFaultError("give the instant as ISO 8601, for instance 2026-11-20T16:30:00Z or 2026-11-20T16:30")
    aware = instant if instant.tzinfo is not None else instant.replace(tzinfo=pack.zone)
    return aware.astimezone(dt.UTC)


def text_from(file: str) -> str:
    """The text of a file, or of standard input for '-'."""
    reason = ""
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return raw.decode("utf-8-sig")
    except FileNotFoundError:
        reason = "there is no such file"
    except IsADirectoryError:
        reason = "this is a directory: give one file, or '-' for standard input"
    except PermissionError:
        reason = "the file cannot be read: check its permissions"
    except UnicodeDecodeError:
        reason = "the file is not UTF-8: save it as UTF-8"
    raise InputFaultError(f"{file}: {reason}")


@contextlib.contextmanager
def written_to(file: Path) -> Iterator[TextIO]:
    """`file`, opened to be written anew; InputFaultError where it cannot be."""
    stream: TextIO | None = None
    with contextlib.suppress(OSError):
        stream = file.open("w", encoding="utf-8", newline="")
    if stream is None:
        raise InputFaultError(f"{file}: the file cannot be written: check the folder and its permissions")
    with stream:
        yield stream


def documents_in(text: str) -> Iterator[Line | Fault]:
    """The JSON documents of `text`: one object, a list of them, or JSON lines."""
    if text.strip() in ("", "[]"):
        yield Fault(1, "there is nothing in it: give JSON, or JSON lines")
        return
    whole = _parsed(text, 1)
    if isinstance(whole, Line):
        entries = whole.value if isinstance(whole.value, list) else [whole.value]
        yield from (Line(number, entry) for number, entry in enumerate(entries, start=1))
        return
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if len(lines) == 1 or isinstance(_parsed(lines[0][1], lines[0][0]), Fault):
        yield whole
        return
    for number, line in lines:
        yield _parsed(line, number)


def _parsed(text: str, first_line: int) -> Line | Fault:
    """One document, or where it stops being JSON."""
    try:
        return Line(first_line, json.loads(text))
    except json.JSONDecodeError as error:
        line = first_line + error.lineno - 1
        return Fault(line, f"this is not JSON at column {error.colno}: check quotes, commas and brackets there")
    except RecursionError:
        return Fault(first_line, "this nests too deeply for a referral")
    except ValueError:
        return Fault(first_line, "this holds a number that is too long")


def referral_from(line: Line) -> ReferralIn | Fault:
    """The referral of one document, or what its fields lack."""
    try:
        return ReferralIn.model_validate_json(json.dumps(line.value))
    except ValidationError as error:
        return Fault(line.number, _faults_of(error))


def record_from(line: Line) -> RecordedDecision | Fault:
    """The recorded decision of one document, or what its fields lack."""
    try:
        return RecordedDecision.model_validate_json(json.dumps(line.value))
    except ValidationError as error:
        return Fault(line.number, _faults_of(error))


def _faults_of(error: ValidationError) -> str:
    """Pointer and message of each fault. pydantic's messages hold the allowed values, not the given one."""
    told = []
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        pointer = "".join(f"/{part}" for part in fault["loc"]) or "/"
        unknown = fault["type"] == "extra_forbidden"
        told.append(f"{pointer}: {'unknown field: check its spelling' if unknown else fault['msg']}")
    return "; ".join(told)
