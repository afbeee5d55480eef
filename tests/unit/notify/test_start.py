"""What notify refuses to start on."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from services.local.processes import CODE_ROOT

KENT = Path(__file__).parents[3] / "services/routing/policies/kent"


def test_an_empty_rota_at_the_last_level_keeps_it_from_starting_and_is_named(tmp_path: Path) -> None:
    pack = tmp_path / "pack"
    shutil.copytree(KENT, pack)
    file = pack / "destinations.yaml"
    file.write_text(re.sub(r".*lado-on-call@.*\n|.*07700 900103.*\n", "", file.read_text()))
    (tmp_path / "dsn").write_text("postgresql://notify@127.0.0.1:1/notify")
    ended = subprocess.run(
        [sys.executable, "-m", "services.notify", "serve"],
        env={"SAFEROUTE_DATABASE__DSN_FILE": str(tmp_path / "dsn"), "SAFEROUTE_POLICY_PACK": str(pack)},
        cwd=CODE_ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert "destination lado: the last level of ladder standard is an empty rota out of office hours" in ended.stderr
