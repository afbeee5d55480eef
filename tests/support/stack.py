"""The whole system as a fixture: one for a test session, logs at DEBUG so that every test is a canary too."""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio

from services.local.commands import EXAMPLES, sample_urns
from services.local.mail_store import CaughtMail
from services.local.stack import Options, Stack, running
from tests.support.embedded import require_kafka, run_directory

PATIENCE_SECONDS = 60.0
"""For anything to happen on a loaded machine; a test that needs longer has found something."""


@dataclass(frozen=True, slots=True)
class Client:
    """What a school's system and a safeguarding team do, over HTTP."""

    stack: Stack
    intake: httpx.AsyncClient
    notify: httpx.AsyncClient

    async def post(self, body: object, key: str | None = None) -> httpx.Response:
        """Post a referral."""
        content = body if isinstance(body, bytes) else None
        headers = {"Idempotency-Key": key or str(uuid.uuid4()), "Content-Type": "application/json"}
        if content is not None:
            return await self.intake.post("/v1/referrals", content=content, headers=headers)
        return await self.intake.post("/v1/referrals", json=body, headers=headers)

    async def status(self, referral_id: str) -> dict[str, Any]:
        """Where a referral is."""
        answer = await self.intake.get(f"/v1/referrals/{referral_id}")
        answer.raise_for_status()
        body: dict[str, Any] = answer.json()
        return body

    async def reaches(self, referral_id: str, *states: str) -> dict[str, Any]:
        """The status once it is one of `states`."""
        found: dict[str, Any] = {}

        async def arrived() -> bool:
            found.update(await self.status(referral_id))
            return found["status"] in states

        await eventually(arrived)
        return found

    def mails_about(self, reference: str) -> list[CaughtMail]:
        """Mails with this reference in their subject."""
        return [mail for mail in self.stack.mail.messages() if reference in mail.subject]


async def eventually(condition: Callable[[], Awaitable[bool]], patience: float = PATIENCE_SECONDS) -> None:
    """Wait until a condition holds; a failure after `patience` seconds."""
    deadline = time.monotonic() + patience
    while not await condition():
        assert time.monotonic() < deadline, "did not happen in time"
        await asyncio.sleep(0.1)


def options(run_dir: Path, **changes: Any) -> Options:
    """How tests run the system."""
    environ = dict(os.environ)
    if require_kafka():
        environ["REQUIRE_KAFKA"] = "1"
    return Options(
        run_dir,
        environ,
        lambda _line: None,
        urns=sample_urns(),
        schools_register=EXAMPLES / "register" / "schools.csv",
        log_level="DEBUG",
        **changes,
    )


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack() -> AsyncIterator[Stack]:
    """Everything, running."""
    with run_directory("stack") as folder:
        async with running(options(folder)) as everything:
            yield everything


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def client(stack: Stack) -> AsyncIterator[Client]:
    """A client of the running system."""
    async with client_of(stack) as one:
        yield one


class client_of:  # noqa: N801 - reads as a context: `async with client_of(stack) as client`
    """A client of a running system, as a context."""

    def __init__(self, stack: Stack) -> None:
        self._client = Client(
            stack,
            httpx.AsyncClient(
                base_url=stack.deployment.url("intake"),
                headers={"Authorization": f"Bearer {stack.accounts.api_key}"},
                timeout=15.0,
            ),
            httpx.AsyncClient(
                base_url=stack.deployment.url("notify"),
                headers={"Authorization": f"Bearer {stack.accounts.staff_token}"},
                timeout=15.0,
            ),
        )

    async def __aenter__(self) -> Client:
        return self._client

    async def __aexit__(self, *_raised: object) -> None:
        await self._client.intake.aclose()
        await self._client.notify.aclose()
