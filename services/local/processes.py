"""Child processes of the embedded run: they die with us, can be killed, frozen and started again, and leave nothing."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from services.local.run_directory import LEFTOVER_GRACE, PartError, reap_leftover, remember, send, wait_gone

LOOPBACK = "127.0.0.1"
"""Everything embedded listens here alone: the parts have no transport security."""

CODE_ROOT = Path(__file__).resolve().parents[2]
"""Where `python -m services.…` finds our modules, whatever folder the command was started in."""

PORT_RANGE = (20_000, 32_000)
"""Below Linux's range for outgoing connections (32768 up), so that a port kept free for a restart stays free."""

PORT_TRIES = 200
"""Random picks before we say that no port is free; with a thousand ports in use 200 misses in a row do not happen."""


def free_port() -> int:
    """A loopback TCP port that nobody listens on now. Raises PartError when none is found."""
    for _ in range(PORT_TRIES):
        port = random.randrange(*PORT_RANGE)  # noqa: S311 - a port is no secret
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise PartError(f"no free loopback port between {PORT_RANGE[0]} and {PORT_RANGE[1]}")


def accepts_connections(port: int) -> bool:
    """Whether something listens on the loopback port."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1.0):
            return True
    except OSError:
        return False


def tethered(
    argv: Sequence[str], *, death_signal: signal.Signals = signal.SIGTERM, account: str | None = None
) -> list[str]:
    """The command that runs `argv` so that the kernel sends it `death_signal` when the thread that forks it ends.

    Fork from a thread that lives as long as the child should: Linux means the thread, not the process.
    """
    program = shutil.which(argv[0]) or argv[0]
    script = str(Path(__file__).with_name("tether.py"))
    tie = [sys.executable, "-I", "-S", script, str(os.getpid()), str(int(death_signal)), account or "-"]
    return [*tie, program, *argv[1:]]


@dataclass(frozen=True, slots=True)
class Program:
    """What to run: `log` takes both its outputs; `account` is the system account to drop to, for root only."""

    name: str
    argv: tuple[str, ...]
    log: Path
    cwd: Path | None = None
    env: Mapping[str, str] | None = None
    account: str | None = None
    death_signal: signal.Signals = signal.SIGTERM
    stdin_pipe: bool = False


@dataclass(slots=True)
class _Running:
    process: subprocess.Popen[bytes]
    ended: threading.Event = field(default_factory=threading.Event)


class Child:
    """One child process of its own session, tethered to this one, remembered in a file so that a later run finds it.

    A thread forks it and waits for it: the kernel's tether is to the forking thread, and this one ends with the child.
    """

    def __init__(self, program: Program, pid_file: Path) -> None:
        self.program = program
        self._pid_file = pid_file
        self._running: _Running | None = None

    @property
    def pid(self) -> int:
        """Process id; of the last process when it has ended. Raises PartError when never started."""
        return self._last().process.pid

    @property
    def running(self) -> bool:
        """Whether the process exists (a frozen one does)."""
        return self._running is not None and not self._running.ended.is_set()

    @property
    def exit_code(self) -> int | None:
        """As subprocess gives it (negative = signal); None while it runs."""
        return self._last().process.returncode if not self.running else None

    def start(self) -> None:
        """Fork it. Returns as soon as it exists: waiting until it answers is the part's own business."""
        if self.running:
            raise PartError(f"{self.program.name} is already running (process {self.pid})")
        reap_leftover(self._pid_file)
        self.program.log.parent.mkdir(parents=True, exist_ok=True)
        forked = threading.Event()
        failures: list[OSError] = []
        threading.Thread(
            target=self._mind, args=(forked, failures), name=f"minder-{self.program.name}", daemon=True
        ).start()
        forked.wait()
        if failures:
            raise PartError(f"{self.program.name} could not be started: {failures[0].strerror}")
        remember(self._pid_file, self.pid)

    def _mind(self, forked: threading.Event, failures: list[OSError]) -> None:
        program = self.program
        try:
            with program.log.open("ab") as log:
                process = subprocess.Popen(
                    tethered(program.argv, death_signal=program.death_signal, account=program.account),
                    stdin=subprocess.PIPE if program.stdin_pipe else subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=program.cwd,
                    env=dict(program.env) if program.env is not None else None,
                    start_new_session=True,
                )
        except OSError as failure:
            failures.append(failure)
            forked.set()
            return
        running = self._running = _Running(process)
        forked.set()
        process.wait()
        running.ended.set()

    def write(self, line: bytes) -> None:
        """Write to its standard input, which must be a pipe. Raises PartError when it is gone."""
        stream = self._last().process.stdin
        if stream is None:
            raise PartError(f"{self.program.name} reads no input")
        try:
            stream.write(line)
            stream.flush()
        except OSError as failure:
            raise PartError(f"{self.program.name} no longer reads: {failure.strerror}") from None

    def stop(self, how: signal.Signals = signal.SIGTERM, grace: float = 10.0) -> None:
        """Ask it to end, wait `grace` seconds, then kill it with all its children. Nothing happens if it has ended."""
        if not self.running:
            return
        self.resume()  # a frozen process does not see the signal
        self._signal(how)
        if not self._last().ended.wait(grace):
            self.kill()
        self._pid_file.unlink(missing_ok=True)

    def kill(self) -> None:
        """kill -9 the process, then its children, and wait until they are gone."""
        if not self.running:
            return
        family = self._family()
        for member in family:
            send(member, signal.SIGKILL)
        self._last().ended.wait()
        wait_gone(family[1:], LEFTOVER_GRACE)
        self._pid_file.unlink(missing_ok=True)

    def pause(self) -> None:
        """Freeze it and its children (SIGSTOP): connections stay open and nothing answers, as on a stuck machine."""
        for member in self._family():
            send(member, signal.SIGSTOP)

    def resume(self) -> None:
        """Undo `pause`; nothing happens to a process that was not frozen."""
        for member in self._family():
            send(member, signal.SIGCONT)

    def resident_bytes(self) -> int:
        """Resident memory of the process and its children, shared pages counted once for each."""
        return sum(_resident(member) for member in self._family())

    def wait_until(self, ready: Callable[[], bool], timeout: float, error: type[PartError]) -> None:
        """Wait until `ready()`. Raises `error` with the end of the log if the process ends or time runs out."""
        deadline = time.monotonic() + timeout
        while not ready():
            if not self.running:
                raise error(f"{self.program.name} ended with code {self.exit_code}: {tail(self.program.log)}")
            if time.monotonic() > deadline:
                raise error(f"{self.program.name} gave no answer in {timeout:.0f} s: {tail(self.program.log)}")
            time.sleep(0.02)

    def _signal(self, which: signal.Signals) -> None:
        self._last().process.send_signal(which)

    def _family(self) -> list[psutil.Process]:
        """The process first, so that a frozen or killed parent cannot fork more behind our back."""
        if not self.running:
            return []
        try:
            parent = psutil.Process(self.pid)
            return [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def _last(self) -> _Running:
        if self._running is None:
            raise PartError(f"{self.program.name} was never started")
        return self._running


def tail(log: Path, lines: int = 4) -> str:
    """The last lines of a log and where the rest is, for an error message."""
    try:
        last = log.read_text(errors="replace").splitlines()[-lines:]
    except FileNotFoundError:
        return f"(no log at {log})"
    return " | ".join(last) + f" (log: {log})"


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0
