"""What operations do to a running deployment: look at it, rotate its secrets, start it again."""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter
from collections.abc import Callable

import httpx
import pytest

from contracts.topics import SERVICES
from services.local.commands import EXAMPLES
from tests.compose.deployment import Deployment, body_of_sample

pytestmark = pytest.mark.timeout(1800)

Figure = Callable[[str, object], None]
SCRAPED_SECONDS = 120.0
"""Names are looked up and replicas scraped every 15 s."""
EVERY_REPLICA = Counter(dict.fromkeys(SERVICES, 2))
SAMPLE = EXAMPLES / "referrals" / "11-cse-college-student-hotel.json"


def told_of_a_new_referral(deployment: Deployment, record: str) -> bool:
    """Post a referral that nobody posted before, and see that somebody is told."""
    body = body_of_sample(SAMPLE) | {"source": {"system": "operations", "record_id": record, "version": 1}}
    with deployment.client() as client:
        answer = client.post("/v1/referrals", json=body, headers={"Idempotency-Key": str(uuid.uuid4())})
    assert answer.status_code == 202, answer.text
    return deployment.untold({answer.json()["id"]}) == set()


def test_dead_letters_are_looked_at_with_the_operators_rights_alone(deployment: Deployment) -> None:
    assert deployment.operate("dead-letters", "list").strip().endswith("dead letters")


def test_the_doctor_finds_no_fault(deployment: Deployment) -> None:
    said = deployment.compose("--profile", "tools", "run", "--rm", "--no-deps", "-T", "doctor", "--json")
    report = json.loads(said)
    assert [one for one in report["findings"] if one["level"] == "fault"] == []


def test_prometheus_sees_every_replica_of_every_service(deployment: Deployment) -> None:
    observed = ["--profile", "observability"]
    deployment.compose(*observed, "up", "--detach", "--no-deps", "--no-build", "prometheus")
    try:
        deadline = time.monotonic() + SCRAPED_SECONDS
        seen: Counter[str] = Counter()
        while seen != EVERY_REPLICA and time.monotonic() < deadline:
            time.sleep(2)
            seen = _healthy_targets(deployment)
        assert seen == EVERY_REPLICA
    finally:
        deployment.compose(*observed, "rm", "--force", "--stop", "prometheus")


def _healthy_targets(deployment: Deployment) -> Counter[str]:
    """How many replicas of each job Prometheus could scrape."""
    try:
        answer = httpx.get(f"http://127.0.0.1:{deployment.prometheus_port}/api/v1/targets", timeout=10)
    except httpx.HTTPError:
        return Counter()
    targets = answer.json()["data"]["activeTargets"]
    return Counter(
        one["labels"]["job"] for one in targets if one["health"] == "up" and one["labels"]["job"] in SERVICES
    )


def test_every_secret_that_can_be_rotated_is_and_referrals_go_on(deployment: Deployment, figure: Figure) -> None:
    assert told_of_a_new_referral(deployment, "before")
    for kind in ("sealing", "kafka-passwords", "databases", "certificates"):
        assert deployment.script("init.sh", "rotate", kind).startswith("replaced")
    deployment.compose("up", "--detach", "--no-build", "--force-recreate", "--wait", "--wait-timeout", "300")
    deployment.wait_healthy()
    assert told_of_a_new_referral(deployment, "after")
    figure("secrets rotated while running", "sealing, Kafka passwords, database passwords, certificates")
