"""Logs: nothing but allow-listed fields, nothing of an exception's or a library's text."""

from __future__ import annotations

import json
import logging

import pytest
import structlog

from services.kit.logs import configure_logs, exception_fields

NAME = "Jamie Example-Planted"


@pytest.fixture(autouse=True)
def _restored_logging() -> object:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_field_that_is_not_allowed_is_dropped_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("intake", "DEBUG")
    structlog.get_logger().info("referral.received", referral_id="r1", name=NAME)
    [line] = lines(capsys)
    assert line["referral_id"] == "r1"
    assert line["dropped_fields"] == 1
    assert NAME not in json.dumps(line)


def test_a_librarys_message_passes_as_the_place_it_came_from(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("intake", "DEBUG")
    logging.getLogger("aiokafka").error("record %s", NAME)
    logging.getLogger("faststream.kafka").debug("record %s", NAME)
    shown = lines(capsys)
    assert [line["library"] for line in shown] == ["aiokafka", "faststream.kafka"]
    assert NAME not in json.dumps(shown)


def test_an_exception_is_logged_by_type_and_place() -> None:
    try:
        raise ValueError(NAME)
    except ValueError as error:
        fields = exception_fields(error)
    assert fields["exc_type"] == "ValueError"
    assert "test_logs.py:" in fields["exc_at"]
    assert NAME not in json.dumps(fields)


def test_a_librarys_exception_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("intake", "DEBUG")
    try:
        raise ValueError(NAME)
    except ValueError:
        logging.getLogger("uvicorn.error").exception("failed with %s", NAME)
    [line] = lines(capsys)
    assert line["exc_type"] == "ValueError"
    assert NAME not in json.dumps(line)
