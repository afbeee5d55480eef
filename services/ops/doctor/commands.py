"""`doctor`: one look at everything, told on a page or as JSON. Exit code 1 where something is a fault."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import typer

from services.kit.clock import Clock, system_clock
from services.ops.doctor.databases import look_at_databases
from services.ops.doctor.findings import Finding, Level, Report
from services.ops.doctor.kafka import look_at_kafka
from services.ops.doctor.keys import look_at_keys
from services.ops.doctor.settings import RUN_FILE, DoctorSettings, of_run
from services.ops.doctor.surroundings import look_at_mail, look_at_policy, look_at_services

DEFAULT_RUN = Path(".run/up")
"""Where `saferoute up` keeps its files."""
MARKS: dict[Level, str] = {"ok": "  ok     ", "warning": "  WARNING", "fault": "  FAULT  "}
ADDRESS = "SAFEROUTE_KAFKA__BOOTSTRAP_SERVERS"


async def examine(settings: DoctorSettings, clock: Clock = system_clock) -> Report:
    """Look at everything that the settings name. Never raises for what it finds."""
    return Report(tuple([finding async for finding in _look(settings, clock)]))


async def _look(settings: DoctorSettings, clock: Clock) -> AsyncIterator[Finding]:
    for finding in look_at_keys(settings):
        yield finding
    async for finding in look_at_databases(settings, clock):
        yield finding
    async for finding in look_at_kafka(settings):
        yield finding
    for finding in look_at_policy(settings, clock()):
        yield finding
    yield await look_at_mail(settings)
    async for finding in look_at_services(settings, clock):
        yield finding


def register(app: typer.Typer) -> None:
    """Add `doctor`."""
    app.command("doctor")(doctor)


def doctor(
    run_dir: Annotated[
        Path | None, typer.Option(help="Folder of a run by `saferoute up`; without it the environment counts.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="For machines: findings with level, check, means, todo.")
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="Also show what is as it should be.")] = False,
) -> None:
    """Look at a deployment: keys, databases, Kafka, policy, mail, services. Changes nothing, shows no secret."""
    settings = _settings(run_dir)
    report = asyncio.run(examine(settings))
    if as_json:
        findings = [dataclasses.asdict(finding) for finding in report.findings]
        typer.echo(json.dumps({"verdict": report.verdict, "findings": findings}, indent=2))
    else:
        _tell(report, everything=everything)
    raise typer.Exit(report.exit_code)


def _settings(run_dir: Path | None) -> DoctorSettings:
    """A run's own file where one is named, or where the environment names no Kafka and the usual run has one."""
    folder = run_dir or (DEFAULT_RUN if ADDRESS not in os.environ and (DEFAULT_RUN / RUN_FILE).exists() else None)
    if folder is None:
        return DoctorSettings()
    if not (folder / RUN_FILE).exists():
        typer.echo(f"{folder} holds no run: start one with `saferoute up`", err=True)
        raise typer.Exit(2)
    return of_run(folder)


def _tell(report: Report, *, everything: bool) -> None:
    for finding in report.findings:
        if finding.level == "ok" and not everything:
            continue
        typer.echo(f"{MARKS[finding.level]} {finding.check}: {finding.means}")
        if finding.todo:
            typer.echo(f"            → {finding.todo}")
    typer.echo(report.verdict)
