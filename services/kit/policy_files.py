"""Reads a policy pack from its directory.

A pack is a directory of YAML files whose top-level keys together are the fields of `contracts.policy.Pack`; each key
stands in one file. The YAML is a small subset: no anchors, no tags, and only true/false, null and whole numbers are
anything but text, because YAML 1.1 would read `no` as false and `08:30` as a number.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfoNotFoundError

import yaml
from pydantic import ValidationError

from contracts.policy.pack import Pack
from services.kit.office_hours import calendar_of

_LARGEST_FILE = 1_048_576
"""Bytes of one file of a pack. The Kent pack has a twentieth of it; more is not a pack."""

_DEEPEST = 24
"""Levels of nesting in a file. A pack has eight; a file that nests further is an attack or a slip."""

_NOT_HASHED: Final = {"tests", "hash"}
"""What does not change decisions is not in the hash."""

_LOADER: Final[type[yaml.SafeLoader]] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where PyYAML has it: a pack is read ten times as fast."""

_WHOLE_NUMBER = re.compile(r"^(?:0|[1-9][0-9]{0,8})$")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a pack, and where (line from 1). `key` is the path of the field; no value is repeated."""

    file: str
    line: int
    key: str
    message: str

    def in_words(self) -> str:
        """One line: file, line, key, what is wrong."""
        key = f"{self.key}: " if self.key else ""
        return f"{self.file}:{self.line}: {key}{self.message}"


class PolicyPackError(Exception):
    """A pack that cannot be used. `problems` say file, line and key of each fault."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(problem.in_words() for problem in problems))
        self.problems = problems


