"""The redactor in a thread with a deadline: the service answers its heartbeat while words are looked at."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog

from contracts.sealed import PersonalPart
from services.redaction.redactor import Held, Redacted, Redactor

log = structlog.get_logger()

MAX_ABANDONED = 3
"""Threads that ran over their deadline cannot be stopped; after this many the process is renewed."""


class RedactionEngine:
    """Redacts one referral at a time. Never lets a fault pass as "nothing found"."""

    def __init__(self, redactor: Redactor, timeout_seconds: float, on_exhausted: Callable[[], None]) -> None:
        self._redactor = redactor
        self._timeout = timeout_seconds
        self._on_exhausted = on_exhausted
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="redactor")
        self._one_at_a_time = asyncio.Lock()
        self._abandoned = 0

    async def redact(self, part: PersonalPart, on: dt.date) -> Redacted | Held:
        """De-identify the narrative of `part` with its record; `on` is the day that ages are reckoned on."""
        async with self._one_at_a_time:
            loop = asyncio.get_running_loop()
            work = loop.run_in_executor(self._executor, self._redact, part, on)
            try:
                return await asyncio.wait_for(asyncio.shield(work), self._timeout)
            except TimeoutError:
                self._abandon()
                return Held("redaction.timeout")

    def _redact(self, part: PersonalPart, on: dt.date) -> Redacted | Held:
        return self._redactor.redact(part.record, part.narrative, on=on)

    def _abandon(self) -> None:
        self._abandoned += 1
        log.error("redaction.timed_out", failure_code="redaction.timeout", count=self._abandoned)
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="redactor")
        if self._abandoned >= MAX_ABANDONED:
            self._on_exhausted()
