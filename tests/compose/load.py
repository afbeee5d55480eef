"""Schools' systems posting while something happens to the deployment. Every first answer counts; so does every 202."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from types import TracebackType

import httpx

from tests.compose.deployment import Deployment
from tests.support.chaos_load import body_of

PAUSE_SECONDS = 0.15
"""Between two posts of one poster: some twenty a second in all, a third of the worst ten minutes of England."""
POSTERS = 3
RETRY_SECONDS = 0.5
GIVE_UP_SECONDS = 180.0


class Load:
    """`with Load(deployment, "name") as load:` posts until the block ends.

    `accepted` maps referral ids to references; `first_answers` counts what each post got at its first try, so that
    anything but 202 there is a post that failed, whatever a repeat made good.
    """

    def __init__(self, deployment: Deployment, name: str) -> None:
        self._deployment = deployment
        self._name = f"{name}-{uuid.uuid4().hex[:6]}"
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._post_on, args=(number,)) for number in range(POSTERS)]
        self.accepted: dict[str, str] = {}
        self.first_answers: Counter[str] = Counter()
        self.given_up = 0
        self.slowest_seconds = 0.0

    @property
    def failed_first(self) -> int:
        """Posts whose first answer was not 202."""
        return sum(count for answer, count in self.first_answers.items() if answer != "202")

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _post_on(self, number: int) -> None:
        record = 0
        with self._deployment.client() as client:
            while not self._stop.is_set():
                self._post(client, body_of(f"{self._name}-{number}", record, 1))
                record += 1
                self._stop.wait(PAUSE_SECONDS)

    def _post(self, client: httpx.Client, body: dict[str, object]) -> None:
        key, started, first = str(uuid.uuid4()), time.monotonic(), True
        while time.monotonic() - started < GIVE_UP_SECONDS:
            answer, receipt = _answer(client, body, key)
            with self._lock:
                if first:
                    self.first_answers[answer] += 1
                if receipt is not None:
                    self.accepted[receipt["id"]] = receipt["reference"]
                    self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - started)
                    return
            first = False
            time.sleep(RETRY_SECONDS)
        with self._lock:
            self.given_up += 1


def _answer(client: httpx.Client, body: dict[str, object], key: str) -> tuple[str, dict[str, str] | None]:
    try:
        answer = client.post("/v1/referrals", json=body, headers={"Idempotency-Key": key})
    except httpx.HTTPError as error:
        return type(error).__name__, None
    return str(answer.status_code), answer.json() if answer.status_code == httpx.codes.ACCEPTED else None
