"""Kill -9 at random instants, all services alike, while referrals are posted: nothing lost, nobody told twice.

`python -m bench.chaos [--kills 200] [--referrals 2000] [--seed 1]` prints a table; exit code 1 on a broken promise.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from contracts.topics import SERVICES
from services.local.run_directory import PartError
from tests.support.chaos_evidence import lag
from tests.support.chaos_stack import Arena, Killer, arena
from tests.support.chaos_verdict import Verdict

LONGEST_PAUSE = 15.0
"""Seconds between two kills of one service at most: a killed consumer's partitions are orphaned for ten of them."""
DRAIN_SECONDS = 300.0
PROGRESS_SECONDS = 30.0


async def main(arguments: argparse.Namespace, folder: Path) -> bool:
    """One run; whether every promise was kept."""
    environ = {**os.environ, "REQUIRE_KAFKA": "1"}
    async with arena(folder, environ, _say) as field:
        started = time.monotonic()
        watching = asyncio.create_task(_progress(field, started))
        await _run(field, arguments)
        posted = time.monotonic() - started
        verdict = await field.verdict("main", seconds=DRAIN_SECONDS)
        watching.cancel()
        table = _table(verdict, field.kills, posted, time.monotonic() - started)
    for name, figure in table.items():
        print(f"{name:<44} {figure}")
    for words in verdict.violations():
        print(f"BROKEN  {words}")
    return not verdict.violations()


async def _run(field: Arena, arguments: argparse.Namespace) -> None:
    """Post until enough referrals were posted and every kill has struck."""
    enough = asyncio.Event()
    load = field.load("main", per_second=arguments.per_second)
    posting = asyncio.create_task(load.run(arguments.referrals, enough))
    killer = Killer(field, arguments.seed, longest_pause=LONGEST_PAUSE)
    try:
        await killer.run(-(-arguments.kills // len(SERVICES)))
    finally:
        enough.set()
        await posting


async def _progress(field: Arena, started: float) -> None:
    """A line now and then, so that a long run is seen to live."""
    while True:
        await asyncio.sleep(PROGRESS_SECONDS)
        accepted, mails = len(field.ledger.read()), len(field.stack.mail.store.ids())
        behind = await asyncio.to_thread(lag, field.stack.bootstrap_servers)
        kills = sum(field.kills.values())
        _say(f"{time.monotonic() - started:6.0f} s  {kills} kills  {accepted} 202s  {mails} mails  {behind} behind")


def _table(verdict: Verdict, kills: Mapping[str, int], posted: float, total: float) -> dict[str, object]:
    each = ", ".join(f"{name} {count}" for name, count in kills.items())
    return {
        "kill -9 of services": f"{sum(kills.values())} ({each})",
        "referrals accepted (202, fsynced by client)": verdict.accepted,
        "202s with later versions": verdict.revisions,
        "mails (different Message-IDs)": verdict.mails,
        "second copies of a mail (same Message-ID)": verdict.copies,
        "held for a person": verdict.held,
        "still waiting, with a timer": verdict.waiting,
        "LOST": len(verdict.lost),
        "later versions that nobody was told of": len(verdict.untold_updates),
        "told twice": len(verdict.duplicates),
        "out of order": len(verdict.out_of_order),
        "statuses that do not fit": len(verdict.odd_statuses),
        "dead letters": verdict.dead_letters,
        "left in an outbox": verdict.outbox,
        "seconds of posting under kills": round(posted),
        "seconds in all": round(total),
    }


def _say(line: str) -> None:
    print(line, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.chaos")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--referrals", type=int, default=2_000)
    parser.add_argument("--per-second", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="keep everything there; default: a temporary folder")
    return parser.parse_args()


def run() -> int:
    """Exit code of the command."""
    given = _arguments()
    try:
        with tempfile.TemporaryDirectory(prefix="saferoute-chaos-", ignore_cleanup_errors=True) as temporary:
            kept = asyncio.run(main(given, (given.folder or Path(temporary)).absolute()))
    except PartError as error:
        print(f"chaos: {error}", file=sys.stderr)
        return 1
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(run())
