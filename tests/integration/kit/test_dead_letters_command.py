"""`saferoute dead-letters`: counts, looks without content, and sends each letter back exactly once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

import pytest
import typer
from aiokafka import AIOKafkaProducer
from typer.testing import CliRunner

from contracts.failure_codes import FailureCode
from contracts.topics import dead_letter_topic
from services.kit.dead_letter import dead_letter
from services.local.kafka import EmbeddedKafka
from services.ops.dead_letters import Replayed, register
from tests.support.kit_lab import SERVICE, Landed, declare, read_all
from tests.support.records import RawRecord

NAME = "Jamie Example"
"""Planted in every part of a letter that may hold content."""
SUBJECT = "5f0c1d2e3b4a59687786a5b4c3d2e1f0"
HEADERS = [("ce_id", b"e1"), ("ce_subject", SUBJECT.encode()), ("x-note", NAME.encode()), ("ce_source", NAME.encode())]


def command(kafka: EmbeddedKafka, *arguments: str) -> str:
    app = typer.Typer()
    register(app)
    app.command("other")(lambda: None)
    result = CliRunner().invoke(app, ["dead-letters", *arguments, "--bootstrap-servers", kafka.bootstrap_servers])
    assert result.exit_code == 0, result.output
    return result.output


async def bury(kafka: EmbeddedKafka, topic: str) -> list[RawRecord]:
    """Three letters of two codes, one without a value and one that left its value behind."""
    records = [
        RawRecord(topic, SUBJECT.encode(), f'{{"a": "{NAME}"}}'.encode(), HEADERS, offset=1),
        RawRecord(topic, f"{NAME}".encode(), b"\x00\xff not text", HEADERS, offset=2),
        RawRecord(topic, SUBJECT.encode(), None, HEADERS, offset=3),
        RawRecord(topic, SUBJECT.encode(), b"x" * 1_100_000, HEADERS, offset=4),
    ]
    codes: tuple[FailureCode, ...] = (
        "handler.permanent",
        "codec.value_not_json",
        "handler.permanent",
        "codec.too_large",
    )
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers)
    await producer.start()
    for record, code in zip(records, codes, strict=True):
        letter = dead_letter(record, SERVICE, code)
        headers = [(name, text.encode()) for name, text in letter.headers.items()]
        await producer.send_and_wait(letter.topic, letter.value, letter.key, headers=headers)
    await producer.stop()
    return records


def as_sent(records: Sequence[RawRecord]) -> list[tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]]]]:
    return [(record.key, record.value, sorted(record.headers)) for record in records]


def as_landed(records: Sequence[Landed]) -> list[tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]]]]:
    return [(record.key, record.value, sorted(record.headers)) for record in records]


@pytest.mark.real_kafka
def test_letters_are_counted_shown_without_content_and_replayed_exactly_once(kafka: EmbeddedKafka) -> None:
    topic = declare(kafka, partitions=1)
    letters = dead_letter_topic(SERVICE, topic)
    records = asyncio.run(bury(kafka, topic))
    only = ("--topic", letters)

    listed = command(kafka, "list", *only)
    assert re.search(rf"2 waiting +0 replayed +handler\.permanent +{re.escape(letters)}", listed)
    assert "4 dead letters" in listed

    shown = command(kafka, "show", *only)
    assert shown.count(f"ce_subject: {SUBJECT}") == 4
    assert NAME not in shown + listed
    assert "Jamie" not in shown
    assert command(kafka, "show", *only, "--code", "codec.too_large").count("not whole") == 1

    assert "2 would be replayed" in command(kafka, "replay", *only, "--code", "handler.permanent", "--dry-run")
    assert asyncio.run(read_all(kafka, topic)) == []

    assert command(kafka, "replay", *only, "--code", "handler.permanent", "--limit", "1").startswith("1 replayed")
    assert command(kafka, "replay", *only, "--code", "handler.permanent").startswith("1 replayed")
    assert command(kafka, "replay", *only, "--code", "handler.permanent").startswith("0 replayed")
    landed = asyncio.run(read_all(kafka, topic))
    assert as_landed(landed) == as_sent([records[0], records[2]])

    rest = command(kafka, "replay", *only)
    assert rest.startswith("1 replayed")
    assert "1 left where they are: not whole" in rest
    assert as_landed(asyncio.run(read_all(kafka, topic))[2:]) == as_sent([records[1]])
    assert re.search(r"0 waiting +2 replayed +handler\.permanent", command(kafka, "list", *only))


def test_an_absent_broker_is_said_in_a_sentence() -> None:
    app = typer.Typer()
    register(app)
    app.command("other")(lambda: None)
    result = CliRunner().invoke(app, ["dead-letters", "list", "--bootstrap-servers", "127.0.0.1:1"])
    assert result.exit_code == 1
    assert "Kafka does not answer" in result.output


def test_what_was_replayed_is_remembered_across_runs_in_the_offsets_note() -> None:
    replayed = Replayed(5)
    for offset in (7, 8, 9, 12):
        replayed.add(offset)
    assert (replayed.upto, replayed.note()) == (5, "7-9,12")
    replayed.add(5)
    replayed.add(6)
    assert (replayed.upto, replayed.note()) == (10, "12")
    assert 11 not in replayed
    assert 12 in replayed
