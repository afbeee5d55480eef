"""Three brokers: each is killed in its turn while schools post; nothing is lost, and the metadata says why."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.compose.deployment import DEPLOY, Deployment
from tests.compose.load import Load
from tests.support.docker import require_engine, run

pytestmark = pytest.mark.timeout(1800)

BROKERS = ("kafka-2", "kafka-3", "kafka")
DOWN_SECONDS = 25
"""Long enough that the others elect leaders and posts meet the loss."""
SETTLED_SECONDS = 240.0
ADMIN = "127.0.0.1:9095"


class Cluster(Deployment):
    """The same deployment with the override of three brokers."""

    def compose(self, *arguments: str, check: bool = True, stdin: str | None = None, version: str | None = None) -> str:
        command = ["docker", "compose", "-f", str(DEPLOY / "compose.yaml"), "-f", str(DEPLOY / "compose.cluster.yaml")]
        command += ["--env-file", str(self.settings), "--profile", "demo", *arguments]
        env = self.environment | ({"SAFEROUTE_VERSION": version} if version else {})
        return run(command, check=check, env=env, stdin=stdin)

    def tool(self, name: str, *arguments: str) -> str:
        """One of Kafka's own tools, on the first broker's loopback."""
        script = f"/opt/kafka/bin/{name}"
        options = ["exec", "-T", "-e", "KAFKA_HEAP_OPTS=-Xmx128m", "kafka", script, "--bootstrap-server", ADMIN]
        return self.compose(*options, *arguments)


@pytest.fixture(scope="module")
def cluster(deployment: Deployment, figure: Callable[[str, object], None]) -> Iterator[Cluster]:
    """Built by the deployment's fixture; started beside it, as it is another project."""
    require_engine()
    assert deployment.api_key
    one = Cluster(Path(tempfile.mkdtemp(prefix="saferoute-cluster-")))
    try:
        one.write_settings()
        one.script("init.sh")
        one.up()
        figure("three brokers: from nothing to all healthy", f"{one.start_seconds:.0f} s")
        one.provision()
        yield one
    finally:
        one.down()


def test_every_topic_has_three_replicas_and_two_must_be_in_sync(cluster: Cluster) -> None:
    lines = [line for line in cluster.tool("kafka-topics.sh", "--describe").splitlines() if "ReplicationFactor" in line]
    assert len(lines) > 20
    for line in lines:
        assert re.search(r"ReplicationFactor:\s*3\b", line), line
        if "__" not in line:
            assert "min.insync.replicas=2" in line
            assert "unclean.leader.election.enable=false" in line


def test_doctor_finds_no_fault_in_a_cluster(cluster: Cluster) -> None:
    assert "0 faults" in cluster.compose("--profile", "tools", "run", "--rm", "--no-deps", "-T", "doctor")


def test_each_broker_is_lost_in_its_turn_and_no_referral_with_it(
    cluster: Cluster, figure: Callable[[str, object], None]
) -> None:
    with Load(cluster, "cluster") as load:
        for broker in BROKERS:
            time.sleep(3)
            [container] = cluster.containers(broker)
            run(["docker", "kill", container["Id"]])
            time.sleep(DOWN_SECONDS)
            run(["docker", "start", container["Id"]])
            cluster.wait_healthy(300)
            wait_in_sync(cluster)
    assert load.given_up == 0
    assert cluster.untold(set(load.accepted), SETTLED_SECONDS) == set()
    figure("three brokers killed in turn: referrals accepted, lost", f"{len(load.accepted)}, 0")
    figure("three brokers killed in turn: posts that had to be repeated", load.failed_first)


def wait_in_sync(cluster: Cluster, seconds: float = 240.0) -> None:
    """Return once no partition lacks a replica: only then may the next broker go."""
    deadline = time.monotonic() + seconds
    while cluster.tool("kafka-topics.sh", "--describe", "--under-replicated-partitions").strip():
        assert time.monotonic() < deadline, "partitions are still under-replicated"
        time.sleep(2)
