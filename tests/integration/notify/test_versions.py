"""Later versions of a referral: everybody who was told hears of the newest one, once."""

from __future__ import annotations

from services.notify.domain.retry import Accepted
from tests.integration.notify.conftest import World
from tests.unit.notify.events import enveloped, routed


async def test_versions_that_come_while_mail_waits_are_told_as_one_update(world: World) -> None:
    await world.notify.routed(enveloped(routed()))
    await world.send_all()
    for revision in (2, 3, 4):
        await world.notify.routed(enveloped(routed(revision=revision)))
    await world.send_all()
    assert [mail.subject.partition("]")[2].strip() for mail in world.letters()[1:]] == ["Update 4 of KR-EF01-9QX"]


async def test_a_version_that_comes_while_the_first_mail_is_on_its_way_is_told_after_it(world: World) -> None:
    await world.notify.routed(enveloped(routed()))
    [claimed] = await world.notify.claim(10)
    await world.notify.routed(enveloped(routed(revision=2)))
    assert await world.notify.deliver(claimed) == Accepted()
    await world.send_all()
    assert ["Update 2" in mail.subject for mail in world.letters()] == [False, True]


async def test_a_first_mail_that_waited_speaks_of_the_newest_version_and_needs_no_update(world: World) -> None:
    await world.notify.routed(enveloped(routed()))
    await world.notify.routed(enveloped(routed(revision=2)))
    await world.send_all()
    assert len(world.letters()) == 1
