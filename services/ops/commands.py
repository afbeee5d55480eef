"""`kafka plan|apply`, `databases apply`, `secrets make|rotate|put`: what a deployment is provisioned with."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, TypeVar, get_args

import typer

from contracts.access import PRINCIPALS
from services.kit.settings import ServiceSettings
from services.ops.broker import Broker, BrokerRefusedError
from services.ops.broker_plan import MakeUser, Plan, declared_topics, in_words, plan
from services.ops.databases import DatabaseRefusedError, account_of, provision
from services.ops.secret_files import Rotatable, SecretFiles, SecretFilesError, Users

T = TypeVar("T")

WAIT_SECONDS = 120.0
"""For a broker that is starting; a cold one on a busy machine took 25 s."""

AFTERWARDS: Mapping[Rotatable, str] = {
    "sealing": "recreate redaction first, then intake",
    "kafka-passwords": "run `kafka apply`, then recreate the four services",
    "databases": "run `databases apply`, then recreate intake, redaction and notify",
    "certificates": "recreate kafka and caddy",
}

Passwords = Annotated[Path, typer.Option(help="Folder with a file kafka_<principal> each.")]
Replication = Annotated[int, typer.Option(min=1, envvar="SAFEROUTE_TOPIC_REPLICATION", help="Replicas of new topics.")]
MinInsync = Annotated[int, typer.Option(min=1, envvar="SAFEROUTE_TOPIC_MIN_INSYNC", help="min.insync.replicas.")]
Folder = Annotated[Path, typer.Option(help="Folder of the secrets.", exists=True, file_okay=False)]
UserIds = Annotated[str, typer.Option("--users", help="User ids: service,kafka,postgres,proxy,owner.")]
Hosts = Annotated[str, typer.Option("--hosts", help="Names and addresses of the proxy, with commas.")]
SECRETS = Path("/run/secrets")


def register(app: typer.Typer) -> None:
    """Add the command groups `kafka`, `databases` and `secrets`."""
    app.add_typer(_kafka(), name="kafka")
    app.add_typer(_databases(), name="databases")
    app.add_typer(_secrets(), name="secrets")


def _kafka() -> typer.Typer:
    group = typer.Typer(no_args_is_help=True, help="Topics, users and permissions of a broker.")

    @group.command("plan")
    def show(replication: Replication = 1, min_insync: MinInsync = 1) -> None:
        """Say what `apply` would change. Exit code 3 where there is something."""
        broker = _broker()
        todo = _refusable(lambda: _plan(broker, replication, min_insync, prune=False))
        _tell(todo, done="would ")
        raise typer.Exit(3 if todo.changes or todo.undeclared or todo.faults else 0)

    @group.command("apply")
    def apply(
        passwords: Passwords = SECRETS,
        replication: Replication = 1,
        min_insync: MinInsync = 1,
        prune: Annotated[bool, typer.Option("--prune", help="Also remove ACLs that nobody declared.")] = False,
    ) -> None:
        """Make topics, users and ACLs as declared, and set every user's password to what stands in its file."""
        broker = _broker()
        words: dict[str, str] = {name: _password(passwords / f"kafka_{name}") for name in PRINCIPALS}
        todo = _refusable(lambda: _plan(broker, replication, min_insync, prune=prune))
        known = {name: word for name, word in words.items() if MakeUser(name) not in todo.changes}
        _refusable(lambda: broker.change(todo.changes, words))
        _refusable(lambda: broker.set_passwords(known))
        _tell(todo, done="")
        typer.echo(f"{len(todo.changes)} changes; passwords of {len(words)} users written")
        raise typer.Exit(1 if todo.faults else 0)

    return group


def _broker() -> Broker:
    broker = Broker(ServiceSettings().kafka)
    _refusable(lambda: broker.wait(WAIT_SECONDS))
    return broker


