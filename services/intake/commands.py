"""Commands of the house that belong to intake: API clients and their keys."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import asyncpg
import typer

from services.intake.adapters.clients import TooManyKeysError, create_client, revoke_key
from services.intake.domain.client import LIVE_KEYS_AT_MOST
from services.kit.clock import system_clock
from services.kit.database import Connection

T = TypeVar("T")

DsnFile = Annotated[
    Path,
    typer.Option(
        "--dsn-file", envvar="SAFEROUTE_DATABASE__DSN_FILE", help="File with the URL of intake's database.", exists=True
    ),
]


async def provision_client(
    dsn: str, client_id: str, urns: Iterable[str], mode: Literal["live", "test"] = "live"
) -> str:
    """Make an API client, bound to the schools it may post for, and give it a key; answers the key, shown only here.

    A known client is bound to these schools anew and gets one more key.
    Raises TooManyKeysError: it has two keys of this mode that work already.
    """
    schools = tuple(urns)
    return await _in_database(dsn, lambda to: create_client(to, client_id, schools, mode, system_clock()))


async def revoke(dsn: str, prefix: str) -> bool:
    """Stop a key from working, within seconds everywhere; False where none with this prefix works."""
    return await _in_database(dsn, lambda to: revoke_key(to, prefix, system_clock()))


async def _in_database(dsn: str, work: Callable[[Connection], Awaitable[T]]) -> T:
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            return await work(connection)
    finally:
        await connection.close()


def register(app: typer.Typer) -> None:
    """Add `clients create` and `clients revoke` to the command line."""
    clients = typer.Typer(no_args_is_help=True, help="API clients: who may post for which schools.")
    app.add_typer(clients, name="clients")

    @clients.command("create")
    def create(
        client_id: Annotated[str, typer.Argument(help="Lower case letters, digits and hyphens, e.g. arbor-kent.")],
        dsn_file: DsnFile,
        urn: Annotated[list[str], typer.Option(help="A school's URN; once for each school.")],
        test: Annotated[bool, typer.Option("--test", help="A key whose referrals are tests.")] = False,
    ) -> None:
        """Make a client with a key, or give a known client one more. The key is shown once."""
        key = ""
        try:
            mode: Literal["live", "test"] = "test" if test else "live"
            key = asyncio.run(provision_client(dsn_file.read_text().strip(), client_id, urn, mode))
        except TooManyKeysError:
            typer.echo(f"{client_id} has {LIVE_KEYS_AT_MOST} keys that work: revoke one first.", err=True)
        except asyncpg.CheckViolationError:
            typer.echo("A client's id is lower case letters, digits and hyphens, at most 63.", err=True)
        if not key:
            raise typer.Exit(1)
        typer.echo(key)

    @clients.command("revoke")
    def stop(
        prefix: Annotated[str, typer.Argument(help="The 12 digits after sr_live_ or sr_test_.")], dsn_file: DsnFile
    ) -> None:
        """Stop a key from working."""
        stopped = asyncio.run(revoke(dsn_file.read_text().strip(), prefix))
        typer.echo("The key no longer works." if stopped else "No key with this prefix works.")
        raise typer.Exit(0 if stopped else 1)
