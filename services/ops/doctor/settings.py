"""Where the doctor looks. The same names as the services' settings, so that one environment serves both."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from contracts.topics import Service
from services.kit.settings import ServiceSettings
from services.notify.settings import SmtpSettings

RUN_FILE = "doctor.json"
"""Where an embedded run says how to look at it; beside its keys, readable by its owner alone."""


class DoctorSettings(ServiceSettings):
    """What is not named is not looked at, and the report says so.

    `databases` and `services` are JSON objects by service: files that hold URLs, and base addresses.
    """

    databases: Mapping[Service, Path] = Field(default_factory=dict)
    services: Mapping[Service, str] = Field(default_factory=dict)
    sealing_key_file: Path | None = None
    sealing_private_keys: tuple[Path, ...] = ()
    """Newest first, as redaction has them."""
    fingerprint_key_file: Path | None = None
    vault_key_file: Path | None = None
    policy_pack: Path | None = None
    smtp: SmtpSettings | None = None
    topic_replication: int = Field(1, ge=1)
    topic_min_insync: int = Field(1, ge=1)


def of_run(run_dir: Path) -> DoctorSettings:
    """The settings that an embedded run left in its folder. Raises OSError where none runs there."""
    return DoctorSettings(**json.loads((run_dir / RUN_FILE).read_text()))
