"""A referral is accepted when, and only when, everything about it is in the database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contracts.events.referral_received import ReferralReceivedV1
from contracts.sealed import PersonalPart
from services.intake.commands import provision_client
from services.intake.domain.reference import is_reference
from services.kit.sealing import open_box
from services.local.processes import free_port
from tests.integration.intake.conftest import (
    ALSO_OURS,
    OURS,
    Intake,
    referral,
    running,
    settings_for,
    with_clients,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

SAMPLES = {path.stem: json.loads(path.read_text()) for path in Path("examples/referrals").glob("*.json")}


async def test_a_referral_is_accepted_with_what_the_school_needs_to_know(intake: Intake) -> None:
    answer = await intake.post(referral())
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert answer.headers["location"] == body["status_url"] == f"/v1/referrals/{body['id']}"
    assert is_reference(body["reference"])
    assert body["status"] == "received"
    assert body["warnings"] == []
    assert {"code", "text", "tel"} == set(body["immediate_actions"][0])


async def test_its_event_is_in_the_outbox_and_opens_for_redaction(intake: Intake) -> None:
    accepted = (await intake.post(referral())).json()
    (envelope,) = await intake.outbox()
    received = envelope.data
    assert isinstance(received, ReferralReceivedV1)
    assert envelope.subject == received.referral_id == accepted["id"]
    assert envelope.traceparent is not None
    assert received.facts.client_id == "ours"
    part = PersonalPart.model_validate_json(open_box(intake.ring, f"{accepted['id']}/1", received.sealed))
    assert part.narrative == referral()["concern"]["narrative"]
    assert part.record.learners[0].legal_surname == "Farthingale"


async def test_the_number_is_the_one_that_is_right_at_that_minute(intake: Intake) -> None:
    danger = referral(concern={"narrative": "He is at the door.", "immediate_danger": True})
    in_hours = (await intake.post(danger)).json()
    intake.clock.forward(days=5)
    on_saturday = (await intake.post(danger)).json()
    numbers = [{action["tel"] for action in answer["immediate_actions"]} for answer in (in_hours, on_saturday)]
    assert {"999", "03000 411 111"} <= numbers[0]
    assert {"999", "03000 419 191"} <= numbers[1]
    assert "03000 411 111" not in numbers[1]


async def test_somebody_must_acknowledge_by_the_fastest_clock_that_the_facts_allow(intake: Intake) -> None:
    danger = referral(concern={"narrative": "He is at the door.", "immediate_danger": True})
    assert (await intake.post(danger)).json()["acknowledge_by"] == "2026-03-02T10:15:00Z"
    assert (await intake.post(referral())).json()["acknowledge_by"] == "2026-03-02T11:00:00Z"


@pytest.mark.parametrize("name", sorted(SAMPLES))
async def test_every_sample_referral_is_accepted(intake: Intake, name: str) -> None:
    body = SAMPLES[name]
    urn = str(body["school"]["urn"])
    intake.keys["sample"] = await provision_client(intake.dsn, f"sample-{name[:2]}", (urn,), "live")
    answer = await intake.post(body, client="sample")
    assert answer.status_code == 202, answer.text
    (event,) = await intake.outbox()
    assert event.data.facts.test == bool(body.get("test"))  # type: ignore[attr-defined]


async def test_the_register_of_schools_counts_more_than_the_body(intake_dsn: str, tmp_path: Path) -> None:
    register = tmp_path / "schools.csv"
    register.write_text(
        f"URN,DistrictAdministrative (name),PhaseOfEducation (name)\n{OURS},Thanet,Primary\n", encoding="cp1252"
    )
    settings = settings_for(tmp_path, intake_dsn, f"127.0.0.1:{free_port()}", schools_register=register)
    async with running(settings, tmp_path) as started:
        intake = await with_clients(started)
        await intake.database.execute("DELETE FROM outbox")
        known = await intake.post(referral(school={"urn": OURS, "district": "Dover", "phase": "secondary"}))
        stranger = await intake.post(referral(school={"urn": ALSO_OURS, "district": "Dover"}), client="both")
        facts = [event.data.facts for event in await intake.outbox()]  # type: ignore[attr-defined]
    assert [warning["code"] for warning in known.json()["warnings"]] == []
    assert [warning["code"] for warning in stranger.json()["warnings"]] == ["urn_unknown"]
    assert [(one.district, one.phase) for one in facts] == [("Thanet", "primary"), ("Dover", "unknown")]


async def test_a_district_that_is_none_stays_sealed(intake: Intake) -> None:
    await intake.post(referral(school={"urn": OURS, "district": "Oskar Farthingale"}))
    (event,) = await intake.outbox()
    assert event.data.facts.district is None  # type: ignore[attr-defined]
