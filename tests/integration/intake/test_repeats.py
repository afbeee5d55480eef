"""Posting twice, in every way a client can: one referral, one event, the same answer."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any

import pytest

from contracts.events.referral_received import ReferralReceivedV1
from contracts.sealed import PersonalPart
from services.kit.errors import PermanentError
from services.kit.sealing import open_box
from tests.integration.intake.conftest import ALSO_OURS, Intake, referral

pytestmark = pytest.mark.asyncio(loop_scope="module")


def versioned(version: int | None, narrative: str = "As first told.", record: str = "INC-1") -> dict[str, Any]:
    return referral(
        source={"system": "arbor", "record_id": record, "version": version}, concern={"narrative": narrative}
    )


async def test_the_same_key_and_body_get_the_same_answer_and_one_referral(intake: Intake) -> None:
    first = await intake.post(referral(), key="k1")
    intake.clock.forward(hours=1)
    again = await intake.post(dict(reversed(referral().items())), key="k1")
    assert again.status_code == 202
    assert again.content == first.content
    assert (first.headers["idempotency-replayed"], again.headers["idempotency-replayed"]) == ("false", "true")
    assert again.headers["location"] == first.headers["location"]
    assert await intake.count("referral") == await intake.count("outbox") == 1


async def test_the_same_key_with_another_body_is_refused(intake: Intake) -> None:
    await intake.post(referral(), key="k1")
    other = await intake.post(referral(concern={"narrative": "Something else."}), key="k1")
    assert (other.status_code, other.json()["type"]) == (422, "urn:saferoute:problem:idempotency-key-reused")
    assert await intake.count("referral") == 1


async def test_keys_are_per_client(intake: Intake) -> None:
    ours = await intake.post(referral(), key="k1")
    both = await intake.post(referral(), key="k1", client="both")
    assert both.status_code == 202
    assert both.json()["id"] != ours.json()["id"]


async def test_concurrent_posts_with_one_key_make_one_referral(intake: Intake) -> None:
    answers = await asyncio.gather(*(intake.post(referral(), key="k1") for _ in range(12)))
    statuses = {answer.status_code for answer in answers}
    assert statuses <= {202, 409}
    assert len({answer.content for answer in answers if answer.status_code == 202}) == 1
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["type"] == "urn:saferoute:problem:request-in-flight"
            assert answer.headers["retry-after"] == "1"
    assert await intake.count("referral") == await intake.count("outbox") == 1


async def test_a_post_whose_twin_is_not_committed_yet_is_in_flight(intake: Intake) -> None:
    first = await intake.post(referral(), key="k1")
    row = await intake.database.fetchrow("SELECT key_fingerprint FROM idempotency_key")
    high, low = (int.from_bytes(row["key_fingerprint"][at : at + 4], "big", signed=True) for at in (0, 4))
    async with intake.database.transaction():
        await intake.database.execute("SELECT pg_advisory_xact_lock($1, $2)", high, low)
        held = await intake.post(referral(), key="k1")
    assert (first.status_code, held.status_code) == (202, 409)
    assert (await intake.post(referral(), key="k1")).status_code == 202


async def test_concurrent_posts_of_one_record_make_one_referral(intake: Intake) -> None:
    answers = await asyncio.gather(*(intake.post(versioned(1)) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await intake.count("referral") == await intake.count("outbox") == 1


@pytest.mark.parametrize("missing", [None, "", "   ", "a" * 256, "käse"])
async def test_a_post_without_a_usable_key_is_refused(intake: Intake, missing: str | None) -> None:
    headers = {name.encode(): value.encode() for name, value in intake.auth().items()}
    headers |= {} if missing is None else {b"Idempotency-Key": missing.encode()}
    answer = await intake.http.post("/v1/referrals", json=referral(), headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:saferoute:problem:idempotency-key-missing")


async def test_an_answer_is_kept_thirty_days(intake: Intake) -> None:
    await intake.post(referral(), key="k1")
    expires: dt.datetime = await intake.database.fetchval("SELECT expires_at FROM idempotency_key")
    assert expires - intake.clock() >= dt.timedelta(days=30)


async def test_the_same_version_of_a_record_gets_its_answer_under_any_key(intake: Intake) -> None:
    first = await intake.post(versioned(1), key="k1")
    again = await intake.post(versioned(1), key="k2")
    assert again.content == first.content
    assert (await intake.post(versioned(1), key="k2")).content == first.content
    assert (await intake.post(versioned(2), key="k2")).status_code == 422
    assert await intake.count("outbox") == 1


async def test_a_higher_version_is_the_next_revision_of_the_same_referral(intake: Intake) -> None:
    first = await intake.post(versioned(1))
    intake.clock.forward(minutes=5)
    second = await intake.post(versioned(3, "More is known."))
    assert second.status_code == 202
    assert second.json()["id"] == first.json()["id"]
    assert second.json()["reference"] == first.json()["reference"]
    one, two = [event.data for event in await intake.outbox()]
    assert isinstance(one, ReferralReceivedV1)
    assert isinstance(two, ReferralReceivedV1)
    assert (one.revision, one.change, two.revision, two.change) == (1, "new", 2, "update")
    part = PersonalPart.model_validate_json(open_box(intake.ring, f"{two.referral_id}/2", two.sealed))
    assert part.narrative == "More is known."
    with pytest.raises(PermanentError):
        open_box(intake.ring, f"{two.referral_id}/1", two.sealed)
    status = (await intake.get(first.headers["location"])).json()
    assert (status["revision"], [entry["revision"] for entry in status["timeline"]]) == (2, [1, 2])


async def test_a_lower_version_and_a_changed_body_of_the_same_version_conflict(intake: Intake) -> None:
    await intake.post(versioned(2))
    behind, reused = await intake.post(versioned(1, "Older.")), await intake.post(versioned(2, "Changed."))
    assert (behind.status_code, behind.json()["type"]) == (409, "urn:saferoute:problem:version-behind")
    assert (reused.status_code, reused.json()["type"]) == (409, "urn:saferoute:problem:version-reused")
    assert await intake.count("outbox") == 1


async def test_a_changed_record_without_versions_is_an_update_so_that_no_word_is_lost(intake: Intake) -> None:
    first = await intake.post(versioned(None))
    second = await intake.post(versioned(None, "More is known."))
    assert second.json()["id"] == first.json()["id"]
    assert len(await intake.outbox()) == 2


async def test_the_same_record_number_at_another_school_is_another_referral(intake: Intake) -> None:
    here = await intake.post(versioned(1), client="both")
    there = await intake.post(versioned(1) | {"school": {"urn": ALSO_OURS}}, client="both")
    assert here.json()["id"] != there.json()["id"]


async def test_event_ids_follow_from_referral_and_revision(intake: Intake) -> None:
    await intake.post(versioned(1))
    await intake.post(versioned(2, "More is known."))
    one, two = await intake.outbox()
    assert one.id != two.id
    assert await intake.database.fetchval("SELECT event_id FROM open_emission") == two.id
