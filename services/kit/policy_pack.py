"""The policy pack in use: read from its directory, read again when it changes, never replaced by a broken one."""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import structlog
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge

from contracts.policy.pack import Pack
from services.kit.clock import Clock
from services.kit.policy_files import PolicyPackError, Problem, load_pack

__all__ = [
    "PackMetrics",
    "PackStatus",
    "PolicyPack",
    "PolicyPackError",
    "Problem",
    "Refresh",
    "load_pack",
    "oldest_contact",
    "process_metrics",
]

Refresh = Literal["unchanged", "replaced", "refused"]
"""What a look at the directory brought."""


@dataclass(frozen=True, slots=True)
class PackStatus:
    """Which pack decides, since when, and whether a newer one was refused (and why)."""

    name: str
    version: str
    hash: str
    in_use_since: dt.datetime
    contacts_verified_on: dt.date | None = None
    """When the contact that was looked at longest ago was compared with its source; None without contacts."""
    refused: tuple[str, ...] = ()
    """Problems of the newest directory content, in words; empty while the pack in use is the newest."""


class PackMetrics:
    """Figures of the pack in use, for an alert on `saferoute_policy_refused == 1`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._refused = Gauge(
            "saferoute_policy_refused", "1 while a newer policy pack is refused and the older one decides",
            registry=registry,
        )  # fmt: skip
        self._since = Gauge(
            "saferoute_policy_in_use_since_seconds", "When the policy pack in use was taken",
            ["name", "version", "hash"], registry=registry,
        )  # fmt: skip
        self._refreshes = Counter(
            "saferoute_policy_refreshes", "Changes of the policy pack, by outcome", ["outcome"], registry=registry
        )
        self._contacts = Gauge(
            "saferoute_policy_contacts_verified_seconds", "When the contact verified longest ago was verified",
            registry=registry,
        )  # fmt: skip

    def record(self, outcome: Refresh, status: PackStatus) -> None:
        """Show `status` after a look that ended in `outcome`."""
        self._refused.set(1 if status.refused else 0)
        self._since.clear()
        self._since.labels(status.name, status.version, status.hash[:12]).set(status.in_use_since.timestamp())
        self._refreshes.labels(outcome).inc()
        if status.contacts_verified_on is not None:
            verified = dt.datetime.combine(status.contacts_verified_on, dt.time(), dt.UTC)
            self._contacts.set(verified.timestamp())


@functools.cache
def process_metrics() -> PackMetrics:
    """The figures of this process: one set, however many applications are made in it."""
    return PackMetrics(REGISTRY)


def oldest_contact(pack: Pack, today: dt.date) -> dt.date | None:
    """When the address or number in force on `today` that was verified longest ago was verified; None without any."""
    places = [one for one in pack.destinations if one.in_force(today)]
    phones = [one.phone.verified_on for one in places if one.phone is not None and one.phone.in_force(today)]
    people = [who.verified_on for one in places for who in one.recipients if who.in_force(today)]
    return min(phones + people, default=None)


def accept_every_pack(_pack: Pack) -> tuple[str, ...]:
    """No further objection than those of loading."""
    return ()


class PolicyPack:
    """The pack in use. A directory that changes is read again; a broken pack never replaces a good one.

    `object_to` names what speaks against a pack beyond its form (routing gives its errors of `policy check`): a pack
    with objections is refused as a broken one is. The first load raises PolicyPackError, so that no service starts
    without a good pack.
    """

    def __init__(
        self,
        directory: Path,
        clock: Clock,
        *,
        object_to: Callable[[Pack], tuple[str, ...]] = accept_every_pack,
        metrics: PackMetrics | None = None,
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._object_to = object_to
        self._metrics = metrics
        self._seen = _fingerprint(directory)
        self._pack = self._load()
        self._status = self._in_use()
        self._report("replaced")

    @property
    def current(self) -> Pack:
        """The newest good pack."""
        return self._pack

    @property
    def status(self) -> PackStatus:
        """Which pack is in use, and what is wrong with a newer one."""
        return self._status

    def refresh(self) -> Refresh:
        """Look at the directory once; take what is new and good."""
        seen = _fingerprint(self._directory)
        if seen == self._seen:
            return "unchanged"
        self._seen = seen
        problems: tuple[str, ...] = ()
        try:
            self._pack = self._load()
        except PolicyPackError as error:
            problems = tuple(problem.in_words() for problem in error.problems)
        if problems:
            self._status = replace(self._status, refused=problems)
            self._report("refused")
            return "refused"
        self._status = self._in_use()
        self._report("replaced")
        return "replaced"

    async def keep_fresh(self, every_seconds: float = 5.0) -> None:
        """Refresh again and again until cancelled, off the event loop."""
        while True:
            await asyncio.sleep(every_seconds)
            await asyncio.to_thread(self.refresh)

    def _in_use(self) -> PackStatus:
        version, now = self._pack.policy_version, self._clock()
        return PackStatus(version.name, version.version, version.hash, now, oldest_contact(self._pack, now.date()))

    def _load(self) -> Pack:
        pack = load_pack(self._directory)
        objections = self._object_to(pack)
        if objections:
            raise PolicyPackError(*(Problem(self._directory.name, 1, "", words) for words in objections))
        return pack

    def _report(self, outcome: Refresh) -> None:
        log = structlog.get_logger()
        fields = {"version": self._status.version, "part": self._status.name}
        if outcome == "refused":
            log.error("policy.refused", **fields, count=len(self._status.refused))
        else:
            log.info("policy.in_use", **fields)
        if self._metrics is not None:
            self._metrics.record(outcome, self._status)


def _fingerprint(directory: Path) -> str:
    """A digest over names and content of the files, so that a change is seen whatever the clock of the disk says.

    A file that cannot be read now counts as content of its own: the next look tries again.
    """
    digest = hashlib.sha256()
    for file in sorted(directory.glob("*.yaml")):
        try:
            content = file.read_bytes()
        except OSError:
            content = b"unreadable"
        digest.update(f"{file.name}:{len(content)}:".encode())
        digest.update(content)
    return digest.hexdigest()
