"""`vault`: erasing a referral, and changing the key that wraps data keys without a pause.

Key files go to standard output and nowhere else: whoever runs a command decides where the next file lies.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

import typer

from services.kit.clock import system_clock
from services.kit.database import open_pool
from services.kit.errors import InfrastructureError, PermanentError
from services.kit.sealing import KeyFileError
from services.redaction.adapters.vault import KeyEncryptionKey, Vault, VaultKeys
from services.redaction.settings import RedactionSettings

T = TypeVar("T")

REFERRAL_ID = re.compile(r"[0-9a-f]{32}")
KEY_ID_BYTES = 4


class VaultRefusedError(Exception):
    """Why a command would do harm or cannot be done. Holds no key and no content."""


def next_file(keys: VaultKeys) -> VaultKeys:
    """The file of the first step: one more key that unwraps, none that wraps yet."""
    if len(keys.keys) > 1:
        raise VaultRefusedError("the file has more than one key already: end that rotation first")
    fresh = KeyEncryptionKey.generate(f"vault-{secrets.token_hex(KEY_ID_BYTES)}")
    return VaultKeys((*keys.keys, fresh))


def turned(keys: VaultKeys) -> VaultKeys:
    """The file of the second step: the newest key wraps, the older ones still unwrap."""
    if len(keys.keys) == 1:
        raise VaultRefusedError("the file has one key alone: add one first")
    return VaultKeys((keys.keys[-1], *keys.keys[:-1]))


async def last_file(keys: VaultKeys, vault: Vault) -> VaultKeys:
    """The file of the last step: the current key alone. Raises VaultRefusedError while another one is needed."""
    others = {name: count for name, count in (await vault.wrapped_under()).items() if name != keys.current.id}
    if others:
        raise VaultRefusedError(f"{sum(others.values())} data keys are still under an older key: run rewrap")
    return VaultKeys((keys.current,))


async def erase_all(vault: Vault, referral_ids: list[str]) -> int:
    """Erase each; prints a line of the journal for each, answers how many held anything."""
    held = 0
    for one in referral_ids:
        held += await vault.erase(one)
        typer.echo(f"{one} erased {system_clock():%Y-%m-%dT%H:%M:%SZ}")
    return held


async def rewrap_all(vault: Vault) -> int:
    """Wrap every data key under the current key; answers how many were not."""
    count = 0
    while portion := await vault.rewrap():
        count += portion
    return count


def register(app: typer.Typer) -> None:
    """Add `vault erase`, `vault rewrap` and the three steps of a new key."""
    vault = typer.Typer(no_args_is_help=True, help="What redaction keeps of persons, and the key that closes it.")
    app.add_typer(vault, name="vault")

    @vault.command("erase")
    def erase(referral_ids: list[str]) -> None:
        """Erase referrals by their ids; `-` reads lines of a journal from standard input. Repeating is harmless."""
        wanted = [line.split()[0] for line in sys.stdin if line.strip()] if referral_ids == ["-"] else referral_ids
        if not all(REFERRAL_ID.fullmatch(one) for one in wanted):
            typer.echo("a referral id is 32 hexadecimal digits, not a reference", err=True)
            raise typer.Exit(2)
        held = _run(lambda vault, _keys: erase_all(vault, wanted))
        typer.echo(f"{held} of {len(wanted)} held something; it cannot be read any more", err=True)

    @vault.command("rewrap")
    def rewrap() -> None:
        """Wrap every data key under the file's first key, while services run."""
        typer.echo(f"{_run(lambda vault, _keys: rewrap_all(vault))} data keys are under the first key now", err=True)

    @vault.command("add-key")
    def add_key() -> None:
        """Write the file with one more key, which unwraps only. Step 1."""
        typer.echo(_run(lambda _vault, keys: _now(next_file(keys))).text())

    @vault.command("turn-keys")
    def turn_keys() -> None:
        """Write the file with its newest key first, which wraps from then on. Step 2, once all replicas know it."""
        typer.echo(_run(lambda _vault, keys: _now(turned(keys))).text())

    @vault.command("drop-keys")
    def drop_keys() -> None:
        """Write the file with its first key alone. Last step, refused while an older key is needed."""
        typer.echo(_run(lambda vault, keys: last_file(keys, vault)).text())


async def _now(keys: VaultKeys) -> VaultKeys:
    return keys


def _run(work: Callable[[Vault, VaultKeys], Awaitable[T]]) -> T:
    """Work on the vault of the environment's settings; a refusal is one clear line."""

    async def whole() -> T:
        settings = RedactionSettings()
        keys = VaultKeys.load(settings.vault_key_file)
        pool = await open_pool(settings.database)
        try:
            return await work(Vault(pool, keys, system_clock), keys)
        finally:
            await pool.close()

    try:
        return asyncio.run(whole())
    except (VaultRefusedError, KeyFileError) as refusal:
        sentence = str(refusal)
    except InfrastructureError:
        sentence = "the database does not answer"
    except PermanentError as error:
        sentence = f"a data key does not open ({error.code}): the file lacks its key"
    typer.echo(sentence, err=True)
    raise typer.Exit(1)


def main() -> None:
    """`python -m services.redaction vault ...`: the image has no other command line."""
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.callback()
    def redaction() -> None:
        """Redaction's commands."""

    register(app)
    app()
