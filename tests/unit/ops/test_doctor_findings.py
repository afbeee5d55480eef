"""How figures become findings: what is a fault, what a warning, and that every fault says what to do."""

from __future__ import annotations

import datetime as dt
import json
import secrets
from pathlib import Path

import pytest

from services.kit.sealing import generate_key_pair
from services.ops.broker_plan import Found, declared_rules, declared_topics, plan
from services.ops.doctor import findings
from services.ops.doctor.databases import newest_revision
from services.ops.doctor.findings import Finding, Report


@pytest.mark.parametrize(
    ("seconds", "level"),
    [(0.0, "ok"), (-1.9, "ok"), (2.5, "warning"), (-29, "warning"), (31, "fault"), (-3600, "fault")],
)
def test_a_clock_is_judged_by_how_far_it_is_off_in_either_direction(seconds: float, level: str) -> None:
    assert findings.clock("database/intake/clock", seconds).level == level


@pytest.mark.parametrize(
    ("public", "private", "level"),
    [("new", ["new", "old"], "ok"), ("old", ["new", "old"], "warning"), ("other", ["new", "old"], "fault")],
)
def test_intakes_public_key_must_be_one_that_redaction_opens_and_should_be_its_newest(
    public: str, private: list[str], level: str
) -> None:
    assert findings.key_pair(public, private[0], private).level == level


def test_a_typed_key_is_told_from_a_random_one() -> None:
    assert findings.made_by_hand(bytes(32))
    assert findings.made_by_hand(bytes.fromhex("deadbeef" * 8))
    assert findings.made_by_hand(b"saferoutesaferoutesaferoutesafer")
    assert not any(findings.made_by_hand(secrets.token_bytes(32)) for _ in range(500))


def test_a_broker_as_declared_has_nothing_to_do() -> None:
    shapes = declared_topics(1, 1)
    there = {name: (shape.partitions, shape.settings) for name, shape in shapes.items()}
    todo = plan(
        shapes, Found(there, declared_rules(), frozenset({"intake", "redaction", "routing", "notify", "operator"}))
    )
    assert [one.level for one in (*findings.topics(todo), *findings.access(todo))] == ["ok", "ok"]


def test_a_bare_broker_lacks_every_topic_user_and_permission_by_name() -> None:
    shapes = declared_topics(1, 1)
    todo = plan(shapes, Found({}, frozenset(), frozenset()))
    missing = findings.topics(todo)
    assert len(missing) == len(shapes)
    assert all(one.level == "fault" and one.todo for one in (*missing, *findings.access(todo)))


@pytest.mark.parametrize(("value", "level"), [("false", "ok"), ("true", "fault"), (None, "warning")])
def test_a_broker_that_makes_topics_by_itself_is_a_fault(value: str | None, level: str) -> None:
    assert findings.auto_create(value).level == level


def test_a_stalled_referral_is_a_fault_and_one_published_again_a_warning() -> None:
    assert findings.ledger(3, 0, 40.0).level == "ok"
    assert findings.ledger(3, 1, 130.0).level == "warning"
    assert findings.ledger(3, 1, 901.0).level == "fault"


def test_immediate_danger_unanswered_is_a_fault_and_others_a_warning() -> None:
    assert [findings.unanswered(*late).level for late in ((0, 0), (0, 4), (1, 0))] == ["ok", "warning", "fault"]


def test_contacts_grow_stale_after_half_a_year() -> None:
    today = dt.date(2026, 11, 21)
    ages = [None, today, today - dt.timedelta(days=180), today - dt.timedelta(days=181)]
    assert [findings.contacts(one, today).level for one in ages] == ["fault", "ok", "ok", "warning"]


def test_warnings_alone_are_no_failure() -> None:
    assert Report((findings.ok("a", "x"), findings.warning("b", "y", "z"))).exit_code == 0
    assert Report((findings.ok("a", "x"), findings.fault("b", "y", "z"))).exit_code == 1
    assert Report((Finding("ok", "a", "x"),)).verdict == "0 faults, 0 warnings, 1 as they should be"


def test_a_service_that_runs_without_its_database_is_named_with_what_it_lacks() -> None:
    assert "database" in findings.readiness("intake", 503, ["database"]).means
    assert findings.readiness("intake", None, []).level == "fault"
    assert findings.readiness("intake", 200, []).level == "ok"


def test_the_newest_revision_is_the_one_that_none_builds_upon(tmp_path: Path) -> None:
    versions = tmp_path / "intake" / "migrations" / "versions"
    versions.mkdir(parents=True)
    (versions / "a.py").write_text('revision = "0001"\ndown_revision = None\n')
    (versions / "b.py").write_text('revision = "0002"\ndown_revision = "0001"\nraise SystemExit\n')
    assert newest_revision("intake", tmp_path) == "0002"
    assert newest_revision("notify", tmp_path) is None
    assert newest_revision("redaction") is not None


def test_an_annotated_revision_counts_too(tmp_path: Path) -> None:
    versions = tmp_path / "intake" / "migrations" / "versions"
    versions.mkdir(parents=True)
    (versions / "a.py").write_text('revision: str = "0007"\ndown_revision: str | None = None\n')
    assert newest_revision("intake", tmp_path) == "0007"


def test_key_files_are_not_repeated_in_any_words() -> None:
    public, private = generate_key_pair()
    said = findings.key_pair(json.loads(public)["key_id"], "x", ["x"])
    assert json.loads(private)["private_key"] not in str(said)
