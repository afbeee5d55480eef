"""The ladder on a real database: none missed, none doubled, never silent, stopped by an answer."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt

from contracts.events.notification import NotificationEscalatedV1
from services.notify.domain.permissions import Staff
from services.notify.workers import Sweeper
from tests.integration.notify.conftest import World
from tests.unit.notify.events import enveloped, routed


async def levels(world: World) -> list[int]:
    return [one.level for one in await world.events() if isinstance(one, NotificationEscalatedV1)]


async def answer(world: World) -> None:
    person = Staff(await world.the_notification(), "caseworker", frozenset({"front_door"}))
    await world.notify.acknowledge(await world.the_notification(), person)


async def test_nobody_answers_so_desk_deputy_manager_and_on_call_are_told_in_turn(world: World) -> None:
    await world.notify.routed(enveloped(routed(urgency="immediate")))
    await world.send_all()
    for _ in range(21 * 60 // 30):
        world.pass_time(seconds=30)
        await world.sweep()
        await world.send_all()
    assert await levels(world) == [1, 2, 3, 4]
    prompt = world.letters()[-1]
    assert "RING THE ON-CALL PHONE NOW" in prompt.subject
    assert "07700 900101" in (prompt.text or "")
    assert set(world.told()) == {
        "front-door@kent.example",
        "front-door-deputy@kent.example",
        "front-door-manager@kent.example",
        "front-door-out-of-hours@kent.example",
    }


async def test_the_last_level_repeats_until_somebody_answers(world: World) -> None:
    await world.notify.routed(enveloped(routed(urgency="immediate")))
    for _ in range(7):
        world.pass_time(minutes=15)
        while await world.sweep():
            await world.send_all()
    assert (await levels(world))[:4] == [1, 2, 3, 4]
    assert len(await levels(world)) >= 8
    await answer(world)
    count = len(await levels(world))
    world.pass_time(days=3)
    assert await world.sweep() == 0
    assert len(await levels(world)) == count


async def test_an_answer_stops_reminders_that_already_wait(world: World) -> None:
    await world.notify.routed(enveloped(routed(urgency="immediate")))
    await world.send_all()
    world.pass_time(minutes=6)
    assert await world.sweep() == 1
    await answer(world)
    assert await world.send_all() == []
    assert len(world.letters()) == 1


async def test_two_replicas_sweeping_at_once_double_nothing(world: World) -> None:
    for n in range(30):
        await world.notify.routed(enveloped(routed(f"ref-{n:04}", urgency="immediate")))
    world.pass_time(minutes=6)
    other = dataclasses.replace(world.notify)
    taken = await asyncio.gather(*(Sweeper(one, 1).sweep() for one in (world.notify, other) * 4))
    assert sum(taken) == 30
    assert await levels(world) == [1] * 30


async def test_two_replicas_sending_at_once_send_each_message_once(world: World) -> None:
    for n in range(40):
        await world.notify.routed(enveloped(routed(f"ref-{n:04}")))
    other = dataclasses.replace(world.notify)
    await asyncio.gather(world.send_all(), world.send_all(other), world.send_all(other))
    assert len(world.letters()) == 40
    assert len({str(mail.message["Message-ID"]) for mail in world.letters()}) == 40


async def test_a_pause_over_several_levels_misses_none_and_doubles_none(world: World) -> None:
    await world.notify.routed(enveloped(routed(urgency="immediate")))
    world.pass_time(minutes=19)
    for _ in range(10):
        await world.sweep()
    assert await levels(world) == [1, 2, 3]


async def test_a_clock_that_jumps_an_hour_ahead_and_back_doubles_nothing(world: World) -> None:
    await world.notify.routed(enveloped(routed(urgency="urgent")))
    world.pass_time(hours=1)
    while await world.sweep():
        pass
    after_jump = await levels(world)
    world.pass_time(hours=-1)
    assert await world.sweep() == 0
    world.pass_time(minutes=59)
    assert await world.sweep() == 0
    assert await levels(world) == after_jump == [1, 2]


async def test_a_destination_that_a_newer_pack_no_longer_has_is_answered_for_by_the_emergency_one(world: World) -> None:
    await world.notify.routed(enveloped(routed(destination="lado", urgency="immediate")))
    world.pack = world.pack.model_copy(
        update={"destinations": tuple(one for one in world.pack.destinations if one.id != "lado")}
    )
    world.pack.__dict__.pop("destination_by_id", None)
    world.pass_time(minutes=6)
    assert await world.sweep() == 1
    await world.send_all()
    assert "front-door@kent.example" in world.told()


async def test_one_broken_row_does_not_silence_the_other_ladders(world: World) -> None:
    for n in range(3):
        await world.notify.routed(enveloped(routed(f"ref-{n:04}", urgency="immediate")))
    await world.pool.execute("ALTER TABLE deliveries ADD CHECK (level = 0 OR rank < 3 OR round > 1)")
    await world.pool.execute("UPDATE notifications SET round = 2 WHERE referral_id <> 'ref-0000'")
    world.pass_time(minutes=6)
    assert await world.sweep() == 2


async def test_both_changes_of_the_clocks_keep_real_time(world: World) -> None:
    for night in (dt.datetime(2026, 3, 29, 0, 30, tzinfo=dt.UTC), dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)):
        world.now = night
        event = routed(f"ref-{night:%m%d}", urgency="urgent", routed_at=night)
        await world.notify.routed(enveloped(event))
        fell = []
        for _ in range(125):
            world.pass_time(minutes=1)
            fell += [world.now - night] * await world.sweep()
        assert fell == [dt.timedelta(minutes=minutes) for minutes in (30, 60, 90, 120)]
        await answer_all(world)


async def answer_all(world: World) -> None:
    rows = await world.pool.fetch("SELECT id FROM notifications WHERE state = 'open'")
    for row in rows:
        await world.notify.acknowledge(row["id"], Staff(row["id"], "caseworker", frozenset({"front_door"})))


async def test_a_routine_concern_before_a_long_weekend_waits_for_the_next_working_day(world: World) -> None:
    world.now = dt.datetime(2026, 4, 2, 15, 30, tzinfo=dt.UTC)  # Maundy Thursday; Friday and Monday are bank holidays
    await world.notify.routed(enveloped(routed(urgency="routine", routed_at=world.now)))
    due = await world.pool.fetchval("SELECT next_escalation_at FROM notifications")
    assert due == dt.datetime(2026, 4, 7, 11, 0, tzinfo=dt.UTC)  # Tuesday 12:00 BST: half an hour, then 3.5 from 8.30
