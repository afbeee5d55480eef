"""`saferoute up` and `saferoute demo`: the whole system on this machine."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services.local.demo import Demonstration
from services.local.jars import progress_on
from services.local.run_directory import PartError
from services.local.stack import Options, Stack, running

EXAMPLES = Path(__file__).parents[2] / "examples"
RUN_DIR = Path(".run")
DEMO_MARK = "demo.mark"
"""The file that says: what is in this folder came from a demonstration and may be thrown away."""

RunDir = Annotated[Path, typer.Option(help="Where data, keys and logs of the embedded run are kept.")]


def register(app: typer.Typer) -> None:
    """Add `up` and `demo`."""
    app.command("up")(up)
    app.command("demo")(demo)


def up(run_dir: RunDir = RUN_DIR / "up", log_level: str = "INFO") -> None:
    """Run the whole system on this machine until Ctrl-C. What it holds is still there at the next start."""
    console = Console(soft_wrap=True, highlight=False)
    options = Options(
        run_dir.absolute(),
        os.environ,
        lambda line: console.print(line, markup=False),
        progress=progress_on(sys.stderr),
        urns=sample_urns(),
        schools_register=EXAMPLES / "register" / "schools.csv",
        log_level=log_level,
        colour=console.is_terminal,
    )
    _run(_up(options, console))


async def _up(options: Options, console: Console) -> int:
    async with running(options) as stack:
        _addresses(stack, console)
        await stack.supervisor.run()
        console.print("stopping")
    return 0


def demo(
    run_dir: RunDir = RUN_DIR / "demo",
    samples: Annotated[Path, typer.Option(help="Folder of referrals to post.")] = EXAMPLES / "referrals",
) -> None:
    """Post the sample referrals over HTTP and follow each until somebody was told. Exit code 0 when all were."""
    started = time.monotonic()
    console = Console(soft_wrap=True, highlight=False)
    options = Options(
        run_dir.absolute(),
        os.environ,
        lambda line: console.print(line, markup=False),
        progress=progress_on(sys.stderr),
        urns=sample_urns(),
        schools_register=EXAMPLES / "register" / "schools.csv",
        show_logs=False,
    )
    _run(_demo(options, sorted(samples.glob("*.json")), console, started))


async def _demo(options: Options, samples: list[Path], console: Console, started: float) -> int:
    _clear(options.run_dir)
    async with running(options) as stack:
        console.print(f"all ready after {time.monotonic() - started:.1f} s; posting {len(samples)} referrals")
        complete = await Demonstration(stack, samples, console).run()
        console.print(f"logs: {options.run_dir / 'logs'}   mails: {stack.mail.store.path}")
    console.print(f"{'done' if complete else 'NOT complete'} in {time.monotonic() - started:.1f} s")
    return 0 if complete else 1


def _clear(run_dir: Path) -> None:
    """Empty the folder for a demonstration, if it is one's: any other holds somebody's files, or the only copies of
    accepted referrals and of their keys.

    Raises PartError: the folder is not empty and no demonstration ran in it.
    """
    mark = run_dir / DEMO_MARK
    ours = mark.exists() or run_dir == (RUN_DIR / "demo").absolute()
    if run_dir.exists() and any(run_dir.iterdir()) and not ours:
        raise PartError(f"{run_dir} is not a demonstration's folder: name an empty one, or clear it yourself")
    shutil.rmtree(run_dir, ignore_errors=True)
    run_dir.mkdir(parents=True)
    mark.touch()


def _addresses(stack: Stack, console: Console) -> None:
    console.print(f"post referrals to  {stack.deployment.url('intake')}/v1/referrals   (docs: /docs)")
    console.print(f"with the key in    {stack.deployment.keys / 'accounts.json'}")
    console.print(f"acknowledge at     {stack.deployment.url('notify')}")
    console.print(f"read the mails at  {stack.mail.url}")
    console.print("Ctrl-C ends everything")


def _run(coroutine: object) -> None:
    """Run to the end; a part that could not be had is one clear line, not a traceback."""
    failure = ""
    try:
        sys.exit(asyncio.run(coroutine))  # type: ignore[arg-type]
    except PartError as error:
        failure = str(error)
    except KeyboardInterrupt:
        sys.exit(130)
    typer.echo(f"saferoute: {failure}", err=True)
    sys.exit(1)


def sample_urns() -> tuple[str, ...]:
    """The schools of the samples: the local client may post for these."""
    urns = {
        json.loads(path.read_text()).get("school", {}).get("urn") for path in (EXAMPLES / "referrals").glob("*.json")
    }
    return tuple(sorted(urn for urn in urns if urn))
