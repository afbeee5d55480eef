"""The whole system under a fault test, and the hand that kills its services."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from contracts.topics import SERVICES, Service
from services.local.kafka import EmbeddedKafka
from services.local.stack import Options, Stack, running
from services.local.supervisor import Status
from tests.support.chaos_evidence import MailBook, all_consume, collect, drained
from tests.support.chaos_load import URN, Accepted, Ledger, Load
from tests.support.chaos_verdict import Verdict, judge

NEVER_SECONDS: Final = "86400"
"""The ledger publishes nothing again for as long as any run lasts: what Kafka's side loses stays lost, and shows."""
BACK_SECONDS = 100.0
"""From a kill until the service is ready again: measured 4 to 8 on two busy cores."""
DRAIN_SECONDS = 120.0
"""From the last post until nothing is on its way any more. A killed consumer's partitions alone are orphaned for 10."""
SLOW: Final[Mapping[Service, str]] = dict.fromkeys(("redaction", "routing", "notify"), "slow_commit")
"""Services whose batches are settled well before they are committed, so that a kill in between repeats them."""
EXITS: Final = "exits"
"""The folder of the run directory in which a service that was asked to end says when it was out."""


class Switch:
    """Which fault each service is started with the next time: a file a service that its launcher reads."""

    def __init__(self, folder: Path, faults: Mapping[Service, str]) -> None:
        self.folder = folder
        (folder / EXITS).mkdir(parents=True, exist_ok=True)
        for service in SERVICES:
            self.set(service, faults.get(service, ""))

    def set(self, service: Service, mutant: str = "", env: Mapping[str, str] | None = None) -> None:
        """`mutant` is a name of tests.chaos.mutants, or nothing for the service as it is."""
        (self.folder / f"{service}.json").write_text(json.dumps({"mutant": mutant, "env": dict(env or {})}))

    def launchers(self) -> dict[Service, tuple[str, ...]]:
        return {
            service: (sys.executable, "-m", "tests.chaos.mutants", str(self.folder), service) for service in SERVICES
        }


@dataclass
class Arena:
    """A running system with its client's ledger and its mails."""

    stack: Stack
    ledger: Ledger
    book: MailBook
    switch: Switch
    kills: Counter[str] = field(default_factory=Counter)

    @property
    def kafka(self) -> EmbeddedKafka:
        """The broker, which is ours to stop and to wipe."""
        assert isinstance(self.stack.chosen.broker, EmbeddedKafka), "the fault tests need the embedded Kafka"
        return self.stack.chosen.broker

    def load(self, arm: str, per_second: float = 8.0, lanes: int = 8) -> Load:
        """A client of this system whose 202s belong to `arm`."""
        url, key = self.stack.deployment.url("intake"), self.stack.accounts.api_key
        return Load(url, key, self.ledger, arm, per_second, lanes)

    def kill(self, service: Service) -> int | None:
        """kill -9 of a service; the process id that is gone, None where there was none."""
        pid = self.stack.supervisor.pid(service)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            self.kills[service] += 1
        return pid

    async def until_back(self, service: Service, gone: int | None) -> bool:
        """Wait until another process than `gone` is ready; False when it was not in time."""
        supervisor = self.stack.supervisor

        def back() -> bool:
            return supervisor.pid(service) not in (None, gone) and supervisor.statuses()[service] is Status.READY

        return await until(back, BACK_SECONDS)

    async def restart(self, faults: Mapping[Service, str], env: Mapping[str, str] | None = None) -> None:
        """Start services anew, each with its fault or with none."""
        gone = {}
        for service, mutant in faults.items():
            self.switch.set(service, mutant, env)
            gone[service] = self.kill(service)
        for service, pid in gone.items():
            assert await self.until_back(service, pid), f"{service} is not ready again"

    async def consuming(self) -> None:
        """Wait until every consumer has its partitions: a killed one's are orphaned for ten seconds."""
        deadline = time.monotonic() + BACK_SECONDS
        while not await asyncio.to_thread(all_consume, self.stack.bootstrap_servers):
            assert time.monotonic() < deadline, "a service is ready and does not consume"
            await asyncio.sleep(0.25)

    async def verdict(
        self, arm: str, *, seconds: float = DRAIN_SECONDS, ask: bool = True, wiped: bool = False
    ) -> Verdict:
        """Wait until nothing moves, then judge the arm by what is on the topics and in the mails."""
        accepted = self.ledger.of(arm)
        await drained(self.stack, self.book, {one.reference for one in accepted}, seconds)
        referrals = {one.referral_id for one in accepted} if ask else ()
        evidence = await collect(self.stack, self.book, referrals)
        return judge(accepted, evidence, {one.reference for one in self.ledger.read()}, wiped=wiped)

    def accepted(self, arm: str) -> Sequence[Accepted]:
        return self.ledger.of(arm)


async def until(true: Callable[[], bool], seconds: float) -> bool:
    """Wait until it is true; False when it was not in time."""
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0.05)
    return true()


@contextlib.asynccontextmanager
async def arena(
    folder: Path,
    environ: Mapping[str, str],
    say: Callable[[str], None],
    *,
    faults: Mapping[Service, str] | None = None,
) -> AsyncIterator[Arena]:
    """The system in `folder`, the ledger's re-emission off.

    With `faults`, services are started so that they can be given mistakes, and begin with these; without, by their own
    command lines. Raises PartError: no real Kafka could be had where one is required.
    """
    switch = Switch(folder / "switch", faults or {})
    options = Options(
        folder,
        environ,
        say,
        urns=(URN,),
        show_logs=False,
        overrides={"intake": {"SAFEROUTE_STALL_AFTER_SECONDS": NEVER_SECONDS}},
        launchers={} if faults is None else switch.launchers(),
    )
    async with running(options) as stack:
        yield Arena(stack, Ledger(folder / "ledger.jsonl"), MailBook(stack.mail.store), switch)


@dataclass
class Killer:
    """Kills services at instants that a seed decides, each as often as the others."""

    arena: Arena
    seed: int
    longest_pause: float = 8.0
    """Seconds that a service may work before it is killed again, at most."""
    start_share: float = 0.2
    """Share of the kills that strike a service while it is still starting."""

    async def run(self, each: int, services: Iterable[Service] = SERVICES) -> None:
        """Kill every service `each` times, side by side. Raises AssertionError: one did not come back."""
        await asyncio.gather(*(self._one(service, each) for service in services))

    async def _one(self, service: Service, times: int) -> None:
        chance = random.Random(f"{self.seed}/{service}")
        for _ in range(times):
            await asyncio.sleep(chance.uniform(0.2, self.longest_pause))
            gone = await self._strike(service)
            if chance.random() < self.start_share:
                await until(lambda gone=gone: self.arena.stack.supervisor.pid(service) not in (None, gone), 20.0)  # type: ignore[misc]
                await asyncio.sleep(chance.uniform(0.0, 3.0))
            else:
                assert await self.arena.until_back(service, gone), f"{service} is not ready again"

    async def _strike(self, service: Service) -> int:
        """Kill it once it is there to be killed."""
        assert await until(lambda: self.arena.stack.supervisor.pid(service) is not None, BACK_SECONDS)
        gone = self.arena.kill(service)
        assert gone is not None
        return gone
