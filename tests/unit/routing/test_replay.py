"""Replay: what past decisions would have been under another pack, from facts alone."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import dataclass

from contracts.codec import encode
from contracts.decision import RuleApplied
from contracts.events.referral_routed import ReferralRoutedV1
from contracts.facts import OpenFacts
from services.routing.domain import decide, decide_alert, decide_held
from services.routing.domain.replay import RecordedDecision, record_of, replay
from services.routing.domain.transfer import TRANSFER
from services.routing.recording import Recorder
from services.routing.replay_report import write_csv
from tests.support.example_events import example_envelopes
from tests.unit.routing.packs import KENT, NORTHMERE, with_rules

AT = dt.datetime(2026, 11, 20, 10, 0, tzinfo=dt.UTC)
FACTS = OpenFacts(support_level=2, identifiable_child=True, district="Thanet", home_la="886", categories=("cce",))


def record(facts: OpenFacts = FACTS, *, number: int = 0, stage: str = "full") -> RecordedDecision:
    at = AT + dt.timedelta(hours=number)
    decision = decide_held(facts, at, KENT) if stage == "held" else decide(facts, at, KENT)
    return RecordedDecision(
        referral_id=f"referral-{number}", received_at=at, routed_at=at + dt.timedelta(minutes=5), stage=stage,
        facts=facts, decision=decision,
    )  # fmt: skip


def test_the_same_pack_changes_nothing() -> None:
    result = replay([record(), record(stage="held"), record(OpenFacts(immediate_danger=True))], KENT)
    assert (result.tried, result.changes) == (3, ())


def test_a_change_is_counted_by_destination_urgency_and_rule() -> None:
    milder = with_rules(KENT, **{"040_serious": {"when": [{"support_level": 3}]}})
    result = replay([record(), record(OpenFacts(support_level=3))], milder)
    (change,) = result.changes
    assert change.fields == ("destination", "urgency", "advice")
    assert result.by_destination() == {("front_door", "area_safeguarding_adviser"): 1}
    assert result.by_urgency() == {("same_day", "routine"): 1}
    assert result.by_rule() == {"- 040-serious": 1, "+ 130-any-other": 1}


def test_alerts_and_transfers_are_no_decisions_of_the_policy() -> None:
    danger = OpenFacts(immediate_danger=True)
    alert = record(danger, stage="alert")
    assert alert.decision == decide_alert(danger, AT, KENT)
    moved = record()
    transferred = moved.decision.model_copy(update={"rules": (*moved.decision.rules, TRANSFER)})
    result = replay([alert, moved.model_copy(update={"decision": transferred})], NORTHMERE)
    assert result.tried == 0


def test_since_leaves_out_what_was_routed_before() -> None:
    records = [record(number=number) for number in range(4)]
    assert replay(records, KENT, since=AT + dt.timedelta(hours=2)).tried == 2


def test_a_wording_alone_is_no_change() -> None:
    one = record()
    renamed = RuleApplied(id=one.decision.rules[0].id, sentence="Other words.", source="Another source.")
    decision = one.decision.model_copy(update={"rules": (renamed, *one.decision.rules[1:])})
    assert replay([one.model_copy(update={"decision": decision})], KENT).changes == ()


def test_a_record_keeps_facts_and_decision_and_no_word_of_the_narrative() -> None:
    event = example_envelopes()["referral.routed.v1"].data
    assert isinstance(event, ReferralRoutedV1)
    assert event.narrative is not None
    kept = record_of(event).model_dump_json()
    assert "narrative" not in kept
    assert RecordedDecision.model_validate_json(kept).decision == event.decision
    assert RecordedDecision.model_validate_json(event.model_dump_json()).facts == event.facts


@dataclass(frozen=True)
class Message:
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


def message_of(event_type: str) -> Message:
    encoded = encode(example_envelopes()[event_type])
    return Message(encoded.key, encoded.value, tuple((name, text.encode()) for name, text in encoded.headers.items()))


def test_recording_takes_each_decision_once_and_nothing_else() -> None:
    recorder = Recorder()
    routed = message_of("referral.routed.v1")
    record_made = recorder.record_in(routed)
    assert record_made is not None
    assert recorder.record_in(routed) is None
    assert recorder.record_in(message_of("referral.redacted.v1")) is None
    assert recorder.record_in(Message(b"x", b"garbage")) is None


def test_the_csv_has_every_change_with_both_sides() -> None:
    stream = io.StringIO()
    write_csv(replay([record()], NORTHMERE), stream)
    header, row = stream.getvalue().splitlines()
    cells = dict(zip(header.split(","), row.split(","), strict=True))
    assert (cells["destination_before"], cells["destination_after"]) == ("front_door", "hub")
    assert cells["rules_after"] == "30-protection"
