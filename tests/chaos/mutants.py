"""Starts a service with a mistake built in: `python -m tests.chaos.mutants <switch folder> <service>`.

The fault tests must catch each of these mistakes; a verdict that finds none of them proves nothing about the services
as they are. The switch file is read at every start, so a kill is enough to give a service a mistake or to take it away.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import importlib
import json
import os
import sys
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, Final

from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from contracts.codec import Encoded
from services.intake.adapters import ledger
from services.kit.broker import GRACEFUL_SECONDS
from services.kit.database import Connection, transaction
from services.kit.dead_letter import Settler
from services.notify import handlers
from services.notify.adapters import store
from services.notify.domain.model import Message
from services.routing.handlers import RouteReferral
from tests.support.chaos_stack import EXITS

EXIT_ASKED: Final = 86
"""In place of 0, after which the supervisor would not start the service again."""
SLOW_SECONDS = 0.5
"""A handler that takes its time: with a fast one, auto-commit lost nothing in the tests that it must fail."""
COMMIT_EVERY_MS = 200
"""Auto-commit's default of 5,000 loses as surely, only later."""


def swap(owner: object, name: str, mistake: object) -> Any:
    """Put a mistake in the place of what is there, and answer what was there. Raises AttributeError: nothing was."""
    right = getattr(owner, name)
    setattr(owner, name, mistake)
    return right


def slow_commit() -> None:
    """No mistake: a service whose batches are settled well before they are committed, so that a kill repeats them."""
    original = Settler.settle
    assert SLOW_SECONDS < GRACEFUL_SECONDS, "a stop would not wait for it"

    @functools.wraps(original)
    async def settle(self: Settler, records: Sequence[Any]) -> None:
        await original(self, records)
        await asyncio.sleep(SLOW_SECONDS)

    swap(Settler, "settle", settle)


def default_ack() -> None:
    """Routing consumes with the library's default: offsets are committed whether or not a record has been handled."""
    subscriber = KafkaBroker.subscriber

    def careless(self: KafkaBroker, *topics: str, **settings: Any) -> Any:
        settings |= {"ack_policy": AckPolicy.ACK_FIRST, "auto_commit_interval_ms": COMMIT_EVERY_MS}
        return subscriber(self, *topics, **settings)

    swap(KafkaBroker, "subscriber", careless)
    route = RouteReferral.__call__

    async def slowly(self: RouteReferral, envelope: Any) -> Any:
        await asyncio.sleep(SLOW_SECONDS)
        return await route(self, envelope)

    swap(RouteReferral, "__call__", slowly)


def no_inbox() -> None:
    """Notify takes every event for the first of its referral: no inbox, no look at what it holds, mails of new ids."""
    slow_commit()

    async def always(*_anything: object) -> bool:
        return True

    async def nothing(*_anything: object) -> None:
        return None

    async def nobody(*_anything: object) -> dict[str, Any]:
        return {}

    def another(*what: Any) -> Message:
        message: Message = written(*what)
        return dataclasses.replace(message, id=uuid.uuid4())

    swap(handlers, "first_time", always)
    swap(store, "lock_referral", nothing)
    swap(store, "notifications_of", nobody)
    written = swap(handlers, "message_for", another)


def outbox_outside() -> None:
    """Intake commits the referral first and puts its event into the outbox afterwards."""
    waiting: dict[int, list[Encoded]] = {}

    async def later(connection: Connection, *events: Encoded) -> None:
        waiting.setdefault(id(connection), []).extend(events)

    @contextlib.asynccontextmanager
    async def torn(self: ledger.Ledger) -> AsyncIterator[ledger.LedgerUnit]:
        async with unit(self) as one:
            yield one
            events = waiting.pop(id(one._connection), [])
        await asyncio.sleep(SLOW_SECONDS)
        async with transaction(self._pool) as connection:
            await enqueue(connection, *events)

    enqueue = swap(ledger, "enqueue", later)
    unit = swap(ledger.Ledger, "unit", torn)


MUTANTS: Final[dict[str, Callable[[], None]]] = {
    "": lambda: None,
    "slow_commit": slow_commit,
    "default_ack": default_ack,
    "no_inbox": no_inbox,
    "outbox_outside": outbox_outside,
}


def main(folder: Path, service: str) -> None:
    """Run a service with the fault that the switch names. One that was asked to end says when it was out."""
    switch = json.loads((folder / f"{service}.json").read_text())
    os.environ |= switch["env"]
    MUTANTS[switch["mutant"]]()
    code: object = None
    try:
        importlib.import_module(f"services.{service}.__main__").main("serve")
    except SystemExit as ended:
        code = ended.code
    (folder / EXITS / f"{service}-{os.getpid()}").write_text(json.dumps({"code": code, "at": time.time()}))
    sys.exit(EXIT_ASKED if code in (0, None) else 1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
