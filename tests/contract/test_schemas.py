"""Schemas: generated from the models, frozen once released, and only ever extended."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from contracts.topics import SERVICES, TOPICS, Service, Topic
from tests.support import contract_files as files

topics = pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)


@topics
def test_newest_schema_is_what_the_model_says(topic: Topic) -> None:
    assert files.schema_files(topic)[-1].read_text() == files.rendered(files.schema_of(topic)), "run `make schemas`"


def test_a_released_schema_never_changes() -> None:
    frozen = files.released()
    assert frozen, "nothing is released yet"
    for name, digest in frozen.items():
        assert files.digest(files.SCHEMAS / name) == digest, f"{name} was released and may not change"


@topics
def test_every_schema_file_of_a_type_is_compatible_with_the_next(topic: Topic) -> None:
    schemas = [json.loads(path.read_text()) for path in files.schema_files(topic)]
    for old, new in itertools.pairwise(schemas):
        assert incompatibilities(old, new) == []


def test_the_compatibility_check_finds_what_breaks_a_reader() -> None:
    old = {"properties": {"a": {"type": "string"}}, "required": ["a"]}
    assert incompatibilities(old, {"properties": {}, "required": []}) == ["a: gone"]
    assert incompatibilities(old, {"properties": {"a": {"type": "integer"}}, "required": ["a"]}) == ["a: type"]
    grown = {"properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "required": ["a", "b"]}
    assert incompatibilities(old, grown) == []
    assert incompatibilities(grown, old) == ["b: gone"]
    assert incompatibilities(old, {"properties": {"a": {"type": "string"}}, "required": []}) == ["a: no longer sent"]


@topics
def test_example_on_disk_is_what_the_codec_writes(topic: Topic) -> None:
    path = files.EXAMPLES / f"{topic.name}.json"
    assert path.read_text() == files.rendered(files.example_of(topic)), "run `make schemas`"


@pytest.mark.parametrize("service", SERVICES)
def test_asyncapi_on_disk_is_what_the_registry_says(service: Service) -> None:
    path = files.ASYNCAPI / f"{service}.json"
    assert path.read_text() == files.rendered(files.asyncapi_of(service)), "run `make schemas`"


def incompatibilities(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What would break a reader of `old` that meets a writer of `new` (serialization schemas)."""
    found = []
    for name, before in old.get("properties", {}).items():
        after = new.get("properties", {}).get(name)
        if after is None:
            found.append(f"{name}: gone")
        elif before.get("type") != after.get("type"):
            found.append(f"{name}: type")
        elif name in old.get("required", []) and name not in new.get("required", []):
            found.append(f"{name}: no longer sent")
    for name, before in old.get("$defs", {}).items():
        found += [f"{name}.{problem}" for problem in incompatibilities(before, new.get("$defs", {}).get(name, {}))]
    return found
