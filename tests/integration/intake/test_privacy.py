"""Nothing that identifies anybody is in an answer, in intake's database, in its logs or in its metrics."""

from __future__ import annotations

import asyncio
import base64
import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import generate_latest

from contracts.events.referral_received import ReferralReceivedV1
from services.kit.errors import PermanentError
from services.kit.sealing import generate_key_pair, load_private_ring, open_box, write_private_file
from tests.integration.intake.conftest import OURS, Intake

pytestmark = pytest.mark.asyncio(loop_scope="module")

CANARY = "Quillfeather"
"""In every text field below, with a number, so that each is told apart."""


def full_body() -> dict[str, Any]:
    """Every field there is; each text names a canary of its own."""
    number = iter(range(1000))

    def text() -> str:
        return f"{CANARY}{next(number)}"

    contact = {name: text() for name in ("relationship", "forename", "surname", "phone", "email")}
    address = {name: text() for name in ("line1", "line2", "town", "county", "postcode")}
    names = ("mis_id", "upn", "uln", "legal_forename", "legal_surname", "middle_names", "preferred_forename")
    learner = {name: text() for name in names} | {
        "former_upns": [text()], "known_as": [text()], "date_of_birth": "2012-04-03", "nc_year_actual": text(),
        "home_la": text(), "address": address, "contacts": [contact | {"parental_responsibility": True}],
    }  # fmt: skip
    return {
        "source": {"system": text(), "record_id": text(), "version": 1},
        "school": {"urn": OURS, "la_code": text(), "establishment_number": text(), "name": text(), "district": text(),
                   "phase": text()},
        "referrer": {"name": text(), "role": text(), "email": text(), "phone": text(), "callback_ok": True},
        "learners": [learner],
        "concern": {"occurred_at": "2026-02-27", "identified_at": "2026-02-27T10:00:00Z", "narrative": text(),
                    "platforms": [text()], "categories": ["cse"]},
        "agreement": {"sought": False, "reason_not_sought": text()},
        "police": {"investigation_live": True, "reference": text()},
        "actions_taken": [text()],
    }  # fmt: skip


