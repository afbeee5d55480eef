"""The embedded parts as fixtures of a test session, started when the first test asks and gone with the session.

A test that breaks a part (kill, pause, stop) starts it again before it ends; one that wipes uses a part of its own.
"""

import os
from collections.abc import Iterator

import pytest

from services.local.jars import JarsUnavailableError
from services.local.kafka import EmbeddedKafka
from services.local.mail_catcher import MailCatcher
from services.local.postgres import EmbeddedPostgres


def require_kafka() -> bool:
    """Whether a missing Kafka is a failure (REQUIRE_KAFKA=1, as in CI) and not a skip."""
    return os.environ.get("REQUIRE_KAFKA") == "1"


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """A real Apache Kafka. Topics must be declared; use names of your own."""
    broker = EmbeddedKafka(tmp_path_factory.mktemp("kafka"))
    try:
        broker.__enter__()
    except JarsUnavailableError as reason:
        if require_kafka():
            pytest.fail(f"REQUIRE_KAFKA=1 and no Apache Kafka: {reason}")
        pytest.skip(f"no Apache Kafka: {reason}")
    yield broker
    broker.__exit__(None, None, None)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A real PostgreSQL; make a database of your own with `create_database`."""
    with EmbeddedPostgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture(scope="session")
def _session_mail_catcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailCatcher]:
    with MailCatcher(tmp_path_factory.mktemp("mails")) as catcher:
        yield catcher


@pytest.fixture
def mail_catcher(_session_mail_catcher: MailCatcher) -> MailCatcher:
    """A real SMTP server, empty and willing at the start of each test."""
    _session_mail_catcher.clear()
    _session_mail_catcher.accept()
    return _session_mail_catcher
