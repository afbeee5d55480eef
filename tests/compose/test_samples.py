"""The main job in containers: every sample over HTTPS, somebody told of each, mails in the catcher."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable

import httpx
import pytest

from contracts.topics import SERVICES
from services.local.commands import EXAMPLES
from tests.compose.deployment import FIRST, Deployment, body_of_sample, name_of
from tests.support.docker import inspect, run

pytestmark = pytest.mark.timeout(1800)

Figure = Callable[[str, object], None]
MIB = 1024 * 1024
BASE = "python:3.11-slim-bookworm"
MEMORY_MIB = 2_000
"""All containers at rest. A council's smallest machine has 4 GiB; what is above this here would not fit beside an
operating system and a load."""


def test_every_sample_is_accepted_and_somebody_is_told_by_mail(deployment: Deployment, figure: Figure) -> None:
    references: dict[str, str] = {}
    samples = sorted((EXAMPLES / "referrals").glob("*.json"))
    started = time.monotonic()
    with deployment.client() as client:
        for path in samples:
            headers = {"Idempotency-Key": str(uuid.uuid4())}
            answer = client.post("/v1/referrals", json=body_of_sample(path), headers=headers)
            assert answer.status_code == httpx.codes.ACCEPTED, f"{path.stem}: {answer.status_code}"
            references[answer.json()["id"]] = answer.json()["reference"]
    assert deployment.untold(set(references)) == set()
    figure("samples over HTTPS until the last was told", f"{len(samples)} in {time.monotonic() - started:.0f} s")
    subjects = " ".join(mail["subject"] for mail in deployment.mails())
    assert {reference for reference in references.values() if reference not in subjects} == set()


def test_without_a_key_or_with_another_authority_nobody_gets_in(deployment: Deployment) -> None:
    with deployment.client() as client:
        assert client.get("/v1/referrals", headers={"Authorization": "Bearer sr_live_x"}).status_code == 401
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"https://localhost:{deployment.intake_port}/docs")


@pytest.mark.parametrize("path", ["/metrics", "/health/ready", "/health/live"])
def test_what_operations_use_is_not_published(deployment: Deployment, path: str) -> None:
    with deployment.client() as client:
        for port in (deployment.intake_port, deployment.inbox_port):
            assert client.get(f"https://localhost:{port}{path}").status_code == httpx.codes.NOT_FOUND


def test_staff_see_their_teams_notifications_over_https(deployment: Deployment) -> None:
    with deployment.client() as client:
        answer = client.get(
            f"https://localhost:{deployment.inbox_port}/v1/notifications",
            headers={"Authorization": f"Bearer {deployment.staff_token}"},
        )
    assert answer.status_code == httpx.codes.OK
    assert answer.json()["notifications"]


def test_sizes_and_memory_at_rest(deployment: Deployment, figure: Figure) -> None:
    [base] = inspect(BASE)
    for service in (*SERVICES, "ops"):
        [image] = inspect(f"saferoute/{service}:{FIRST}")
        own = image["Size"] - base["Size"]
        figure(f"image {service}", f"{image['Size'] / MIB:.0f} MiB, {own / MIB:.0f} of them ours")
    total = 0.0
    for container in deployment.containers():
        used = _memory(container["Id"])
        total += used
        figure(f"memory at rest, {name_of(container)}", f"{used:.0f} MiB")
    figure("memory at rest, all containers", f"{total:.0f} MiB")
    assert total < MEMORY_MIB


def _memory(container: str) -> float:
    """Resident memory in MiB as the engine counts it: without the page cache."""
    used = run(["docker", "stats", "--no-stream", "--format", "{{.MemUsage}}", container]).split("/")[0].strip()
    units = {"GiB": 1024.0, "MiB": 1.0, "KiB": 1 / 1024}
    unit = next(one for one in units if used.endswith(one))
    return float(used.removesuffix(unit)) * units[unit]
