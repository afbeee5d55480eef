"""Key files: there, closed to others, whole, not made by hand, and fitting each other. Their content goes nowhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from services.kit.sealing import KeyFileError, load_private_ring, load_public, require_private_file
from services.ops.doctor.findings import Finding, fault, key_pair, made_by_hand, not_named, ok
from services.ops.doctor.settings import DoctorSettings
from services.redaction.adapters.vault import VaultKeys

KEY_BYTES = 32
RESTORE = "restore it from its backup: a fresh one opens nothing that is kept (runbook backup-and-restore)"
CLOSE = "make it mode 0400 and owned by the service's user, then look again"


def look_at_keys(settings: DoctorSettings) -> Iterator[Finding]:
    """Findings about every key file that is named."""
    yield _secret("keys/fingerprint", settings.fingerprint_key_file, "SAFEROUTE_FINGERPRINT_KEY_FILE", _hexadecimal)
    yield _secret("keys/vault", settings.vault_key_file, "SAFEROUTE_VAULT_KEY_FILE", _vault_key)
    yield from _sealing(settings)


def _secret(check: str, path: Path | None, setting: str, read: Callable[[Path], bytes]) -> Finding:
    if path is None:
        return not_named(check, setting)
    refused = _refused(lambda: require_private_file(path))
    if refused:
        return fault(check, refused, CLOSE if path.exists() else RESTORE)
    key = read(path)
    if len(key) != KEY_BYTES:
        return fault(check, f"{path.name} is no key file of this kind", RESTORE)
    if made_by_hand(key):
        return fault(check, f"{path.name} is an example, not a random key", "make a real one with init.sh")
    return ok(check, f"{path.name} is whole and closed to others")


def _hexadecimal(path: Path) -> bytes:
    try:
        return bytes.fromhex(path.read_text().strip())
    except (OSError, ValueError):
        return b""


def _vault_key(path: Path) -> bytes:
    """The key that wraps; nothing where any key of the file is none."""
    try:
        return VaultKeys.load(path).current.key
    except KeyFileError:
        return b""


def _sealing(settings: DoctorSettings) -> Iterator[Finding]:
    """The private halves are tried one by one, newest first, so that the report says which does not serve."""
    private: list[str] = []
    if not settings.sealing_private_keys:
        yield not_named("keys/sealing-private", "SAFEROUTE_SEALING_PRIVATE_KEYS")
    for path in settings.sealing_private_keys:
        refused = _refused(lambda: private.extend(load_private_ring([path]).key_ids))  # noqa: B023 - called at once
        if refused:
            yield fault("keys/sealing-private", refused, CLOSE if path.exists() else RESTORE)
        else:
            yield ok("keys/sealing-private", f"{path.name} is whole and closed to others")
    public: list[str] = []
    where = settings.sealing_key_file
    if where is None:
        yield not_named("keys/sealing-public", "SAFEROUTE_SEALING_KEY_FILE")
        return
    refused = _refused(lambda: public.append(load_public(where).key_id))
    if refused:
        yield fault("keys/sealing-public", refused, RESTORE)
    elif private:
        yield key_pair(public[0], private[0], set(private))


def _refused(work: Callable[[], object]) -> str:
    """Why a key file is refused, without its folder; empty where it is not."""
    try:
        work()
    except KeyFileError as error:
        path, _, reason = str(error).partition(": ")
        return f"{Path(path).name} {reason}"
    return ""
