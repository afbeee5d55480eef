"""Status events: what notify tells the ledger. Their ids follow from what they say, so a repetition is recognised.

Only destinations that must act have a status; copies are for information and have none.
"""

from __future__ import annotations

import datetime as dt
from typing import TypedDict

from contracts.envelope import Envelope, derived_id
from contracts.events.notification import (
    NotificationAcknowledgedV1,
    NotificationEscalatedV1,
    NotificationFailedV1,
    NotificationSentV1,
)
from contracts.events.referral_routed import ReferralRoutedV1
from contracts.events.referral_transfer_requested import ReferralTransferRequestedV1, TransferReason
from contracts.failure_codes import FailureCode
from contracts.model import Contract
from services.notify.domain.model import Message, Notification, Standing

SOURCE = "notify"


def sent(notification: Notification, now: dt.datetime, step: str = "sent") -> Envelope[Contract]:
    """The destination has been told: by default, the round's first message was taken by a mail server."""
    event = NotificationSentV1(
        **_about(notification),
        channel="email",
        urgency=notification.urgency,
        sent_at=now,
        acknowledge_by=notification.ack_due_at,
    )
    return _envelope(notification, event, event.type, now, step)


def taken_over(notification: Notification, standing: Standing, now: dt.datetime) -> tuple[Envelope[Contract], ...]:
    """What is said when a fuller or later decision reaches people who were told already and get no first message.

    The ledger publishes a referral again until it hears of the decision on the whole of it: without this a referral
    whose alert was sent before would never be settled. An acknowledgement stands for later revisions.
    """
    if notification.sent_at is None or notification.state not in ("open", "acknowledged"):
        return ()
    step = f"sent/{standing.revision}/{standing.stage}/{standing.routed_at.isoformat()}"
    told = sent(notification, max(now, standing.routed_at), step)
    return (told, acknowledged(notification, now)) if notification.state == "acknowledged" else (told,)


def failed(notification: Notification, message: Message, code: FailureCode, now: dt.datetime) -> Envelope[Contract]:
    """A message was given up on; the ladder goes on."""
    event = NotificationFailedV1(**_about(notification), channel=message.channel, failure_code=code, failed_at=now)
    return _envelope(notification, event, event.type, now, f"failed/{message.id}")


def acknowledged(notification: Notification, now: dt.datetime) -> Envelope[Contract]:
    """A signed-in person took it on."""
    event = NotificationAcknowledgedV1(**_about(notification), acknowledged_at=notification.acknowledged_at or now)
    return _envelope(notification, event, event.type, now, f"acknowledged/{notification.revision}")


def escalated(notification: Notification, now: dt.datetime) -> Envelope[Contract]:
    """The ladder's next level was told; the level is the notification's."""
    event = NotificationEscalatedV1(**_about(notification), level=notification.escalation_level, escalated_at=now)
    return _envelope(notification, event, event.type, now, f"escalated/{event.level}")


def transfer_requested(
    notification: Notification, routed: ReferralRoutedV1, to: str, reason: TransferReason, now: dt.datetime
) -> Envelope[Contract]:
    """The team asks for another destination; routing decides again."""
    event = ReferralTransferRequestedV1(
        referral_id=notification.referral_id,
        reference=notification.reference,
        revision=routed.revision,
        received_at=routed.received_at,
        requested_at=now,
        from_destination=notification.destination,
        to_destination=to,
        reason=reason,
        facts=routed.facts,
    )
    return _envelope(notification, event, event.type, now, f"transfer/{to}")


class _About(TypedDict):
    """The fields that every notification event has (see NotificationEvent)."""

    referral_id: str
    reference: str
    revision: int
    notification_id: str
    destination: str


def _about(notification: Notification) -> _About:
    return _About(
        referral_id=notification.referral_id,
        reference=notification.reference,
        revision=notification.revision,
        notification_id=str(notification.id),
        destination=notification.destination,
    )


def _envelope(
    notification: Notification, event: Contract, event_type: str, now: dt.datetime, step: str
) -> Envelope[Contract]:
    return Envelope[Contract](
        id=derived_id(f"{notification.id}/{notification.round}", step),
        type=event_type,
        source=SOURCE,
        time=now,
        subject=notification.referral_id,
        data=event,
    )
