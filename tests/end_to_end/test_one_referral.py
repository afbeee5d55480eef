"""One referral from HTTP to a mail server and back: the main job, on real parts."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer

from contracts.codec import decode
from contracts.envelope import Envelope
from contracts.events.referral_routed import ReferralRoutedV1
from services.local.commands import EXAMPLES
from tests.support.stack import Client, eventually

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.real_kafka]

EXPECTATIONS: dict[str, dict[str, Any]] = json.loads((EXAMPLES / "expectations.json").read_text())


def sample(name: str, **concern: object) -> dict[str, Any]:
    """A sample referral as a new record."""
    [path] = (EXAMPLES / "referrals").glob(f"{name}-*.json")
    body: dict[str, Any] = json.loads(path.read_text())
    body["source"] = {"system": "tests", "record_id": str(uuid.uuid4()), "version": 1}
    body["concern"] |= concern
    return body


async def decisions(client: Client) -> dict[tuple[str, str, int], ReferralRoutedV1]:
    """The routed event by referral, stage and revision."""
    consumer = AIOKafkaConsumer(
        ReferralRoutedV1.type, bootstrap_servers=client.stack.bootstrap_servers, auto_offset_reset="earliest"
    )
    await consumer.start()
    found: dict[tuple[str, str, int], ReferralRoutedV1] = {}
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    envelope = decode(record.key, record.value, record.headers)
                    assert isinstance(envelope, Envelope)
                    event = envelope.data
                    assert isinstance(event, ReferralRoutedV1)
                    found[event.referral_id, event.stage, event.revision] = event
    finally:
        await consumer.stop()
    return found


async def test_a_referral_reaches_the_people_who_must_act_and_their_answer_comes_back(client: Client) -> None:
    answer = await client.post(sample("05"))
    assert answer.status_code == 202
    accepted = answer.json()
    assert answer.headers["Location"].endswith(accepted["id"])

    notified = await client.reaches(accepted["id"], "notified")
    assert notified["destination"] == "front_door"
    [*mails] = client.mails_about(accepted["reference"])
    assert mails

    ack = await client.notify.post(f"/v1/referrals/{accepted['reference']}/acknowledge")
    assert ack.status_code == 200, ack.text
    await client.reaches(accepted["id"], "acknowledged")


async def test_every_sample_goes_where_the_policy_says(client: Client) -> None:
    ids: dict[str, tuple[str, int]] = {}
    for name in sorted(EXPECTATIONS):
        body = json.loads((EXAMPLES / "referrals" / name).read_text())
        answer = await client.post(body)
        assert answer.status_code == 202, (name, answer.text)
        referral_id = answer.json()["id"]
        ids[name] = (referral_id, 1 + sum(earlier == referral_id for earlier, _ in ids.values()))
    routed: dict[tuple[str, str, int], ReferralRoutedV1] = {}

    async def all_decided() -> bool:
        routed.update(await decisions(client))
        return all((referral_id, "full", revision) in routed for referral_id, revision in ids.values())

    await eventually(all_decided)
    for referral_id, _ in ids.values():
        await client.reaches(referral_id, "notified", "acknowledged")
    wrong = {
        name: (event.decision.destination, event.decision.urgency, event.decision.embargo)
        for name, wanted in EXPECTATIONS.items()
        if (event := routed[ids[name][0], "full", ids[name][1]])
        and (event.decision.destination, event.decision.urgency, event.decision.embargo)
        != (wanted["destination"], wanted["urgency"], wanted["embargo"])
    }
    assert wrong == {}


async def test_immediate_danger_is_alerted_without_waiting_for_redaction_and_told_once(client: Client) -> None:
    accepted = (await client.post(sample("01"))).json()
    assert {action["tel"] for action in accepted["immediate_actions"]} & {"999"}
    await client.reaches(accepted["id"], "notified")  # by the alert, perhaps before redaction has answered
    routed: dict[tuple[str, str, int], ReferralRoutedV1] = {}

    async def decided_twice() -> bool:
        routed.update(await decisions(client))
        return (accepted["id"], "full", 1) in routed

    await eventually(decided_twice)
    alert, full = routed[accepted["id"], "alert", 1], routed[accepted["id"], "full", 1]
    assert alert.narrative is None
    assert full.narrative is not None
    assert alert.decision.destination == full.decision.destination == "front_door"
    recipients = [mail.recipients for mail in client.mails_about(accepted["reference"])]
    assert len(recipients) == len(set(recipients))


async def test_the_same_post_again_is_the_same_referral(client: Client) -> None:
    body, key = sample("05"), str(uuid.uuid4())
    first, second = await client.post(body, key), await client.post(body, key)
    assert first.status_code == second.status_code == 202
    assert first.json() == second.json()
    changed = sample("05", narrative="Somebody else's words altogether.")
    assert (await client.post(changed, key)).status_code == 422


async def test_a_refusal_names_the_place_and_never_the_value(client: Client) -> None:
    body = sample("05")
    body["learners"][0]["date_of_birth"] = "Plantedvalue"
    body["learners"][0]["Plantedfield"] = "Plantedvalue"
    answer = await client.post(body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Planted" not in answer.text
    assert {error["pointer"] for error in answer.json()["errors"]} >= {"/learners/0/date_of_birth"}


async def test_a_strangers_key_opens_nothing(client: Client) -> None:
    accepted = (await client.post(sample("05"))).json()
    for headers in ({}, {"Authorization": "Bearer sr_live_notakey"}):
        client_without = client.intake.build_request("GET", f"/v1/referrals/{accepted['id']}")
        client_without.headers.pop("Authorization")
        client_without.headers.update(headers)
        assert (await client.intake.send(client_without)).status_code == 401
