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


@dataclass(frozen=True, slots=True, repr=False)
class KeyEncryptionKey:
    """The key that wraps data keys. `id` goes beside every wrapped key, so that rotation can find old ones."""

    id: str
    key: bytes

    @classmethod
    def generate(cls, key_id: str) -> KeyEncryptionKey:
        return cls(key_id, AESGCM.generate_key(bit_length=8 * KEY_BYTES))

    @classmethod
    def load(cls, path: Path) -> KeyEncryptionKey:
        """Read a key file written by `save`.

        Raises:
            KeyFileError: others may read it, or it is no key file.
        """
        require_private_file(path)
        try:
            document = json.loads(path.read_text())
            key = base64.b64decode(document["key"], validate=True)
        except (ValueError, KeyError, TypeError, binascii.Error):
            key = b""
        if len(key) != KEY_BYTES:
            raise KeyFileError(f"{path}: not a vault key")
        return cls(str(document["key_id"]), key)

    def text(self) -> str:
        """The content of its key file."""
        return json.dumps({"key_id": self.id, "key": base64.b64encode(self.key).decode()})

    def save(self, path: Path) -> None:
        """Write the key readable by its owner only; refuses to overwrite."""
        write_private_file(path, self.text())

    def wrap(self, referral_id: str, data_key: bytes) -> bytes:
        return _encrypt(self.key, data_key, referral_id)

    def unwrap(self, referral_id: str, wrapped: bytes) -> bytes:
        return _decrypt(self.key, wrapped, referral_id)


class Vault:
    """The personal parts of referrals in redaction's own database."""

    def __init__(self, pool: Pool, key: KeyEncryptionKey, clock: Clock) -> None:
        self._pool = pool
        self._key = key
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
                "SELECT v.ciphertext, k.wrapped_key FROM vault v JOIN data_key k USING (referral_id)"
                " WHERE v.referral_id = $1 AND v.revision = $2 AND k.erased_at IS NULL",
                referral_id,
                revision,
            )
        if row is None:
            return None
        data_key = self._key.unwrap(referral_id, row["wrapped_key"])
        return PersonalPart.model_validate_json(
            _decrypt(data_key, row["ciphertext"], f"{referral_id}/{revision}"), by_alias=True
        )

    async def erase(self, referral_id: str) -> None:
        """Delete the data key and overwrite the rows; a tombstone stays so that a re-delivery stores nothing."""
        async with transaction(self._pool) as connection:
            await connection.execute(
                "INSERT INTO data_key (referral_id, key_id, wrapped_key, created_at, erased_at)"
                " VALUES ($1, '', '', $2, $2)"
                " ON CONFLICT (referral_id) DO UPDATE SET key_id = '', wrapped_key = '', erased_at = $2",
                referral_id,
                self._clock(),
            )
            await connection.execute("UPDATE vault SET ciphertext = '' WHERE referral_id = $1", referral_id)

    async def _data_key(self, connection: Connection, referral_id: str) -> bytes | None:
        """The referral's data key, made at its first revision; None once the referral was erased."""
        fresh = AESGCM.generate_key(bit_length=8 * KEY_BYTES)
        await connection.execute(
            "INSERT INTO data_key (referral_id, key_id, wrapped_key, created_at) VALUES ($1, $2, $3, $4)"
            " ON CONFLICT (referral_id) DO NOTHING",
            referral_id,
            self._key.id,
            self._key.wrap(referral_id, fresh),
            self._clock(),
        )
        row = await connection.fetchrow(
            "SELECT wrapped_key, erased_at FROM data_key WHERE referral_id = $1 FOR UPDATE", referral_id
        )
        if row is None or row["erased_at"] is not None:
            return None
        return self._key.unwrap(referral_id, row["wrapped_key"])


def _encrypt(key: bytes, plaintext: bytes, context: str) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, context.encode())


def _decrypt(key: bytes, message: bytes, context: str) -> bytes:
    try:
        return AESGCM(key).decrypt(message[:NONCE_BYTES], message[NONCE_BYTES:], context.encode())
    except InvalidTag:
        pass
    raise PermanentError("sealed.not_for_us")
