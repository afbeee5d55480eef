"""The main job, run once on real parts: sample referrals over HTTP, through Kafka, to mails in the catcher."""

from __future__ import annotations

import asyncio
import time
import uuid
from pathlib import Path
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer
from rich.console import Console
from rich.live import Live

from contracts.codec import decode
from contracts.envelope import Envelope
from contracts.events.referral_quarantined import ReferralQuarantinedV1
from contracts.events.referral_redacted import ReferralRedactedV1
from contracts.events.referral_routed import ReferralRoutedV1
from services.local.demo_board import Row, board, verdict
from services.local.mail_store import MailStore
from services.local.stack import Stack

WATCHED = (ReferralRedactedV1.type, ReferralQuarantinedV1.type, ReferralRoutedV1.type)
DEADLINE_SECONDS = 90.0
"""For the last mail after the last post: a referral takes well under a second here, a slow machine gets time."""
POLL_SECONDS = 0.1
POST_TIMEOUT_SECONDS = 15.0


class Demonstration:
    """Posts the samples and follows each of them until somebody was told."""

    def __init__(self, stack: Stack, samples: list[Path], console: Console) -> None:
        """`samples` are files with a body of POST /v1/referrals each, posted in order."""
        self._stack = stack
        self._samples = [(path.stem, path.read_bytes()) for path in samples]
        self._console = console
        self._mails: MailStore = stack.mail.store
        self._rows: dict[tuple[str, int], Row] = {}
        self._early: list[Envelope[Any]] = []
        self._seen: set[str] = set()
        self.refused: list[str] = []

    async def run(self) -> bool:
        """Whether every sample was accepted and every accepted referral reached somebody."""
        started = time.monotonic()
        consumer = AIOKafkaConsumer(
            *WATCHED, bootstrap_servers=self._stack.bootstrap_servers, group_id=None, auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            await self._post_and_follow(consumer)
        finally:
            await consumer.stop()
        words, complete = verdict(self._rows.values(), len(self._mails.ids()), time.monotonic() - started)
        self._console.print()
        self._console.print(words, highlight=False)
        for refusal in self.refused:
            self._console.print(f"refused: {refusal}", highlight=False)
        return complete and not self.refused

    async def _post_and_follow(self, consumer: AIOKafkaConsumer) -> None:
        with Live(board([]), console=self._console, refresh_per_second=4, transient=False) as live:
            posting = asyncio.create_task(self._post_all())
            deadline = time.monotonic() + DEADLINE_SECONDS
            while time.monotonic() < deadline and not (posting.done() and self._all_done()):
                for records in (await consumer.getmany(timeout_ms=int(POLL_SECONDS * 1000))).values():
                    for record in records:
                        self._see(decode(record.key, record.value, record.headers))
                self._look_at_mails()
                live.update(board(list(self._rows.values())))
            await posting

    async def _post_all(self) -> None:
        headers = {"Authorization": f"Bearer {self._stack.accounts.api_key}"}
        async with httpx.AsyncClient(
            base_url=self._stack.deployment.url("intake"), headers=headers, timeout=POST_TIMEOUT_SECONDS
        ) as client:
            for name, body in self._samples:
                await self._post(client, name, body)

    async def _post(self, client: httpx.AsyncClient, name: str, body: bytes) -> None:
        answer = await client.post(
            "/v1/referrals", content=body,
            headers={"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())},
        )  # fmt: skip
        if answer.status_code != httpx.codes.ACCEPTED:
            codes = [problem.get("code") for problem in answer.json().get("errors", [])]
            self.refused.append(f"{name}: {answer.status_code} {codes}")
            return
        accepted = answer.json()
        known = [revision for referral_id, revision in self._rows if referral_id == accepted["id"]]
        row = Row(name, accepted["id"], accepted["reference"], max(known, default=0) + 1, time.monotonic())
        self._rows[row.referral_id, row.revision] = row
        early, self._early = self._early, []
        for envelope in early:
            self._see(envelope)

    def _see(self, envelope: Any) -> None:
        """Put an event on its referral's row; one that overtook the answer to its post waits for it."""
        if not isinstance(envelope, Envelope):
            return
        event = envelope.data
        row = self._rows.get((event.referral_id, event.revision))
        if row is None:
            self._early.append(envelope)
            return
        match event:
            case ReferralRedactedV1():
                row.redacted = event.narrative.pseudonyms
            case ReferralQuarantinedV1():
                row.held = event.failure_code
            case ReferralRoutedV1():
                row.destination, row.urgency = event.decision.destination, event.decision.urgency

    def _look_at_mails(self) -> None:
        """A mail belongs to the newest revision of the reference in its subject."""
        for mail_id in self._mails.ids():
            if mail_id in self._seen:
                continue
            self._seen.add(mail_id)
            mail = self._mails.read(mail_id)
            rows = [row for row in self._rows.values() if mail is not None and row.reference in mail.subject]
            if mail is not None and rows:
                row = next((row for row in rows if row.mailed_at is None), rows[-1])
                row.mailed_to.update(mail.recipients)
                row.mailed_at = row.mailed_at or time.monotonic()

    def _all_done(self) -> bool:
        return all(row.done for row in self._rows.values())
