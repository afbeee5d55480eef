"""What intake reads from files at its start: the fingerprint key and the register of schools."""

from __future__ import annotations

import csv
import secrets
from pathlib import Path

from services.intake.domain.fingerprint import KEY_BYTES, Fingerprints
from services.intake.domain.schools import RegisteredSchool, SchoolsRegister
from services.kit.sealing import KeyFileError, require_private_file

GIAS_ENCODING = "cp1252"
"""Get Information About Schools publishes its extracts in Windows' Western encoding."""
GIAS_COLUMNS = ("URN", "DistrictAdministrative (name)", "PhaseOfEducation (name)")


class SchoolsRegisterError(Exception):
    """The register cannot be used. The message names the file and what is missing."""


def new_fingerprint_key() -> str:
    """The text of a fresh fingerprint key file."""
    return secrets.token_hex(KEY_BYTES)


def load_fingerprints(path: Path) -> Fingerprints:
    """Fingerprints under the key of a file.

    Raises:
        KeyFileError: the file is missing, readable by others, or not 64 hexadecimal digits.
    """
    require_private_file(path)
    try:
        key = bytes.fromhex(path.read_text().strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyFileError(f"{path}: must hold {2 * KEY_BYTES} hexadecimal digits")
    return Fingerprints(key)


def load_schools(path: Path | None) -> SchoolsRegister:
    """The register of a GIAS extract (`edubasealldata.csv`); an empty one without a file.

    Raises:
        SchoolsRegisterError: the file cannot be read or has not GIAS' columns.
    """
    if path is None:
        return SchoolsRegister()
    try:
        with path.open(encoding=GIAS_ENCODING, newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError):
        rows = []
    missing = [column for column in GIAS_COLUMNS if not rows or column not in rows[0]]
    if missing:
        raise SchoolsRegisterError(f"{path}: no rows with the columns {', '.join(missing)}")
    return SchoolsRegister({row["URN"].strip(): _school(row) for row in rows if row["URN"]})


def _school(row: dict[str, str]) -> RegisteredSchool:
    district, phase = (row[column].strip() or None for column in GIAS_COLUMNS[1:])
    return RegisteredSchool(district, None if phase == "Not applicable" else phase)