def places(node: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in a body, parts and leaves."""
    if path:
        yield path
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for step, child in children:
        yield from places(child, (*path, step))


def with_value(body: dict[str, Any], path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    changed: Any = copy.deepcopy(body)
    node = changed
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    return changed  # type: ignore[no-any-return]


def forms_of(word: str) -> list[bytes]:
    """The ways in which a word could hide."""
    raw = word.encode()
    return [
        raw,
        raw.lower(),
        raw.upper(),
        raw.hex().encode(),
        base64.b64encode(raw)[:-4],
        json.dumps(word)[1:-1].encode(),
    ]


WRONG = st.sampled_from(
    [CANARY, [CANARY], {CANARY: CANARY}, {"x": CANARY}, f"{CANARY} " * 9_000, f"data:image/png;base64,{CANARY}", 17.5,
     [[CANARY]] * 70, f"{CANARY}\ud800", f"{CANARY}\x00", True, None, -1, 10**40, f"https://{CANARY}.example/a.jpg"]
)  # fmt: skip


async def test_no_answer_repeats_anything_whatever_is_wrong_wherever(intake: Intake) -> None:
    body, loop = full_body(), asyncio.get_running_loop()
    seen: set[int] = set()

    async def check(wrong: dict[str, Any]) -> None:
        headers = intake.auth() | {"Idempotency-Key": f"{CANARY}-{len(seen)}", "Content-Type": "application/json"}
        answer = await intake.http.post("/v1/referrals", content=json.dumps(wrong).encode(), headers=headers)
        seen.add(answer.status_code)
        everything = answer.content + repr(answer.headers.raw).encode()
        assert CANARY.lower().encode() not in everything.lower(), everything[:400]
        assert answer.status_code < 500, everything[:400]

    @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.sampled_from(list(places(body))), WRONG, st.booleans())
    def run(path: tuple[str | int, ...], value: object, as_extra: bool) -> None:
        wrong = with_value(body, path, value)
        if as_extra and isinstance(path[-1], str):
            wrong = with_value(wrong, (*path[:-1], f"{CANARY} {path[-1]}"), value)
        asyncio.run_coroutine_threadsafe(check(wrong), loop).result()

    await asyncio.to_thread(run)
    assert {202, 422} <= seen


async def test_intakes_database_holds_no_plaintext(intake: Intake) -> None:
    body = full_body()
    accepted = await intake.post(body, key=f"{CANARY}-key")
    assert accepted.status_code == 202, accepted.text
    await intake.post(body | {"source": body["source"] | {"version": 2}}, key=f"{CANARY}-other")
    dump = await dumped(intake)
    assert accepted.json()["id"].encode() in dump
    for form in forms_of(CANARY):
        assert form not in dump
    assert b"2012-04-03" not in dump


async def test_what_intake_holds_opens_nothing(intake: Intake, tmp_path: Any) -> None:
    """With a dump of its database and all its files there is no key that opens a box."""
    await intake.post(full_body())
    (event,) = await intake.outbox()
    assert isinstance(event.data, ReferralReceivedV1)
    assert set(event.data.facts.model_dump()) & {"urn", "name", "narrative"} == set()
    _, private = generate_key_pair()
    write_private_file(tmp_path / "other.json", private)
    with pytest.raises(PermanentError) as refused:
        open_box(load_private_ring([tmp_path / "other.json"]), f"{event.subject}/1", event.data.sealed)
    assert refused.value.code == "sealed.key_unknown"


async def test_logs_and_metrics_say_nothing_of_a_referral(intake: Intake, capfd: pytest.CaptureFixture[str]) -> None:
    for body in (full_body(), full_body() | {CANARY: CANARY}, {"concern": CANARY}):
        await intake.post(body, headers={"User-Agent": CANARY, "traceparent": CANARY})
    await intake.http.get(f"/{CANARY}?{CANARY}={CANARY}", headers=intake.auth())
    out, err = capfd.readouterr()
    assert CANARY not in out + err
    assert CANARY.encode() not in generate_latest()


async def test_a_clients_trace_does_not_travel(intake: Intake) -> None:
    name = b"Oskar Farthingal".hex()
    await intake.post(full_body(), headers={"traceparent": f"00-{name}-{name[:16]}-01", "tracestate": f"mis={name}"})
    [event] = await intake.outbox()
    assert event.traceparent is not None
    assert name not in event.traceparent
    assert not await intake.database.fetchval("SELECT count(*) FROM open_emission WHERE headers LIKE $1", f"%{name}%")


async def test_spans_say_nothing_of_a_referral(intake: Intake) -> None:
    exporter, provider = InMemorySpanExporter(), trace.get_tracer_provider()
    assert isinstance(provider, TracerProvider)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    await intake.post(full_body(), headers={"User-Agent": CANARY})
    await intake.http.get(f"/v1/referrals/{CANARY}?{CANARY}={CANARY}", headers=intake.auth())
    spans = exporter.get_finished_spans()
    assert len(spans) == 2
    assert CANARY not in "".join(span.to_json() for span in spans)


async def test_a_fault_of_ours_answers_without_a_word_of_it(
    intake: Intake, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError(f"could not handle {CANARY}")

    monkeypatch.setattr("services.intake.handlers.facts_of", broken)
    answer = await intake.post(full_body())
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:saferoute:problem:internal")
    out, err = capfd.readouterr()
    assert '"exc_type": "ValueError"' in out
    assert CANARY not in answer.text + out + err
    assert await intake.count("referral") == 0


async def dumped(intake: Intake) -> bytes:
    """Every row of every table, as text and as bytes."""
    names = await intake.database.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    parts = []
    for row in names:
        for record in await intake.database.fetch(f"SELECT * FROM {row['tablename']}"):  # noqa: S608 - the catalogue's
            for value in record.values():
                parts.append(value if isinstance(value, bytes) else repr(value).encode())
    return b"\n".join(parts)
