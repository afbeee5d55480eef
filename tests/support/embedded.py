"""The embedded parts as fixtures of a test session, started when the first test asks and gone with the session.

A test that breaks a part (kill, pause, stop) starts it again before it ends; one that wipes uses a part of its own.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from services.local.jars import JarsUnavailableError
from services.local.kafka import EmbeddedKafka
from services.local.mail_catcher import MailCatcher
from services.local.postgres import EmbeddedPostgres


def require_kafka() -> bool:
    """Whether a missing Kafka is a failure (REQUIRE_KAFKA=1, as in CI) and not a skip."""
    return os.environ.get("REQUIRE_KAFKA") == "1"


@contextmanager
def run_directory(name: str) -> Iterator[Path]:
    """A folder for a part, gone afterwards. Not pytest's: every session of pytest closes the folder above its own to
    other accounts, also while another session's PostgreSQL, which is no root, is about to start there."""
    with tempfile.TemporaryDirectory(prefix=f"saferoute-{name}-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def kafka() -> Iterator[EmbeddedKafka]:
    """A real Apache Kafka. Topics must be declared; use names of your own."""
    with ExitStack() as parts:
        broker = EmbeddedKafka(parts.enter_context(run_directory("kafka")))
        try:
            parts.enter_context(broker)
        except JarsUnavailableError as reason:
            if require_kafka():
                pytest.fail(f"REQUIRE_KAFKA=1 and no Apache Kafka: {reason}")
            pytest.skip(f"no Apache Kafka: {reason}")
        yield broker


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A real PostgreSQL; make a database of your own with `create_database`."""
    with run_directory("postgres") as folder, EmbeddedPostgres(folder) as server:
        yield server


@pytest.fixture(scope="session")
def _session_mail_catcher() -> Iterator[MailCatcher]:
    with run_directory("mails") as folder, MailCatcher(folder) as catcher:
        yield catcher


@pytest.fixture
def run_dir() -> Iterator[Path]:
    """An empty folder for a part of the test's own."""
    with run_directory("test") as folder:
        yield folder


@pytest.fixture
def mail_catcher(_session_mail_catcher: MailCatcher) -> MailCatcher:
    """A real SMTP server, empty and willing at the start of each test."""
    _session_mail_catcher.clear()
    _session_mail_catcher.accept()
    return _session_mail_catcher
