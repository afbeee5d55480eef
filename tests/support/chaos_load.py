"""The client of the fault tests: posts invented referrals, and believes nothing but a 202 that it has put on disk.

A school's system that got no answer posts again with the same Idempotency-Key until it has one; so does this client.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

URN = "917001"
"""The invented school that posts."""

RETRY_SECONDS = 0.3
"""Pause before the same post again: a killed intake is back after some seconds."""

GIVE_UP_SECONDS = 180.0
"""For one post. Intake that answers nothing for so long is a failure of the run, not something to wait out."""

POST_TIMEOUT_SECONDS = 8.0
"""Twice intake's own deadline for an answer."""

WORDS = (
    "Rowan came in without a coat again and asked twice whether there was any breakfast left.",
    "Imani Oyelaran told Mr Penhallow that her uncle waits outside the gate on Fridays.",
    "Call mum on 07700 900 417 before four; she works at the harbour café in the evenings.",
    "Tegan said that it happened at 3 Limpet Row, CT11 9XZ, and that nobody was to know.",
    "There is a bruise on the left forearm, about the size of a thumb. He said he fell off the wall.",
    "Ms Adeyemi has seen the messages on the phone and has not copied them.",
)
CONCERNS: tuple[dict[str, Any], ...] = (
    {"categories": ["neglect"], "support_level": 3},
    {"categories": ["physical_abuse"], "support_level": 4},
    {"categories": ["grooming"], "online": True, "risk_areas": ["contact"], "support_level": 2},
    {"categories": ["emotional_abuse"], "support_level": 2},
    {"categories": ["cce"], "support_level": 3},
)
URGENT_ONE_IN = 10
"""Share of immediate danger: such a referral is decided twice, so both ways are under load."""


def body_of(arm: str, record: int, version: int) -> dict[str, Any]:
    """A referral as it is posted. The same three arguments give the same body, and a version keeps the destination."""
    chance = random.Random(f"{arm}/{record}")
    concern = dict(chance.choice(CONCERNS)) | {"immediate_danger": record % URGENT_ONE_IN == 0}
    words = random.Random(f"{arm}/{record}/{version}").sample(WORDS, 3)
    return {
        "source": {"system": "chaos", "record_id": f"{arm}-{record}", "version": version},
        "school": {"urn": URN},
        "referrer": {"name": "Denise Farrant", "email": "d.farrant@samphirebay.example", "phone": "01632 960 301"},
        "learners": [
            {
                "role": "subject",
                "legal_forename": chance.choice(["Rowan", "Imani", "Tegan"]),
                "legal_surname": chance.choice(["Oyelaran", "Wiśniewski", "Trevanion"]),
                "date_of_birth": "2014-05-17",
                "home_la": "886",
                "address": {"line1": "3 Limpet Row", "town": "Ramsgate", "postcode": "CT11 9XZ"},
            }
        ],
        "concern": concern | {"narrative": f"Version {version}. " + " ".join(words)},
    }


@dataclass(frozen=True, slots=True)
class Accepted:
    """One 202: `at` is the instant (Unix seconds) at which the client had it on disk."""

    arm: str
    referral_id: str
    reference: str
    revision: int
    at: float


class Ledger:
    """What the client was promised, each line on disk before the client goes on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, accepted: Accepted) -> None:
        os.write(self._file, json.dumps(asdict(accepted)).encode() + b"\n")
        os.fsync(self._file)

    def read(self) -> list[Accepted]:
        return [Accepted(**json.loads(line)) for line in self.path.read_text().splitlines()]

    def of(self, arm: str) -> list[Accepted]:
        return [one for one in self.read() if one.arm == arm]


@dataclass(slots=True)
class Load:
    """Posts referrals, `lanes` at a time and about `per_second` of them, every fifth with one or two later versions."""

    url: str
    api_key: str
    ledger: Ledger
    arm: str
    per_second: float = 8.0
    lanes: int = 8
    retries: int = 0
    _next: int = 0

    async def run(self, at_least: int, enough: asyncio.Event | None = None) -> None:
        """Post `at_least` referrals, and go on until `enough` is set. Raises TimeoutError: intake stayed away."""
        headers = {"Authorization": f"Bearer {self.api_key}"}
        limits = httpx.Limits(max_connections=self.lanes * 2)
        async with httpx.AsyncClient(
            base_url=self.url, headers=headers, timeout=POST_TIMEOUT_SECONDS, limits=limits, trust_env=False
        ) as client:
            await asyncio.gather(*(self._lane(client, at_least, enough) for _ in range(self.lanes)))

    async def _lane(self, client: httpx.AsyncClient, at_least: int, enough: asyncio.Event | None) -> None:
        while self._next < at_least or (enough is not None and not enough.is_set()):
            record = self._next
            self._next += 1
            started = time.monotonic()
            for version in range(1, _versions(record) + 1):
                await self._post(client, record, version)
            await asyncio.sleep(max(0.0, self.lanes / self.per_second - (time.monotonic() - started)))

    async def _post(self, client: httpx.AsyncClient, record: int, version: int) -> None:
        """The same post with the same key until it is accepted."""
        headers = {"Idempotency-Key": f"{self.arm}-{record}-{version}"}
        body = body_of(self.arm, record, version)
        async with asyncio.timeout(GIVE_UP_SECONDS):
            while (answer := await _answer(client, body, headers)) is None:
                self.retries += 1
                await asyncio.sleep(RETRY_SECONDS)
        self.ledger.write(Accepted(self.arm, answer["id"], answer["reference"], version, time.time()))


async def _answer(client: httpx.AsyncClient, body: dict[str, Any], headers: dict[str, str]) -> dict[str, Any] | None:
    """The body of a 202; None for everything after which a client comes back. Raises AssertionError for the rest."""
    try:
        answer = await client.post("/v1/referrals", json=body, headers=headers)
    except httpx.HTTPError:
        return None
    if answer.status_code in (httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.CONFLICT, httpx.codes.TOO_MANY_REQUESTS):
        return None
    assert answer.status_code == httpx.codes.ACCEPTED, f"{answer.status_code} for {headers['Idempotency-Key']}"
    accepted: dict[str, Any] = answer.json()
    return accepted


def _versions(record: int) -> int:
    """How many versions of a record are posted, one after the other."""
    return {0: 3, 5: 2}.get(record % 10, 1)
