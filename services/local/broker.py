"""Which Kafka the embedded run uses: the one it is pointed at, its own Apache Kafka, or librdkafka's in-process one."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.local.jars import JarsUnavailableError, Progress
from services.local.kafka import EmbeddedKafka, KafkaUnavailableError
from services.local.mock_kafka import MockKafka
from services.local.run_directory import PartError
from services.local.topics import TopicSpec, broker_answers, declare_topics

MOCK_NOTICE = (
    "no Apache Kafka: using librdkafka's in-process broker (one consumer a group, in memory, nothing survives it)"
)
"""The first line of output of a run on the in-process broker: nobody shall take it for the real thing."""


class BrokerRequiredError(PartError):
    """REQUIRE_KAFKA=1 and no real Kafka could be had: a failure, not a reason to fall back."""


@dataclass(frozen=True, slots=True)
class ExternalKafka:
    """A broker that KAFKA_BOOTSTRAP_SERVERS points at. Not ours to start, stop or wipe."""

    bootstrap_servers: str
    name: str = "Kafka at KAFKA_BOOTSTRAP_SERVERS"

    def declare_topics(self, specs: Sequence[TopicSpec]) -> None:
        """Make the topics that are missing. Raises TopicDeclarationError."""
        declare_topics(self.bootstrap_servers, specs)


Broker = ExternalKafka | EmbeddedKafka | MockKafka
"""All three have `name`, `bootstrap_servers` and `declare_topics`; only the second two are ours to kill."""


@dataclass(frozen=True, slots=True)
class ChosenBroker:
    """The broker of this run and the sentence that tells which it is, for the first line of output."""

    broker: Broker
    notice: str

    @property
    def real(self) -> bool:
        """Whether it is a real Kafka: groups of several members, data that survives a restart."""
        return not isinstance(self.broker, MockKafka)


@contextmanager
def choose_broker(
    run_dir: Path, environ: Mapping[str, str], *, jar_cache: Path | None = None, progress: Progress | None = None
) -> Iterator[ChosenBroker]:
    """The first broker that works, running for as long as the context lasts.

    Order: `KAFKA_BOOTSTRAP_SERVERS`; an embedded Apache Kafka; librdkafka's in-process broker, which REQUIRE_KAFKA=1
    forbids (BrokerRequiredError). A jar that differs from the lock is raised, never fallen back from.
    """
    with ExitStack() as parts:
        external = environ.get("KAFKA_BOOTSTRAP_SERVERS")
        if external:
            yield _external(external)
            return
        embedded = EmbeddedKafka(run_dir / "kafka", jar_cache=jar_cache, progress=progress)
        try:
            parts.enter_context(embedded)
        except (JarsUnavailableError, KafkaUnavailableError) as failure:
            reason = str(failure)
        else:
            yield ChosenBroker(embedded, f"Apache Kafka at {embedded.bootstrap_servers} (embedded, one node)")
            return
        if environ.get("REQUIRE_KAFKA") == "1":
            raise BrokerRequiredError(f"REQUIRE_KAFKA=1 and no Apache Kafka: {reason}")
        yield ChosenBroker(parts.enter_context(MockKafka(run_dir / "mock-kafka")), f"{MOCK_NOTICE}: {reason}")


def _external(bootstrap_servers: str) -> ChosenBroker:
    if not broker_answers(bootstrap_servers):
        raise BrokerRequiredError(f"KAFKA_BOOTSTRAP_SERVERS points at {bootstrap_servers}, where no broker answers")
    return ChosenBroker(ExternalKafka(bootstrap_servers), f"Kafka at {bootstrap_servers} (KAFKA_BOOTSTRAP_SERVERS)")
