"""A rolling upgrade under traffic refuses no post and loses no referral; a careless one is noticed."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from contracts.topics import SERVICES
from tests.compose.deployment import SECOND, Deployment
from tests.compose.load import Load
from tests.support.docker import run

pytestmark = pytest.mark.timeout(1800)

Figure = Callable[[str, object], None]
REPLICAS = 2
AWAY_SECONDS = 14.0
"""Longer than the proxy looks for a replica."""


def test_upgrading_every_service_refuses_no_post_and_loses_no_referral(deployment: Deployment, figure: Figure) -> None:
    started = time.monotonic()
    with Load(deployment, "upgrade") as load:
        deployment.script("upgrade.sh", SECOND)
        time.sleep(2)
    took = time.monotonic() - started
    assert load.failed_first == 0, load.first_answers
    assert deployment.untold(set(load.accepted)) == set()
    for service in SERVICES:
        images = [one["Config"]["Image"] for one in deployment.containers(service)]
        versions = [
            one["Config"]["Labels"]["org.opencontainers.image.version"] for one in deployment.containers(service)
        ]
        assert (images, versions) == ([f"saferoute/{service}:{SECOND}"] * REPLICAS, [SECOND] * REPLICAS)
    figure("rolling upgrade of all services", f"{took:.0f} s, {len(load.accepted)} posts")
    figure("rolling upgrade: failed posts, lost referrals", "0, 0")
    figure("rolling upgrade: slowest post", f"{load.slowest_seconds:.1f} s")


def test_a_careless_replacement_is_noticed_by_the_same_load(deployment: Deployment) -> None:
    """The control arm: both replicas stopped at once for longer than the proxy waits."""
    replicas = [one["Id"] for one in deployment.containers("intake")]
    with Load(deployment, "careless") as load:
        time.sleep(1)
        run(["docker", "stop", *replicas])
        time.sleep(AWAY_SECONDS)
        run(["docker", "start", *replicas])
        deployment.wait_healthy()
    assert load.failed_first > 0
    assert load.given_up == 0
    assert deployment.untold(set(load.accepted)) == set()
