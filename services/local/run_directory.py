"""The folder of a run: held by one run at a time, and what a killed run left behind in it is cleared away."""

import fcntl
import json
import os
import signal
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

LEFTOVER_GRACE = 10.0
"""Seconds a process left over from a killed run has to end by itself before it is killed."""


class PartError(RuntimeError):
    """An embedded part could not be had, started or stopped. The message names the part, the reason and the log."""


class RunDirectory:
    """A run's folder for one part, held by one process at a time; the lock goes with the process, however it ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock_fd: int | None = None

    def __enter__(self) -> Self:
        self.path.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path / "run.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise PartError(f"{self.path} is in use by another run") from None
        self._lock_fd = descriptor
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None


class Part(ABC):
    """An embedded part: holds its run directory and runs for as long as the context lasts."""

    def __init__(self, run_dir: Path) -> None:
        self._directory = RunDirectory(run_dir)

    @abstractmethod
    def start(self) -> None:
        """Start it and wait until it answers. Raises a PartError."""

    @abstractmethod
    def stop(self) -> None:
        """End it cleanly; nothing happens when it does not run."""

    def __enter__(self) -> Self:
        self._directory.__enter__()
        try:
            self.start()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        self.stop()
        self._directory.__exit__(None, None, None)


def remember(pid_file: Path, pid: int) -> None:
    """Write down which process this is: its start time tells it from a later one with the same number."""
    try:
        created = psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return
    pid_file.parent.mkdir(parents=True, exist_ok=True)
    pid_file.write_text(json.dumps({"pid": pid, "created": created}))


def reap_leftover(pid_file: Path) -> None:
    """End the process that a killed run left behind, if it is still that process, with its children."""
    try:
        noted = json.loads(pid_file.read_text())
        process = psutil.Process(noted["pid"])
        same = abs(process.create_time() - noted["created"]) < 0.01
    except (FileNotFoundError, json.JSONDecodeError, KeyError, TypeError, psutil.NoSuchProcess):
        pid_file.unlink(missing_ok=True)
        return
    if same:
        family = [process, *process.children(recursive=True)]
        for member in family:
            send(member, signal.SIGCONT)
        send(process, signal.SIGTERM)
        wait_gone([process], LEFTOVER_GRACE)
        for member in family:
            send(member, signal.SIGKILL)
        wait_gone(family, LEFTOVER_GRACE)
    pid_file.unlink(missing_ok=True)


def send(process: psutil.Process, which: signal.Signals) -> None:
    """Send a signal; a process that has gone in the meantime needs none."""
    try:
        process.send_signal(which)
    except psutil.NoSuchProcess:
        return


def wait_gone(processes: list[psutil.Process], timeout: float) -> None:
    """Wait until each has ended, or `timeout` seconds; one that only waits to be reaped by its parent has."""
    deadline = time.monotonic() + timeout
    while any(_works(process) for process in processes) and time.monotonic() < deadline:
        time.sleep(0.01)


def _works(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
