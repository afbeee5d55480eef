"""SIGTERM at the bad moments: while Kafka has not come yet, and after it has gone with records still in hand."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from services.local.kafka import EmbeddedKafka
from services.local.processes import free_port
from tests.support.kit_lab import declare

CONTAINER_SECONDS = 15.0


def start(bootstrap_servers: str, topic: str, until: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.support.kit_service", bootstrap_servers, str(free_port()), topic]
    service = subprocess.Popen(
        command, cwd=Path(__file__).parents[3], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert service.stdout is not None
    for line in service.stdout:
        if line.strip() == until:
            return service
    raise AssertionError(f"the service ended before it said {until!r}")


def stop(service: subprocess.Popen[str]) -> tuple[int, float]:
    started = time.monotonic()
    service.send_signal(signal.SIGTERM)
    try:
        service.communicate(timeout=CONTAINER_SECONDS)
    finally:
        service.kill()
    return service.returncode, time.monotonic() - started


def test_a_service_that_still_waits_for_kafka_leaves_at_once() -> None:
    code, seconds = stop(start(f"127.0.0.1:{free_port()}", "t", until="waiting"))
    assert code == 0
    assert seconds < 5


@pytest.mark.real_kafka
def test_a_service_whose_kafka_is_gone_leaves_before_a_container_is_killed(kafka: EmbeddedKafka) -> None:
    topic = declare(kafka, partitions=1)
    service = start(kafka.bootstrap_servers, topic, until="up")
    kafka.pause()
    try:
        time.sleep(0.5)
        code, seconds = stop(service)
    finally:
        kafka.resume()
    assert code == 0
    assert seconds < CONTAINER_SECONDS
