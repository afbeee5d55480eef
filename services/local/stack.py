"""The whole system on this machine: broker, PostgreSQL, mail catcher, and the four services as processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from contracts.topics import SERVICES, Service
from services.local.broker import ChosenBroker, choose_broker
from services.local.deployment import CODE, Accounts, Deployment, Mailbox, topic_specs
from services.local.jars import Progress
from services.local.mail_catcher import MailCatcher
from services.local.postgres import EmbeddedPostgres
from services.local.supervisor import Service as Process
from services.local.supervisor import Supervisor

READY_SECONDS = 120.0
"""From the first fork until all four answer: some 10 s on two cores, and a cold disk gets time."""

COLOURS: Mapping[Service, str] = {"intake": "cyan", "redaction": "magenta", "routing": "yellow", "notify": "green"}

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How to run. `say` takes progress lines; `show_logs` passes on what the services log."""

    run_dir: Path
    environ: Mapping[str, str]
    say: Say
    progress: Progress | None = None
    """Takes the lines about a first download of Kafka's jars."""
    urns: tuple[str, ...] = ()
    schools_register: Path | None = None
    log_level: str = "INFO"
    show_logs: bool = True
    colour: bool = False
    overrides: Mapping[Service, Mapping[str, str]] = field(default_factory=dict)
    launchers: Mapping[Service, tuple[str, ...]] = field(default_factory=dict)
    """Other command lines for some services: tests start them with faults built in."""


@dataclass(frozen=True, slots=True)
class Stack:
    """Everything that runs, and the handles to use, kill and look at it."""

    chosen: ChosenBroker
    postgres: EmbeddedPostgres
    mail: MailCatcher
    deployment: Deployment
    accounts: Accounts
    supervisor: Supervisor

    @property
    def bootstrap_servers(self) -> str:
        return self.chosen.broker.bootstrap_servers


@asynccontextmanager
async def running(options: Options) -> AsyncIterator[Stack]:
    """Start everything, wait until all is ready, and end it all in order: services, mail, PostgreSQL, broker.

    Raises PartError: a part could not be had or a service did not become ready.
    """
    with ExitStack() as parts:
        chosen = parts.enter_context(choose_broker(options.run_dir, options.environ, progress=options.progress))
        options.say(chosen.notice)
        postgres = parts.enter_context(EmbeddedPostgres(options.run_dir / "postgres"))
        mail = parts.enter_context(MailCatcher(options.run_dir / "mail"))
        options.say(f"PostgreSQL at port {postgres.port}; mail catcher at {mail.url}")
        chosen.broker.declare_topics(topic_specs())
        deployment = Deployment(
            options.run_dir,
            chosen.broker.bootstrap_servers,
            postgres,
            Mailbox(mail.smtp_host, mail.smtp_port),
            urns=options.urns,
            schools_register=options.schools_register,
            log_level=options.log_level,
            overrides=options.overrides,
        )
        accounts = await asyncio.to_thread(deployment.prepare)
        options.say("keys, databases and topics are ready; starting intake, redaction, routing, notify")
        supervisor = Supervisor(
            [_process(service, deployment, options) for service in SERVICES],
            write=options.say if options.show_logs else _silent,
            colour=options.colour,
            log_dir=options.run_dir / "logs",
        )
        async with supervisor:
            await supervisor.wait_ready(READY_SECONDS)
            yield Stack(chosen, postgres, mail, deployment, accounts, supervisor)


def _silent(_line: str) -> None:
    """The services' lines go to files only."""


def _process(service: Service, deployment: Deployment, options: Options) -> Process:
    return Process(
        name=service,
        argv=options.launchers.get(service, deployment.command(service)),
        env=deployment.environment(service),
        colour=COLOURS[service],
        ready_url=f"{deployment.url(service)}/health/ready",
        cwd=CODE.parent,
    )
