"""The jars of the embedded broker: resolved from Maven once, checked against a committed lock at every start.

`kafka-jars.lock` has one `group:artifact:version sha256` a line. Each coordinate is resolved by itself: the resolver's
own transitive resolution picks a wrong version here and the broker dies of it.
"""

import hashlib
import re
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from jgo.maven import MavenContext
from platformdirs import user_cache_path

from services.local.run_directory import PartError

KAFKA_VERSION = "4.3.1"
"""The broker that the lock describes."""

LOCK_FILE = Path(__file__).with_name("kafka-jars.lock")
"""Committed next to this module, so that an installed distribution has it too."""

DOWNLOAD_THREADS = 8
"""Measured: 92 jars, 56 MB in 8 to 19 s with 8; more gave nothing."""

DOWNLOAD_TIMEOUT = 20
"""Seconds without a byte before a download is given up; one dead address must not hold up the fallback for long."""

HASH_BLOCK = 1 << 20
"""Bytes read at a time while hashing."""

Progress = Callable[[int, int], None]
"""Called with (jars downloaded, jars to download), first with none; not at all when the cache is full."""


class JarsUnavailableError(PartError):
    """Maven could not be reached, or has not got a jar: the caller may fall back to another broker."""


class JarRefusedError(PartError):
    """A jar is not the one that the lock names. Never a reason to fall back: somebody should look."""


class LockMalformedError(PartError):
    """The lock file cannot be read as 'group:artifact:version sha256' lines."""


@dataclass(frozen=True, slots=True)
class LockedJar:
    """One line of the lock."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def coordinate(self) -> str:
        """`group:artifact:version`"""
        return f"{self.group}:{self.artifact}:{self.version}"

    @property
    def file_name(self) -> str:
        """Unique in one folder: two groups of the list share no artifact, but the group is kept to be sure."""
        return f"{self.group}.{self.artifact}-{self.version}.jar"


_LINE = re.compile(r"([\w.\-]+):([\w.\-]+):([\w.\-]+) ([0-9a-f]{64})")


def read_lock(path: Path = LOCK_FILE) -> list[LockedJar]:
    """The lock's jars in its order. Raises LockMalformedError with the line number."""
    jars = []
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise LockMalformedError(f"{path.name} line {number} is not 'group:artifact:version sha256'")
        jars.append(LockedJar(*match.groups()))
    return jars


def cache_directory() -> Path:
    """Outside the checkout, so that a fresh clone starts warm: `~/.cache/saferoute/kafka-4.3.1` on Linux."""
    return user_cache_path("saferoute", appauthor=False) / f"kafka-{KAFKA_VERSION}"


def progress_on(stream: TextIO) -> Progress:
    """Progress for people: one line that counts on a terminal, elsewhere a line at the start and one at the end."""

    def report(done: int, total: int) -> None:
        text = f"Apache Kafka {KAFKA_VERSION}: {done} of {total} jars"
        if stream.isatty():
            print(f"\r{text}", end="\n" if done == total else "", file=stream, flush=True)
        elif done in (0, total):
            print(text, file=stream, flush=True)

    return report


def have_jars(cache: Path, *, lock: Path = LOCK_FILE, progress: Progress | None = None) -> list[Path]:
    """Every jar of the lock, as files in `cache`, each with the hash that the lock names.

    Needs no network when the cache is full. Raises JarsUnavailableError, JarRefusedError or LockMalformedError.
    """
    jars = read_lock(lock)
    cache.mkdir(parents=True, exist_ok=True)
    missing = [jar for jar in jars if not (cache / jar.file_name).exists()]
    if missing:
        report = progress or _silent
        report(0, len(missing))
        _download(missing, cache, lambda done: report(done, len(missing)))
    paths = [cache / jar.file_name for jar in jars]
    with ThreadPoolExecutor(DOWNLOAD_THREADS) as pool:
        hashes = list(pool.map(sha256_of, paths))
    for jar, path, found in zip(jars, paths, hashes, strict=True):
        _require_hash(jar, path, found)
    return paths


def sha256_of(path: Path) -> str:
    """Hex digest of the file."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(HASH_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _silent(done: int, total: int) -> None:
    return


def _download(missing: list[LockedJar], cache: Path, report: Callable[[int], object]) -> None:
    with tempfile.TemporaryDirectory(dir=cache, prefix="download-") as scratch:
        pool = ThreadPoolExecutor(DOWNLOAD_THREADS)
        try:
            for done, _ in enumerate(pool.map(lambda jar: _fetch(jar, Path(scratch), cache), missing), start=1):
                report(done)
        finally:
            pool.shutdown(cancel_futures=True)


def _fetch(jar: LockedJar, scratch: Path, cache: Path) -> None:
    """Into a scratch folder first and checked there: what stands in the cache is whole and right."""
    maven = MavenContext(repo_cache=scratch, timeout=DOWNLOAD_TIMEOUT)
    try:
        fetched = maven.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()
    except (RuntimeError, OSError) as failure:  # its HTTP client's errors are OSErrors
        raise JarsUnavailableError(f"{jar.coordinate} could not be downloaded ({type(failure).__name__})") from None
    _require_hash(jar, fetched, sha256_of(fetched))
    partial = scratch / f"{jar.file_name}.partial"
    shutil.move(fetched, partial)
    partial.replace(cache / jar.file_name)


def _require_hash(jar: LockedJar, path: Path, found: str) -> None:
    if found != jar.sha256:
        raise JarRefusedError(
            f"{jar.coordinate} is not the jar that {LOCK_FILE.name} names: "
            f"expected sha256 {jar.sha256}, found {found} ({path}). Delete the file if the lock is right."
        )
