"""A service as the supervisor sees it: what to run, where it is in its life, and its process with all it started."""

import asyncio
import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from services.local.processes import tethered


class Status(StrEnum):
    """Where a service is in its life."""

    STARTING = "starting"
    READY = "ready"
    NOT_READY = "not ready"
    RESTARTING = "restarting"
    ENDED = "ended"
    GAVE_UP = "given up"


@dataclass(frozen=True, slots=True)
class Service:
    """What to run and how it is shown. `ready_url` answers 200 when it is ready; without one it is ready at once."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    colour: str = "cyan"
    ready_url: str | None = None
    cwd: Path | None = None


@dataclass(slots=True)
class Life:
    """What is known of one service while it is looked after."""

    service: Service
    status: Status = Status.STARTING
    process: asyncio.subprocess.Process | None = None
    pipe: asyncio.ReadTransport | None = None
    started: float = 0.0
    restarts: int = 0
    failures: int = 0
    exit_code: int | None = None
    was_ready: bool = False

    async def begin(self) -> tuple[asyncio.subprocess.Process, asyncio.StreamReader]:
        """Fork it; returns the process and what it writes to both its outputs.

        The pipe is our own: with asyncio's, waiting for the process would also wait for whoever else holds the pipe.
        """
        self.was_ready = False
        self.started = time.monotonic()
        read_end, write_end = os.pipe()
        output = asyncio.StreamReader()
        self.pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(output), os.fdopen(read_end, "rb", buffering=0)
        )
        try:
            self.process = await asyncio.create_subprocess_exec(
                *tethered(self.service.argv),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=write_end,
                stderr=asyncio.subprocess.STDOUT,
                env=dict(self.service.env),
                cwd=self.service.cwd,
                start_new_session=True,
            )
        finally:
            os.close(write_end)
        return self.process, output

    def signal(self, which: signal.Signals) -> None:
        """Send it a signal, if it is there."""
        if self.process is not None and self.process.returncode is None:
            with suppress(ProcessLookupError):
                self.process.send_signal(which)

    def sweep(self) -> None:
        """kill -9 its process group, so that what it started goes with it, and listen no more."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        if self.pipe is not None:
            self.pipe.close()
