"""What a school sees of its referral, whatever the order in which other services speak."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from contracts.decision import Decision, PolicyVersion, RuleApplied, Urgency
from contracts.envelope import Envelope, derived_id
from contracts.events.notification import (
    NotificationAcknowledgedV1,
    NotificationEscalatedV1,
    NotificationFailedV1,
    NotificationSentV1,
)
from contracts.events.referral_quarantined import ReferralQuarantinedV1
from contracts.events.referral_redacted import RedactedNarrative, ReferralRedactedV1
from contracts.events.referral_routed import ReferralRoutedV1, Stage
from contracts.facts import OpenFacts
from contracts.model import Contract
from services.intake.adapters.statuses import Statuses
from services.intake.handlers import FollowReferral
from services.kit.database import Pool, open_pool
from services.kit.settings import DatabaseSettings
from tests.integration.intake.conftest import MONDAY_MORNING, Intake, referral

pytestmark = pytest.mark.asyncio(loop_scope="module")


def later(minutes: float) -> dt.datetime:
    return MONDAY_MORNING + dt.timedelta(minutes=minutes)


class Story:
    """What the other services say about one referral."""

    def __init__(self, referral_id: str, revision: int = 1) -> None:
        self.about: dict[str, Any] = {"referral_id": referral_id, "reference": "KR-0000-000", "revision": revision}

    def redacted(self) -> Contract:
        return ReferralRedactedV1(
            **self.about, received_at=later(0), redacted_at=later(1), facts=OpenFacts(),
            narrative=RedactedNarrative(text="[CHILD_1] is afraid."),
        )  # fmt: skip

    def quarantined(self) -> Contract:
        return ReferralQuarantinedV1(
            **self.about, received_at=later(0), quarantined_at=later(1), facts=OpenFacts(),
            failure_code="redaction.leak_guard",
        )  # fmt: skip

    def routed(
        self, stage: Stage = "full", destination: str = "front_door", at: float = 2, urgency: Urgency = "same_day"
    ) -> Contract:
        decision = Decision(
            destination=destination, urgency=urgency, acknowledge_by=later(240),
            rules=(RuleApplied(id="05", sentence="A child.", source="004"),),
            policy=PolicyVersion(name="kent", version="1", hash="0"),
        )  # fmt: skip
        return ReferralRoutedV1(
            **self.about, stage=stage, received_at=later(0), routed_at=later(at), facts=OpenFacts(), decision=decision
        )

    def sent(self, destination: str = "front_door", at: float = 3) -> Contract:
        return NotificationSentV1(
            **self.about, notification_id=f"n-{destination}", destination=destination, channel="email",
            urgency="same_day", sent_at=later(at), acknowledge_by=later(240),
        )  # fmt: skip

    def failed(self, destination: str = "front_door") -> Contract:
        return NotificationFailedV1(
            **self.about, notification_id=f"n-{destination}", destination=destination, channel="email",
            failure_code="notify.retries_exhausted", failed_at=later(3),
        )  # fmt: skip

    def escalated(self, destination: str = "front_door") -> Contract:
        return NotificationEscalatedV1(
            **self.about, notification_id=f"n-{destination}", destination=destination, level=1, escalated_at=later(4)
        )

    def acknowledged(self, destination: str = "front_door", at: float = 5) -> Contract:
        return NotificationAcknowledgedV1(
            **self.about, notification_id=f"n-{destination}", destination=destination, acknowledged_at=later(at)
        )


class Follower:
    """Feeds events to the use case, each under the id that follows from its content."""

    def __init__(self, intake: Intake, pool: Pool) -> None:
        self.follow = FollowReferral(Statuses(pool), intake.clock)

    async def __call__(self, *events: Contract, times: int = 1) -> None:
        for event in events * times:
            await self.follow(enveloped(event))


def enveloped(event: Any) -> Envelope[Contract]:
    return Envelope[Contract](
        id=derived_id(event.referral_id, event.model_dump_json()),
        type=event.type,
        source="test",
        time=later(1),
        subject=event.referral_id,
        data=event,
    )


@pytest_asyncio.fixture(loop_scope="module")
async def follower(intake: Intake, tmp_path: Path) -> AsyncIterator[Follower]:
    (tmp_path / "intake.dsn").write_text(intake.dsn)
    pool = await open_pool(DatabaseSettings(dsn_file=tmp_path / "intake.dsn"))
    yield Follower(intake, pool)
    await pool.close()


async def posted(intake: Intake) -> tuple[str, Story]:
    answer = (await intake.post(referral())).json()
    return answer["status_url"], Story(answer["id"])


async def seen(intake: Intake, url: str) -> dict[str, Any]:
    answer: dict[str, Any] = (await intake.get(url)).json()
    return answer


async def test_each_step_is_seen_with_its_time(intake: Intake, follower: Follower) -> None:
    url, story = await posted(intake)
    steps: Sequence[tuple[Contract | None, str]] = (
        (None, "received"),
        (story.redacted(), "redacted"),
        (story.routed(), "routed"),
        (story.sent(), "notified"),
        (story.acknowledged(), "acknowledged"),
    )
    for event, state in steps:
        await follower(*([event] if event else []))
        assert (await seen(intake, url))["status"] == state
    status = await seen(intake, url)
    assert [entry["event"] for entry in status["timeline"]] == [state for _, state in steps]
    assert status["timeline"][1]["at"] == "2026-03-02T10:01:00Z"
    assert (status["destination"], status["acknowledge_by"]) == ("front_door", "2026-03-02T14:00:00Z")
    assert not status["overdue"]
    assert not status["escalated"]


async def test_any_order_and_any_repetition_end_the_same(intake: Intake, follower: Follower) -> None:
    _, first = await posted(intake)
    events = [first.redacted(), first.routed(), first.sent(), first.escalated(), first.acknowledged()]
    ends = set()
    for order in itertools.permutations(range(len(events))):
        if order[0] > 2:
            continue
        url, story = await posted(intake)
        told = [story.redacted(), story.routed(), story.sent(), story.escalated(), story.acknowledged()]
        await follower(*(told[place] for place in order), times=2)
        status = await seen(intake, url)
        assert len(status["timeline"]) == 6
        ends.add((status["status"], status["destination"], status["escalated"], status["overdue"]))
    assert ends == {("acknowledged", "front_door", True, False)}


async def test_a_referral_that_a_human_must_look_at_says_so(intake: Intake, follower: Follower) -> None:
    url, story = await posted(intake)
    await follower(story.quarantined())
    assert (await seen(intake, url))["status"] == "held_for_review"
    await follower(story.routed("held"), story.sent())
    assert (await seen(intake, url))["status"] == "notified"


async def test_nobody_answering_in_time_is_overdue_and_the_ladder_shows(intake: Intake, follower: Follower) -> None:
    url, story = await posted(intake)
    assert not (await seen(intake, url))["overdue"]
    intake.clock.forward(minutes=61)
    assert (await seen(intake, url))["overdue"], "routing has said nothing: intake's own clock of an hour holds"
    await follower(story.redacted(), story.routed(), story.sent())
    assert not (await seen(intake, url))["overdue"], "routing's clock holds now"
    intake.clock.forward(minutes=240)
    await follower(story.escalated())
    status = await seen(intake, url)
    assert (status["overdue"], status["escalated"]) == (True, True)
    await follower(story.acknowledged())
    assert not (await seen(intake, url))["overdue"]


async def test_a_transfer_begins_again_at_the_new_destination(intake: Intake, follower: Follower) -> None:
    url, story = await posted(intake)
    await follower(story.redacted(), story.routed(), story.sent(), story.acknowledged())
    await follower(story.routed(destination="lado", at=9))
    status = await seen(intake, url)
    assert (status["status"], status["destination"]) == ("routed", "lado")
    await follower(story.sent("lado", at=10), story.routed())
    status = await seen(intake, url)
    assert (status["status"], status["destination"]) == ("notified", "lado")


async def test_news_about_an_earlier_revision_do_not_move_a_later_one(intake: Intake, follower: Follower) -> None:
    body = referral(source={"record_id": "INC-1", "version": 1})
    answer = (await intake.post(body)).json()
    story = Story(answer["id"])
    await intake.post(referral(source={"record_id": "INC-1", "version": 2}, concern={"narrative": "More."}))
    await follower(story.redacted(), story.routed(), story.sent(), story.acknowledged())
    status = await seen(intake, answer["status_url"])
    assert (status["revision"], status["status"]) == (2, "received")
    assert await intake.count("open_emission") == 1
    second = Story(answer["id"], revision=2)
    await follower(second.redacted(), second.routed(), second.sent())
    assert (await seen(intake, answer["status_url"]))["status"] == "notified"
    assert await intake.count("open_emission") == 0


@pytest.mark.parametrize("word", ["sent", "failed", "escalated", "acknowledged"])
async def test_the_row_is_settled_once_notify_has_taken_over(intake: Intake, follower: Follower, word: str) -> None:
    _, story = await posted(intake)
    await follower(story.redacted())
    assert await intake.count("open_emission") == 1
    await follower(getattr(story, word)())
    assert await intake.count("open_emission") == 1, "of the decision itself nothing is known yet"
    await follower(story.routed())
    assert await intake.count("open_emission") == 0
    assert await intake.database.fetchval("SELECT settled_at FROM referral") == intake.clock()


async def test_an_alert_alone_settles_nothing(intake: Intake, follower: Follower) -> None:
    _, story = await posted(intake)
    await follower(story.routed("alert", at=0.5, urgency="immediate"), story.sent(at=0.6))
    assert await intake.count("open_emission") == 1
    await follower(story.redacted(), story.routed())
    assert await intake.count("open_emission") == 1, "the message was the alert's"
    await follower(story.sent(at=3))
    assert await intake.count("open_emission") == 0


async def test_events_about_unknown_referrals_are_passed_over(intake: Intake, follower: Follower) -> None:
    await follower(Story("0" * 32).redacted(), Story("\x7f").routed())
    assert await intake.count("timeline") == 0


async def test_pages_follow_the_order_of_changes(intake: Intake, follower: Follower) -> None:
    made = []
    for _ in range(103):
        made.append((await intake.post(referral())).json()["id"])
        intake.clock.forward(seconds=1)
    await follower(Story(made[0]).redacted())
    first = (await intake.get("/v1/referrals")).json()
    second = (await intake.get(f"/v1/referrals?cursor={first['next_cursor']}")).json()
    found = [one["id"] for one in first["referrals"] + second["referrals"]]
    assert found == [*made[1:], made[0]]
    assert second["next_cursor"] is None
    redacted = (await intake.get("/v1/referrals?status=redacted")).json()
    assert [one["id"] for one in redacted["referrals"]] == [made[0]]
    since = (MONDAY_MORNING + dt.timedelta(seconds=101)).isoformat()
    recent = (await intake.get(f"/v1/referrals?updated_since={since}")).json()
    assert [one["id"] for one in recent["referrals"]] == [*made[101:], made[0]]
