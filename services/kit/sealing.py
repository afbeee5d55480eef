"""Sealing to a public key: whoever seals cannot read back what it sealed.

HPKE (RFC 9180, one shot) with the hybrid key encapsulation ML-KEM-768 + X25519, so that a recording of today's topics
stays closed to a quantum computer of tomorrow and to a break of either half. `cryptography` has no public parameter
for HPKE's associated data, so the caller's `aad` goes into `info`, which HPKE binds into the key schedule: a box that
was sealed for one referral and revision opens for no other.

Key files are JSON of one line:
    public   {"key_id", "suite", "public_key"}    base64 of 1,184 bytes ML-KEM-768 ‖ 32 bytes X25519
    private  {"key_id", "suite", "private_key"}   base64 of the 64-byte ML-KEM-768 seed ‖ 32 bytes X25519
`key_id` is derived from the public key, so a file whose parts do not belong together is refused at start.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey, Suite

from contracts.sealed import SealedBox
from services.kit.errors import PermanentError

SUITE = "MLKEM768-X25519/HKDF-SHA256/AES-256-GCM"
"""The one suite in use; a new one is a new name, so that old boxes say what opens them."""
INFO = b"saferoute/sealed/v1"
"""Keeps these boxes apart from anything else that may ever be sealed to the same key."""
MLKEM_PUBLIC_BYTES = 1184
MLKEM_SEED_BYTES = 64
X25519_BYTES = 32
KEY_ID_CHARACTERS = 16
"""Hexadecimal digits of the public key's SHA-256: enough to tell a council's few keys apart."""
PRIVATE_MODES = frozenset({0o400, 0o600})
"""A secret that anybody but its owner may touch is no secret: the service refuses to start with it."""


class KeyFileError(Exception):
    """A key file cannot be used. The message names the file and the reason, never its content."""


@dataclass(frozen=True, slots=True)
class SealingKey:
    """The public half: seals, opens nothing."""

    key_id: str
    _key: MLKEM768X25519PublicKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class PrivateKeyRing:
    """The private halves by key id: the current one and those of boxes that may still be on their way."""

    _keys: dict[str, MLKEM768X25519PrivateKey] = field(repr=False)

    @property
    def key_ids(self) -> frozenset[str]:
        return frozenset(self._keys)


def generate_key_pair() -> tuple[str, str]:
    """A fresh pair as the texts of its (public, private) key files."""
    mlkem, x25519 = MLKEM768PrivateKey.generate(), X25519PrivateKey.generate()
    public = mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
    private = mlkem.private_bytes_raw() + x25519.private_bytes_raw()
    head = {"key_id": _key_id(public), "suite": SUITE}
    return (
        json.dumps(head | {"public_key": base64.b64encode(public).decode()}),
        json.dumps(head | {"private_key": base64.b64encode(private).decode()}),
    )


def load_public(path: Path) -> SealingKey:
    """The public key in a file.

    Raises:
        KeyFileError: the file is missing, is not such a file, or its key id is not the key's.
    """
    key_id, raw = _read_key(path, "public_key", MLKEM_PUBLIC_BYTES + X25519_BYTES)
    if _key_id(raw) != key_id:
        raise KeyFileError(f"{path}: key_id does not belong to public_key")
    return SealingKey(key_id, _public_key(raw))


def load_private_ring(paths: Iterable[Path]) -> PrivateKeyRing:
    """The private keys in files.

    Raises:
        KeyFileError: no file, one that others may read, one that is no private key file, or a wrong key id.
    """
    keys: dict[str, MLKEM768X25519PrivateKey] = {}
    for path in paths:
        require_private_file(path)
        key_id, raw = _read_key(path, "private_key", MLKEM_SEED_BYTES + X25519_BYTES)
        mlkem = MLKEM768PrivateKey.from_seed_bytes(raw[:MLKEM_SEED_BYTES])
        x25519 = X25519PrivateKey.from_private_bytes(raw[MLKEM_SEED_BYTES:])
        public = mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
        if _key_id(public) != key_id:
            raise KeyFileError(f"{path}: key_id does not belong to private_key")
        keys[key_id] = MLKEM768X25519PrivateKey(mlkem, x25519)
    if not keys:
        raise KeyFileError("no private sealing key was given")
    return PrivateKeyRing(keys)


def require_private_file(path: Path) -> None:
    """Refuse a secret's file that anybody but its owner may read.

    Raises:
        KeyFileError: the file is missing or its mode is neither 0400 nor 0600.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        mode = None
    if mode is None:
        raise KeyFileError(f"{path}: cannot be read")
    if mode not in PRIVATE_MODES:
        raise KeyFileError(f"{path}: mode {mode:04o}, must be 0400 or 0600")


def write_private_file(path: Path, text: str) -> None:
    """Write a new secret so that it is never readable by others, not even for an instant.

    Raises:
        FileExistsError: a key is never overwritten.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


def seal(key: SealingKey, aad: str, plaintext: bytes) -> SealedBox:
    """Seal `plaintext` so that only the private half opens it, and only with the same `aad`."""
    ciphertext = _hpke().encrypt(plaintext, key._key, _info(aad))
    return SealedBox(key_id=key.key_id, suite=SUITE, ciphertext=base64.b64encode(ciphertext).decode())


def open_box(ring: PrivateKeyRing, aad: str, box: SealedBox) -> bytes:
    """The plaintext of a box.

    Raises:
        PermanentError: `sealed.key_unknown` where the ring has no such key; `sealed.not_for_us` where the box was
            sealed for another referral or revision, in another suite, or was changed.
    """
    key = ring._keys.get(box.key_id)
    if key is None:
        raise PermanentError("sealed.key_unknown")
    plaintext: bytes | None
    try:
        plaintext = _hpke().decrypt(base64.b64decode(box.ciphertext, validate=True), key, _info(aad))
    except (InvalidTag, ValueError):
        plaintext = None
    if plaintext is None or box.suite != SUITE:
        raise PermanentError("sealed.not_for_us")
    return plaintext


def _hpke() -> Suite:
    return Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def _info(aad: str) -> bytes:
    return INFO + b"\x00" + aad.encode()


def _key_id(public: bytes) -> str:
    return hashlib.sha256(public).hexdigest()[:KEY_ID_CHARACTERS]


def _public_key(raw: bytes) -> MLKEM768X25519PublicKey:
    return MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(raw[:MLKEM_PUBLIC_BYTES]),
        X25519PublicKey.from_public_bytes(raw[MLKEM_PUBLIC_BYTES:]),
    )


def _read_key(path: Path, part: str, length: int) -> tuple[str, bytes]:
    """Key id and raw key of a key file. Errors are raised outside `except`: a parser's message holds the text."""
    try:
        fields = json.loads(path.read_text())
        key_id, suite, raw = fields["key_id"], fields["suite"], base64.b64decode(fields[part], validate=True)
    except (OSError, ValueError, KeyError, TypeError, binascii.Error):
        key_id, suite, raw = None, None, b""
    if not isinstance(key_id, str):
        raise KeyFileError(f"{path}: is no key file with a {part}")
    if suite != SUITE:
        raise KeyFileError(f"{path}: is for another suite than {SUITE}")
    if len(raw) != length:
        raise KeyFileError(f"{path}: {part} has not {length} bytes")
    return key_id, raw
