"""Acknowledging over HTTP: by whom, once, and what it stops."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from contracts.events.notification import NotificationAcknowledgedV1
from contracts.events.referral_transfer_requested import ReferralTransferRequestedV1
from services.notify.api import install_problems, staff_router
from tests.integration.notify.conftest import World
from tests.unit.notify.events import enveloped, routed

DESTINATIONS = ("front_door", "online_safety_team", "lado")


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """Notify's staff API."""
    app = FastAPI()
    app.state.notify = world.notify
    install_problems(app)
    app.include_router(staff_router(lambda: world.pack))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://notify.example") as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def told(world: World) -> uuid.UUID:
    await world.notify.routed(enveloped(routed()))
    await world.send_all()
    return await world.the_notification()


async def test_a_signed_in_person_acknowledges_and_the_second_answer_is_the_first(
    world: World, http: httpx.AsyncClient
) -> None:
    which = await told(world)
    token = await world.provision("front_door")
    first = await http.post(f"/v1/notifications/{which}/acknowledge", headers=bearer(token))
    world.pass_time(minutes=5)
    other = await world.provision("front_door", name="person-2")
    second = await http.post(f"/v1/notifications/{which}/acknowledge", headers=bearer(other))
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    events = [one for one in await world.events() if isinstance(one, NotificationAcknowledgedV1)]
    assert [str(one.notification_id) for one in events] == [str(which)]


async def test_acknowledging_by_reference_answers_the_teams_open_notification(
    world: World, http: httpx.AsyncClient
) -> None:
    await told(world)
    token = await world.provision("front_door")
    answer = await http.post(f"/v1/referrals/{routed().reference}/acknowledge", headers=bearer(token))
    assert answer.json()["state"] == "acknowledged"


async def test_following_every_link_of_a_mail_acknowledges_nothing(world: World, http: httpx.AsyncClient) -> None:
    which = await told(world)
    [mail] = world.letters()
    links = {word for word in (mail.text or "").split() if word.startswith("https://")}
    assert links
    for link in links:
        for method in ("GET", "HEAD"):
            await http.request(method, httpx.URL(link).path)
    await http.get(f"/v1/notifications/{which}/acknowledge", headers=bearer(await world.provision("front_door")))
    assert await world.notifications() == {"front_door": "open"}


async def test_the_page_behind_a_link_is_the_same_whether_the_reference_exists(
    world: World, http: httpx.AsyncClient
) -> None:
    await told(world)
    known, unknown = await http.get(f"/referrals/{routed().reference}"), await http.get("/referrals/KR-NONE-000")
    assert (known.status_code, known.text) == (unknown.status_code, unknown.text)


@pytest.mark.parametrize("destination", DESTINATIONS)
async def test_another_teams_notification_does_not_exist(
    world: World, http: httpx.AsyncClient, destination: str
) -> None:
    await world.notify.routed(enveloped(routed(destination=destination)))
    which = await world.the_notification(destination)
    token = await world.provision(*(one for one in DESTINATIONS if one != destination))
    requests = [
        http.get(f"/v1/notifications/{which}", headers=bearer(token)),
        http.post(f"/v1/notifications/{which}/acknowledge", headers=bearer(token)),
        http.post(f"/v1/referrals/{routed().reference}/acknowledge", headers=bearer(token)),
        http.post(
            f"/v1/notifications/{which}/transfer",
            headers=bearer(token),
            json={"to": "front_door", "reason": "wrong_area"},
        ),
    ]
    assert [(await one).status_code for one in requests] == [404] * 4
    listed = await http.get("/v1/notifications", headers=bearer(token))
    assert listed.json() == {"notifications": []}
    assert await world.notifications() == {destination: "open"}


@pytest.mark.parametrize("header", [{}, bearer("wrong"), bearer("x" * 100_000), {"Authorization": "Basic abc"}])
async def test_without_a_valid_token_nothing_is_answered(
    world: World, http: httpx.AsyncClient, header: dict[str, str]
) -> None:
    which = await told(world)
    answer = await http.post(f"/v1/notifications/{which}/acknowledge", headers=header)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_viewer_reads_and_an_administrator_does_not(world: World, http: httpx.AsyncClient) -> None:
    which = await told(world)
    viewer = await world.provision("front_door", role="viewer", name="viewer")
    administrator = await world.provision("front_door", role="administrator", name="administrator")
    assert (await http.get(f"/v1/notifications/{which}", headers=bearer(viewer))).status_code == 200
    assert (await http.post(f"/v1/notifications/{which}/acknowledge", headers=bearer(viewer))).status_code == 403
    assert (await http.get(f"/v1/notifications/{which}", headers=bearer(administrator))).status_code == 403


