"""The Docker Engine as tests use it: by its command line, so that what a test does a person can type."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

REQUIRED = "REQUIRE_DOCKER"
"""Set to 1, a missing engine is a failure. Unset, these tests are skipped: they take minutes and build images."""


def require_engine() -> None:
    """Skip, with the reason, where container tests are not asked for; fail where they are and no engine answers."""
    if os.environ.get(REQUIRED) != "1":
        pytest.skip(f"set {REQUIRED}=1 or run make compose-test", allow_module_level=True)
    if not engine_answers():
        pytest.fail("no Docker Engine answers, or it has no Compose v2", pytrace=False)


def engine_answers() -> bool:
    """Whether there is an engine and Compose v2."""
    try:
        for command in (["docker", "version"], ["docker", "compose", "version"]):
            subprocess.run(command, check=True, capture_output=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


class CommandFailedError(AssertionError):
    """A command ended with another exit code than 0; carries the end of what it wrote."""


def run(
    command: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
    timeout: float = 900.0,
    check: bool = True,
) -> str:
    """The standard output of a command. Raises CommandFailedError."""
    done = subprocess.run(
        [*command],
        env=dict(os.environ) | dict(env or {}),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    if check and done.returncode != 0:
        end = (done.stdout + done.stderr)[-3_000:]
        raise CommandFailedError(f"{' '.join(command)} ended with {done.returncode}\n{end}")
    return done.stdout


def inspect(*names: str) -> list[dict[str, Any]]:
    """What the engine says of containers or images."""
    found: list[dict[str, Any]] = json.loads(run(["docker", "inspect", *names])) if names else []
    return found
