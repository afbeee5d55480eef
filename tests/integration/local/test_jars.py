"""The broker's jars: exactly those of the lock, or a clear refusal."""

import io
from pathlib import Path

import pytest

from services.local.jars import (
    JarRefusedError,
    JarsUnavailableError,
    LockMalformedError,
    cache_directory,
    have_jars,
    progress_on,
    read_lock,
    sha256_of,
)
from services.local.processes import CODE_ROOT

ONE_JAR = "com.example:absent:1.0"


def lock_of(folder: Path, digest: str) -> Path:
    lock = folder / "kafka-jars.lock"
    lock.write_text(f"{ONE_JAR} {digest}\n")
    return lock


def test_lock_names_every_jar_of_the_broker_once() -> None:
    jars = read_lock()
    assert len({jar.file_name for jar in jars}) == len(jars) == 92
    assert "org.apache.kafka:kafka_2.13:4.3.1" in {jar.coordinate for jar in jars}


def test_cache_is_outside_the_checkout() -> None:
    assert not cache_directory().is_relative_to(CODE_ROOT)


def test_full_cache_needs_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    jar = tmp_path / "com.example.absent-1.0.jar"
    jar.write_bytes(b"a jar")
    assert have_jars(tmp_path, lock=lock_of(tmp_path, sha256_of(jar))) == [jar]


def test_jar_with_another_hash_is_refused(tmp_path: Path) -> None:
    (tmp_path / "com.example.absent-1.0.jar").write_bytes(b"another jar")
    with pytest.raises(JarRefusedError, match=ONE_JAR):
        have_jars(tmp_path, lock=lock_of(tmp_path, "0" * 64))


def test_unreachable_maven_is_told_from_a_refused_jar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with pytest.raises(JarsUnavailableError, match=ONE_JAR):
        have_jars(tmp_path, lock=lock_of(tmp_path, "0" * 64))
    assert list(tmp_path.iterdir()) == [tmp_path / "kafka-jars.lock"]


def test_broken_lock_is_named_by_line(tmp_path: Path) -> None:
    (tmp_path / "kafka-jars.lock").write_text("com.example:absent:1.0 not-a-hash\n")
    with pytest.raises(LockMalformedError, match="line 1"):
        read_lock(tmp_path / "kafka-jars.lock")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_one_counting_line_on_a_terminal_and_two_plain_lines_elsewhere() -> None:
    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file):
        report = progress_on(stream)
        for done in range(4):
            report(done, 3)
    assert terminal.getvalue().count("\n") == 1
    assert terminal.getvalue().count("\r") == 4
    assert file.getvalue().splitlines() == ["Apache Kafka 4.3.1: 0 of 3 jars", "Apache Kafka 4.3.1: 3 of 3 jars"]