async def test_the_team_reads_the_redacted_words_and_why_it_came_here(world: World, http: httpx.AsyncClient) -> None:
    which = await told(world)
    answer = (await http.get(f"/v1/notifications/{which}", headers=bearer(await world.provision("front_door")))).json()
    assert answer["narrative"] == "[CHILD_1] told staff."
    assert answer["decision"]["rules"][0]["sentence"] == "A test decides."


async def test_a_wrong_request_is_answered_without_repeating_it(world: World, http: httpx.AsyncClient) -> None:
    which = await told(world)
    token = await world.provision("front_door")
    secret = "Tamsin-Pellow"
    answers = [
        await http.get(f"/v1/notifications/{secret}", headers=bearer(token)),
        await http.get(f"/v1/notifications?state={secret}", headers=bearer(token)),
        await http.get(f"/{secret}"),
        await http.post(f"/v1/notifications/{which}/transfer", headers=bearer(token), content=f'{{"to": "{secret}"'),
        await http.post(f"/v1/notifications/{which}/transfer", headers=bearer(token), json={"to": secret, "x": secret}),
        await http.post(
            f"/v1/notifications/{which}/transfer", headers=bearer(token), json={"to": secret, "reason": "wrong_area"}
        ),
    ]
    for answer in answers:
        assert answer.status_code in (404, 422)
        assert answer.headers["content-type"] == "application/problem+json"
        assert secret not in answer.text


async def test_a_transfer_asks_routing_once_and_its_decision_moves_the_referral(
    world: World, http: httpx.AsyncClient
) -> None:
    which = await told(world)
    token = await world.provision("front_door")
    body = {"to": "online_safety_team", "reason": "below_threshold"}
    for _ in range(2):
        answer = await http.post(f"/v1/notifications/{which}/transfer", headers=bearer(token), json=body)
        assert (answer.status_code, answer.json()["state"]) == (202, "open")
    [asked] = [one for one in await world.events() if isinstance(one, ReferralTransferRequestedV1)]
    assert (asked.from_destination, asked.to_destination) == ("front_door", "online_safety_team")
    world.pass_time(seconds=1)
    await world.notify.routed(enveloped(routed(destination="online_safety_team", routed_at=world.now), "transfer"))
    await world.send_all()
    assert await world.notifications() == {"front_door": "moved", "online_safety_team": "open"}
    assert world.told() == ["front-door@kent.example", "online-safety@kent.example"]


async def test_who_acknowledged_and_gave_away_is_reminded_until_somebody_else_has_it_and_routing_asked_again(
    world: World, http: httpx.AsyncClient
) -> None:
    which = await told(world)
    token = await world.provision("front_door")
    await http.post(f"/v1/notifications/{which}/acknowledge", headers=bearer(token))
    body = {"to": "online_safety_team", "reason": "below_threshold"}
    answer = await http.post(f"/v1/notifications/{which}/transfer", headers=bearer(token), json=body)
    assert (answer.status_code, answer.json()["state"]) == (202, "open")
    await world.pool.execute("DELETE FROM outbox")  # carried away, and lost with the broker
    world.pass_time(hours=2)
    assert await world.sweep() == 1
    await world.send_all()
    assert "REMINDER" in world.letters()[-1].subject
    [asked] = [one for one in await world.events() if isinstance(one, ReferralTransferRequestedV1)]
    assert asked.to_destination == "online_safety_team"
    await world.notify.routed(enveloped(routed(destination="online_safety_team", routed_at=world.now), "transfer"))
    assert await world.notifications() == {"front_door": "moved", "online_safety_team": "open"}


async def test_raising_the_urgency_asks_again_even_who_had_acknowledged(world: World, http: httpx.AsyncClient) -> None:
    which = await told(world)
    token = await world.provision("front_door")
    await http.post(f"/v1/notifications/{which}/acknowledge", headers=bearer(token))
    await world.notify.routed(enveloped(routed(revision=2, urgency="immediate", routed_at=world.now)))
    await world.send_all()
    assert await world.notifications() == {"front_door": "open"}
    assert "RAISED TO IMMEDIATE" in world.letters()[-1].subject
    again = await http.post(f"/v1/notifications/{which}/acknowledge", headers=bearer(token))
    assert again.json()["state"] == "acknowledged"
    acknowledged = [one for one in await world.events() if isinstance(one, NotificationAcknowledgedV1)]
    assert len(acknowledged) == 2
