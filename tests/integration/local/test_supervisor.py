"""The supervisor over real child processes: restarts, readable output, and nothing left behind."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from services.local.processes import CODE_ROOT, free_port
from services.local.supervisor import NotReadyError, Service, ServiceGaveUpError, Status, Supervisor

READY_SERVER = """
import http.server, json, sys
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *_): pass
print(json.dumps({"event": "listening", "level": "info", "service": "x", "timestamp": "2026-11-21T09:30:00Z",
                  "port": int(sys.argv[1]), "reason": "two words"}), flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Ready).serve_forever()
"""

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)

WITH_GRANDCHILD = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""


def python(name: str, code: str, *arguments: str, ready_url: str | None = None) -> Service:
    return Service(name, (sys.executable, "-c", code, *arguments), dict(os.environ), ready_url=ready_url)


def server(name: str = "intake") -> Service:
    port = free_port()
    return python(name, READY_SERVER, str(port), ready_url=f"http://127.0.0.1:{port}/health/ready")


async def until(condition: object, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_services_become_ready_and_end_with_sigterm() -> None:
    lines: list[str] = []
    async with Supervisor([server("intake"), server("notify")], write=lines.append) as supervisor:
        await supervisor.wait_ready(15)
        pids = [supervisor.pid("intake"), supervisor.pid("notify")]
    assert supervisor.statuses() == {"intake": Status.ENDED, "notify": Status.ENDED}
    assert not any(pid is not None and psutil.pid_exists(pid) for pid in pids)
    assert any("notify" in line and "● ready after" in line for line in lines)


async def test_log_line_is_readable_and_kept_as_it_came(tmp_path: Path) -> None:
    lines: list[str] = []
    async with Supervisor([server()], write=lines.append, log_dir=tmp_path) as supervisor:
        await supervisor.wait_ready(15)
    (shown,) = [line for line in lines if "listening" in line]
    assert " intake     listening port=" in shown
    assert 'reason="two words"' in shown
    assert json.loads((tmp_path / "intake.log").read_text())["event"] == "listening"


async def test_output_cannot_steer_the_terminal() -> None:
    lines: list[str] = []
    async with Supervisor([python("odd", r"print('\x1b[2Jgone \x07')")], write=lines.append) as supervisor:
        await until(lambda: supervisor.statuses()["odd"] is Status.ENDED)
    assert any("gone" in line for line in lines)
    assert not any("\x1b" in line or "\x07" in line for line in lines)


async def test_killed_service_is_started_again() -> None:
    async with Supervisor([server()], write=lambda _: None) as supervisor:
        await supervisor.wait_ready(15)
        pid = supervisor.pid("intake")
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await until(lambda: supervisor.restarts()["intake"] == 1)
        await supervisor.wait_ready(15)
        assert supervisor.pid("intake") != pid


async def test_service_that_never_becomes_ready_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.local.supervisor.FIRST_DELAY", 0.01)
    lame = python("lame", "raise SystemExit(3)", ready_url="http://127.0.0.1:9/health/ready")
    lines: list[str] = []
    async with Supervisor([lame], write=lines.append) as supervisor:
        with pytest.raises(ServiceGaveUpError, match="lame"):
            await supervisor.wait_ready(60)
    assert "given up" in lines[-1]


async def test_run_ends_when_its_own_output_is_gone() -> None:
    def broken(line: str) -> None:
        if "listening" in line:
            raise BrokenPipeError

    async with Supervisor([server()], write=broken) as supervisor:
        with pytest.raises(BrokenPipeError):
            await asyncio.wait_for(supervisor.run(), timeout=15)
        pid = supervisor.pid("intake")
    assert pid is None


async def test_service_that_ends_well_is_not_started_again() -> None:
    async with Supervisor([python("once", "print('done')")], write=lambda _: None) as supervisor:
        await until(lambda: supervisor.statuses()["once"] is Status.ENDED)
        assert supervisor.restarts() == {"once": 0}


async def test_late_service_is_named() -> None:
    late = python("late", "import time; time.sleep(600)", ready_url="http://127.0.0.1:9/health/ready")
    async with Supervisor([late], write=lambda _: None) as supervisor:
        with pytest.raises(NotReadyError, match="late"):
            await supervisor.wait_ready(0.5)


async def test_service_that_ignores_sigterm_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.local.supervisor.STOP_GRACE", 0.5)
    lines: list[str] = []
    async with Supervisor([python("stubborn", STUBBORN)], write=lines.append) as supervisor:
        await until(lambda: any("up" in line for line in lines))
        pid = supervisor.pid("stubborn")
    assert pid is not None
    assert not psutil.pid_exists(pid)


async def test_what_a_service_started_goes_with_it(tmp_path: Path) -> None:
    async with Supervisor([python("parent", WITH_GRANDCHILD)], write=lambda _: None, log_dir=tmp_path) as supervisor:
        log = tmp_path / "parent.log"
        await until(lambda: log.exists() and log.read_text().endswith("\n"))
        grandchild = psutil.Process(int(log.read_text()))
        assert supervisor.statuses()["parent"] is Status.READY
    await until(lambda: not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE)


RUN = """
import asyncio, os, sys
from services.local.supervisor import Service, Supervisor
async def main():
    sleep = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    service = Service("sleeper", (sys.executable, "-c", sleep), dict(os.environ))
    async with Supervisor([service], write=lambda line: print(line, flush=True)) as supervisor:
        await supervisor.run()
    print("over", flush=True)
asyncio.run(main())
"""


def started_run() -> tuple[subprocess.Popen[str], psutil.Process]:
    run = subprocess.Popen([sys.executable, "-c", RUN], stdout=subprocess.PIPE, cwd=CODE_ROOT, text=True)
    assert run.stdout is not None
    while not (last := run.stdout.readline().split()[-1]).isdigit():
        pass
    return run, psutil.Process(int(last))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_ends_everything_cleanly(how: signal.Signals) -> None:
    run, service = started_run()
    time.sleep(0.3)
    run.send_signal(how)
    output, _ = run.communicate(timeout=20)
    assert output.endswith("over\n")
    assert run.returncode == 0
    assert not service.is_running()


def test_services_of_a_killed_supervisor_do_not_outlive_it() -> None:
    run, service = started_run()
    run.kill()
    run.communicate(timeout=10)
    deadline = time.monotonic() + 10
    while service.is_running() and service.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.05)
