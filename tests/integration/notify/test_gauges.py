"""What notify says about answers that have not come, steps that are late and messages that wait."""

from __future__ import annotations

from prometheus_client import REGISTRY

from services.notify.adapters.gauges import NotifyGauges
from tests.integration.notify.conftest import World
from tests.unit.notify.events import enveloped, routed


def sample(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


async def test_what_is_open_overdue_and_late_is_counted_until_it_is_done(world: World) -> None:
    measure = NotifyGauges(world.pool, lambda: world.now)
    await measure()
    assert sample("saferoute_notify_open", urgency="immediate") == 0
    await world.notify.routed(enveloped(routed(urgency="immediate")))
    world.pass_time(minutes=1)
    await measure()
    assert sample("saferoute_notify_open", urgency="immediate") == 1
    assert sample("saferoute_notify_overdue", urgency="immediate") == 0
    assert sample("saferoute_notify_messages_waiting") == 1
    assert sample("saferoute_notify_oldest_message_seconds") == 60
    await world.send_all()
    world.pass_time(hours=2)
    await measure()
    assert sample("saferoute_notify_overdue", urgency="immediate") == 1
    assert sample("saferoute_notify_messages_waiting") == 0
    assert (sample("saferoute_notify_late_step_seconds") or 0) > 3600
    while await world.sweep():
        continue
    await measure()
    assert sample("saferoute_notify_late_step_seconds") == 0