class _Reader:
    """Turns the files of a pack into plain data, and remembers where each part stands."""

    def __init__(self) -> None:
        self.data: dict[str, object] = {}
        self._places: dict[tuple[str | int, ...], tuple[str, int]] = {}

    def read(self, file: Path) -> None:
        """Add the top-level keys of one file."""
        problem: Problem | None = None
        node: yaml.Node | None = None
        try:
            text = _text_of(file)
            _refuse_tricks(text, file.name)
            node = yaml.compose(text, _LOADER)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            problem = Problem(file.name, line, "", "this is not YAML: check indentation, quotes and colons here")
        except yaml.YAMLError:
            problem = Problem(file.name, 1, "", "this is not YAML: it holds characters that no text file has")
        if problem is not None:
            raise PolicyPackError(problem)
        if not isinstance(node, yaml.MappingNode):
            raise PolicyPackError(Problem(file.name, 1, "", "a file of a pack holds fields, such as 'rules:'"))
        found = self._value(node, file.name, ())
        if isinstance(found, dict):
            self.data.update(found)

    def place(self, path: tuple[str | int, ...]) -> tuple[str, int]:
        """File and line of `path`, or of the innermost part of it that stands in a file."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._places:
                return self._places[path[:length]]
        return ("pack", 1)

    def _value(self, node: yaml.Node, file: str, path: tuple[str | int, ...]) -> object:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, file, path)
        if isinstance(node, yaml.SequenceNode):
            for number, entry in enumerate(node.value):
                self._places[(*path, number)] = (file, entry.start_mark.line + 1)
            return [self._value(entry, file, (*path, number)) for number, entry in enumerate(node.value)]
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, file: str, path: tuple[str | int, ...]) -> dict[str, object]:
        found: dict[str, object] = {}
        for key_node, value_node in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            here = (*path, key)
            if here in self._places:
                other, first = self._places[here]
                raise PolicyPackError(Problem(file, line, _written(here), f"stands already in {other}:{first}"))
            self._places[here] = (file, line)
            found[key] = self._value(value_node, file, here)
        return found


def _refuse_tricks(text: str, file: str) -> None:
    """Refuse aliases, which multiply, tags, and deep nesting, before anything is built from the text."""
    depth = 0
    for event in yaml.parse(text, _LOADER):
        if isinstance(event, yaml.AliasEvent):
            words = "anchors and aliases are not allowed in a pack"
            raise PolicyPackError(Problem(file, _line_of(event), "", words))
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag is not None:
            raise PolicyPackError(
                Problem(file, _line_of(event), "", "tags (!) are not allowed in a pack: quote the text")
            )
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            raise PolicyPackError(Problem(file, _line_of(event), "", "this nests too deeply"))


def _line_of(event: yaml.Event) -> int:
    return 1 if event.start_mark is None else event.start_mark.line + 1


def _text_of(file: Path) -> str:
    """The text of one file, UTF-8 and of bearable size."""
    raw: bytes | None = None
    with contextlib.suppress(OSError):
        raw = file.read_bytes()
    if raw is None:
        raise PolicyPackError(Problem(file.name, 1, "", "the file cannot be read: check its permissions"))
    if len(raw) > _LARGEST_FILE:
        raise PolicyPackError(Problem(file.name, 1, "", "the file is larger than a pack can be (1 MiB)"))
    text = raw.decode("utf-8", errors="replace")
    if "\ufffd" in text:
        line = text[: text.index("\ufffd")].count("\n") + 1
        raise PolicyPackError(Problem(file.name, line, "", "the file is not UTF-8: save it as UTF-8"))
    return text


def _scalar(node: yaml.Node) -> object:
    """Plain true/false, null and whole numbers; everything else is the text that stands there.

    A plain scalar has the style None, or an empty one from libyaml.
    """
    text = str(node.value)
    if not isinstance(node, yaml.ScalarNode) or node.style:
        return text
    match text:
        case "true":
            return True
        case "false":
            return False
        case "" | "null" | "~":
            return None
        case _:
            return int(text) if _WHOLE_NUMBER.match(text) else text


def _written(path: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in path)


def load_pack(directory: Path) -> Pack:
    """The pack in `directory`, whole and with its hash.

    Raises PolicyPackError with file and line of every fault. That its rules are sound is `policy check`'s to say.
    """
    files = sorted(directory.glob("*.yaml")) if directory.is_dir() else []
    if not files:
        raise PolicyPackError(Problem(directory.name, 1, "", "give the directory of a pack: no *.yaml file is in it"))
    reader = _Reader()
    for file in files:
        reader.read(file)
    problems: tuple[Problem, ...] = ()
    pack: Pack | None = None
    try:
        pack = Pack.model_validate(reader.data)
    except ValidationError as error:
        problems = _problems_of(error, reader)
    if pack is None:
        raise PolicyPackError(*problems)
    _refuse_unknown_places(pack, reader)
    return pack.model_copy(update={"hash": pack_hash(pack)})


def _refuse_unknown_places(pack: Pack, reader: _Reader) -> None:
    """A time zone or a country that nobody knows is a fault of the pack, not of the first decision."""
    field, words = "", ""
    try:
        calendar_of(pack.office_hours).is_holiday(pack.verified_on)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        field, words = "timezone", "there is no such time zone: write it as in Europe/London"
    except NotImplementedError:
        field, words = (
            "country",
            "there are no public holidays for this country and subdivision: GB and ENG, for instance",
        )
    if words:
        file, line = reader.place(("office_hours", field))
        raise PolicyPackError(Problem(file, line, f"office_hours.{field}", words))


def _problems_of(error: ValidationError, reader: _Reader) -> tuple[Problem, ...]:
    found: dict[Problem, None] = {}
    for fault in error.errors(include_url=False, include_input=False):
        context = fault.get("ctx", {}).get("path")
        path: tuple[str | int, ...] = fault["loc"]
        if isinstance(context, str):
            path = tuple(int(part) if part.isdigit() else part for part in context.split("."))
        file, line = reader.place(path)
        told = "unknown field: check its spelling" if fault["type"] == "extra_forbidden" else fault["msg"]
        found[Problem(file, line, _written(path), told)] = None
    return tuple(sorted(found, key=lambda problem: (problem.file, problem.line)))


def pack_hash(pack: Pack) -> str:
    """SHA-256, hex, of the pack's canonical content: JSON with sorted keys, without the test cases."""
    content = pack.model_dump(mode="json", exclude=_NOT_HASHED)
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
