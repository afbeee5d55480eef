"""Containers for the service images: how each is started, alone and without compose."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

from contracts.topics import Service
from tests.support.docker import run

ROOT = Path(__file__).parents[2]
TAG = "containers-test"
KAFKA, POSTGRES, MAIL = "apache/kafka:4.3.1", "postgres:15-bookworm", "maildev/maildev:2.2.1"
"""As in deploy/compose.yaml."""
PATIENCE_SECONDS = 120.0
HARDENED: Mapping[str, Any] = {
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
}
SECRETS: Mapping[Service, tuple[str, ...]] = {
    "intake": ("intake.dsn", "sealing_public.json", "fingerprint.key"),
    "redaction": ("redaction.dsn", "sealing_private.json", "vault.json"),
    "routing": (),
    "notify": ("notify.dsn",),
}


@dataclass
class Lab:
    """A network with Kafka, PostgreSQL and a mail catcher, and a folder of secrets."""

    network: Network
    secrets: Path

    def environment(self, service: Service) -> dict[str, str]:
        """A service's settings."""
        database = {"SAFEROUTE_DATABASE__DSN_FILE": f"/run/secrets/{service}.dsn"}
        policy = {"SAFEROUTE_POLICY_PACK": "/policy"}
        own: dict[Service, dict[str, str]] = {
            "intake": database
            | policy
            | {
                "SAFEROUTE_SEALING_KEY_FILE": "/run/secrets/sealing_public.json",
                "SAFEROUTE_FINGERPRINT_KEY_FILE": "/run/secrets/fingerprint.key",
            },
            "redaction": database
            | {
                "SAFEROUTE_SEALING_PRIVATE_KEYS": json.dumps(["/run/secrets/sealing_private.json"]),
                "SAFEROUTE_VAULT_KEY_FILE": "/run/secrets/vault.json",
            },
            "routing": policy,
            "notify": database
            | policy
            | {
                "SAFEROUTE_SMTP__HOST": "mail",
                "SAFEROUTE_SMTP__PORT": "1025",
                "SAFEROUTE_SMTP__STARTTLS": "false",
            },
        }
        return {"SAFEROUTE_KAFKA__BOOTSTRAP_SERVERS": "kafka:9092"} | own[service]

    def service(self, service: Service, **overrides: str) -> DockerContainer:
        """A container of a service's image, not started."""
        container = DockerContainer(f"saferoute/{service}:{TAG}", network=self.network)
        container = container.with_envs(**(self.environment(service) | overrides)).with_kwargs(**HARDENED)
        container = container.with_tmpfs_mount("/tmp")  # noqa: S108 - in the container
        for name in SECRETS[service]:
            container = container.with_volume_mapping(str(self.secrets / name), f"/run/secrets/{name}", "ro")
        pack = ROOT / "services" / "routing" / "policies" / "kent"
        return container.with_volume_mapping(str(pack), "/policy", "ro").with_exposed_ports(8000)

    def migrate(self, service: Service) -> None:
        """Bring a service's database to its newest revision, by its own image."""
        with self.service(service).with_command(["python", "-m", f"services.{service}", "migrate"]) as job:
            ended = job.get_wrapped_container().wait(timeout=PATIENCE_SECONDS)
            assert ended["StatusCode"] == 0, job.get_logs()

    def operate(self, *command: str) -> str:
        """One command of the operations image, with every secret."""
        files = [path.name for path in self.secrets.iterdir() if path.name != "ca.key"]
        mounts = [f"--volume={self.secrets / name}:/run/secrets/{name}:ro" for name in files]
        kafka = "--env=SAFEROUTE_KAFKA__BOOTSTRAP_SERVERS=kafka:9092"
        start = ["docker", "run", "--rm", f"--network={self.network.name}", kafka, *mounts]
        return run([*start, f"saferoute/ops:{TAG}", *command])


def kafka(network: Network) -> DockerContainer:
    """A broker in plaintext that knows permissions, as the provisioning needs."""
    settings = {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@127.0.0.1:9093",
        "KAFKA_LISTENERS": "CLIENT://:9092,CONTROLLER://127.0.0.1:9093",
        "KAFKA_ADVERTISED_LISTENERS": "CLIENT://kafka:9092",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_INTER_BROKER_LISTENER_NAME": "CLIENT",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_AUTHORIZER_CLASS_NAME": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "KAFKA_SUPER_USERS": "User:ANONYMOUS",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_HEAP_OPTS": "-Xms256m -Xmx256m",
    }
    config = str(ROOT / "deploy" / "kafka" / "config")
    container = DockerContainer(KAFKA, network=network, network_aliases=["kafka"]).with_envs(**settings)
    return container.with_volume_mapping(config, "/mnt/shared/config", "ro")


def postgres(network: Network, secrets: Path) -> DockerContainer:
    """A server whose administrator has the password of the secrets."""
    container = DockerContainer(POSTGRES, network=network, network_aliases=["postgres"]).with_kwargs(user="postgres")
    container = container.with_envs(
        POSTGRES_PASSWORD_FILE="/run/secrets/postgres_password", PGDATA="/var/lib/postgresql/server"
    )
    return container.with_volume_mapping(str(secrets / "postgres_password"), "/run/secrets/postgres_password", "ro")


def mail(network: Network) -> DockerContainer:
    """A mail catcher."""
    return DockerContainer(MAIL, network=network, network_aliases=["mail"]).with_exposed_ports(1080)


def address(container: DockerContainer, port: int = 8000) -> str:
    """Where a started container's port is reached from here."""
    return f"http://{container.get_container_host_ip()}:{container.get_exposed_port(port)}"


def eventually(happened: Callable[[], bool], what: str) -> None:
    """Return once it has happened."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE_SECONDS:.0f} s"
        time.sleep(0.5)


def ready(container: DockerContainer) -> bool:
    """Whether a service says that it is ready."""
    try:
        return httpx.get(f"{address(container)}/health/ready", timeout=5).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def post(container: DockerContainer, key: str, body: object) -> httpx.Response:
    """Post a referral to intake."""
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": str(uuid.uuid4())}
    return httpx.post(f"{address(container)}/v1/referrals", json=body, headers=headers, timeout=20)
