"""The service images on a Kafka and a PostgreSQL in containers: no proxy, no TLS, nothing of compose."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from testcontainers.core.network import Network

from contracts.topics import SERVICES
from tests.containers.lab import ROOT, TAG, Lab, eventually, kafka, mail, postgres
from tests.support.docker import CommandFailedError, require_engine, run


@pytest.fixture(scope="session")
def images() -> None:
    """Every image of ours, from the Dockerfile that compose builds from."""
    require_engine()
    for target in (*SERVICES, "ops"):
        build = ["docker", "build", "--quiet", "--file", str(ROOT / "deploy/images/Dockerfile"), "--target", target]
        run([*build, "--build-arg", f"VERSION={TAG}", "--tag", f"saferoute/{target}:{TAG}", str(ROOT)])


@pytest.fixture(scope="session")
def secrets(images: None) -> Iterator[Path]:
    """A folder of secrets, made by init.sh."""
    folder = Path(tempfile.mkdtemp(prefix="saferoute-containers-"))
    (folder / "env").write_text(f"SAFEROUTE_SECRETS={folder}/secrets\nSAFEROUTE_VERSION={TAG}\n")
    try:
        run([str(ROOT / "deploy" / "init.sh")], env={"SAFEROUTE_ENV_FILE": str(folder / "env")})
        yield folder / "secrets"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def lab(secrets: Path) -> Iterator[Lab]:
    """Kafka, PostgreSQL and a mail catcher on a network of their own, provisioned by the images themselves."""
    with ExitStack() as parts:
        network = parts.enter_context(Network())
        one = Lab(network, secrets)
        for part in (kafka(network), postgres(network, secrets), mail(network)):
            parts.enter_context(part)
        databases = [f"--dsn-file=/run/secrets/{name}.dsn" for name in ("intake", "redaction", "notify")]
        eventually(lambda: _works(one, "databases", "apply", *databases), "databases")
        one.operate("kafka", "apply", "--passwords", "/run/secrets")
        for service in ("intake", "redaction", "notify"):
            one.migrate(service)
        yield one


def _works(lab: Lab, *command: str) -> bool:
    try:
        lab.operate(*command)
    except CommandFailedError:
        return False
    return True
