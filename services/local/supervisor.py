"""Runs the services as child processes: one readable log, a status line each, restarts, and a clean end for all.

Use it in the event loop of the main thread: the children are tethered to the thread that forks them.
"""

import asyncio
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import httpx

from services.local.log_lines import LineStyle
from services.local.run_directory import PartError
from services.local.service_life import Life, Service, Status

__all__ = ["NotReadyError", "Service", "ServiceGaveUpError", "Status", "Supervisor"]

STOP_GRACE = 15.0
"""Seconds that a service has after SIGTERM to finish what it holds; the services promise to be out by then."""

FIRST_DELAY = 0.5
"""Seconds before the first restart; doubled each time."""

LONGEST_DELAY = 10.0
"""Seconds; the delay grows no further, so that a service is back soon after what it needed is."""

MOST_FAILURES = 8
"""Ends in a row without having been ready after which a service is given up: about 40 s of trying."""

PROBE_INTERVAL = 0.25
"""Seconds between two looks at /health/ready while a service is not ready, and WATCH_INTERVAL when it is."""

WATCH_INTERVAL = 2.0

PROBE_TIMEOUT = 2.0
"""Seconds for one look; a service that needs longer is not ready."""

PIPE_GRACE = 1.0
"""Seconds to read what a service wrote last; a grandchild that holds the pipe open must not hold us up."""

LONGEST_LINE = 64 * 1024
"""Bytes; a longer line is shown in pieces."""


class ServiceGaveUpError(PartError):
    """A service ended again and again before it was ready. The message names it and its last exit code."""


class NotReadyError(PartError):
    """The services were not all ready in time. The message names those that were not."""


