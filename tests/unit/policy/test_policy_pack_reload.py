"""Reload without restart: a good change is taken, a broken one never replaces a good pack."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

import services.routing
from contracts.policy import Pack
from services.kit.policy_pack import PackMetrics, PolicyPack, PolicyPackError, oldest_contact
from services.routing.domain.soundness import objections

NORTHMERE = Path(services.routing.__file__).parent / "policies" / "northmere"
NOW = dt.datetime(2026, 11, 20, 10, 0, tzinfo=dt.UTC)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    shutil.copytree(NORTHMERE, tmp_path / "pack")
    return tmp_path / "pack"


def holder(
    directory: Path, registry: CollectorRegistry | None = None, **more: Callable[[Pack], tuple[str, ...]]
) -> PolicyPack:
    metrics = None if registry is None else PackMetrics(registry)
    return PolicyPack(directory, lambda: NOW, metrics=metrics, **more)


def rewrite(directory: Path, old: str, new: str) -> None:
    file = directory / "pack.yaml"
    file.write_text(file.read_text().replace(old, new, 1))


def test_nothing_changes_while_the_files_stay_the_same(directory: Path) -> None:
    policy = holder(directory)
    pack = policy.current
    assert policy.refresh() == "unchanged"
    assert policy.current is pack


def test_a_good_change_is_taken_without_a_restart(directory: Path) -> None:
    policy = holder(directory)
    before = policy.status
    rewrite(directory, 'version: "1"', 'version: "2"')
    assert policy.refresh() == "replaced"
    assert policy.current.version == "2"
    assert policy.status.hash == policy.current.hash != before.hash


def test_a_broken_pack_never_replaces_a_good_one_and_says_so(directory: Path) -> None:
    registry = CollectorRegistry()
    policy = holder(directory, registry)
    good = policy.current
    rewrite(directory, "emergency_destination: hub", "emergency_destination: nowhere")
    assert policy.refresh() == "refused"
    assert policy.current is good
    assert "pack.yaml" in policy.status.refused[0]
    assert registry.get_sample_value("saferoute_policy_refused") == 1
    assert registry.get_sample_value("saferoute_policy_refreshes_total", {"outcome": "refused"}) == 1
    rewrite(directory, "emergency_destination: nowhere", "emergency_destination: hub")
    assert policy.refresh() == "replaced"
    assert policy.status.refused == ()
    assert registry.get_sample_value("saferoute_policy_refused") == 0


def test_a_file_that_vanishes_leaves_the_good_pack_in_use(directory: Path) -> None:
    policy = holder(directory)
    good = policy.current
    shutil.rmtree(directory)
    assert policy.refresh() == "refused"
    assert policy.current is good


def test_a_pack_that_fails_its_check_is_refused_as_a_broken_one_is(directory: Path) -> None:
    policy = holder(directory, object_to=lambda pack: objections(pack, NOW.date()))
    good = policy.current
    rules = directory / "rules.yaml"
    rules.write_text(rules.read_text().replace("fallback: true", "fallback: true\n    when: [{online: true}]", 1))
    assert policy.refresh() == "refused"
    assert policy.current is good
    assert any("no destination" in words for words in policy.status.refused)


def test_without_a_good_pack_nothing_starts(directory: Path) -> None:
    rewrite(directory, "name: northmere", "nome: northmere")
    with pytest.raises(PolicyPackError):
        holder(directory)


async def test_the_watcher_takes_a_change_by_itself(directory: Path) -> None:
    policy = holder(directory)
    watcher = asyncio.create_task(policy.keep_fresh(every_seconds=0.01))
    rewrite(directory, 'version: "1"', 'version: "3"')
    for _ in range(1_000):
        if policy.current.version == "3":
            break
        await asyncio.sleep(0.01)
    assert policy.current.version == "3"
    watcher.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watcher


def test_the_contact_verified_longest_ago_shows_how_old_the_address_book_is(directory: Path) -> None:
    registry = CollectorRegistry()
    policy = holder(directory, registry)
    oldest = policy.status.contacts_verified_on
    assert oldest is not None
    assert oldest == oldest_contact(policy.current, NOW.date())
    assert oldest_contact(policy.current.model_copy(update={"destinations": ()}), NOW.date()) is None
    shown = registry.get_sample_value("saferoute_policy_contacts_verified_seconds")
    assert shown == dt.datetime.combine(oldest, dt.time(), dt.UTC).timestamp()
