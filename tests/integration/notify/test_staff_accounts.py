"""Staff accounts: a token is shown once, kept as a hash, and stops working when renewed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import typer
from typer.testing import CliRunner

from services.notify.adapters import staff
from services.notify.commands import provision_staff, register
from tests.integration.notify.conftest import World


def _dsn(world: World, tmp_path: Path) -> str:
    return (tmp_path / "dsn").read_text()


async def test_a_token_signs_in_until_it_is_renewed(world: World, tmp_path: Path) -> None:
    first = await provision_staff(_dsn(world, tmp_path), "p-17", ("front_door", "lado"), "caseworker")
    second = await provision_staff(_dsn(world, tmp_path), "p-17", ("front_door",), "viewer")
    async with world.pool.acquire() as connection:
        assert await staff.signed_in(connection, first) is None
        person = await staff.signed_in(connection, second)
    assert person is not None
    assert person.role == "viewer"
    assert person.destinations == frozenset({"front_door"})


async def test_a_dump_of_the_database_signs_nobody_in(world: World, tmp_path: Path) -> None:
    token = await provision_staff(_dsn(world, tmp_path), "p-17", ("front_door",), "caseworker")
    row = await world.pool.fetchrow("SELECT * FROM staff_accounts")
    assert token not in str(dict(row))
    async with world.pool.acquire() as connection:
        assert await staff.signed_in(connection, row["token_hash"].hex()) is None


async def test_a_disabled_account_is_signed_out(world: World, tmp_path: Path) -> None:
    token = await provision_staff(_dsn(world, tmp_path), "p-17", ("front_door",), "caseworker")
    await world.pool.execute("UPDATE staff_accounts SET disabled_at = now()")
    async with world.pool.acquire() as connection:
        assert await staff.signed_in(connection, token) is None


async def test_the_command_shows_a_working_token(world: World, tmp_path: Path) -> None:
    app = typer.Typer()
    register(app)
    words = ["staff", "create", "p-18", "--dsn-file", str(tmp_path / "dsn"), "--destination", "front_door"]
    result = await asyncio.to_thread(CliRunner().invoke, app, words)
    async with world.pool.acquire() as connection:
        assert await staff.signed_in(connection, result.output.strip()) is not None
