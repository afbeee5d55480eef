"""A run in a process of its own, to be killed with -9: what becomes of its parts?"""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from services.local.processes import CODE_ROOT

_SCRIPT = """
import json, sys, time
from pathlib import Path
from {module} import {part}
part = {part}(Path(sys.argv[1]))
part.__enter__()
print(json.dumps({{"pid": part.pid}}), flush=True)
time.sleep(600)
"""


@dataclass(frozen=True)
class KilledRun:
    """A run that is no more, and the process of its part, which may be."""

    part: psutil.Process | None

    def part_ended_within(self, seconds: float) -> bool:
        """Whether the part ended too."""
        if self.part is None:
            return True
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not self.part.is_running() or self.part.status() == psutil.STATUS_ZOMBIE:
                return True
            time.sleep(0.05)
        return False


def start_and_kill_run(module: str, part: str, run_dir: Path, *, freeze_part: bool = False) -> KilledRun:
    """Start the part in another process, then kill -9 that process; the part may be frozen before."""
    run = subprocess.Popen(
        [sys.executable, "-c", _SCRIPT.format(module=module, part=part), str(run_dir)],
        stdout=subprocess.PIPE,
        cwd=CODE_ROOT,
        text=True,
    )
    assert run.stdout is not None
    process = psutil.Process(json.loads(run.stdout.readline())["pid"])
    if freeze_part:
        process.suspend()
    run.kill()
    run.wait()
    run.stdout.close()
    return KilledRun(process)
