"""One deployment for all tests of this folder, started from nothing and removed with its data at the end."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.compose.deployment import FIRST, SECOND, Deployment
from tests.support.docker import require_engine

FIGURES = pytest.StashKey[dict[str, str]]()
"""What was measured, in the order of measuring; printed at the end of the run."""


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FIGURES] = {}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    figures = config.stash.get(FIGURES, {})
    if not figures:
        return
    terminalreporter.section("the deployment in figures")
    width = max(len(name) for name in figures)
    for name, value in figures.items():
        terminalreporter.write_line(f"{name:{width}}  {value}")


@pytest.fixture(scope="session")
def figure(pytestconfig: pytest.Config) -> Callable[[str, object], None]:
    """Note a figure for the closing table."""

    def note(name: str, value: object) -> None:
        pytestconfig.stash[FIGURES][name] = str(value)

    return note


@pytest.fixture(scope="session")
def deployment(figure: Callable[[str, object], None]) -> Iterator[Deployment]:
    """Built, made secrets for, started, with a client and a member of staff."""
    require_engine()
    one = Deployment(Path(tempfile.mkdtemp(prefix="saferoute-compose-")))
    try:
        one.write_settings()
        started = time.monotonic()
        one.build(FIRST)
        one.build(SECOND)
        figure("building both versions of five images (cached layers count)", f"{time.monotonic() - started:.0f} s")
        one.script("init.sh")
        one.up()
        figure("from nothing to all healthy", f"{one.start_seconds:.0f} s")
        one.provision()
        yield one
    finally:
        one.down()
