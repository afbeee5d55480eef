"""Redaction's one use case: what is published for a box, and that a fault never lets words through."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from contracts.envelope import Envelope
from contracts.events.referral_quarantined import ReferralQuarantinedV1
from contracts.events.referral_received import ReferralReceivedV1
from contracts.events.referral_redacted import ReferralRedactedV1
from contracts.model import Contract
from contracts.record import Learner, Record
from contracts.sealed import PersonalPart
from services.kit.sealing import generate_key_pair, load_private_ring, load_public, seal, write_private_file
from services.redaction.adapters.engine import RedactionEngine
from services.redaction.adapters.vault import Vault
from services.redaction.handlers import RedactReferral
from services.redaction.redactor import Held, Redacted, Redactor
from tests.support.example_events import AT, REFERRAL_ID, example_envelopes

PART = PersonalPart(
    record=Record(learners=(Learner(legal_forename="Wren", legal_surname="Plantedname"),)),
    narrative="Wren Plantedname told her tutor that she was frightened to go home.",
)


@dataclass
class RememberingVault(Vault):
    """Remembers what was stored, in order."""

    stored: list[tuple[str, int, PersonalPart]] = field(default_factory=list)

    async def store(self, referral_id: str, revision: int, part: PersonalPart) -> None:
        self.stored.append((referral_id, revision, part))


@dataclass
class FailingEngine(RedactionEngine):
    """Answers as told instead of redacting."""

    answer: Held | Exception

    async def redact(self, part: PersonalPart, on: dt.date) -> Redacted | Held:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@dataclass
class Parts:
    handler: RedactReferral
    vault: RememberingVault
    envelope: Envelope[Contract]

    async def run(self) -> Contract:
        [answer] = await self.handler(self.envelope)
        return answer.data


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return Redactor.load()


@pytest.fixture
def parts(tmp_path: Path, redactor: Redactor) -> Parts:
    public, private = generate_key_pair()
    (tmp_path / "public").write_text(public)
    write_private_file(tmp_path / "private", private)
    box = seal(load_public(tmp_path / "public"), f"{REFERRAL_ID}/1", PART.model_dump_json().encode())
    envelope = example_envelopes()["referral.received.v1"]
    vault = RememberingVault()
    engine = RedactionEngine(redactor, 5.0, on_exhausted=lambda: None)
    handler = RedactReferral(load_private_ring([tmp_path / "private"]), vault, engine, lambda: AT)
    return Parts(handler, vault, envelope.model_copy(update={"data": envelope.data.model_copy(update={"sealed": box})}))


def failing(parts: Parts, answer: Held | Exception) -> RedactReferral:
    return RedactReferral(parts.handler.keys, parts.vault, FailingEngine(answer), lambda: AT)


async def test_the_words_go_on_without_the_name_and_the_whole_goes_to_the_vault(parts: Parts) -> None:
    event = await parts.run()
    assert isinstance(event, ReferralRedactedV1)
    assert "Plantedname" not in event.model_dump_json()
    assert "Wren" not in event.model_dump_json()
    assert "frightened to go home" in event.narrative.text
    assert parts.vault.stored == [(REFERRAL_ID, 1, PART)]


async def test_a_second_delivery_gives_the_same_event(parts: Parts) -> None:
    assert await parts.handler(parts.envelope) == await parts.handler(parts.envelope)


async def test_what_the_redactor_holds_back_is_quarantined_with_its_code(parts: Parts) -> None:
    [answer] = await failing(parts, Held("redaction.leak_guard"))(parts.envelope)
    assert isinstance(answer.data, ReferralQuarantinedV1)
    assert answer.data.failure_code == "redaction.leak_guard"
    assert "Plantedname" not in answer.model_dump_json()


async def test_a_box_moved_from_another_referral_is_quarantined_and_not_stored(parts: Parts) -> None:
    moved = parts.envelope.data.model_copy(update={"referral_id": "another"})
    [answer] = await parts.handler(parts.envelope.model_copy(update={"data": moved}))
    assert isinstance(answer.data, ReferralQuarantinedV1)
    assert answer.data.failure_code == "sealed.not_for_us"
    assert parts.vault.stored == []


async def test_an_unforeseen_fault_is_quarantined_when_it_is_given_up_on(parts: Parts) -> None:
    handler = failing(parts, RuntimeError("Plantedname"))
    with pytest.raises(RuntimeError):
        await handler(parts.envelope)
    answers: Sequence[Envelope[Contract]] = handler.give_up(parts.envelope, "handler.permanent")
    assert [type(answer.data) for answer in answers] == [ReferralQuarantinedV1]


async def test_a_redactor_that_does_not_answer_in_time_is_a_reason_to_hold(redactor: Redactor) -> None:
    class Slow(Redactor):
        def redact(self, *_args: object, **_kwargs: object) -> Redacted | Held:
            time.sleep(0.3)
            return Held("redaction.failed")

    exhausted: list[bool] = []
    engine = RedactionEngine(Slow.__new__(Slow), 0.05, on_exhausted=lambda: exhausted.append(True))
    answers = [await engine.redact(PART, AT.date()) for _ in range(3)]
    assert answers == [Held("redaction.timeout")] * 3
    assert exhausted == [True]


async def test_other_events_are_passed_by(parts: Parts) -> None:
    assert await parts.handler(example_envelopes()["notification.sent.v1"]) == ()
    assert isinstance(parts.envelope.data, ReferralReceivedV1)


async def test_what_goes_on_and_what_is_held_is_counted_by_cause(parts: Parts) -> None:
    def count(name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(name, labels) or 0

    went, held = "saferoute_referrals_redacted_total", "saferoute_referrals_quarantined_total"
    before = count(went), count(held, failure_code="redaction.leak_guard")
    await parts.run()
    await failing(parts, Held("redaction.leak_guard"))(parts.envelope)
    assert (count(went), count(held, failure_code="redaction.leak_guard")) == (before[0] + 1, before[1] + 1)
