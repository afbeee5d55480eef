"""How the running containers are confined, as the engine and the kernel say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from contracts.topics import SERVICES, Service
from tests.compose.deployment import ALL_SERVICES, Deployment
from tests.compose.posture import faults, published, secrets_of
from tests.support.docker import inspect, run

pytestmark = pytest.mark.timeout(1800)

Figure = Callable[[str, object], None]
LONG_ENOUGH = 20
"""Shorter parts of a secret occur by chance."""
HOLDS: dict[str, set[str]] = {
    "intake": {"ca.crt", "kafka_intake", "intake.dsn", "sealing_public.json", "fingerprint.key"},
    "redaction": {
        "ca.crt",
        "kafka_redaction",
        "redaction.dsn",
        "sealing_private.json",
        "sealing_previous.json",
        "vault.json",
    },
    "routing": {"ca.crt", "kafka_routing"},
    "notify": {"ca.crt", "kafka_notify", "notify.dsn", "smtp_password"},
    "kafka": {"kafka.pem"},
    "postgres": {"postgres_password"},
    "caddy": {"edge.crt", "edge.key"},
    "mail": set(),
}
"""The secrets that each container may see, and no other."""


@pytest.fixture(scope="module")
def secret_values(deployment: Deployment) -> dict[str, str]:
    """Every secret of the deployment, read as root: the tests' user may not."""
    names = [path.name for path in deployment.secrets.iterdir() if path.name not in ("ca.crt", "sealing_public.json")]
    assert len(names) >= LONG_ENOUGH
    return {name: _content(deployment, name) for name in names}


def _content(deployment: Deployment, name: str) -> str:
    """The telling part of a secret file: its longest word, as an environment would hold it."""
    text = run(["docker", "run", "--rm", "--user=0", f"--volume={deployment.secrets / name}:/secret:ro",
                "--entrypoint=cat", deployment.image("ops"), "/secret"])  # fmt: skip
    words = text.replace(":", " ").replace("@", " ").replace('"', " ").split()
    longest = max(words, key=len, default="")
    return longest if len(longest) >= LONG_ENOUGH else ""


def test_every_container_is_confined(deployment: Deployment, secret_values: dict[str, str], figure: Figure) -> None:
    found = {}
    for service in sorted(ALL_SERVICES):
        for container in deployment.containers(service):
            wrong = faults(container, service, secret_values)
            if wrong:
                found[container["Name"]] = wrong
    assert found == {}
    figure("posture: containers looked at, faults", f"{len(deployment.containers())}, 0")


def test_a_careless_container_is_noticed(deployment: Deployment) -> None:
    """The control arm: the same look at a container that was started without any of this."""
    password = "correct-horse-battery-staple-7"
    name = run(["docker", "run", "--detach", "--user=0", f"--env=PASSWORD={password}", "--entrypoint=sleep",
                deployment.image("ops"), "300"]).strip()  # fmt: skip
    try:
        [container] = inspect(name)
        assert set(faults(container, "intake", {"password": password})) == {
            "runs as root",
            "root file system is writable",
            "keeps capabilities",
            "may gain privileges",
            "has no limit of memory or processes",
            "has no init that reaps processes",
            "does not come back after a crash",
            "has no healthcheck, or is not healthy",
            "its processes are root's",
            "its processes have capabilities",
            "its processes may gain privileges",
            "its processes can write the root file system",
            "shows the secret password",
        }
    finally:
        run(["docker", "rm", "--force", name])


def test_only_the_proxy_is_published_and_the_catcher_on_this_machine_alone(deployment: Deployment) -> None:
    by_service = {
        service: {place for one in deployment.containers(service) for place in published(one)}
        for service in ALL_SERVICES
    }
    proxy = {port for _, port in by_service.pop("caddy")}
    assert proxy == {str(deployment.intake_port), str(deployment.inbox_port)}
    assert by_service.pop("mail") == {("127.0.0.1", str(deployment.mail_port))}
    assert all(not places for places in by_service.values()), by_service


def test_each_container_sees_its_own_secrets_and_no_other(deployment: Deployment) -> None:
    seen = {service: {name for one in deployment.containers(service) for name in secrets_of(one)} for service in HOLDS}
    assert seen == HOLDS
    assert set(HOLDS) == ALL_SERVICES


def test_a_secret_file_is_readable_by_its_one_reader_alone(deployment: Deployment) -> None:
    for path in deployment.secrets.iterdir():
        mode = path.stat().st_mode & 0o777
        assert mode == (0o444 if path.name in ("ca.crt", "sealing_public.json") else 0o400), path.name
    assert deployment.secrets.stat().st_mode & 0o777 == 0o700


def test_making_secrets_again_touches_none(deployment: Deployment) -> None:
    before = {path.name: _stamp(path) for path in deployment.secrets.iterdir()}
    assert "none was touched" in deployment.script("init.sh")
    assert {path.name: _stamp(path) for path in deployment.secrets.iterdir()} == before


def _stamp(path: Path) -> tuple[int, int]:
    return path.stat().st_ino, path.stat().st_mtime_ns


def test_only_the_edge_the_mail_and_nothing_else_leads_out(deployment: Deployment) -> None:
    ours = f"--filter=label=com.docker.compose.project={deployment.project}"
    listed = run(["docker", "network", "ls", "--quiet", ours])
    networks = {one["Labels"]["com.docker.compose.network"]: one for one in inspect(*listed.split())}
    assert {name for name, one in networks.items() if not one["Internal"]} - {"dashboards"} == {"edge", "mail"}
    assert {"front", "kafka", "database"} <= set(networks)
    for service in ("intake", "redaction", "routing", "kafka", "postgres"):
        for container in deployment.containers(service):
            joined = {name.removeprefix(f"{deployment.project}_") for name in container["NetworkSettings"]["Networks"]}
            assert not joined & {"edge", "mail"}, service


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_holds_one_service_and_no_tools_to_build_with(deployment: Deployment, service: Service) -> None:
    tools = "for tool in gcc cc make g++ git curl; do command -v $tool; done; ls /opt/venv/bin/pip"
    look = f"ls /app/services; {tools}; true"
    [container, *_] = deployment.containers(service)
    listed = run(["docker", "exec", container["Id"], "sh", "-c", look]).split()
    assert set(listed) - {"__pycache__"} == {"__init__.py", "kit", service}


def test_databases_let_nobody_but_their_own_service_in(deployment: Deployment) -> None:
    doors = "SELECT datname || ' ' || coalesce(array_to_string(datacl, ','), 'everybody') FROM pg_database"
    said = deployment.compose("exec", "-T", "postgres", "psql", "-U", "postgres", "-Atc", doors).splitlines()
    rights = dict(line.split(" ", 1) for line in said)
    for service in ("intake", "redaction", "notify"):
        assert rights[service] == f"{service}=CTc/{service}"
    attempt = deployment.compose("exec", "-T", "postgres", "psql", "-U", "intake", "-d", "redaction", "-c", "SELECT 1",
                                 check=False)  # fmt: skip
    assert attempt == ""
