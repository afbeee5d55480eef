"""What the live broker lets each principal do is what contracts.access says, cell by cell, and nobody else gets in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.access import CLUSTER, PRINCIPALS, allowed, grants, group_names, topic_names
from tests.compose.deployment import Deployment
from tests.support.docker import run

pytestmark = pytest.mark.timeout(1800)

Figure = Callable[[str, object], None]
Cell = tuple[str, str, str, str]
PROBE = Path(__file__).parent / "probes" / "broker_access.py"
TOPIC_OPERATIONS = ("Read", "Write", "Create", "Delete", "Alter", "Describe", "DescribeConfigs", "AlterConfigs")
GROUP_OPERATIONS = ("Read", "Delete", "Describe")
CLUSTER_OPERATIONS = (
    "Create",
    "Alter",
    "Describe",
    "ClusterAction",
    "DescribeConfigs",
    "AlterConfigs",
    "IdempotentWrite",
)
STRAY = ("User:intake", "referral.received.v1", "READ")
"""A permission that nobody declared: intake could read what it sealed."""

MAKE_STRAY = """
from confluent_kafka.admin import *
rule = AclBinding(ResourceType.TOPIC, "referral.received.v1", ResourcePatternType.LITERAL, "User:intake", "*",
                  AclOperation.READ, AclPermissionType.ALLOW)
client = AdminClient({"bootstrap.servers": "127.0.0.1:9095"})
[one.result(10) for one in client.create_acls([rule]).values()]
"""


def ask(deployment: Deployment, question: dict[str, Any]) -> Any:
    """Run the probe in a container on Kafka's network, with every principal's password."""
    names = ["ca.crt", *(f"kafka_{name}" for name in PRINCIPALS)]
    mounts = [f"--volume={deployment.secrets / name}:/run/secrets/{name}:ro" for name in names]
    command = ["docker", "run", "--rm", "--interactive", f"--network={deployment.project}_kafka", *mounts]
    command += ["--entrypoint=python", deployment.image("ops"), "-", json.dumps(question)]
    return json.loads(run(command, stdin=PROBE.read_text()))


def matrix(deployment: Deployment) -> dict[str, set[Cell]]:
    """What the broker says of every cell, and what came of trying."""
    readable = {
        who: next((name for name in topic_names() if allowed(who, "topic", name, "Read")), "") for who in PRINCIPALS
    }
    question = {"principals": PRINCIPALS, "topics": topic_names(), "groups": group_names(), "readable": readable}
    answer = ask(deployment, question)
    return {way: {(who, kind, name, what) for who, kind, name, what in cells} for way, cells in answer.items()}


def declared() -> set[Cell]:
    return {(one.principal, one.resource, one.name, one.operation) for one in grants()}


def test_the_broker_allows_exactly_what_is_declared(deployment: Deployment, figure: Figure) -> None:
    found = matrix(deployment)
    assert found["told"] == declared()
    tried = {cell for cell in declared() if cell[3] in ("Read", "Write") and cell[1] != "cluster"}
    assert found["done"] == tried
    cells = len(PRINCIPALS) * (
        len(topic_names()) * len(TOPIC_OPERATIONS)
        + len(group_names()) * len(GROUP_OPERATIONS)
        + len([CLUSTER]) * len(CLUSTER_OPERATIONS)
    )
    attempts = len(PRINCIPALS) * (2 * len(topic_names()) + len(group_names()))
    figure("ACL cells asked of the live broker (principal × resource × operation)", cells)
    figure("ACL cells that allow", len(declared()))
    figure("ACL cells also tried by reading, writing, committing", attempts)


def test_a_permission_that_nobody_declared_is_noticed_and_pruned(deployment: Deployment) -> None:
    """The control arm: the same comparison fails for one cell too many, and `kafka apply --prune` removes it."""
    job = ["run", "--rm", "--no-deps", "-T"]
    deployment.compose(*job, "--entrypoint=python", "topics", "-", stdin=MAKE_STRAY)
    try:
        found = matrix(deployment)
        assert found["told"] - declared() == {("intake", "topic", "referral.received.v1", "Read")}
        assert ("intake", "topic", "referral.received.v1", "Read") in found["done"]
        plan = deployment.compose(*job, "topics", "kafka", "plan", check=False)
        assert "would" not in plan
    finally:
        deployment.compose(*job, "topics", "kafka", "apply", "--prune")
    assert matrix(deployment)["told"] == declared()


@pytest.mark.parametrize(
    ("user", "password", "protocol", "servers"),
    [
        ("intake", "wrong", "SASL_SSL", "kafka:9092"),
        ("nobody", "wrong", "SASL_SSL", "kafka:9092"),
        ("", "", "PLAINTEXT", "kafka:9092"),
        ("", "", "PLAINTEXT", "kafka:9095"),
        ("", "", "PLAINTEXT", "kafka:9093"),
    ],
    ids=["wrong password", "unknown user", "plaintext", "admin listener", "controller listener"],
)
def test_nobody_else_gets_in(deployment: Deployment, user: str, password: str, protocol: str, servers: str) -> None:
    answer = ask(deployment, {"login": {"user": user, "password": password, "protocol": protocol, "servers": servers}})
    assert answer["outcome"] == "refused", answer


def test_the_right_password_gets_in(deployment: Deployment) -> None:
    """Against the case that the refusals above have another cause."""
    password = run(["docker", "run", "--rm", f"--volume={deployment.secrets / 'kafka_intake'}:/word:ro",
                    "--entrypoint=cat", deployment.image("ops"), "/word"])  # fmt: skip
    login = {"user": "intake", "password": password.strip(), "protocol": "SASL_SSL", "servers": "kafka:9092"}
    assert ask(deployment, {"login": login})["outcome"] == "let in"


def test_topics_are_made_by_declaration_alone(deployment: Deployment) -> None:
    again = deployment.compose("run", "--rm", "--no-deps", "-T", "topics")
    assert again.splitlines()[-1].startswith("0 changes")
    broker = "/opt/kafka/bin/kafka-configs.sh --bootstrap-server 127.0.0.1:9095 --describe --all --broker 1"
    settings = deployment.compose("exec", "-T", "kafka", "sh", "-c", f"KAFKA_HEAP_OPTS=-Xmx128m {broker}")
    assert "auto.create.topics.enable=false" in settings
