"""Settling a batch: order, retries, dead letters, outages."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

import pytest

from contracts.codec import Encoded
from contracts.envelope import Envelope
from contracts.failure_codes import FailureCode
from contracts.model import Contract
from services.kit import dead_letter
from services.kit.dead_letter import Ceiling, Settler
from services.kit.errors import InfrastructureError, PermanentError, TransientError
from tests.support.example_events import example_envelopes
from tests.support.records import RawRecord, RememberingPublisher, raw

RECEIVED = example_envelopes()["referral.received.v1"]
REDACTED = example_envelopes()["referral.redacted.v1"]


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_letter, "FIRST_BACKOFF_SECONDS", 0.0)
    monkeypatch.setattr(dead_letter, "OUTAGE_PAUSE_SECONDS", 0.0)


def for_referral(referral_id: str, event_id: str = "e") -> Envelope[Contract]:
    return RECEIVED.model_copy(update={"subject": referral_id, "id": event_id})


class Handler:
    """Answers every event with one, after failing as told."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.handled: list[str] = []

    async def __call__(self, envelope: Envelope[Contract]) -> Sequence[Envelope[Contract]]:
        if self.failures:
            raise self.failures.pop(0)
        await asyncio.sleep(0)
        self.handled.append(envelope.id)
        return [REDACTED.model_copy(update={"subject": envelope.subject})]


async def settle(handler: Handler, *records: RawRecord) -> RememberingPublisher:
    publisher = RememberingPublisher()
    await Settler("redaction", publisher, handler).settle(records)
    return publisher


async def test_answers_are_published_with_the_referral_as_key() -> None:
    publisher = await settle(Handler(), raw(for_referral("r1")), raw(for_referral("r2")))
    assert {event.key for event in publisher.sent} == {b"r1", b"r2"}


async def test_events_of_one_referral_are_handled_in_order() -> None:
    handler = Handler()
    await settle(handler, *(raw(for_referral("r1", f"e{number}")) for number in range(20)))
    assert handler.handled == [f"e{number}" for number in range(20)]


async def test_transient_failure_is_retried_until_it_passes() -> None:
    publisher = await settle(
        Handler(TransientError("notify.channel_unavailable"), TransientError("notify.channel_unavailable")),
        raw(for_referral("r1")),
    )
    assert [event.topic for event in publisher.sent] == ["referral.redacted.v1"]


@pytest.mark.parametrize(
    ("failures", "code"),
    [
        ([PermanentError("routing.destination_unknown")], "routing.destination_unknown"),
        ([TransientError("notify.channel_unavailable")] * 3, "notify.channel_unavailable"),
        ([KeyError("Jamie Example")] * 3, "handler.permanent"),
    ],
)
async def test_what_cannot_be_handled_becomes_a_dead_letter_as_it_was(failures: list[Exception], code: str) -> None:
    record = raw(for_referral("r1"), offset=41)
    publisher = await settle(Handler(*failures), record)
    [letter] = publisher.sent
    assert letter.topic == "dead-letter.redaction.referral.received.v1"
    assert (letter.key, letter.value) == (record.key, record.value)
    assert letter.headers["dl_failure_code"] == code
    assert letter.headers["dl_offset"] == "41"
    assert letter.headers["ce_id"] == "e"
    assert "Jamie" not in str(letter.headers)


async def test_a_poisoned_record_does_not_hold_the_one_behind_it() -> None:
    poison = RawRecord("referral.received.v1", b"r1", b"\x00", [("ce_id", None), ("x", b"\xff")])
    handler = Handler()
    publisher = await settle(handler, poison, raw(for_referral("r1", "good")))
    assert handler.handled == ["good"]
    assert [event.headers.get("dl_failure_code") for event in publisher.sent] == ["codec.header_not_text", None]


async def test_an_outage_is_raised_so_that_the_batch_comes_again() -> None:
    handler = Handler(InfrastructureError("database"))
    with pytest.raises(InfrastructureError):
        await settle(handler, raw(for_referral("r1")))
    assert handler.handled == []


async def test_giving_up_publishes_what_the_service_says_besides_the_dead_letter() -> None:
    publisher = RememberingPublisher()

    def quarantine(envelope: Envelope[Contract], code: FailureCode) -> Sequence[Envelope[Contract]]:
        assert code == "handler.permanent"
        return [example_envelopes()["referral.quarantined.v1"].model_copy(update={"subject": envelope.subject})]

    settler = Settler("redaction", publisher, Handler(*[ValueError()] * 3), give_up=quarantine)
    await settler.settle([raw(for_referral("r1"))])
    assert [event.topic for event in publisher.sent] == [
        "referral.quarantined.v1",
        "dead-letter.redaction.referral.received.v1",
    ]


async def test_a_broken_deployment_stops_instead_of_dead_lettering_everything() -> None:
    publisher = RememberingPublisher()
    settler = Settler("redaction", publisher, Handler(*[ValueError()] * 3_000))
    records = [raw(for_referral(f"r{number}"), offset=number) for number in range(200)]
    with pytest.raises(InfrastructureError):
        await settler.settle(records)
    assert len(publisher.sent) == dead_letter.CEILING_COUNT


def test_the_ceiling_forgets_what_is_long_ago() -> None:
    ceiling = Ceiling(limit=1, seconds=0.0)
    ceiling.count()
    ceiling.check()
    strict = Ceiling(limit=1, seconds=60.0)
    strict.count()
    with pytest.raises(InfrastructureError):
        strict.check()


