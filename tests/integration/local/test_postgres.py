"""The embedded PostgreSQL under what a test or a machine does to it."""

import os
from pathlib import Path

import asyncpg
import psutil
import pytest

from services.local.postgres import EmbeddedPostgres
from services.local.postgres_binaries import PostgresUnavailableError
from services.local.run_directory import PartError
from tests.integration.local.killed_run import start_and_kill_run


async def execute(dsn: str, sql: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


async def value(dsn: str, sql: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_each_service_has_a_database_that_no_other_can_enter(postgres: EmbeddedPostgres) -> None:
    mine = postgres.create_database("mine", "mine")
    postgres.create_database("theirs", "theirs")
    assert await value(mine, "SELECT current_user || ' ' || current_database()") == "mine mine"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await value(mine.replace("/mine", "/theirs").replace("//theirs:", "//mine:"), "SELECT 1")


async def test_owner_is_no_superuser_and_makes_no_roles(postgres: EmbeddedPostgres) -> None:
    dsn = postgres.create_database("plain", "plain")
    assert (
        await value(dsn, "SELECT rolsuper OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = 'plain'")
        is False
    )


async def test_wrong_password_is_refused(postgres: EmbeddedPostgres) -> None:
    postgres.create_database("locked", "locked")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await value(f"postgresql://locked:guess@127.0.0.1:{postgres.port}/locked", "SELECT 1")


async def test_making_a_database_again_changes_nothing(postgres: EmbeddedPostgres) -> None:
    dsn = postgres.create_database("again", "again")
    await execute(dsn, "CREATE TABLE kept (x int)")
    assert postgres.create_database("again", "again") == dsn
    assert await value(dsn, "SELECT count(*) FROM kept") == 0


@pytest.mark.parametrize("name", ['x"; DROP DATABASE postgres; --', "Upper", "", "1st"])
def test_name_that_is_no_identifier_is_refused(postgres: EmbeddedPostgres, name: str) -> None:
    with pytest.raises(PostgresUnavailableError, match="identifier"):
        postgres.create_database(name, "owner")


@pytest.mark.parametrize("setting", ["fsync", "synchronous_commit", "full_page_writes"])
async def test_commits_are_written_through(postgres: EmbeddedPostgres, setting: str) -> None:
    assert await value(postgres.superuser_dsn(), f"SHOW {setting}") == "on"


async def test_killed_server_comes_back_with_what_was_committed(postgres: EmbeddedPostgres) -> None:
    dsn = postgres.create_database("killed", "killed")
    await execute(dsn, "CREATE TABLE kept AS SELECT 42 AS x")
    postgres.kill()
    assert not postgres.running
    assert not postgres.answers()
    postgres.start()
    assert await value(dsn, "SELECT x FROM kept") == 42


async def test_restart_keeps_data_and_address(postgres: EmbeddedPostgres) -> None:
    dsn = postgres.create_database("restarted", "restarted")
    await execute(dsn, "CREATE TABLE kept AS SELECT 7 AS x")
    postgres.restart()
    assert await value(postgres.dsn("restarted"), "SELECT x FROM kept") == 7


async def test_frozen_server_answers_nothing_until_it_is_resumed(postgres: EmbeddedPostgres) -> None:
    postgres.pause()
    try:
        assert not postgres.answers()
    finally:
        postgres.resume()
    assert postgres.answers()


async def test_wiped_server_has_lost_everything(run_dir: Path) -> None:
    with EmbeddedPostgres(run_dir) as server:
        server.create_database("lost", "lost")
        with pytest.raises(PostgresUnavailableError):
            server.wipe()
        server.stop()
        server.wipe()
        server.start()
        with pytest.raises(PostgresUnavailableError, match="there is no database"):
            server.dsn("lost")
        assert await value(server.superuser_dsn(), "SELECT count(*) FROM pg_database WHERE datname = 'lost'") == 0


async def test_failed_statement_leaves_no_values_in_the_log(postgres: EmbeddedPostgres) -> None:
    dsn = postgres.create_database("discreet", "discreet")
    await execute(dsn, "CREATE TABLE people (name text PRIMARY KEY)")
    await execute(dsn, "INSERT INTO people VALUES ('Zebedee Quill')")
    connection = await asyncpg.connect(dsn)
    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.execute("INSERT INTO people VALUES ($1)", "Zebedee Quill")
    await connection.close()
    log = postgres.log.read_text()
    assert "duplicate key" in log
    assert "Zebedee" not in log


def test_run_directory_is_held_by_one_run(postgres: EmbeddedPostgres) -> None:
    with pytest.raises(PartError, match="in use by another run"):
        EmbeddedPostgres(postgres.log.parent).__enter__()


@pytest.mark.parametrize("frozen", [False, True])
async def test_server_of_a_killed_run_does_not_outlive_it_or_break_the_next(run_dir: Path, frozen: bool) -> None:
    killed = start_and_kill_run("services.local.postgres", "EmbeddedPostgres", run_dir, freeze_part=frozen)
    if not frozen:  # a frozen process sees no signal: the next run ends it
        assert killed.part_ended_within(10)
    with EmbeddedPostgres(run_dir) as server:
        assert await value(server.superuser_dsn(), "SELECT 1") == 1
        assert killed.part_ended_within(0.1)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs under another account")
def test_server_starts_again_after_the_folder_above_was_closed(run_dir: Path) -> None:
    with EmbeddedPostgres(run_dir / "postgres") as server:
        server.stop()
        run_dir.chmod(0o700)
        server.start()
        assert server.answers()


def test_lock_that_names_a_stranger_does_not_keep_the_server_from_starting(run_dir: Path) -> None:
    with EmbeddedPostgres(run_dir) as server:
        server.kill()
        lock = run_dir / "data" / "postmaster.pid"
        lines = lock.read_text().splitlines()
        lock.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
        server.start()
        assert server.answers()
        pid = server.pid
    assert not psutil.pid_exists(pid)
