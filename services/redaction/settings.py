"""What redaction can be told."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from services.kit.settings import DatabaseSettings, ServiceSettings


class RedactionSettings(ServiceSettings):
    """Settings of the only service that sees plaintext.

    `sealing_private_keys` are the private halves that can still open boxes on the topic, newest first;
    `vault_key_file` holds the key-encryption key, or several while it is rotated. All are refused when anybody else may
    read them.
    """

    database: DatabaseSettings
    sealing_private_keys: tuple[Path, ...]
    vault_key_file: Path
    redaction_timeout_seconds: float = Field(5.0, gt=0)
    """A thousand times what a referral takes: past this something is wrong and a human must look."""