def _plan(broker: Broker, replication: int, min_insync: int, *, prune: bool) -> Plan:
    shapes = declared_topics(replication, min_insync)
    return plan(shapes, broker.look(shapes), prune=prune)


def _tell(todo: Plan, *, done: str) -> None:
    for change in todo.changes:
        typer.echo(f"{done}{in_words(change)}")
    for rule in todo.undeclared:
        typer.echo(f"not declared: {rule.in_words()}", err=True)
    for fault in todo.faults:
        typer.echo(f"cannot be changed in place: {fault}", err=True)


def _password(path: Path) -> str:
    word = path.read_text().strip() if path.exists() else ""
    if not word:
        typer.echo(f"{path} is missing or empty", err=True)
        raise typer.Exit(1)
    return word


def _databases() -> typer.Typer:
    group = typer.Typer(no_args_is_help=True, help="Roles and databases of a PostgreSQL server.")

    @group.callback()
    def databases() -> None:
        """Roles and databases of a PostgreSQL server."""

    @group.command("apply")
    def apply(
        dsn_file: Annotated[list[Path], typer.Option(help="A service's URL; once for each.", exists=True)],
        admin_dsn_file: Annotated[Path, typer.Option(help="The administrator's URL.")] = SECRETS / "postgres_admin.dsn",
    ) -> None:
        """Make each service's role and database; nobody else may connect to it."""

        async def work() -> list[str]:
            return await provision(
                admin_dsn_file.read_text().strip(), [account_of(one.read_text()) for one in dsn_file]
            )

        for line in _refusable(lambda: asyncio.run(work())):
            typer.echo(f"made {line}")
        typer.echo(f"{len(dsn_file)} databases are as their URLs say")

    return group


def _secrets() -> typer.Typer:
    group = typer.Typer(no_args_is_help=True, help="The secrets of a deployment as files.")

    @group.command("make")
    def make(folder: Folder, users: UserIds, hosts: Hosts = "localhost") -> None:
        """Make what is missing. What is there is never overwritten."""
        made = _refusable(lambda: _files(folder, users, hosts).make())
        typer.echo(f"made {', '.join(made)}" if made else "every secret is there already; none was touched")

    @group.command("rotate")
    def rotate(
        kind: Annotated[str, typer.Argument(help=f"One of {', '.join(get_args(Rotatable))}.")],
        folder: Folder,
        users: UserIds,
        hosts: Hosts = "localhost",
        force: Annotated[bool, typer.Option("--force", help="Even where an old key may still be needed.")] = False,
    ) -> None:
        """Replace one kind of secret and say what to do next."""
        chosen: Rotatable | None = next((one for one in get_args(Rotatable) if one == kind), None)
        if chosen is None:
            raise typer.BadParameter(f"one of {', '.join(get_args(Rotatable))}")
        changed = _refusable(lambda: _files(folder, users, hosts).rotate(chosen, force=force))
        typer.echo(f"replaced {', '.join(changed)}; now {AFTERWARDS[chosen]}")

    @group.command("put")
    def put(name: str, folder: Folder, users: UserIds, hosts: Hosts = "localhost") -> None:
        """Set a file to standard input: your own certificate, your mail server's password."""
        _refusable(lambda: _files(folder, users, hosts).put(name, sys.stdin.read()))
        typer.echo(f"set {name}")

    return group


def _files(folder: Path, users: str, hosts: str) -> SecretFiles:
    service, kafka, postgres, proxy, owner = (int(one) for one in users.split(","))
    return SecretFiles(folder, Users(service, kafka, postgres, proxy, owner), tuple(dict.fromkeys(hosts.split(","))))


def _refusable(work: Callable[[], T]) -> T:
    """Run to the end; a refusal is one clear line, not a traceback."""
    try:
        return work()
    except (BrokerRefusedError, DatabaseRefusedError, SecretFilesError) as refusal:
        sentence = str(refusal)
    typer.echo(sentence, err=True)
    raise typer.Exit(1)