async def test_the_trace_goes_on_in_what_is_published() -> None:
    publisher = await settle(Handler(), raw(for_referral("r1")))
    trace_id = str(RECEIVED.traceparent).split("-")[1]
    assert publisher.sent[0].headers["traceparent"].split("-")[1] == trace_id


async def test_a_dead_letter_is_written_once_however_often_an_outage_sends_its_batch_back() -> None:
    publisher = RememberingPublisher()
    handler = Handler(*[InfrastructureError("database")] * 5)
    settler = Settler("redaction", publisher, handler)
    batch = [RawRecord("referral.received.v1", b"r1", b"\x00", [], offset=1), raw(for_referral("r2", "good"), offset=2)]
    for _ in range(5):
        with pytest.raises(InfrastructureError):
            await settler.settle(batch)
    await settler.settle(batch)
    assert [event.topic for event in publisher.sent].count("dead-letter.redaction.referral.received.v1") == 1
    assert handler.handled == ["good"]


async def test_another_record_at_the_same_offset_of_a_wiped_broker_is_not_mistaken_for_its_dead_letter() -> None:
    publisher = RememberingPublisher()
    handler = Handler(InfrastructureError("database"))
    settler = Settler("redaction", publisher, handler)
    poison = RawRecord("referral.received.v1", b"r1", b"\x00", [], offset=1)
    with pytest.raises(InfrastructureError):
        await settler.settle([poison, raw(for_referral("r2"), offset=2)])
    await settler.settle([raw(for_referral("r1", "new"), offset=1)])
    assert handler.handled == ["new"]


async def test_an_outage_is_met_by_few_lanes_and_not_by_every_referral_of_the_batch() -> None:
    tries = 0

    async def away(_envelope: Envelope[Contract]) -> Sequence[Envelope[Contract]]:
        nonlocal tries
        tries += 1
        await asyncio.sleep(0.01)
        raise InfrastructureError("database")

    records = [raw(for_referral(f"r{number}"), offset=number) for number in range(300)]
    with pytest.raises(InfrastructureError):
        await Settler("redaction", RememberingPublisher(), away).settle(records)
    assert tries == dead_letter.MAX_LANES


async def test_an_answer_that_no_topic_takes_is_the_handlers_fault_and_does_not_stop_the_partition() -> None:
    class Unregistered(Contract):
        pass

    async def answers_nonsense(envelope: Envelope[Contract]) -> Sequence[Envelope[Contract]]:
        return [envelope.model_copy(update={"type": "x", "data": Unregistered(), "subject": "\ud800"})]

    publisher = RememberingPublisher()
    await Settler("redaction", publisher, answers_nonsense).settle([raw(for_referral("r1"))])
    assert [event.headers["dl_failure_code"] for event in publisher.sent] == ["handler.permanent"]


async def test_an_answer_too_large_for_its_consumers_is_a_dead_letter_and_not_the_end_of_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dead_letter, "MAX_VALUE_BYTES", 10)
    publisher = await settle(Handler(), raw(for_referral("r1")))
    assert [event.headers["dl_failure_code"] for event in publisher.sent] == ["codec.too_large"]


async def test_giving_up_that_fails_still_leaves_the_dead_letter() -> None:
    def broken(_envelope: Envelope[Contract], _code: FailureCode) -> Sequence[Envelope[Contract]]:
        raise KeyError("Jamie Example")

    publisher = RememberingPublisher()
    handler = Handler(PermanentError("redaction.leak_guard"))
    await Settler("redaction", publisher, handler, give_up=broken).settle([raw(for_referral("r1"))])
    assert [event.headers["dl_failure_code"] for event in publisher.sent] == ["redaction.leak_guard"]


@pytest.mark.parametrize(
    ("key", "value", "headers", "omitted"),
    [
        (b"r1", b"x" * 900_000, [("ce_id", b"1")], None),
        (b"r1", b"x" * 1_040_000, [("ce_id", b"1")], "value"),
        (b"r1", b"x" * 10, [("ce_id", b"1" * 1_030_000)], "value,headers"),
        (b"k" * 1_020_000, b"x", [], "value,headers,key"),
    ],
)
def test_a_dead_letter_always_fits_into_kafka_and_says_what_it_left_behind(
    key: bytes, value: bytes, headers: list[tuple[str, bytes | None]], omitted: str | None
) -> None:
    letter = dead_letter.dead_letter(
        RawRecord("referral.received.v1", key, value, headers), "redaction", "codec.too_large"
    )
    size = len(letter.key or b"") + len(letter.value) + sum(len(n) + len(t) for n, t in letter.headers.items())
    assert size < 1_010_000
    assert letter.headers.get("dl_omitted") == omitted
    assert letter.headers["dl_value_bytes"] == str(len(value))


async def test_an_unforeseen_failure_waits_like_an_outage_instead_of_spinning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_letter, "OUTAGE_PAUSE_SECONDS", 0.05)

    class Broken(RememberingPublisher):
        async def publish(self, events: Iterable[Encoded]) -> None:
            raise RuntimeError("closed")

    started = asyncio.get_running_loop().time()
    with pytest.raises(RuntimeError):
        await Settler("redaction", Broken(), Handler()).settle([raw(for_referral("r1"))])
    assert asyncio.get_running_loop().time() - started >= 0.05