class Supervisor:
    """`async with Supervisor(services) as supervisor:` starts them; leaving it ends them all and their children."""

    def __init__(
        self,
        services: Sequence[Service],
        *,
        write: Callable[[str], None] = print,
        colour: bool = False,
        log_dir: Path | None = None,
    ) -> None:
        """`write` takes one finished line; `log_dir` keeps each service's output as it came, `<name>.log`."""
        self._lives = {service.name: Life(service) for service in services}
        self._write = write
        self._style = LineStyle(colour=colour)
        self._log_dir = log_dir
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._keep(life), name=name) for name, life in self._lives.items()]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def statuses(self) -> dict[str, Status]:
        """Each service's status now."""
        return {name: life.status for name, life in self._lives.items()}

    def restarts(self) -> dict[str, int]:
        """How often each service was started again."""
        return {name: life.restarts for name, life in self._lives.items()}

    def pid(self, name: str) -> int | None:
        """The service's process id; None between two lives."""
        process = self._lives[name].process
        return process.pid if process is not None and process.returncode is None else None

    async def wait_ready(self, timeout: float) -> None:  # noqa: ASYNC109 - the message names who was late
        """Wait until all are ready. Raises NotReadyError or ServiceGaveUpError."""
        deadline = time.monotonic() + timeout
        while late := [name for name, status in self.statuses().items() if status is not Status.READY]:
            self._raise_if_given_up()
            if time.monotonic() > deadline:
                raise NotReadyError(f"not ready after {timeout:.0f} s: {', '.join(late)}")
            await asyncio.sleep(0.05)

    async def run(self) -> None:
        """Until Ctrl-C or SIGTERM. Raises ServiceGaveUpError when a service is given up."""
        interrupted = asyncio.Event()
        loop = asyncio.get_running_loop()
        for which in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(which, interrupted.set)
        try:
            while not interrupted.is_set():
                self._raise_if_given_up()
                with suppress(TimeoutError):
                    await asyncio.wait_for(interrupted.wait(), timeout=0.2)
        finally:
            for which in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(which)

    async def stop(self) -> None:
        """SIGTERM to all, STOP_GRACE seconds, then kill -9; nothing that they started is left."""
        self._stopping.set()
        for life in self._lives.values():
            life.signal(signal.SIGTERM)
        _, late = await asyncio.wait(self._tasks, timeout=STOP_GRACE) if self._tasks else (set(), set())
        for task in late:
            life = self._lives[task.get_name()]
            self._say(life, f"not out after {STOP_GRACE:.0f} s: killed")
            life.sweep()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _keep(self, life: Life) -> None:
        """One service from its first start to its last end."""
        while not self._stopping.is_set():
            life.exit_code = await self._live(life)
            if self._stopping.is_set() or life.exit_code == 0:
                self._turn(life, Status.ENDED, "ended" if life.exit_code == 0 else f"ended ({life.exit_code})")
                return
            life.failures = 0 if life.was_ready else life.failures + 1
            if life.failures >= MOST_FAILURES:
                self._turn(life, Status.GAVE_UP, f"given up after {life.failures} failures (exit {life.exit_code})")
                return
            delay = min(FIRST_DELAY * 2 ** max(0, life.failures - 1), LONGEST_DELAY)
            self._turn(life, Status.RESTARTING, f"ended with exit {life.exit_code}; again in {delay:.1f} s")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), timeout=delay)
            life.restarts += not self._stopping.is_set()
        self._turn(life, Status.ENDED, None)

    async def _live(self, life: Life) -> int:
        """One life of one process; returns its exit code."""
        self._turn(life, Status.STARTING, None)
        process, output = await life.begin()
        if self._stopping.is_set():  # asked to stop while it was being forked
            life.signal(signal.SIGTERM)
        ending = asyncio.create_task(process.wait())
        reading = asyncio.create_task(self._read(life, output))
        watching = asyncio.create_task(self._watch(life))
        try:
            await asyncio.wait({ending, reading}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                reading.result()  # raises when our own output is gone: then the run is over
            code = await ending
            await asyncio.wait([reading], timeout=PIPE_GRACE)
            return code
        finally:
            life.sweep()
            for task in (ending, reading, watching):
                task.cancel()
            await asyncio.gather(ending, reading, watching, return_exceptions=True)

    async def _read(self, life: Life, output: asyncio.StreamReader) -> None:
        """Show what it writes, line by line."""
        kept = self._log_file(life)
        rest = b""
        try:
            while piece := await output.read(LONGEST_LINE):
                if kept is not None:
                    kept.write(piece)
                *lines, rest = (rest + piece).split(b"\n")
                if len(rest) > LONGEST_LINE:
                    lines, rest = [*lines, rest], b""
                for line in lines:
                    self._show(life, line)
            self._show(life, rest)
        finally:
            if kept is not None:
                kept.close()

    async def _watch(self, life: Life) -> None:
        """Ask /health/ready and tell each change."""
        url = life.service.ready_url
        async with httpx.AsyncClient(timeout=PROBE_TIMEOUT, trust_env=False) as client:
            while True:
                ready = url is None or await _is_ready(client, url)
                if ready and life.status is not Status.READY:
                    took = time.monotonic() - life.started
                    text = "ready again" if life.was_ready else f"ready after {took:.1f} s"
                    life.was_ready = True
                    self._turn(life, Status.READY, f"{text}{'' if url is None else f' · {url}'}")
                elif not ready and life.status is Status.READY:
                    self._turn(life, Status.NOT_READY, "not ready")
                await asyncio.sleep(WATCH_INTERVAL if ready else PROBE_INTERVAL)

    def _log_file(self, life: Life) -> BinaryIO | None:
        if self._log_dir is None:
            return None
        self._log_dir.mkdir(parents=True, exist_ok=True)
        return (self._log_dir / f"{life.service.name}.log").open("ab", buffering=0)

    def _show(self, life: Life, line: bytes) -> None:
        if line.strip():
            self._write(self._style.log(life.service.name, life.service.colour, line))

    def _turn(self, life: Life, status: Status, text: str | None) -> None:
        life.status = status
        if text is not None:
            self._say(life, text)

    def _say(self, life: Life, text: str) -> None:
        self._write(self._style.status(life.service.name, life.service.colour, text))

    def _raise_if_given_up(self) -> None:
        for task in self._tasks:
            if task.done():
                task.result()
        for name, life in self._lives.items():
            if life.status is Status.GAVE_UP:
                raise ServiceGaveUpError(f"{name} ended {life.failures} times before it was ready ({life.exit_code})")


async def _is_ready(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
