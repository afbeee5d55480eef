"""Whatever is killed, restarted or frozen: what got a 202 reaches somebody."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.compose.deployment import ALL_SERVICES, Deployment
from tests.compose.load import Load
from tests.support.docker import run

pytestmark = pytest.mark.timeout(1800)

Figure = Callable[[str, object], None]
SETTLED_SECONDS = 240.0
"""A referral whose events were lost with a broker is published again after two minutes."""
PAUSE_SECONDS = 60


def test_a_killed_and_a_restarted_container_of_each_service_lose_no_referral(
    deployment: Deployment, figure: Figure
) -> None:
    back: dict[str, float] = {}
    with Load(deployment, "kills") as load:
        for service in sorted(ALL_SERVICES):
            replicas = deployment.containers(service)
            kill_inside(replicas[0]["Id"])
            killed = time.monotonic()
            deployment.wait_healthy()
            back[service] = time.monotonic() - killed
            run(["docker", "restart", "--time", "20", replicas[-1]["Id"]])
            deployment.wait_healthy()
    assert load.given_up == 0
    assert deployment.untold(set(load.accepted), SETTLED_SECONDS) == set()
    figure("kill -9 and restart of each container: referrals accepted", len(load.accepted))
    figure("kill -9 and restart of each container: referrals lost", 0)
    figure("kill -9 and restart of each container: posts that had to be repeated", load.failed_first)
    figure("seconds from kill -9 to healthy", ", ".join(f"{name} {took:.0f}" for name, took in back.items()))


def test_a_broker_frozen_for_a_minute_costs_no_post_and_no_referral(deployment: Deployment, figure: Figure) -> None:
    [kafka] = deployment.containers("kafka")
    with Load(deployment, "frozen") as load:
        time.sleep(2)
        before = len(load.accepted)
        run(["docker", "pause", kafka["Id"]])
        try:
            time.sleep(PAUSE_SECONDS)
            during = len(load.accepted) - before
        finally:
            run(["docker", "unpause", kafka["Id"]])
        time.sleep(2)
    assert load.failed_first == 0, load.first_answers
    assert during > PAUSE_SECONDS
    assert deployment.untold(set(load.accepted), SETTLED_SECONDS) == set()
    subjects = " ".join(mail["subject"] for mail in deployment.mails())
    assert {reference for reference in load.accepted.values() if reference not in subjects} == set()
    deployment.wait_healthy()
    figure(f"broker frozen {PAUSE_SECONDS} s: posts answered 202 meanwhile", during)
    figure(f"broker frozen {PAUSE_SECONDS} s: posts refused, referrals lost", "0, 0")


def kill_inside(container: str) -> None:
    """kill -9 of the container's process, as a crash would: to the engine, `docker kill` is a wish to stop."""
    run(["docker", "exec", container, "sh", "-c", "kill -9 -1"], check=False)
