"""Topics by declaration, through the admin protocol: the brokers do not make a topic because somebody named it."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from services.local.run_directory import PartError

PROBE_TIMEOUT_MS = 2_000
"""Milliseconds for a metadata request; a broker that needs longer is not ready."""

CREATE_TIMEOUT_MS = 30_000
"""Milliseconds in which the broker must have made the topics; measured 0.1 s for 20 of them."""

TOPIC_ALREADY_EXISTS = 36
"""Kafka's error code; the answer to declaring a topic again."""

T = TypeVar("T")


class TopicDeclarationError(PartError):
    """A topic could not be made, or exists with other partitions: changing those would break the order per key."""


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """A topic as declared. `retention_ms` None keeps the broker's own; `config` has further topic settings."""

    name: str
    partitions: int
    retention_ms: int | None = None
    config: Mapping[str, str] = field(default_factory=dict)

    @property
    def settings(self) -> dict[str, str]:
        """Kafka's topic configuration."""
        retention = {} if self.retention_ms is None else {"retention.ms": str(self.retention_ms)}
        return {**retention, **self.config}


def declare_topics(bootstrap_servers: str, specs: Sequence[TopicSpec]) -> None:
    """Make the topics that are missing. Twice is as good as once. Raises TopicDeclarationError."""
    in_own_loop(lambda: _declare(bootstrap_servers, specs))


def partitions_of(bootstrap_servers: str, names: Sequence[str]) -> dict[str, int]:
    """The number of partitions of each of the topics that exists."""
    return in_own_loop(lambda: _partitions_of(bootstrap_servers, names))


def broker_answers(bootstrap_servers: str) -> bool:
    """Whether a broker there answers ApiVersions and Metadata and counts itself as a member of its cluster."""
    return in_own_loop(lambda: _answers(bootstrap_servers))


def in_own_loop(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run the coroutine to its end in a thread with its own event loop: callers may already be inside a loop."""
    results: list[T] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(asyncio.run(work()))
        except BaseException as failure:  # noqa: BLE001 - handed over to the calling thread, not handled
            failures.append(failure)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return results[0]


async def _declare(bootstrap_servers: str, specs: Sequence[TopicSpec]) -> None:
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=CREATE_TIMEOUT_MS)
    try:
        await client.start()
        wanted = [NewTopic(spec.name, spec.partitions, 1, topic_configs=spec.settings) for spec in specs]
        answer = await client.create_topics(wanted, timeout_ms=CREATE_TIMEOUT_MS)
    except (KafkaError, OSError, TimeoutError) as failure:
        raise TopicDeclarationError(f"{bootstrap_servers}: {type(failure).__name__}") from None
    finally:
        await client.close()
    for name, code, *reason in answer.topic_errors:
        if code not in (0, TOPIC_ALREADY_EXISTS):
            raise TopicDeclarationError(f"topic {name}: code {code} {reason}")
    found = await _partitions_of(bootstrap_servers, [spec.name for spec in specs])
    for spec in specs:
        if found.get(spec.name, spec.partitions) != spec.partitions:
            raise TopicDeclarationError(
                f"topic {spec.name} has {found[spec.name]} partitions and is declared with {spec.partitions}"
            )


async def _partitions_of(bootstrap_servers: str, names: Sequence[str]) -> dict[str, int]:
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=PROBE_TIMEOUT_MS)
    try:
        await client.start()
        existing = set(await client.list_topics()) & set(names)
        described = await client.describe_topics(sorted(existing)) if existing else []
    finally:
        await client.close()
    return {topic["topic"]: len(topic["partitions"]) for topic in described}


async def _answers(bootstrap_servers: str) -> bool:
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=PROBE_TIMEOUT_MS)
    try:
        await client.start()
        cluster = await client.describe_cluster()
    except (KafkaError, OSError, TimeoutError):
        return False
    finally:
        await client.close()
    return bool(cluster["brokers"])
