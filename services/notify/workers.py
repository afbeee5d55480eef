"""Notify's timers: sending what waits, and taking escalation steps whose time has come."""

from __future__ import annotations

import asyncio
import time

import structlog
from prometheus_client import Counter, Gauge

from services.kit.errors import InfrastructureError
from services.kit.logs import exception_fields
from services.notify.adapters.deliveries import Claimed
from services.notify.domain.retry import Accepted, Breaker, Outcome, Refused, Unavailable
from services.notify.handlers import SWEEP_ROWS, Notify

log = structlog.get_logger()

LANES = 16
"""Messages on their way at once: one that hangs leaves the others free."""

POLL_SECONDS = 0.25
"""How soon a message is seen that became due by time or by another replica; this process's own wake us at once."""

OUTAGE_SECONDS = 1.0
"""Pause after the database failed us."""

FINISH_SECONDS = 6.0
"""On stopping, messages on their way may finish; what does not is sent again later as a possible duplicate. Shorter
than the Kafka side takes at most, beside which this runs."""

DELIVERIES = Counter("saferoute_notify_deliveries_total", "Attempts to deliver, by outcome", ["outcome"])
CHANNEL_UP = Gauge("saferoute_notify_channel_up", "1 while the channel answers", ["channel"])
ESCALATIONS = Counter("saferoute_notify_escalations_total", "Escalation steps taken")


class DeliveryWorker:
    """Sends what waits, most urgent first, until cancelled."""

    def __init__(self, notify: Notify) -> None:
        self._notify = notify
        self._breaker = Breaker()
        self._awake = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Say that a transaction with messages has just committed."""
        self._awake.set()

    async def run(self) -> None:
        """Send for ever. Outages of the database are waited out; messages in hand come back when their lease ends."""
        try:
            while True:
                self._awake.clear()
                if not await self._start_some():
                    await self._pause()
        finally:
            if self._running:
                await asyncio.wait(self._running, timeout=FINISH_SECONDS)

    async def _start_some(self) -> bool:
        """Start sending what is due; whether there may be more."""
        free = LANES - len(self._running)
        allowed = self._breaker.allows(time.monotonic())
        limit = free if allowed is None else min(free, max(0, allowed - len(self._running)))
        if limit <= 0:
            return False
        try:
            claimed = await self._notify.claim(limit)
        except Exception as error:  # noqa: BLE001 - the boundary: a driver confused by an outage must not stop mail
            log.warning("notify.deliveries_wait", **exception_fields(error))
            await asyncio.sleep(OUTAGE_SECONDS)
            return True
        for one in claimed:
            task = asyncio.create_task(self._send(one))
            self._running.add(task)
            task.add_done_callback(self._done)
        return len(claimed) == limit and len(self._running) < LANES

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._awake.set()

    async def _send(self, claimed: Claimed) -> None:
        try:
            if self._note(await self._notify.deliver(claimed)):
                await self._notify.channel_is_back()
        except InfrastructureError as error:
            log.warning("notify.outcome_not_kept", **exception_fields(error))
        except Exception as error:  # noqa: BLE001 - the boundary: one broken attempt must stop no other
            log.error("notify.delivery_broken", notification_id=str(claimed.notification.id), **exception_fields(error))  # noqa: TRY400
            await self._try_again(claimed)

    async def _try_again(self, claimed: Claimed) -> None:
        try:
            await self._notify.broke_off(claimed)
        except Exception as error:  # noqa: BLE001 - the boundary: without this record it comes again when its lease ends
            log.warning("notify.outcome_not_kept", **exception_fields(error))

    def _note(self, outcome: Outcome) -> bool:
        """Count an outcome; whether it shows that the channel is back after an outage."""
        DELIVERIES.labels(type(outcome).__name__.lower()).inc()
        match outcome:
            case Unavailable(channel_down=True):
                self._breaker.failed(time.monotonic())
                CHANNEL_UP.labels("email").set(0)
                return False
            case Accepted() | Refused() | Unavailable():
                CHANNEL_UP.labels("email").set(1)
                return self._breaker.worked()

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._awake.wait(), POLL_SECONDS)
        except TimeoutError:
            return


class Sweeper:
    """Takes escalation steps whose time has come, until cancelled. It looks at what is due, not at what it did last:
    a restart, a paused process or a clock that jumps misses nothing."""

    def __init__(self, notify: Notify, every_seconds: float) -> None:
        self._notify = notify
        self._every = every_seconds

    async def run(self) -> None:
        """Sweep for ever."""
        while True:
            taken = 0
            try:
                taken = await self.sweep()
            except Exception as error:  # noqa: BLE001 - the boundary: a driver confused by an outage must not stop ladders
                log.warning("notify.sweep_waits", **exception_fields(error))
            if taken < SWEEP_ROWS:
                await asyncio.sleep(self._every)

    async def sweep(self) -> int:
        """Take every step that is due now, each in a transaction of its own. Answers how many were taken.

        A notification that cannot be escalated is reported each time and keeps nobody else's from being taken.
        """
        taken = 0
        for which in await self._notify.overdue():
            try:
                taken += await self._notify.escalate(which)
            except InfrastructureError:
                raise
            except Exception as error:  # noqa: BLE001 - the boundary: one broken row must not silence all ladders
                log.error("notify.escalation_failed", notification_id=str(which), **exception_fields(error))  # noqa: TRY400
        ESCALATIONS.inc(taken)
        return taken
