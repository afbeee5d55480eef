"""The vault: every referral's personal part under a data key of its own, the data key under a key-encryption key.

Erasing a referral is deleting its data key: backups of the ciphertext become unreadable with it.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from contracts.sealed import PersonalPart
from services.kit.clock import Clock
from services.kit.database import Connection, Pool, transaction
from services.kit.errors import PermanentError
from services.kit.sealing import KeyFileError, require_private_file, write_private_file

KEY_BYTES = 32
NONCE_BYTES = 12
"""AES-GCM's nonce. Random is safe here: a data key encrypts a handful of revisions, a key-encryption key wraps one
data key a referral, far below the 2^32 messages that random 96-bit nonces bear."""

REWRAP_ROWS = 500
"""Data keys wrapped anew in one transaction: some 50 ms, in which nobody waits long for a row."""


@dataclass(frozen=True, slots=True, repr=False)
class KeyEncryptionKey:
    """The key that wraps data keys. `id` goes beside every wrapped key, so that rotation can find old ones."""

    id: str
    key: bytes

    @classmethod
    def generate(cls, key_id: str) -> KeyEncryptionKey:
        return cls(key_id, AESGCM.generate_key(bit_length=8 * KEY_BYTES))

    def text(self) -> str:
        """The content of a key file with this key alone."""
        return json.dumps(self._fields())

    def _fields(self) -> dict[str, str]:
        return {"key_id": self.id, "key": base64.b64encode(self.key).decode()}

    def save(self, path: Path) -> None:
        """Write the key readable by its owner only; refuses to overwrite."""
        write_private_file(path, self.text())

    def wrap(self, referral_id: str, data_key: bytes) -> bytes:
        return _encrypt(self.key, data_key, referral_id)

    def unwrap(self, referral_id: str, wrapped: bytes) -> bytes:
        return _decrypt(self.key, wrapped, referral_id)


@dataclass(frozen=True, slots=True, repr=False)
class VaultKeys:
    """The keys of one file: the first wraps, every one of them unwraps. More than one while keys are rotated.

    A file is {"key_id", "key"}, or {"keys": [...]} of such.
    """

    keys: tuple[KeyEncryptionKey, ...]

    @classmethod
    def load(cls, path: Path) -> VaultKeys:
        """Read a key file.

        Raises:
            KeyFileError: others may read it, or it is no key file.
        """
        require_private_file(path)
        try:
            document = json.loads(path.read_text())
            keys = tuple(
                KeyEncryptionKey(str(one["key_id"]), base64.b64decode(one["key"], validate=True))
                for one in document.get("keys", [document])
            )
        except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
            keys = ()
        if not keys or any(len(one.key) != KEY_BYTES for one in keys):
            raise KeyFileError(f"{path}: not a vault key")
        if len({one.id for one in keys}) != len(keys):
            raise KeyFileError(f"{path}: two keys have the same id")
        return cls(keys)

    @property
    def current(self) -> KeyEncryptionKey:
        return self.keys[0]

    def text(self) -> str:
        """The content of the key file."""
        return json.dumps({"keys": [one._fields() for one in self.keys]})

    def unwrap(self, key_id: str, referral_id: str, wrapped: bytes) -> bytes:
        """Raises PermanentError: no key of this id is here, or the wrapped key was changed."""
        for one in self.keys:
            if one.id == key_id:
                return one.unwrap(referral_id, wrapped)
        raise PermanentError("sealed.key_unknown")


class Vault:
    """The personal parts of referrals in redaction's own database."""

    def __init__(self, pool: Pool, keys: VaultKeys, clock: Clock) -> None:
        self._pool = pool
        self._keys = keys
        self._clock = clock

    async def store(self, referral_id: str, revision: int, part: PersonalPart) -> None:
        """Keep a revision's personal part; storing it again changes nothing.

        Raises:
            InfrastructureError: the database is away.
        """
        async with transaction(self._pool) as connection:
            data_key = await self._data_key(connection, referral_id)
            if data_key is None:
                return
            ciphertext = _encrypt(data_key, part.model_dump_json().encode(), f"{referral_id}/{revision}")
            await connection.execute(
                "INSERT INTO vault (referral_id, revision, ciphertext, stored_at) VALUES ($1, $2, $3, $4)"
                " ON CONFLICT (referral_id, revision) DO NOTHING",
                referral_id,
                revision,
                ciphertext,
                self._clock(),
            )

    async def read(self, referral_id: str, revision: int) -> PersonalPart | None:
        """The personal part of a revision, or None where there is none or it was erased."""
        async with transaction(self._pool) as connection:
            row = await connection.fetchrow(
                "SELECT v.ciphertext, k.key_id, k.wrapped_key FROM vault v JOIN data_key k USING (referral_id)"
                " WHERE v.referral_id = $1 AND v.revision = $2 AND k.erased_at IS NULL",
                referral_id,
                revision,
            )
        if row is None:
            return None
        data_key = self._keys.unwrap(row["key_id"], referral_id, row["wrapped_key"])
        return PersonalPart.model_validate_json(
            _decrypt(data_key, row["ciphertext"], f"{referral_id}/{revision}"), by_alias=True
        )

    async def erase(self, referral_id: str) -> bool:
        """Delete the data key and overwrite the rows; a tombstone stays so that a re-delivery stores nothing.

        Whether there was anything to erase.
        """
        async with transaction(self._pool) as connection:
            there: bool = await connection.fetchval(
                "SELECT EXISTS (SELECT FROM data_key WHERE referral_id = $1 AND erased_at IS NULL)", referral_id
            )
            await connection.execute(
                "INSERT INTO data_key (referral_id, key_id, wrapped_key, created_at, erased_at)"
                " VALUES ($1, '', '', $2, $2)"
                " ON CONFLICT (referral_id) DO UPDATE SET key_id = '', wrapped_key = '',"
                " erased_at = coalesce(data_key.erased_at, $2)",
                referral_id,
                self._clock(),
            )
            await connection.execute("UPDATE vault SET ciphertext = '' WHERE referral_id = $1", referral_id)
        return there

    async def rewrap(self) -> int:
        """Wrap a portion of the data keys anew that are not under the current key; answers how many.

        Call it again until it answers 0. Services go on meanwhile: a row is locked for an instant, and everybody who
        has both keys opens it before and after.
        """
        async with transaction(self._pool) as connection:
            rows = await connection.fetch(
                "SELECT referral_id, key_id, wrapped_key FROM data_key"
                " WHERE erased_at IS NULL AND key_id <> $1 ORDER BY referral_id LIMIT $2 FOR UPDATE",
                self._keys.current.id,
                REWRAP_ROWS,
            )
            for row in rows:
                data_key = self._keys.unwrap(row["key_id"], row["referral_id"], row["wrapped_key"])
                await connection.execute(
                    "UPDATE data_key SET key_id = $2, wrapped_key = $3 WHERE referral_id = $1",
                    row["referral_id"],
                    self._keys.current.id,
                    self._keys.current.wrap(row["referral_id"], data_key),
                )
        return len(rows)

    async def wrapped_under(self) -> dict[str, int]:
        """How many data keys there are under each key, by its id."""
        async with transaction(self._pool) as connection:
            rows = await connection.fetch(
                "SELECT key_id, count(*) AS count FROM data_key WHERE erased_at IS NULL GROUP BY key_id"
            )
        return {row["key_id"]: row["count"] for row in rows}

    async def _data_key(self, connection: Connection, referral_id: str) -> bytes | None:
        """The referral's data key, made at its first revision; None once the referral was erased."""
        fresh = AESGCM.generate_key(bit_length=8 * KEY_BYTES)
        await connection.execute(
            "INSERT INTO data_key (referral_id, key_id, wrapped_key, created_at) VALUES ($1, $2, $3, $4)"
            " ON CONFLICT (referral_id) DO NOTHING",
            referral_id,
            self._keys.current.id,
            self._keys.current.wrap(referral_id, fresh),
            self._clock(),
        )
        row = await connection.fetchrow(
            "SELECT key_id, wrapped_key, erased_at FROM data_key WHERE referral_id = $1 FOR UPDATE", referral_id
        )
        if row is None or row["erased_at"] is not None:
            return None
        return self._keys.unwrap(row["key_id"], referral_id, row["wrapped_key"])


def _encrypt(key: bytes, plaintext: bytes, context: str) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, context.encode())


def _decrypt(key: bytes, message: bytes, context: str) -> bytes:
    try:
        return AESGCM(key).decrypt(message[:NONCE_BYTES], message[NONCE_BYTES:], context.encode())
    except InvalidTag:
        pass
    raise PermanentError("sealed.not_for_us")
