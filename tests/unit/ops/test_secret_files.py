"""Secrets are made once, readable by one reader, and replaced one kind at a time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography import x509

from services.intake.adapters.files import load_fingerprints
from services.kit.sealing import load_private_ring, load_public, open_box, seal
from services.ops.databases import account_of
from services.ops.secret_files import FILES, SecretFiles, SecretFilesError, Users
from services.redaction.adapters.vault import VaultKeys

ME = os.geteuid()


@pytest.fixture
def files(tmp_path: Path) -> SecretFiles:
    return SecretFiles(tmp_path, Users(ME, ME, ME, ME, ME), ("referrals.council.example", "localhost", "127.0.0.1"))


def everything(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_everything_is_made_and_the_services_can_load_it(files: SecretFiles, tmp_path: Path) -> None:
    made = files.make()
    assert set(made) == {name for kind in FILES.values() for name in kind} == set(everything(tmp_path))
    ring = load_private_ring([tmp_path / "sealing_private.json", tmp_path / "sealing_previous.json"])
    box = seal(load_public(tmp_path / "sealing_public.json"), "aad", b"words")
    assert open_box(ring, "aad", box) == b"words"
    load_fingerprints(tmp_path / "fingerprint.key")
    VaultKeys.load(tmp_path / "vault.json")
    assert account_of((tmp_path / "intake.dsn").read_text()).role == "intake"


def test_only_public_files_are_readable_by_others(files: SecretFiles, tmp_path: Path) -> None:
    files.make()
    readable = {path.name for path in tmp_path.iterdir() if path.stat().st_mode & 0o077}
    assert readable == {"ca.crt", "sealing_public.json"}
    assert all(path.stat().st_mode & 0o222 == 0 for path in tmp_path.iterdir())


def test_making_again_touches_nothing(files: SecretFiles, tmp_path: Path) -> None:
    files.make()
    before = everything(tmp_path)
    assert files.make() == []
    assert everything(tmp_path) == before


def test_half_a_kind_is_refused_rather_than_completed_with_a_part_that_does_not_fit(
    files: SecretFiles, tmp_path: Path
) -> None:
    files.make()
    (tmp_path / "sealing_private.json").unlink()
    with pytest.raises(SecretFilesError, match=r"sealing_private\.json missing beside"):
        files.make()


def test_a_rotated_sealing_key_still_opens_what_is_on_its_way(files: SecretFiles, tmp_path: Path) -> None:
    files.make()
    box = seal(load_public(tmp_path / "sealing_public.json"), "aad", b"words")
    files.rotate("sealing")
    ring = load_private_ring([tmp_path / "sealing_private.json", tmp_path / "sealing_previous.json"])
    assert open_box(ring, "aad", box) == b"words"
    assert load_public(tmp_path / "sealing_public.json").key_id != box.key_id


def test_a_sealing_key_that_may_still_be_needed_is_not_destroyed_by_a_second_rotation(
    files: SecretFiles, tmp_path: Path
) -> None:
    files.make()
    files.rotate("sealing")
    before = everything(tmp_path)
    with pytest.raises(SecretFilesError, match="may still be needed"):
        files.rotate("sealing")
    assert everything(tmp_path) == before
    files.rotate("sealing", force=True)


def test_rotating_database_passwords_leaves_the_administrators(files: SecretFiles, tmp_path: Path) -> None:
    files.make()
    before = everything(tmp_path)
    changed = files.rotate("databases")
    after = everything(tmp_path)
    assert set(changed) == {name for name in after if after[name] != before[name]}
    assert set(changed) == {"intake.dsn", "redaction.dsn", "notify.dsn"}


def test_certificates_are_renewed_by_the_same_authority(files: SecretFiles, tmp_path: Path) -> None:
    files.make()
    before = everything(tmp_path)
    assert set(files.rotate("certificates")) == {"kafka.pem", "edge.crt", "edge.key"}
    after = everything(tmp_path)
    assert after["ca.crt"] == before["ca.crt"]
    authority = x509.load_pem_x509_certificate(after["ca.crt"].encode())
    edge = x509.load_pem_x509_certificate(after["edge.crt"].encode())
    edge.verify_directly_issued_by(authority)
    names = edge.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["referrals.council.example", "localhost"]


def test_the_councils_own_certificate_survives_a_renewal(files: SecretFiles, tmp_path: Path) -> None:
    files.make()
    other = tmp_path / "other"
    other.mkdir()
    SecretFiles(other, Users(ME, ME, ME, ME, ME), ("referrals.council.example",)).make()
    for name in ("edge.crt", "edge.key"):
        files.put(name, (other / name).read_text())
    assert set(files.rotate("certificates")) == {"kafka.pem"}
    assert (tmp_path / "edge.crt").read_text() == (other / "edge.crt").read_text()


def test_a_file_that_no_deployment_has_cannot_be_put(files: SecretFiles) -> None:
    with pytest.raises(SecretFilesError, match="no file of a deployment"):
        files.put("../elsewhere", "x")


class StopError(Exception):
    """The machine stops here."""


@pytest.mark.parametrize("written", [0, 1, 2])
def test_a_rotation_that_stops_anywhere_leaves_no_sealed_box_without_its_key(
    files: SecretFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    files.make()
    boxes = [seal(load_public(tmp_path / "sealing_public.json"), "aad", b"before")]
    write, left = SecretFiles._write, iter(range(written))

    def stopping(self: SecretFiles, name: str, text: str) -> None:
        if next(left, None) is None:
            raise StopError
        write(self, name, text)

    with monkeypatch.context() as machine:
        machine.setattr(SecretFiles, "_write", stopping)
        with pytest.raises(StopError):
            files.rotate("sealing", force=True)
    boxes.append(seal(load_public(tmp_path / "sealing_public.json"), "aad", b"stopped"))
    files.rotate("sealing", force=True)
    boxes.append(seal(load_public(tmp_path / "sealing_public.json"), "aad", b"after"))
    ring = load_private_ring([tmp_path / "sealing_private.json", tmp_path / "sealing_previous.json"])
    assert [open_box(ring, "aad", box) for box in boxes] == [b"before", b"stopped", b"after"]


@pytest.mark.parametrize("lost", ["vault.json", "fingerprint.key"])
def test_a_lost_key_is_not_made_anew_beside_old_data(files: SecretFiles, tmp_path: Path, lost: str) -> None:
    files.make()
    (tmp_path / lost).unlink()
    with pytest.raises(SecretFilesError, match="restore from your backup"):
        files.make()
    assert not (tmp_path / lost).exists()


def test_what_is_no_key_takes_no_keys_place(files: SecretFiles, tmp_path: Path) -> None:
    files.make()
    before = everything(tmp_path)
    for name in ("vault.json", "sealing_private.json", "fingerprint.key"):
        with pytest.raises(SecretFilesError):
            files.put(name, "Error response from daemon")
    assert everything(tmp_path) == before


def test_rotating_passwords_keeps_the_address_of_a_councils_own_server(files: SecretFiles, tmp_path: Path) -> None:
    files.make()
    (tmp_path / "intake.dsn").unlink()
    (tmp_path / "intake.dsn").write_text("postgresql://intake:old@db.council.example:6432/intake?sslmode=verify-full")
    files.rotate("databases")
    changed = (tmp_path / "intake.dsn").read_text()
    assert changed.startswith("postgresql://intake:")
    assert changed.endswith("@db.council.example:6432/intake?sslmode=verify-full")
    assert ":old@" not in changed
