"""Fingerprints that recognise a repeated post without keeping what was posted.

A plain hash of a short body, a record number or a school's URN could be guessed back by hashing candidates; an HMAC
under a secret of this deployment cannot, even by whoever holds a dump of the database.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass, field

KEY_BYTES = 32
"""As long as SHA-256's output: a longer key adds nothing, a shorter one would be the weakest part."""


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Makes fingerprints of 32 bytes. The purpose and the client are part of each, so that none equals another's."""

    _key: bytes = field(repr=False)

    def body(self, client_id: str, body: object) -> bytes:
        """Of a parsed JSON body: the same for any order of fields and any white space."""
        return self._of("body", client_id, json.dumps(body, sort_keys=True, separators=(",", ":")))

    def idempotency_key(self, client_id: str, key: str) -> bytes:
        """Of an Idempotency-Key: clients choose it, and one may have put a name into it."""
        return self._of("idempotency-key", client_id, key)

    def record(self, client_id: str, urn: str, system: str | None, record_id: str) -> bytes:
        """Of a record in a school's own system. Two schools, or two systems, may use the same number."""
        return self._of("record", client_id, urn, system or "", record_id)

    def _of(self, *parts: str) -> bytes:
        return hmac.digest(self._key, json.dumps(parts).encode(), "sha256")
