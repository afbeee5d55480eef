"""A consumer whose place in its group was ended by a fault: it never reads again, so its process must end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiokafka.errors import GroupAuthorizationFailedError

from services.kit.broker import consumers_hold
from services.kit.errors import InfrastructureError
from services.local.kafka import EmbeddedKafka
from tests.support.kit_lab import Notebook, declare, numbered_events, produce, replica, until

pytestmark = pytest.mark.real_kafka


async def faulty(*_args: Any) -> None:
    raise RuntimeError("a fault inside the client library")


async def refused(*_args: Any) -> None:
    raise GroupAuthorizationFailedError("as a broker that was made anew and knows no permissions yet")


@pytest.mark.parametrize(("part", "fault"), [("ensure_active_group", faulty), ("_do_heartbeat", refused)])
async def test_a_consumer_that_can_never_read_again_is_noticed(
    kafka: EmbeddedKafka, monkeypatch: pytest.MonkeyPatch, part: str, fault: Callable[..., Awaitable[None]]
) -> None:
    topic, notebook = declare(kafka), Notebook()
    async with replica(kafka, topic, topic, notebook) as broker:
        await produce(kafka, topic, numbered_events(3, each=1))
        assert await until(lambda: len(notebook.handled) == 3, 20)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(consumers_hold(broker), 2.5)
        [coordinator] = [one.consumer._coordinator for one in broker.subscribers]  # type: ignore[attr-defined]
        with monkeypatch.context() as once:
            once.setattr(coordinator, part, fault)
            if part == "ensure_active_group":
                coordinator.request_rejoin()  # as at any rebalance
            with pytest.raises(InfrastructureError):
                await asyncio.wait_for(consumers_hold(broker), 20)
        await produce(kafka, topic, numbered_events(6, each=1)[3:])
        assert not await until(lambda: len(notebook.handled) > 3, 8), "this fault does not end reading: ending is wrong"
