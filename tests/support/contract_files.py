"""The generated files of contracts/: JSON Schemas, examples, AsyncAPI documents.

`python -m tests.support.contract_files write` brings them up to date, `release` freezes the schemas as they are.
A frozen schema file never changes: a compatible change of the model makes the next file beside it.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from contracts.codec import encode
from contracts.topics import SERVICES, TOPICS, Service, Topic, consumed_by, produced_by
from tests.support.example_events import example_envelopes

ROOT = Path(__file__).parents[2] / "contracts"
SCHEMAS = ROOT / "schemas"
EXAMPLES = ROOT / "examples"
ASYNCAPI = ROOT / "asyncapi"
RELEASED = SCHEMAS / "released.json"
"""SHA-256 of every frozen schema file, by its path below schemas/."""


def rendered(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def schema_of(topic: Topic) -> dict[str, Any]:
    """JSON Schema 2020-12 of a topic's value."""
    schema = topic.event.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def released() -> dict[str, str]:
    """Frozen files and their hashes."""
    content: dict[str, str] = json.loads(RELEASED.read_text()) if RELEASED.exists() else {}
    return content


def schema_files(topic: Topic) -> list[Path]:
    """A topic's schema files, oldest first."""
    return sorted((SCHEMAS / topic.name).glob("*.json"), key=lambda path: int(path.stem))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def example_of(topic: Topic) -> dict[str, Any]:
    """A whole record as a reader meets it: key, headers, value."""
    record = encode(example_envelopes()[topic.name])
    return {"key": (record.key or b"").decode(), "headers": record.headers, "value": json.loads(record.value)}


def asyncapi_of(service: Service) -> dict[str, Any]:
    """AsyncAPI 3.0 of what a service reads and writes, from the topic registry."""
    reads, writes = consumed_by(service), produced_by(service)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"Saferoute {service}",
            "version": "1.0.0",
            "description": f"What {service} reads from Kafka and writes to it. Generated from contracts/topics.py.",
        },
        "defaultContentType": "application/json",
        "channels": {_name(topic): _channel(topic) for topic in (*reads, *writes)},
        "operations": {
            **{f"receive-{_name(topic)}": _operation("receive", topic) for topic in reads},
            **{f"send-{_name(topic)}": _operation("send", topic) for topic in writes},
        },
        "components": {"messages": {_name(topic): _message(topic) for topic in (*reads, *writes)}},
    }


def _name(topic: Topic) -> str:
    return topic.name.replace(".", "-")


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": topic.name,
        "description": f"Personal data: {topic.sensitivity}. Kept {topic.retention_days} days. Key: the referral id.",
        "messages": {_name(topic): {"$ref": f"#/components/messages/{_name(topic)}"}},
        "bindings": {"kafka": {"partitions": topic.partitions, "bindingVersion": "0.5.0"}},
    }


def _operation(action: str, topic: Topic) -> dict[str, Any]:
    channel = f"#/channels/{_name(topic)}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{_name(topic)}"}],
    }


def _message(topic: Topic) -> dict[str, Any]:
    schema = topic.event.model_json_schema(
        mode="serialization", ref_template=f"#/components/messages/{_name(topic)}/payload/$defs/{{model}}"
    )
    headers = {name: {"type": "string"} for name in encode(example_envelopes()[topic.name]).headers}
    return {
        "name": topic.name,
        "contentType": "application/json",
        "headers": {"type": "object", "properties": headers},
        "payload": schema,
    }


def write() -> None:
    """Bring every generated file up to date; frozen schemas get a successor, never a change."""
    frozen = released()
    for topic in TOPICS:
        files = schema_files(topic)
        text = rendered(schema_of(topic))
        if not files or files[-1].read_text() != text:
            current = files[-1] if files else SCHEMAS / topic.name / "1.json"
            if str(current.relative_to(SCHEMAS)) in frozen:
                current = current.with_name(f"{int(current.stem) + 1}.json")
            current.parent.mkdir(parents=True, exist_ok=True)
            current.write_text(text)
        EXAMPLES.mkdir(exist_ok=True)
        (EXAMPLES / f"{topic.name}.json").write_text(rendered(example_of(topic)))
    ASYNCAPI.mkdir(exist_ok=True)
    for service in SERVICES:
        (ASYNCAPI / f"{service}.json").write_text(rendered(asyncapi_of(service)))


def release() -> None:
    """Freeze the newest schema of every topic."""
    write()
    frozen = {str(path.relative_to(SCHEMAS)): digest(path) for topic in TOPICS for path in schema_files(topic)}
    RELEASED.write_text(rendered(frozen))


if __name__ == "__main__":
    {"write": write, "release": release}[sys.argv[1]]()
