"""What became of telling people. Content-free: references, codes and instants."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar, Literal

from contracts.decision import Urgency
from contracts.events.referral_routed import Stage
from contracts.failure_codes import FailureCode
from contracts.model import Contract

Channel = Literal["email", "sms", "webhook", "teams"]


class NotificationEvent(Contract):
    """What every notification event says: which referral, which notification, whose desk.

    `stage` is that of the decision that notify stood on when it said this; None from a notify before that was stated.
    """

    referral_id: str
    reference: str
    revision: int = 1
    notification_id: str
    destination: str
    stage: Stage | None = None


class NotificationSentV1(NotificationEvent):
    """A channel took the message for at least one recipient of the destination."""

    type: ClassVar[str] = "notification.sent.v1"

    channel: Channel
    urgency: Urgency
    sent_at: dt.datetime
    acknowledge_by: dt.datetime


class NotificationFailedV1(NotificationEvent):
    """A channel refused for good or retries ran out; the escalation ladder goes on regardless."""

    type: ClassVar[str] = "notification.failed.v1"

    channel: Channel
    failure_code: FailureCode
    failed_at: dt.datetime


class NotificationAcknowledgedV1(NotificationEvent):
    """A signed-in person took the referral on. Their name stays with notify."""

    type: ClassVar[str] = "notification.acknowledged.v1"

    acknowledged_at: dt.datetime


class NotificationEscalatedV1(NotificationEvent):
    """Nobody answered in time: the ladder's next level was told. Level 1 is the first reminder."""

    type: ClassVar[str] = "notification.escalated.v1"

    level: int
    escalated_at: dt.datetime
