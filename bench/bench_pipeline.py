"""From 202 to mail: idle latency, throughput, and where the time goes. `python -m bench.bench_pipeline`

All processes share the machine (Kafka, PostgreSQL, mail catcher, four services, this client), so the figures are a
floor, and only shares and ratios within one run mean much. Instants are the machine's one clock.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import itertools
import json
import os
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer

from contracts.codec import decode
from contracts.envelope import Envelope
from contracts.events.notification import NotificationSentV1
from contracts.events.referral_redacted import ReferralRedactedV1
from contracts.events.referral_routed import ReferralRoutedV1
from services.local.commands import EXAMPLES, sample_urns
from services.local.stack import Options, Stack, running

PATIENCE_SECONDS = 300.0
CONNECTIONS = 16

STEPS = ("202 answered", "redacted", "routed", "mail accepted")


@dataclass
class Times:
    """Instants of one referral, as the services and the mail catcher wrote them."""

    received: dt.datetime
    answered: dt.datetime
    events: dict[str, dt.datetime] = field(default_factory=dict)
    mailed: dt.datetime | None = None


class Bench:
    """Posts the samples' bodies as new records and reads the instants back from topics and mails."""

    def __init__(self, stack: Stack, http: httpx.AsyncClient) -> None:
        self._stack = stack
        self._http = http
        self._bodies = [path.read_bytes() for path in sorted((EXAMPLES / "referrals").glob("*.json"))]

    async def post(self, number: int) -> tuple[str, Times]:
        """Post one referral; its reference and the instant of its 202."""
        body: dict[str, Any] = json.loads(self._bodies[number % len(self._bodies)])
        body["source"] = {"system": "bench", "record_id": str(uuid.uuid4()), "version": 1}
        answer = await self._http.post("/v1/referrals", json=body, headers={"Idempotency-Key": str(uuid.uuid4())})
        answer.raise_for_status()
        accepted = answer.json()
        return accepted["reference"], Times(dt.datetime.fromisoformat(accepted["received_at"]), _now())

    async def mails(self, posted: dict[str, Times]) -> None:
        """Wait until each has a mail, and note when the first one was taken."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        seen: set[str] = set()
        store = self._stack.mail.store
        while any(times.mailed is None for times in posted.values()):
            if time.monotonic() > deadline:
                raise TimeoutError("not every referral was told")
            for mail_id in set(store.ids()) - seen:
                seen.add(mail_id)
                mail = store.read(mail_id)
                reference = (
                    next((word for word in mail.subject.replace(":", " ").split() if word in posted), None)
                    if mail
                    else None
                )
                if mail and reference and posted[reference].mailed is None:
                    posted[reference].mailed = mail.received_at
            await asyncio.sleep(0.01)

    async def idle(self, count: int) -> dict[str, Times]:
        """One at a time, the next only when the one before was told."""
        posted: dict[str, Times] = {}
        for number in range(count):
            reference, times = await self.post(number)
            posted[reference] = times
            await self.mails({reference: times})
        return posted

    async def burst(self, count: int) -> tuple[dict[str, Times], float]:
        """All at once over a few connections; the seconds until the last was told."""
        posted: dict[str, Times] = {}
        numbers = iter(range(count))
        started = time.monotonic()

        async def one_connection() -> None:
            for number in numbers:
                reference, times = await self.post(number)
                posted[reference] = times

        await asyncio.gather(*(one_connection() for _ in range(CONNECTIONS)))
        answered = time.monotonic() - started
        await self.mails(posted)
        total = time.monotonic() - started
        print(
            f"  {count / answered:.0f} answers 202/s over {CONNECTIONS} connections,"
            f" {count / total:.1f} referrals/s to mail"
        )
        return posted, total

    async def read_events(self, posted: dict[str, Times]) -> None:
        """The instants that the services wrote into their events."""
        topics = (ReferralRedactedV1.type, ReferralRoutedV1.type, NotificationSentV1.type)
        consumer = AIOKafkaConsumer(
            *topics, bootstrap_servers=self._stack.bootstrap_servers, auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            ends = await consumer.end_offsets(consumer.assignment())
            while any([await consumer.position(partition) < end for partition, end in ends.items()]):
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    for record in records:
                        _note(posted, decode(record.key, record.value, record.headers))
        finally:
            await consumer.stop()


def _note(posted: dict[str, Times], envelope: object) -> None:
    if not isinstance(envelope, Envelope):
        return
    event = envelope.data
    times = posted.get(event.reference)
    match event:
        case ReferralRedactedV1() if times:
            times.events.setdefault("redacted", event.redacted_at)
        case ReferralRoutedV1() if times and event.stage == "full":
            times.events.setdefault("routed", event.routed_at)
        case _:
            return


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def report(name: str, posted: dict[str, Times]) -> None:
    """Milliseconds from 202 to mail, and the median of each step."""
    to_mail = [1000 * (times.mailed - times.answered).total_seconds() for times in posted.values() if times.mailed]
    print(
        f"  {name}: 202 to mail accepted p50 {percentile(to_mail, 0.5):.0f} ms, p95 {percentile(to_mail, 0.95):.0f} ms,"
        f" p99 {percentile(to_mail, 0.99):.0f} ms ({len(to_mail)} referrals)"
    )
    shares: dict[str, list[float]] = {step: [] for step in STEPS}
    for times in posted.values():
        instants = [
            times.received,
            times.answered,
            times.events.get("redacted"),
            times.events.get("routed"),
            times.mailed,
        ]
        for step, (before, after) in zip(STEPS, itertools.pairwise(instants), strict=True):
            if before and after:
                shares[step].append(1000 * (after - before).total_seconds())
    for step, values in shares.items():
        if values:
            print(f"    … until {step:<14} median {statistics.median(values):7.1f} ms")


async def main(idle: int, burst: int) -> None:
    """Both measurements on one stack."""
    with tempfile.TemporaryDirectory() as folder:
        options = Options(
            Path(folder),
            os.environ,
            print,
            urns=sample_urns(),
            schools_register=EXAMPLES / "register" / "schools.csv",
            log_level="WARNING",
            show_logs=False,
        )
        async with running(options) as stack:
            headers = {"Authorization": f"Bearer {stack.accounts.api_key}"}
            async with httpx.AsyncClient(base_url=stack.deployment.url("intake"), headers=headers, timeout=30) as http:
                bench = Bench(stack, http)
                await bench.idle(5)  # warm
                print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
                quiet = await bench.idle(idle)
                busy, _ = await bench.burst(burst)
                await bench.read_events(quiet | busy)
                report("idle, one at a time", quiet)
                report("burst", busy)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--idle", type=int, default=100)
    parser.add_argument("--burst", type=int, default=500)
    chosen = parser.parse_args()
    sys.exit(asyncio.run(main(chosen.idle, chosen.burst)))
