"""One role and one database a service, made by whoever administrates the server. A service's own URL says which.

The password never stands in a statement: the server gets its SCRAM verifier, so no log of statements can hold it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

import asyncpg

from services.kit.database import OUTAGES

PLAIN_NAME = re.compile(r"[a-z][a-z_]{0,62}")
"""Names of roles and databases stand in statements as they are; so they are letters alone."""
SCRAM_ITERATIONS = 4096
"""PostgreSQL's own default. The passwords are 256 random bits: more rounds would only slow every connection."""
CONNECT_SECONDS = 10.0


class DatabaseRefusedError(Exception):
    """A server that does not answer, or a URL that cannot be used. Holds neither URL nor password."""


@dataclass(frozen=True, slots=True)
class Account:
    """A service's role and database, as its URL names them."""

    role: str
    database: str
    password: str = field(repr=False)
    dsn: str = field(repr=False)


def account_of(dsn: str) -> Account:
    """The role and database of a libpq URL. Raises DatabaseRefusedError where it names no plain ones."""
    parts = urlsplit(dsn.strip())
    role, database = parts.username or "", parts.path.removeprefix("/")
    if not (PLAIN_NAME.fullmatch(role) and PLAIN_NAME.fullmatch(database) and parts.password):
        raise DatabaseRefusedError("a URL must name a role, its password and a database, in plain lower case")
    return Account(role, database, unquote(parts.password), dsn.strip())


def scram_verifier(password: str, salt: bytes) -> str:
    """What PostgreSQL keeps of a password (RFC 5803): nobody can sign in with it."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, SCRAM_ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt_text, stored_text, server_text = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${SCRAM_ITERATIONS}:{salt_text}${stored_text}:{server_text}"


async def provision(admin_dsn: str, accounts: list[Account]) -> list[str]:
    """Make or mend roles and databases; answers what was changed, in words. Twice is as good as once.

    Raises DatabaseRefusedError: the server is away or does not let the administrator in.
    """
    refused = False
    try:
        admin = await asyncpg.connect(admin_dsn, timeout=CONNECT_SECONDS)
    except (*OUTAGES, asyncpg.PostgresError):
        refused = True
    if refused:
        raise DatabaseRefusedError("the server does not answer, or does not let the administrator in")
    try:
        changed = [line for account in accounts for line in await _provision_one(admin, account)]
        await admin.execute("REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC")
        return changed
    finally:
        await admin.close()


async def _provision_one(admin: asyncpg.Connection, account: Account) -> list[str]:
    changed = []
    known = await admin.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", account.role)
    if not known or not await _lets_in(account):
        verifier = scram_verifier(account.password, secrets.token_bytes(16))
        verb = "ALTER" if known else "CREATE"
        rights = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
        await admin.execute(f"{verb} ROLE {account.role} {rights} PASSWORD '{verifier}'")
        changed.append(f"{'password of' if known else 'role'} {account.role}")
    if not await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", account.database):
        await admin.execute(f"CREATE DATABASE {account.database} OWNER {account.role}")
        changed.append(f"database {account.database}")
    await admin.execute(f"REVOKE ALL ON DATABASE {account.database} FROM PUBLIC")
    return changed


async def _lets_in(account: Account) -> bool:
    """Whether the password in the URL is the role's; a database that is still missing says nothing about that."""
    try:
        connection = await asyncpg.connect(account.dsn, timeout=CONNECT_SECONDS)
    except asyncpg.InvalidCatalogNameError:
        return True
    except asyncpg.InvalidAuthorizationSpecificationError:
        return False
    await connection.close()
    return True
