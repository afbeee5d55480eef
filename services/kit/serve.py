"""Running a service as a process: uvicorn, signals, and an exit code that a supervisor understands."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Awaitable, Callable

import structlog
import uvicorn
from fastapi import FastAPI

from services.kit.logs import exception_fields
from services.kit.settings import HttpSettings

log = structlog.get_logger()

SHUTDOWN_SECONDS = 4
"""Open requests get this long after SIGTERM, then the Kafka side gets broker.STOP_SECONDS; a container is killed after
15 s in all."""

STARTING_LOOK_SECONDS = 0.1


class Fatal:
    """How a part of a service says that this process cannot go on and a fresh one must take over."""

    def __init__(self) -> None:
        self.happened = False
        self._server: uvicorn.Server | None = None

    def watch(self, server: uvicorn.Server) -> None:
        self._server = server

    def __call__(self) -> None:
        self.happened = True
        log.error("service.must_restart")
        if self._server is not None:
            self._server.should_exit = True


def guarded(task: Awaitable[None], part: str, fatal: Fatal) -> asyncio.Task[None]:
    """Run a background task whose end, other than by cancelling, ends the process."""
    return asyncio.ensure_future(_guard(task, part, fatal))


async def _guard(task: Awaitable[None], part: str, fatal: Fatal) -> None:
    try:
        await task
        log.error("service.task_ended", part=part)
    except Exception as error:  # noqa: BLE001 - the boundary: whatever ended the task, the process must not limp on
        log.error("service.task_failed", part=part, **exception_fields(error))  # noqa: TRY400 - no exception text
    fatal()


class _Server(uvicorn.Server):
    """A server that also leaves while it is still starting: waiting for Kafka takes minutes, a container has 15 s."""

    abandoned = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        starting = asyncio.ensure_future(super().startup(sockets))
        while not starting.done() and not self.should_exit:
            await asyncio.wait({starting}, timeout=STARTING_LOOK_SECONDS)
        if starting.done():
            starting.result()
            return
        starting.cancel()
        self.abandoned = True
        log.info("service.start_abandoned")


def _let_uvicorn_exit() -> None:
    """uvicorn raises a signal again once it has shut down; by default that would kill us before our exit code."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: None)


def serve(build: Callable[[Fatal], FastAPI], http: HttpSettings) -> None:
    """Serve until SIGTERM or SIGINT (exit 0) or until a part gives up (exit 1)."""
    _let_uvicorn_exit()
    fatal = Fatal()
    server = _Server(
        uvicorn.Config(
            build(fatal),
            host=http.host,
            port=http.port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
    )
    fatal.watch(server)
    server.run()
    sys.exit(1 if fatal.happened or not (server.started or server.abandoned) else 0)
