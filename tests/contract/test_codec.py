"""The codec: what is written is read, what is not ours is answered with a code and never with an exception."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codec import MAX_VALUE_BYTES, Encoded, Undecodable, decode, encode
from contracts.envelope import Envelope
from contracts.failure_codes import FAILURE_CODES
from contracts.topics import BY_TYPE, TOPICS, Topic
from tests.support.contract_files import EXAMPLES
from tests.support.example_events import example_envelopes

RECEIVED = "referral.received.v1"


def record(**changes: object) -> tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]]]:
    """Key, value and headers of a good record, with headers changed or (None) made null."""
    encoded = encode(example_envelopes()[RECEIVED])
    headers: dict[str, bytes | None] = {name: text.encode() for name, text in encoded.headers.items()}
    for name, value in changes.items():
        headers[name] = value if isinstance(value, bytes) or value is None else str(value).encode()
    return encoded.key, encoded.value, list(headers.items())


@pytest.mark.parametrize("event_type", sorted(BY_TYPE))
def test_what_is_encoded_is_decoded_again(event_type: str) -> None:
    envelope = example_envelopes()[event_type]
    wire = encode(envelope)
    assert decode(wire.key, wire.value, [(name, text.encode()) for name, text in wire.headers.items()]) == envelope


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_new_code_reads_the_committed_example(topic: Topic) -> None:
    example = json.loads((EXAMPLES / f"{topic.name}.json").read_text())
    headers = [(name, text.encode()) for name, text in example["headers"].items()]
    decoded = decode(example["key"].encode(), json.dumps(example["value"]).encode(), headers)
    assert isinstance(decoded, Envelope)
    assert decoded.type == topic.name


def test_a_field_from_the_future_is_ignored() -> None:
    key, value, headers = record()
    assert value is not None
    body = json.loads(value) | {"a_field_of_the_next_release": {"x": 1}}
    assert isinstance(decode(key, json.dumps(body).encode(), headers), Envelope)


def test_an_older_version_is_brought_up_to_date() -> None:
    key, value, headers = record(ce_type="referral.received.v0")
    assert value is not None
    body = json.loads(value)
    body["ref"] = body.pop("reference")
    upcasters = {"referral.received.v0": (RECEIVED, lambda old: {**old, "reference": old["ref"]})}
    decoded = decode(key, json.dumps(body).encode(), headers, upcasters)
    assert isinstance(decoded, Envelope)
    assert decoded.type == RECEIVED


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ce_id": None}, "codec.header_missing"),
        ({"ce_subject": b""}, "codec.header_missing"),
        ({"ce_source": b"\xff\xfe"}, "codec.header_not_text"),
        ({"ce_time": b"yesterday"}, "codec.header_not_text"),
        ({"ce_type": "referral.received.v99"}, "codec.version_unknown"),
        ({"ce_type": "something.else.v1"}, "codec.type_unknown"),
        ({"ce_specversion": "2.0"}, "codec.version_unknown"),
        ({"ce_subject": "another-referral"}, "codec.key_mismatch"),
    ],
)
def test_a_bad_header_has_its_code(changes: dict[str, object], code: str) -> None:
    assert decode(*record(**changes)) == Undecodable(code)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "codec.value_missing"),
        (b"", "codec.value_not_json"),
        (b"\x00\xff", "codec.value_not_json"),
        (b"[1]", "codec.value_not_json"),
        (b"{}", "codec.value_invalid"),
        (b'{"a":' * 100_000, "codec.value_not_json"),
        (b" " * (MAX_VALUE_BYTES + 1), "codec.too_large"),
    ],
)
def test_a_bad_value_has_its_code(value: bytes | None, code: str) -> None:
    key, _, headers = record()
    assert decode(key, value, headers) == Undecodable(code)  # type: ignore[arg-type]


@given(st.binary(max_size=400), st.lists(st.tuples(st.text(max_size=12), st.none() | st.binary(max_size=40))))
def test_no_bytes_make_the_codec_raise(value: bytes, headers: list[tuple[str, bytes | None]]) -> None:
    good = record()[2]
    for chosen in (headers, good, good + headers):
        outcome = decode(b"key", value, chosen)
        assert isinstance(outcome, Undecodable)
        assert outcome.code in FAILURE_CODES


def test_key_and_topic_come_from_the_envelope() -> None:
    envelope = example_envelopes()[RECEIVED]
    wire = encode(envelope)
    assert (wire.topic, wire.key) == (RECEIVED, envelope.subject.encode())
    assert isinstance(wire, Encoded)
