"""From a routed event to a real mail: once, whatever is repeated or reordered."""

from __future__ import annotations

import asyncio
import random

import pytest

from contracts.decision import Urgency
from contracts.events.notification import (
    NotificationAcknowledgedV1,
    NotificationEvent,
    NotificationFailedV1,
    NotificationSentV1,
)
from contracts.events.referral_redacted import RedactedNarrative
from services.local.postgres import EmbeddedPostgres
from services.notify.adapters.smtp import SmtpChannel
from services.notify.domain.mail import Mail
from services.notify.domain.permissions import Staff
from services.notify.domain.retry import Accepted, Outcome, Refused, Unavailable
from services.notify.handlers import LEASE
from tests.integration.notify.conftest import World, passing, working
from tests.unit.notify.events import NOON, enveloped, routed


async def test_a_routed_referral_becomes_one_mail_and_one_sent_event(world: World) -> None:
    await world.notify.routed(enveloped(routed()))
    assert await world.send_all() == [Accepted()]
    [mail] = world.letters()
    assert mail.recipients == ("front-door@kent.example",)
    [sent] = await world.events()
    assert isinstance(sent, NotificationSentV1)
    assert (sent.destination, sent.urgency, sent.sent_at) == ("front_door", "urgent", NOON)


async def test_five_times_duplicated_and_reordered_events_tell_each_recipient_once(world: World) -> None:
    for seed in range(5):
        referral = f"ref-{seed:04}"
        events = [
            enveloped(routed(referral, stage="alert", urgency="immediate")),
            enveloped(routed(referral, urgency="immediate", copies=("area_safeguarding_adviser",), area="east")),
        ] * 5
        random.Random(seed).shuffle(events)
        for event in events:
            await world.notify.routed(event)
            await world.send_all()
    told = world.told()
    assert sorted(told) == sorted(["front-door@kent.example", "adviser-east@kent.example"] * 5)


async def test_an_alert_that_becomes_a_full_decision_keeps_its_words_and_sends_no_second_mail(world: World) -> None:
    await world.notify.routed(enveloped(routed(stage="alert", urgency="immediate")))
    await world.send_all()
    await world.notify.routed(enveloped(routed(stage="full", urgency="immediate")))
    await world.send_all()
    assert len(world.letters()) == 1
    row = await world.pool.fetchrow("SELECT stage, narrative::text AS words FROM referrals")
    assert row["stage"] == "full"
    assert "CHILD_1" in row["words"]


async def test_words_that_the_database_cannot_keep_as_they_are_keep_nobody_from_being_told(world: World) -> None:
    event = routed().model_copy(update={"narrative": RedactedNarrative(text="[CHILD_1] told\x00 staff.")})
    await world.notify.routed(enveloped(event))
    await world.send_all()
    assert world.told() == ["front-door@kent.example"]
    words = await world.pool.fetchval("SELECT narrative ->> 'text' FROM referrals")
    assert words == "[CHILD_1] told\ufffd staff."


async def test_the_ledger_hears_that_the_whole_decision_has_been_taken_over(world: World) -> None:
    await world.notify.routed(enveloped(routed(stage="alert", urgency="immediate")))
    await world.send_all()
    world.pass_time(seconds=2)
    full = routed(stage="full", urgency="immediate", routed_at=world.now)
    for _ in range(3):
        await world.notify.routed(enveloped(full))
    ids = await world.event_ids()
    sent = [one for one in await world.events() if isinstance(one, NotificationSentV1)]
    assert len(set(ids)) == 2
    assert sent[0].sent_at < full.routed_at <= sent[1].sent_at


async def test_an_acknowledgement_stands_for_a_later_revision(world: World) -> None:
    await world.notify.routed(enveloped(routed()))
    await world.send_all()
    which = await world.the_notification()
    await world.notify.acknowledge(which, Staff(which, "caseworker", frozenset({"front_door"})))
    await world.notify.routed(enveloped(routed(revision=2)))
    await world.send_all()
    said = [(type(one), one.revision) for one in await world.events() if isinstance(one, NotificationEvent)]
    assert said == [
        (NotificationSentV1, 1),
        (NotificationAcknowledgedV1, 1),
        (NotificationSentV1, 2),
        (NotificationAcknowledgedV1, 2),
    ]
    assert [mail.subject.split()[1] for mail in world.letters()] == ["URGENT", "Update"]


async def test_another_destination_tells_the_new_team_and_takes_the_old_one_off(world: World) -> None:
    await world.notify.routed(enveloped(routed(stage="held", urgency="same_day")))
    await world.send_all()
    await world.notify.routed(enveloped(routed(destination="online_safety_team", urgency="same_day")))
    await world.send_all()
    assert await world.notifications() == {"front_door": "moved", "online_safety_team": "open"}
    assert sorted(world.told()) == ["front-door@kent.example", "front-door@kent.example", "online-safety@kent.example"]


async def test_a_destination_this_pack_does_not_know_goes_to_triage(world: World) -> None:
    await world.notify.routed(enveloped(routed(destination="newly_invented", copies=("also_new",))))
    await world.send_all()
    assert world.told() == ["front-door@kent.example"]


async def test_a_repeated_event_changes_nothing_and_says_again_what_became_of_the_referral(world: World) -> None:
    await world.notify.routed(enveloped(routed()))
    await world.send_all()
    before = await world.event_ids()
    await world.pool.execute("DELETE FROM outbox")  # published; then the broker was wiped
    await world.notify.routed(enveloped(routed()))
    await world.send_all()
    assert await world.event_ids() == before
    assert len(world.letters()) == 1


