"""Roles and databases on a real PostgreSQL: made once, mended after a rotation, closed to each other."""

from __future__ import annotations

import asyncpg
import pytest

from services.local.postgres import EmbeddedPostgres
from services.ops.databases import Account, DatabaseRefusedError, account_of, provision

FIRST, SECOND = "first-password-of-thirty-two-bytes", "second-password-of-thirty-two-bytes"
ONE, TWO = "provisioned_one", "provisioned_two"


def accounts(postgres: EmbeddedPostgres, password: str) -> list[Account]:
    place = f"127.0.0.1:{postgres.port}"
    return [account_of(f"postgresql://{name}:{password}@{place}/{name}") for name in (ONE, TWO)]


async def test_each_service_gets_a_database_of_its_own_and_cannot_enter_another(postgres: EmbeddedPostgres) -> None:
    admin = postgres.superuser_dsn()
    one, two = accounts(postgres, FIRST)
    await provision(admin, [one, two])
    assert await provision(admin, [one, two]) == []

    connection = await asyncpg.connect(one.dsn)
    await connection.execute("CREATE TABLE mine (id int)")
    await connection.close()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(two.dsn.replace(f"{TWO}:", f"{ONE}:"))

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(one.dsn.removesuffix(ONE) + "postgres")


async def test_a_rotated_password_replaces_the_old_one(postgres: EmbeddedPostgres) -> None:
    admin = postgres.superuser_dsn()
    await provision(admin, accounts(postgres, FIRST))
    assert await provision(admin, accounts(postgres, SECOND)) == [f"password of {ONE}", f"password of {TWO}"]
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(accounts(postgres, FIRST)[0].dsn)
    await (await asyncpg.connect(accounts(postgres, SECOND)[0].dsn)).close()
    assert await provision(admin, accounts(postgres, SECOND)) == []


async def test_a_server_that_is_away_is_told_apart_without_its_address_or_password() -> None:
    with pytest.raises(DatabaseRefusedError) as refusal:
        await provision(f"postgresql://postgres:{FIRST}@127.0.0.1:1/postgres", [])
    assert FIRST not in str(refusal.value)
