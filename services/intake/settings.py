"""What intake can be told."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from services.kit.settings import DatabaseSettings, ServiceSettings

DAY_SECONDS = 24 * 60 * 60.0


class IntakeSettings(ServiceSettings):
    """Settings of the door that schools' systems knock at.

    `sealing_key_file` is redaction's public key: intake has no key that opens anything. `fingerprint_key_file` holds
    64 hexadecimal digits, mode 0400 or 0600; with another key, repeats of earlier posts are no longer recognised.
    """

    database: DatabaseSettings
    policy_pack: Path
    sealing_key_file: Path
    fingerprint_key_file: Path
    schools_register: Path | None = None
    """A GIAS extract (CSV); without one, no URN is doubted and the district stated in the body counts."""
    policy_reload_seconds: float = Field(5.0, gt=0)
    """How often the pack's files are looked at; a broken pack never replaces a good one."""
    stall_after_seconds: float = Field(120.0, gt=0)
    """A referral that notify has not taken over after this is published again; a referral in a burst takes less."""
    emission_poll_seconds: float = Field(2.0, gt=0)
    """How often stalled referrals are looked for."""
    idempotency_days: int = Field(30, ge=30)
    """How long the answer to an Idempotency-Key is kept."""
    answer_deadline_seconds: float = Field(4.0, gt=0)
    """Past this the client gets a 503 and is told to come back, whatever the database is doing."""
    body_deadline_seconds: float = Field(10.0, gt=0)
    """How long a client may take to send a body."""
    rate_per_second: float = Field(200.0, gt=0)
    """Posts a second of one client: more than every school of the UK together sends in its worst ten minutes."""
    rate_burst: float = Field(1_000.0, ge=1)
    rate_reserve: float = Field(100.0, ge=0)
    """Of the burst, only for posts with immediate danger."""
