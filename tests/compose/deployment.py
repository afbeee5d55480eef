"""A deployment as a council runs it: deploy/compose.yaml and deploy/init.sh, under a project name of its own."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import ssl
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from contracts.topics import SERVICES
from services.local.commands import EXAMPLES, sample_urns
from tests.support.chaos_load import URN
from tests.support.docker import inspect, run

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
FIRST, SECOND = "compose-test-1", "compose-test-2"
"""Image tags of the two builds."""
UP_SECONDS = 300
POST_TIMEOUT_SECONDS = 30.0
"""Longer than the proxy goes on trying."""
TOLD = frozenset({"notified", "acknowledged"})
STATE_SECONDS = 90.0


def free_port() -> int:
    """A port that nobody listens at now."""
    with contextlib.closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Deployment:
    """Files, ports and handles of one deployment under test."""

    folder: Path
    project: str = field(default_factory=lambda: f"saferoute-test-{uuid.uuid4().hex[:8]}")
    intake_port: int = field(default_factory=free_port)
    inbox_port: int = field(default_factory=free_port)
    mail_port: int = field(default_factory=free_port)
    prometheus_port: int = field(default_factory=free_port)
    api_key: str = field(default="", repr=False)
    staff_token: str = field(default="", repr=False)
    start_seconds: float = 0.0
    build_seconds: float = 0.0

    @property
    def secrets(self) -> Path:
        return self.folder / "secrets"

    @property
    def settings(self) -> Path:
        return self.folder / "env"

    @property
    def environment(self) -> dict[str, str]:
        """What init.sh, upgrade.sh and compose are told."""
        return {"SAFEROUTE_ENV_FILE": str(self.settings), "COMPOSE_PROJECT_NAME": self.project}

    def image(self, service: str, version: str = FIRST) -> str:
        """An image of ours under test."""
        return f"saferoute/{service}:{version}"

    def write_settings(self) -> None:
        """The .env file of this deployment."""
        lines = {
            "SAFEROUTE_SECRETS": str(self.secrets),
            "SAFEROUTE_HOST": "localhost",
            "SAFEROUTE_INTAKE_PORT": str(self.intake_port),
            "SAFEROUTE_INBOX_PORT": str(self.inbox_port),
            "SAFEROUTE_MAIL_PORT": str(self.mail_port),
            "SAFEROUTE_PROMETHEUS_PORT": str(self.prometheus_port),
            "SAFEROUTE_VERSION": FIRST,
            "SAFEROUTE_REGISTER": str(EXAMPLES / "register"),
            "SAFEROUTE_SCHOOLS_REGISTER": "/register/schools.csv",
        }
        self.settings.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))

    def compose(self, *arguments: str, check: bool = True, stdin: str | None = None, version: str | None = None) -> str:
        """Run docker compose on this deployment."""
        command = ["docker", "compose", "-f", str(DEPLOY / "compose.yaml"), "--env-file", str(self.settings)]
        command += ["--profile", "demo", *arguments]
        env = self.environment | ({"SAFEROUTE_VERSION": version} if version else {})
        return run(command, check=check, env=env, stdin=stdin)

    def script(self, name: str, *arguments: str, stdin: str | None = None) -> str:
        """Run deploy/<name> on this deployment."""
        return run([str(DEPLOY / name), *arguments], env=self.environment, stdin=stdin)

    def build(self, version: str) -> None:
        """Build every image under a tag."""
        self.compose("--profile", "tools", "build", version=version)

    def up(self) -> None:
        """Start from nothing and wait until everything is healthy."""
        started = time.monotonic()
        self.compose("up", "--detach", "--no-build", "--wait", "--wait-timeout", str(UP_SECONDS))
        self.start_seconds = time.monotonic() - started

    def provision(self) -> None:
        """An API client for the samples' schools and a member of staff."""
        urns = [f"--urn={urn}" for urn in sorted({*sample_urns(), URN})]
        client = ["clients", "create", "compose-test", "--dsn-file=/run/secrets/intake.dsn", *urns]
        self.api_key = self.operate(*client).strip()
        staff = ["staff", "create", "compose-test", "--dsn-file=/run/secrets/notify.dsn", "--destination=front_door"]
        self.staff_token = self.operate(*staff).strip()

    def operate(self, *command: str) -> str:
        """One command of the operations image."""
        return self.compose("--profile", "tools", "run", "--rm", "--no-deps", "-T", "ops", *command)

    def down(self) -> None:
        """Remove everything, with the data."""
        self.compose(
            "--profile",
            "tools",
            "--profile",
            "observability",
            "down",
            "--volumes",
            "--remove-orphans",
            "--timeout",
            "5",
            check=False,
        )
        shutil.rmtree(self.folder, ignore_errors=True)

    def containers(self, service: str | None = None) -> list[dict[str, Any]]:
        """The engine's word on this deployment's long-running containers, or on one service's."""
        filters = [f"label=com.docker.compose.project={self.project}", "label=com.docker.compose.oneoff=False"]
        filters += [f"label=com.docker.compose.service={service}"] if service else []
        ids = run(["docker", "ps", "--all", "--quiet", *(f"--filter={one}" for one in filters)]).split()
        return [one for one in inspect(*ids) if not is_job(one)]

    def wait_healthy(self, seconds: float = 120.0) -> None:
        """Return once every container runs and says that it is healthy."""
        deadline = time.monotonic() + seconds
        while True:
            waiting = [name_of(one) for one in self.containers() if not healthy(one)]
            if not waiting:
                return
            assert time.monotonic() < deadline, f"not healthy after {seconds:.0f} s: {waiting}"
            time.sleep(1)

    @contextlib.contextmanager
    def client(self) -> Iterator[httpx.Client]:
        """A school's system: trusts this deployment's authority and nobody else."""
        trust = ssl.create_default_context(cafile=str(self.secrets / "ca.crt"))
        headers = {"Authorization": f"Bearer {self.api_key}"}
        base = f"https://localhost:{self.intake_port}"
        with httpx.Client(verify=trust, headers=headers, base_url=base, timeout=POST_TIMEOUT_SECONDS) as one:
            yield one

    def mails(self) -> list[dict[str, Any]]:
        """What the catcher holds."""
        found: list[dict[str, Any]] = httpx.get(f"http://127.0.0.1:{self.mail_port}/email", timeout=30).json()
        return found

    def untold(self, referral_ids: set[str], seconds: float = STATE_SECONDS) -> set[str]:
        """Which of the referrals nobody was told of within the time."""
        waiting, deadline = set(referral_ids), time.monotonic() + seconds
        with self.client() as client:
            while waiting:
                waiting = {one for one in waiting if self._state(client, one) not in TOLD}
                if not waiting or time.monotonic() > deadline:
                    return waiting
                time.sleep(1)
        return waiting

    def _state(self, client: httpx.Client, referral_id: str) -> str:
        try:
            answer = client.get(f"/v1/referrals/{referral_id}")
        except httpx.HTTPError:
            return "no answer"
        return str(answer.json().get("status")) if answer.status_code == httpx.codes.OK else "no answer"


def is_job(container: dict[str, Any]) -> bool:
    """Whether a container runs once and ends: all that restart are not."""
    return bool(container["HostConfig"]["RestartPolicy"]["Name"] in ("no", ""))


def healthy(container: dict[str, Any]) -> bool:
    """Whether a container runs and says that it is well."""
    state = container["State"]
    return bool(state["Status"] == "running" and state.get("Health", {}).get("Status", "healthy") == "healthy")


def name_of(container: dict[str, Any]) -> str:
    """A container's service and number."""
    labels = container["Config"]["Labels"]
    return f"{labels['com.docker.compose.service']}-{labels['com.docker.compose.container-number']}"


def body_of_sample(path: Path) -> dict[str, Any]:
    """A sample referral."""
    found: dict[str, Any] = json.loads(path.read_text())
    return found


ALL_SERVICES = frozenset({*SERVICES, "kafka", "postgres", "caddy", "mail"})
"""What runs for good under the profile `demo`."""
