"""API clients and their keys: `sr_live_<prefix>_<secret>`; only the secret's SHA-256 is kept."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Literal

Mode = Literal["live", "test"]
"""What a key posts: with a test key every referral is a test."""

PREFIX_BYTES = 6
"""Of the public part by which a key is found and revoked."""
SECRET_BYTES = 32
"""256 bits from the system's generator: nothing to guess, so a fast hash is enough at rest."""
LIVE_KEYS_AT_MOST = 2
"""The old one and the new one while a client changes over."""

_FORM = re.compile(rf"sr_(live|test)_([0-9a-f]{{{2 * PREFIX_BYTES}}})_([0-9a-f]{{{2 * SECRET_BYTES}}})")


@dataclass(frozen=True, slots=True)
class Client:
    """Who is posting: a client may post for its schools and see its own referrals, nothing else."""

    id: str
    urns: frozenset[str]
    mode: Mode


@dataclass(frozen=True, slots=True)
class PresentedKey:
    """A key as a request brings it."""

    prefix: str
    secret_hash: bytes


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key as it is kept, with whose it is."""

    client: Client
    secret_hash: bytes
    revoked: bool


def key_text(mode: Mode, prefix: bytes, secret: bytes) -> str:
    """The key that its owner is shown once."""
    return f"sr_{mode}_{prefix.hex()}_{secret.hex()}"


def read_key(text: str) -> PresentedKey | None:
    """The parts of a presented key, or None where it has not the form of one."""
    form = _FORM.fullmatch(text)
    if form is None:
        return None
    return PresentedKey(prefix=form[2], secret_hash=secret_hash(bytes.fromhex(form[3])))


def secret_hash(secret: bytes) -> bytes:
    """What is kept of a secret."""
    return hashlib.sha256(secret).digest()


def client_of(presented: PresentedKey, record: KeyRecord | None) -> Client | None:
    """Whose key this is, or None where it is nobody's, wrong or revoked."""
    if record is None or not hmac.compare_digest(presented.secret_hash, record.secret_hash):
        return None
    return None if record.revoked else record.client