async def test_a_mail_holds_nothing_of_the_referral_but_its_reference(world: World) -> None:
    event = routed(urgency="urgent", embargo=True)
    await world.notify.routed(enveloped(event))
    await world.send_all()
    [mail] = world.letters()
    assert mail.subject == f"[Saferoute] URGENT {event.reference}: respond by 13:00"
    for content in (mail.text or "", mail.html or ""):
        assert "CHILD_1" not in content
        assert "told staff" not in content
        assert "13:00 BST on Wednesday 3 June 2026" in content
        assert "live police investigation" in content
        assert "Do not reply: this mailbox is not read." in content
        assert "03000 411 111" in content
        assert f"https://saferoute.example.org/referrals/{event.reference}" in content


async def test_a_message_refused_for_good_is_reported_and_the_next_level_hears_at_once(world: World) -> None:
    world.mails.reject(1)
    await world.notify.routed(enveloped(routed()))
    assert await world.send_all() == [Refused("notify.message_refused")]
    [failed] = await world.events()
    assert isinstance(failed, NotificationFailedV1)
    assert failed.failure_code == "notify.message_refused"
    assert await world.sweep() == 1
    assert await world.send_all() == [Accepted()]


async def test_a_message_refused_for_now_is_tried_again_and_arrives_once(world: World) -> None:
    world.mails.tempfail(2)
    await world.notify.routed(enveloped(routed()))
    assert await world.send_all() == [Unavailable(channel_down=False)]
    assert await world.send_all() == []
    for _ in range(2):
        world.pass_time(seconds=5)
        await world.send_all()
    assert len(world.letters()) == 1


async def test_a_crash_between_attempting_and_accepted_resends_as_a_possible_duplicate(world: World) -> None:
    await world.notify.routed(enveloped(routed()))
    [claimed] = await world.notify.claim(10)
    await world.notify.channel.send(world.notify._written(claimed))  # the server took it, then the process died
    assert await world.send_all() == []
    world.pass_time(seconds=60)
    assert await world.send_all() == [Accepted()]
    first, second = (mail.message for mail in world.letters())
    assert first["Message-ID"] == second["Message-ID"]
    assert first["X-Saferoute-Possible-Duplicate"] is None
    assert second["X-Saferoute-Possible-Duplicate"] == "yes"
    assert len(await world.events()) == 1


async def test_an_attempt_broken_by_a_fault_of_ours_is_repeated_long_before_its_lease_ends(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, faults = SmtpChannel.send, iter([ValueError(), ValueError()])

    async def faulty(channel: SmtpChannel, mail: Mail) -> Outcome:
        if fault := next(faults, None):
            raise fault
        return await send(channel, mail)

    monkeypatch.setattr(SmtpChannel, "send", faulty)
    await world.notify.routed(enveloped(routed()))
    began = world.now
    async with working(world):
        await passing(world, seconds=30, done=lambda: len(world.letters()) == 1)
    assert world.now - began < LEASE / 2
    [mail] = world.letters()
    assert mail.message["X-Saferoute-Possible-Duplicate"] == "yes"


async def test_nothing_is_lost_while_the_mail_server_is_away(world: World) -> None:
    world.mails.stop()
    try:
        for n in range(12):
            await world.notify.routed(enveloped(routed(f"ref-{n:04}")))
        async with working(world):
            await passing(world, seconds=3)
            world.mails.start()
            await passing(world, seconds=60, done=lambda: len(world.letters()) >= 12)
    finally:
        if not world.mails.running:
            world.mails.start()
    assert len(world.letters()) == 12
    assert len(await world.events()) == 12


async def test_of_many_waiting_messages_the_immediate_ones_go_first(world: World) -> None:
    urgencies: tuple[Urgency, ...] = ("routine", "same_day", "urgent", "immediate")
    for n, urgency in enumerate(urgencies):
        await world.notify.routed(enveloped(routed(f"ref-{n:04}", urgency=urgency)))
    claimed = [one for _ in urgencies for one in await world.notify.claim(1)]
    assert [one.message.urgency for one in claimed] == ["immediate", "urgent", "same_day", "routine"]


async def test_messages_survive_a_database_that_goes_away_and_comes_back_again_and_again(
    world: World, postgres: EmbeddedPostgres
) -> None:
    async with working(world):
        for cycle in range(4):
            for n in range(8):
                await world.notify.routed(enveloped(routed(f"ref-{cycle:02}{n:02}")))
            await asyncio.sleep(0.02 * cycle)
            await asyncio.to_thread(postgres.stop)  # sessions are broken off, as a failover does
            await asyncio.to_thread(postgres.start)
            expected = 8 * (cycle + 1)
            await passing(world, seconds=60, done=lambda count=expected: len(_references(world)) >= count)  # type: ignore[misc]
        await passing(world, seconds=8)
    assert len(await world.events()) == 32
    firsts = [mail.subject for mail in world.letters() if mail.message["X-Saferoute-Possible-Duplicate"] is None]
    marked = [mail.subject for mail in world.letters() if mail.message["X-Saferoute-Possible-Duplicate"] == "yes"]
    assert len(firsts) == len(set(firsts))  # what comes a second time says so
    assert len(set(firsts) | set(marked)) == 32


def _references(world: World) -> set[str]:
    return {mail.subject for mail in world.letters()}
