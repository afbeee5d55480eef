"""The story of one referral in notify: routed, told, answered, or told to the next person until somebody answers.

Every change is one transaction: the inbox entry, the notification, the messages to write and the status events.
The network is reached only between transactions: *attempting* is committed before, the outcome after, so that a
crash in between means a second copy that says so, never a lost message.
"""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

import structlog

from contracts.envelope import Envelope
from contracts.events.referral_routed import ReferralRoutedV1
from contracts.events.referral_transfer_requested import TransferReason
from contracts.failure_codes import FailureCode
from contracts.model import Contract
from contracts.policy import Pack
from services.kit.clock import Clock
from services.kit.database import Connection, Pool, transaction
from services.kit.inbox import first_time
from services.notify.adapters import deliveries, store
from services.notify.adapters.deliveries import Claimed
from services.notify.domain import status
from services.notify.domain.ladder import first_addresses, given_away, next_step_at, phones_to_ring, rung_due
from services.notify.domain.mail import Mail, MailContext, context_of
from services.notify.domain.merge import Change, Merged, Stale, merge
from services.notify.domain.model import Message, Notification, message_for
from services.notify.domain.permissions import Staff
from services.notify.domain.retry import GIVE_UP_AFTER, Accepted, Outcome, Refused, Unavailable, pause_before

log = structlog.get_logger()

LEASE: Final = dt.timedelta(seconds=45)
"""How long a message belongs to the process that is sending it: longer than connecting and sending may take together
(2 × 20 s), and short enough that an alert whose process was killed is on its way again within its minute."""

SWEEP_ROWS: Final = 100
"""Steps taken in one sweep: a long pause is worked off in portions."""


class Channel(Protocol):
    """A way to reach people. Never raises for what the other side does."""

    async def send(self, mail: Mail) -> Outcome: ...


class Writer(Protocol):
    """Turns what may be said into a message."""

    def write(self, context: MailContext, *, to: str, message_id: uuid.UUID, date: dt.datetime) -> Mail: ...


def _asleep() -> None:
    """Nobody is to be woken."""


