"""Each image by itself: starts, says that it is ready, stops in time, and refuses what it must refuse."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest
from testcontainers.core.container import DockerContainer

from contracts.topics import SERVICES, Service
from services.local.commands import EXAMPLES, sample_urns
from tests.containers.lab import Lab, address, eventually, post, ready
from tests.support.docker import run

pytestmark = pytest.mark.timeout(1200)

STOP_SECONDS = 15
"""What a container gets between SIGTERM and SIGKILL (docs/decisions/0003)."""
SAMPLE = EXAMPLES / "referrals" / "05-level-four-neglect-twins.json"


@pytest.fixture(scope="module")
def api_key(lab: Lab) -> str:
    urns = [f"--urn={urn}" for urn in sample_urns()]
    return lab.operate("clients", "create", "containers", "--dsn-file=/run/secrets/intake.dsn", *urns).strip()


@pytest.fixture(scope="module")
def services(lab: Lab) -> Iterator[dict[Service, DockerContainer]]:
    """The four services, ready."""
    with ExitStack() as parts:
        started = {service: parts.enter_context(lab.service(service)) for service in SERVICES}
        for service, container in started.items():
            eventually(lambda container=container: ready(container), service)  # type: ignore[misc]
        yield started


def test_a_referral_goes_through_four_containers_and_somebody_is_told(
    services: dict[Service, DockerContainer], api_key: str
) -> None:
    answer = post(services["intake"], api_key, json.loads(SAMPLE.read_text()))
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    where = f"{address(services['intake'])}{answer.json()['status_url']}"

    def told() -> bool:
        status = httpx.get(where, headers={"Authorization": f"Bearer {api_key}"}, timeout=10).json()
        return bool(status["status"] == "notified")

    eventually(told, "somebody is told")


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_runs_as_its_own_user_on_a_read_only_root(
    services: dict[Service, DockerContainer], service: Service
) -> None:
    code, output = services[service].exec(["sh", "-c", "id -u; touch /app/probe 2>/dev/null || echo refused"])
    assert (code, output.split()) == (0, [b"10001", b"refused"])


@pytest.mark.parametrize("service", SERVICES)
def test_sigterm_ends_a_service_cleanly_and_in_time(lab: Lab, service: Service) -> None:
    with lab.service(service) as container:
        eventually(lambda: ready(container), service)
        wrapped = container.get_wrapped_container()
        asked = time.monotonic()
        wrapped.kill("SIGTERM")
        ended = wrapped.wait(timeout=2 * STOP_SECONDS)
        assert time.monotonic() - asked < STOP_SECONDS
        assert ended["StatusCode"] == 0


@pytest.mark.parametrize("service", ["intake", "redaction", "notify"])
def test_migrating_again_is_harmless(lab: Lab, service: Service) -> None:
    lab.migrate(service)


def test_intake_takes_referrals_while_there_is_no_kafka(lab: Lab, api_key: str) -> None:
    with lab.service("intake", SAFEROUTE_KAFKA__BOOTSTRAP_SERVERS="nowhere:9092") as container:
        eventually(lambda: ready(container), "intake without Kafka")
        body = json.loads(SAMPLE.read_text()) | {"source": {"system": "x", "record_id": "no-kafka", "version": 1}}
        assert post(container, api_key, body).status_code == httpx.codes.ACCEPTED


def test_routing_gives_up_on_a_kafka_that_never_comes(lab: Lab) -> None:
    late = {"SAFEROUTE_KAFKA__BOOTSTRAP_SERVERS": "nowhere:9092", "SAFEROUTE_KAFKA__START_DEADLINE_SECONDS": "3"}
    with lab.service("routing", **late) as container:
        assert container.get_wrapped_container().wait(timeout=60)["StatusCode"] != 0


def test_redaction_refuses_a_key_that_others_may_read(lab: Lab) -> None:
    shared = lab.secrets.parent / "shared"
    key = run(["docker", "run", "--rm", "--user=0", f"--volume={lab.secrets}:/secrets:ro", "--entrypoint=cat",
               "saferoute/ops:containers-test", "/secrets/vault.json"])  # fmt: skip
    shared.mkdir()
    (shared / "vault.json").write_text(key)
    (shared / "vault.json").chmod(0o444)
    container = lab.service("redaction", SAFEROUTE_VAULT_KEY_FILE="/run/shared/vault.json")
    with container.with_volume_mapping(str(shared / "vault.json"), "/run/shared/vault.json", "ro"):
        assert container.get_wrapped_container().wait(timeout=60)["StatusCode"] != 0
        said = b"".join(container.get_logs()).decode()
    assert "mode 0444, must be 0400 or 0600" in said
    assert json.loads(key)["key"] not in said
