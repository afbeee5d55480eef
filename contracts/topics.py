"""The topic registry: who writes, who reads, how sensitive, how long kept. Kafka's ACLs and topics derive from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from contracts.events.notification import (
    NotificationAcknowledgedV1,
    NotificationEscalatedV1,
    NotificationFailedV1,
    NotificationSentV1,
)
from contracts.events.referral_quarantined import ReferralQuarantinedV1
from contracts.events.referral_received import ReferralReceivedV1
from contracts.events.referral_redacted import ReferralRedactedV1
from contracts.events.referral_routed import ReferralRoutedV1
from contracts.events.referral_transfer_requested import ReferralTransferRequestedV1
from contracts.model import Contract

Service = Literal["intake", "redaction", "routing", "notify"]
Sensitivity = Literal["sealed", "de-identified", "none"]

SERVICES: tuple[Service, ...] = ("intake", "redaction", "routing", "notify")

DAYS_MS = 24 * 60 * 60 * 1000
SEALED_RETENTION_DAYS = 7
"""A sealed part waits here only for redaction; its keys are destroyed after this many days."""
EVENT_RETENTION_DAYS = 30
"""Long enough to replay a month, as long as an idempotency key is kept."""
PARTITIONS = 6
"""More than the replicas a council will run of a service, few enough for one small broker."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic and the event type of the same name. The key is always the referral id."""

    name: str
    event: type[Contract]
    producer: Service
    consumers: tuple[Service, ...]
    sensitivity: Sensitivity
    retention_days: int = EVENT_RETENTION_DAYS
    partitions: int = PARTITIONS

    @property
    def retention_ms(self) -> int:
        return self.retention_days * DAYS_MS


REFERRAL_RECEIVED = Topic(
    ReferralReceivedV1.type, ReferralReceivedV1, "intake", ("redaction", "routing"), "sealed", SEALED_RETENTION_DAYS
)
REFERRAL_REDACTED = Topic(
    ReferralRedactedV1.type, ReferralRedactedV1, "redaction", ("routing", "intake"), "de-identified"
)
REFERRAL_QUARANTINED = Topic(
    ReferralQuarantinedV1.type, ReferralQuarantinedV1, "redaction", ("routing", "intake"), "none"
)
REFERRAL_ROUTED = Topic(ReferralRoutedV1.type, ReferralRoutedV1, "routing", ("notify", "intake"), "de-identified")
NOTIFICATION_SENT = Topic(NotificationSentV1.type, NotificationSentV1, "notify", ("intake",), "none")
NOTIFICATION_FAILED = Topic(NotificationFailedV1.type, NotificationFailedV1, "notify", ("intake",), "none")
NOTIFICATION_ACKNOWLEDGED = Topic(
    NotificationAcknowledgedV1.type, NotificationAcknowledgedV1, "notify", ("intake",), "none"
)
NOTIFICATION_ESCALATED = Topic(NotificationEscalatedV1.type, NotificationEscalatedV1, "notify", ("intake",), "none")
TRANSFER_REQUESTED = Topic(
    ReferralTransferRequestedV1.type, ReferralTransferRequestedV1, "notify", ("routing",), "none"
)

TOPICS: tuple[Topic, ...] = (
    REFERRAL_RECEIVED,
    REFERRAL_REDACTED,
    REFERRAL_QUARANTINED,
    REFERRAL_ROUTED,
    NOTIFICATION_SENT,
    NOTIFICATION_FAILED,
    NOTIFICATION_ACKNOWLEDGED,
    NOTIFICATION_ESCALATED,
    TRANSFER_REQUESTED,
)
BY_TYPE: dict[str, Topic] = {topic.name: topic for topic in TOPICS}


@dataclass(frozen=True, slots=True)
class DeadLetterTopic:
    """Where one service puts what it cannot handle of one topic; as sensitive and as short-lived as its source."""

    service: Service
    source: Topic

    @property
    def name(self) -> str:
        return dead_letter_topic(self.service, self.source.name)


def dead_letter_topic(service: str, source: str) -> str:
    """Name of the dead-letter topic of `service` for `source`."""
    return f"dead-letter.{service}.{source}"


DEAD_LETTERS: tuple[DeadLetterTopic, ...] = tuple(
    DeadLetterTopic(service, topic) for topic in TOPICS for service in topic.consumers
)


def consumed_by(service: Service) -> tuple[Topic, ...]:
    """The topics that `service` reads."""
    return tuple(topic for topic in TOPICS if service in topic.consumers)


def produced_by(service: Service) -> tuple[Topic, ...]:
    """The topics that `service` writes, dead letters aside."""
    return tuple(topic for topic in TOPICS if topic.producer == service)
