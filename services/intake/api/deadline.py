"""An answer in time, whatever the database is doing."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from services.kit.errors import InfrastructureError

T = TypeVar("T")


class Deadline:
    """Waits for work no longer than `seconds`.

    A paused server leaves a connection that answers nothing, not even a rollback: the work is told to stop and left
    to end by itself, because waiting for its end would keep the client waiting too. Whether it was committed is
    unknown then; the client's repetition with the same key finds out.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._left_behind: set[asyncio.Task[Any]] = set()

    async def wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`. Raises what it raises, or InfrastructureError when it takes too long."""
        task = asyncio.ensure_future(work)
        try:
            done, _ = await asyncio.wait({task}, timeout=self._seconds)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if done:
            return task.result()
        task.cancel()
        self._left_behind.add(task)
        task.add_done_callback(self._forget)
        raise InfrastructureError("database")

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._left_behind.discard(task)
        if not task.cancelled():
            task.exception()