@dataclass
class Notify:
    """The use cases. `pack` answers the policy in force now; `wake` is called after each commit with work in it."""

    pool: Pool
    pack: Callable[[], Pack]
    clock: Clock
    writer: Writer
    channel: Channel
    public_url: str
    wake: Callable[[], None] = _asleep
    chance: Callable[[], float] = field(default=random.random)

    async def routed(self, envelope: Envelope[Contract]) -> Sequence[Envelope[Contract]]:
        """Somebody must act: make it their notification. A repeated event says again what became of the referral."""
        if not isinstance(envelope.data, ReferralRoutedV1):
            return ()
        now = self.clock()
        async with transaction(self.pool) as connection:
            if await first_time(connection, envelope.id, now):
                await self._take(connection, envelope.data, envelope.traceparent, now)
            else:
                await store.restate(connection, envelope.subject)
        self.wake()
        return ()

    async def _take(
        self, connection: Connection, event: ReferralRoutedV1, traceparent: str | None, now: dt.datetime
    ) -> None:
        standing = await store.lock_referral(connection, event)
        present = await store.notifications_of(connection, event.referral_id)
        primary, copies = self._known_destinations(event)
        match merge(standing, present, event, primary=primary, copies=copies, now=now):
            case Stale():
                log.info("notify.decision_overtaken", referral_id=event.referral_id, stage=event.stage)
            case Merged(standing=holding, changes=changes):
                await store.keep_decision(connection, event, traceparent)
                for change in changes:
                    await self._apply(connection, change, now)
                    await store.emit(connection, *status.taken_over(change.notification, holding, now))

    def _known_destinations(self, event: ReferralRoutedV1) -> tuple[str, tuple[str, ...]]:
        """The decision's destinations that this pack knows. One that must act and is unknown: the triage destination.

        Routing and notify may read different versions of a pack for a while; nobody's referral is lost over that.
        """
        pack = self.pack()
        wanted = (event.decision.destination, *event.decision.copies)
        for name in (name for name in wanted if name not in pack.destination_by_id):
            log.error(
                "notify.destination_unknown",
                referral_id=event.referral_id,
                destination=name,
                failure_code="notify.destination_unknown",
            )
        known = [name for name in wanted if name in pack.destination_by_id]
        primary = wanted[0] if wanted[0] in pack.destination_by_id else pack.council.emergency_destination
        return primary, tuple(name for name in known if name != primary)

    async def _apply(self, connection: Connection, change: Change, now: dt.datetime) -> None:
        """Keep a notification and write what its people are told of the change."""
        pack, changed = self.pack(), change.notification
        if changed.state == "open" and changed.next_escalation_at is None:
            changed = replace(changed, next_escalation_at=next_step_at(changed, now, pack))
        await store.keep(connection, changed)
        if change.restarted or changed.state == "moved":
            await deliveries.cancel_waiting(connection, changed.id)
        elif changed.state == "copied":
            await deliveries.cancel_escalations(connection, changed.id)
        if change.tell is None:
            return
        if change.tell == "update":
            await deliveries.cancel_updates(connection, changed.id)
        addresses = first_addresses(changed, now, pack)
        if change.tell == "copy":
            told = await deliveries.addresses_told(connection, changed.referral_id)
            addresses = tuple(one for one in addresses if one not in told)
        await deliveries.add(connection, [message_for(changed, change.tell, one) for one in addresses], now)
        about = {"referral_id": changed.referral_id, "notification_id": str(changed.id)}
        log.info(
            "notify.taken", **about, destination=changed.destination, urgency=changed.urgency, count=len(addresses)
        )

    async def claim(self, limit: int) -> list[Claimed]:
        """Take messages to send now; they are recorded as being attempted before anything reaches the network."""
        async with transaction(self.pool) as connection:
            return await deliveries.claim(connection, "email", self.clock(), LEASE, limit)

    async def deliver(self, claimed: Claimed) -> Outcome:
        """Send one message and record what the channel said."""
        outcome = await self.channel.send(self._written(claimed))
        async with transaction(self.pool) as connection:
            await self._settle(connection, claimed, outcome, self.clock())
        self.wake()
        return outcome

    async def broke_off(self, claimed: Claimed) -> None:
        """A fault of ours ended an attempt, nobody knows where: it is tried again soon, not when its lease ends."""
        async with transaction(self.pool) as connection:
            unknown = Unavailable(channel_down=False, maybe_delivered=True)
            await self._settle(connection, claimed, unknown, self.clock())

    def _written(self, claimed: Claimed) -> Mail:
        now, pack, message = self.clock(), self.pack(), claimed.message
        context = context_of(
            claimed.notification,
            message.purpose,
            message.level,
            ring=phones_to_ring(claimed.notification, now, pack) if message.purpose == "ring" else (),
            embargo=claimed.embargo,
            maybe_duplicate=claimed.maybe_delivered,
            test=claimed.test,
            public_url=self.public_url,
            pack=pack,
            now=now,
        )
        return self.writer.write(context, to=message.address, message_id=message.id, date=now)

    async def _settle(self, connection: Connection, claimed: Claimed, outcome: Outcome, now: dt.datetime) -> None:
        """Notification first, then its message: everybody locks in this order."""
        message = claimed.message
        current = await store.notification(connection, message.notification_id, lock=True)
        if current is None:
            return
        match outcome:
            case Accepted():
                await deliveries.accepted(connection, message.id, now)
                await self._first_acceptance(connection, current, message, now)
                await self._catch_up(connection, current, claimed, now)
            case Refused(code=code):
                await self._give_up(connection, current, message, code, now)
            case Unavailable() if now - claimed.created_at > GIVE_UP_AFTER:
                await self._give_up(connection, current, message, "notify.retries_exhausted", now)
            case Unavailable(maybe_delivered=maybe):
                again = now + pause_before(claimed.attempts, message.urgency, self.chance())
                await deliveries.postpone(connection, message.id, claimed.attempts, again, maybe_delivered=maybe)

    async def _first_acceptance(
        self, connection: Connection, current: Notification, message: Message, now: dt.datetime
    ) -> None:
        """The first message of a round that a server took makes the notification *sent*."""
        if current.sent_at is not None or current.round != message.round:
            return
        await store.keep(connection, replace(current, sent_at=now))
        if current.state in ("open", "acknowledged"):
            await store.emit(connection, status.sent(current, now))
            log.info("notify.sent", referral_id=current.referral_id, destination=current.destination, channel="email")

    async def _catch_up(self, connection: Connection, current: Notification, told: Claimed, now: dt.datetime) -> None:
        """A later version came while a message about an earlier one was on its way: whoever got it is told so."""
        message = told.message
        overtaken = current.round == message.round and current.revision > told.notification.revision
        if overtaken and current.state != "moved":
            await deliveries.add(connection, [message_for(current, "update", message.address)], now)

    async def _give_up(
        self, connection: Connection, current: Notification, message: Message, code: FailureCode, now: dt.datetime
    ) -> None:
        """A message will not arrive. If that leaves nobody told, the next level is told at once."""
        if not await deliveries.failed(connection, message.id, code):
            return
        log.error("notify.message_failed", notification_id=str(current.id), failure_code=code)
        if current.state not in ("open", "acknowledged"):
            return
        await store.emit(connection, status.failed(current, message, code, now))
        if current.state == "open" and await deliveries.nobody_reached(connection, current):
            await store.keep(connection, replace(current, next_escalation_at=now))

    async def channel_is_back(self) -> None:
        """The mail server answers after an outage: what waits for its next try is due now."""
        async with transaction(self.pool) as connection:
            await deliveries.hasten(connection, "email", self.clock())
        self.wake()

    async def overdue(self) -> list[uuid.UUID]:
        """The open notifications whose next step is due, longest overdue first."""
        async with transaction(self.pool) as connection:
            return await store.overdue(connection, self.clock(), SWEEP_ROWS)

    async def escalate(self, which: uuid.UUID) -> bool:
        """Tell the next level, if that is still due and no other replica is at it. Whether it was told."""
        now = self.clock()
        async with transaction(self.pool) as connection:
            overdue = await store.still_overdue(connection, which, now)
            if overdue is None:
                return False
            stepped, rung = rung_due(overdue, now, self.pack())
            await store.keep(connection, stepped)
            messages = [message_for(stepped, rung.purpose, address, rung.level) for address in rung.addresses]
            await deliveries.add(connection, messages, now)
            await store.emit(connection, status.escalated(stepped, now))
            if stepped.transfer_to is not None:  # routing has not answered: it may never have been asked
                await store.restate(connection, stepped.referral_id)
        self.wake()
        log.warning(
            "notify.escalated",
            referral_id=stepped.referral_id,
            destination=stepped.destination,
            escalation_level=rung.level,
            stage=rung.purpose,
        )
        return True

    async def acknowledge(self, which: uuid.UUID, staff: Staff) -> Notification | None:
        """A signed-in person takes a referral on. Twice is once; None where it is not theirs to see."""
        async with transaction(self.pool) as connection:
            current = await store.notification(connection, which, lock=True)
            if current is None or current.destination not in staff.destinations:
                return None
            if current.state != "open":
                return current
            now = self.clock()
            answered = replace(
                current, state="acknowledged", next_escalation_at=None, acknowledged_at=now, acknowledged_by=staff.id
            )
            await store.keep(connection, answered)
            await deliveries.cancel_escalations(connection, which)
            await store.emit(connection, status.acknowledged(answered, now))
        self.wake()
        log.info("notify.acknowledged", referral_id=answered.referral_id, destination=answered.destination)
        return answered

    async def transfer(self, which: uuid.UUID, staff: Staff, to: str, reason: TransferReason) -> Notification | None:
        """Ask routing for another destination. The clock of this one runs until routing has decided."""
        async with transaction(self.pool) as connection:
            current = await store.notification(connection, which, lock=True)
            if current is None or current.destination not in staff.destinations:
                return None
            routed = await store.decision_of(connection, current.referral_id)
            if routed is None or current.state not in ("open", "acknowledged") or current.transfer_to == to:
                return current
            asked = given_away(current, to, reason, self.clock(), self.pack())
            await store.keep(connection, asked)
            await store.emit(connection, status.transfer_requested(asked, routed, to, reason, self.clock()))
        self.wake()
        return asked
