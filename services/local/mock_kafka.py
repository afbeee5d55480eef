"""librdkafka's in-process broker, in a process of its own so that the services reach it: the last resort without Java.

It speaks Kafka's protocol but keeps all in memory, allows one member a consumer group, drops silently beyond 5 MiB a
partition, and has no CreateTopics. `python -m services.local.mock_kafka <address file>` serves until its input ends,
and makes a topic for each line `<name> <partitions>` it reads there.
"""

import ctypes
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from confluent_kafka import cimpl

from services.local.processes import CODE_ROOT, Child, Program, accepts_connections
from services.local.run_directory import Part, PartError
from services.local.topics import TopicSpec, partitions_of

START_TIMEOUT = 20.0
"""Seconds from fork to listening; measured 0.3."""

TOPIC_TIMEOUT = 10.0
"""Seconds for a topic to be there after it was asked for; measured a few milliseconds."""

_PRODUCER = 0
"""RD_KAFKA_PRODUCER: the kind of client instance that the broker hangs on; it is never used to send."""

_TOPIC_ALREADY_EXISTS = 36
"""Kafka's error code, which declaring a topic twice ends in."""


class MockKafkaError(PartError):
    """The in-process broker could not be started or make a topic."""


class MockKafka(Part):
    """The in-process broker as a part of the embedded run: same face as EmbeddedKafka, but a restart loses all."""

    name = "librdkafka's in-process broker"

    def __init__(self, run_dir: Path) -> None:
        super().__init__(run_dir)
        self._address_file = run_dir / "address"
        self.log = run_dir / "mock-kafka.log"
        argv = (sys.executable, "-m", "services.local.mock_kafka", str(self._address_file.absolute()))
        self._child = Child(
            Program(self.name, argv, self.log, cwd=CODE_ROOT, stdin_pipe=True), run_dir / "mock-kafka.pid"
        )

    @property
    def bootstrap_servers(self) -> str:
        """`host:port` for a Kafka client; another one after each start."""
        return self._address_file.read_text()

    @property
    def running(self) -> bool:
        """Whether its process exists."""
        return self._child.running

    def start(self) -> None:
        """Start it and wait until it listens. Raises MockKafkaError."""
        self._address_file.unlink(missing_ok=True)
        self._child.start()
        self._child.wait_until(self._listens, START_TIMEOUT, MockKafkaError)

    def stop(self) -> None:
        """End it; everything in it is gone."""
        self._child.stop()

    def kill(self) -> None:
        """kill -9."""
        self._child.kill()

    def declare_topics(self, specs: Sequence[TopicSpec]) -> None:
        """Make each topic with its partitions, before anything else names it. Retention means nothing here."""
        for spec in specs:
            self._child.write(f"{spec.name} {spec.partitions}\n".encode())
        deadline = time.monotonic() + TOPIC_TIMEOUT
        wanted = {spec.name: spec.partitions for spec in specs}
        while wanted.items() - partitions_of(self.bootstrap_servers, list(wanted)).items():
            if time.monotonic() > deadline:
                raise MockKafkaError(f"{self.name} did not make the topics (log: {self.log})")
            time.sleep(0.02)

    def resident_bytes(self) -> int:
        """Resident memory of its process."""
        return self._child.resident_bytes()

    def _listens(self) -> bool:
        if not self._address_file.exists():
            return False
        return accepts_connections(int(self.bootstrap_servers.rpartition(":")[2]))


class _Cluster:
    """librdkafka's public test interface (rdkafka_mock.h), which the Python binding does not wrap."""

    def __init__(self) -> None:
        # The binding's extension module is linked with librdkafka: symbols are looked up through it.
        self._library = ctypes.CDLL(cimpl.__file__)
        reason = ctypes.create_string_buffer(512)
        client = self._call("rd_kafka_new", ctypes.c_void_p)(
            _PRODUCER, None, reason, ctypes.c_size_t(ctypes.sizeof(reason))
        )
        if not client:
            raise MockKafkaError(reason.value.decode(errors="replace"))
        handle = self._call("rd_kafka_mock_cluster_new", ctypes.c_void_p)(ctypes.c_void_p(client), 1)
        self._handle = ctypes.c_void_p(handle)
        self._call("rd_kafka_mock_group_initial_rebalance_delay_ms", None)(self._handle, 0)

    def bootstrap_servers(self) -> str:
        address: bytes = self._call("rd_kafka_mock_cluster_bootstraps", ctypes.c_char_p)(self._handle)
        return address.decode()

    def create_topic(self, name: str, partitions: int) -> None:
        code = self._call("rd_kafka_mock_topic_create", ctypes.c_int)(self._handle, name.encode(), partitions, 1)
        if code not in (0, _TOPIC_ALREADY_EXISTS):
            raise MockKafkaError(f"topic {name} could not be made (code {code})")

    def _call(
        self, name: str, returns: type[ctypes.c_void_p | ctypes.c_char_p | ctypes.c_int] | None
    ) -> Callable[..., Any]:
        function = self._library[name]
        function.restype = returns
        return function


def serve(address_file: Path) -> None:
    """Run the broker until standard input ends, which it does when the parent is gone, however it went."""
    cluster = _Cluster()
    partial = address_file.with_suffix(".partial")
    partial.write_text(cluster.bootstrap_servers())
    partial.replace(address_file)
    for line in sys.stdin:
        name, partitions = line.split()
        cluster.create_topic(name, int(partitions))


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
