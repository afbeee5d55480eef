"""A sealed box opens only for redaction, only for its referral and revision, and only unchanged."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from contracts.sealed import SealedBox
from services.kit.errors import PermanentError
from services.kit.sealing import (
    KeyFileError,
    PrivateKeyRing,
    SealingKey,
    generate_key_pair,
    load_private_ring,
    load_public,
    open_box,
    seal,
    write_private_file,
)

AAD = "5f0c/1"
PLAINTEXT = b'{"narrative":"invented"}'


def pair(folder: Path) -> tuple[SealingKey, PrivateKeyRing]:
    public, private = generate_key_pair()
    folder.mkdir(exist_ok=True)
    (folder / "public.json").write_text(public)
    write_private_file(folder / "private.json", private)
    return load_public(folder / "public.json"), load_private_ring([folder / "private.json"])


def test_what_was_sealed_opens(tmp_path: Path) -> None:
    key, ring = pair(tmp_path)
    box = seal(key, AAD, PLAINTEXT)
    assert open_box(ring, AAD, box) == PLAINTEXT
    assert box.key_id in ring.key_ids


def test_sealing_twice_gives_different_boxes(tmp_path: Path) -> None:
    key, _ = pair(tmp_path)
    assert seal(key, AAD, PLAINTEXT).ciphertext != seal(key, AAD, PLAINTEXT).ciphertext


def test_a_box_cannot_be_moved_to_another_referral_or_revision(tmp_path: Path) -> None:
    key, ring = pair(tmp_path)
    box = seal(key, AAD, PLAINTEXT)
    for other in ("5f0c/2", "5f0d/1", ""):
        with pytest.raises(PermanentError) as refused:
            open_box(ring, other, box)
        assert refused.value.code == "sealed.not_for_us"


@pytest.mark.parametrize("ciphertext", ["", "not base64!", base64.b64encode(b"short").decode()])
def test_a_broken_box_is_not_for_us(tmp_path: Path, ciphertext: str) -> None:
    key, ring = pair(tmp_path)
    box = seal(key, AAD, PLAINTEXT).model_copy(update={"ciphertext": ciphertext})
    with pytest.raises(PermanentError) as refused:
        open_box(ring, AAD, box)
    assert refused.value.code == "sealed.not_for_us"


def test_a_changed_box_is_not_for_us(tmp_path: Path) -> None:
    key, ring = pair(tmp_path)
    box = seal(key, AAD, PLAINTEXT)
    raw = bytearray(base64.b64decode(box.ciphertext))
    raw[-1] ^= 1
    changed = SealedBox(key_id=box.key_id, suite=box.suite, ciphertext=base64.b64encode(raw).decode())
    with pytest.raises(PermanentError) as refused:
        open_box(ring, AAD, changed)
    assert refused.value.code == "sealed.not_for_us"


def test_a_box_for_another_key_is_told_apart(tmp_path: Path) -> None:
    key, _ = pair(tmp_path / "a")
    _, other = pair(tmp_path / "b")
    with pytest.raises(PermanentError) as refused:
        open_box(other, AAD, seal(key, AAD, PLAINTEXT))
    assert refused.value.code == "sealed.key_unknown"


def test_a_ring_opens_boxes_of_the_key_before(tmp_path: Path) -> None:
    old, _ = pair(tmp_path / "old")
    new, _ = pair(tmp_path / "new")
    ring = load_private_ring([tmp_path / "new" / "private.json", tmp_path / "old" / "private.json"])
    assert open_box(ring, AAD, seal(old, AAD, PLAINTEXT)) == PLAINTEXT
    assert open_box(ring, AAD, seal(new, AAD, PLAINTEXT)) == PLAINTEXT


@pytest.mark.parametrize("mode", [0o440, 0o404, 0o644, 0o777, 0o620])
def test_a_private_key_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    pair(tmp_path)
    (tmp_path / "private.json").chmod(mode)
    with pytest.raises(KeyFileError, match="mode"):
        load_private_ring([tmp_path / "private.json"])


def test_a_private_key_file_is_never_overwritten(tmp_path: Path) -> None:
    pair(tmp_path)
    with pytest.raises(FileExistsError):
        write_private_file(tmp_path / "private.json", "x")


def test_a_ring_without_keys_is_refused() -> None:
    with pytest.raises(KeyFileError):
        load_private_ring([])


@pytest.mark.parametrize(
    "change",
    [{"key_id": "0000000000000000"}, {"suite": "other"}, {"public_key": "AAAA"}, {"public_key": None}, {"key_id": 1}],
)
def test_a_key_file_whose_parts_do_not_belong_together_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    public, _ = generate_key_pair()
    path = tmp_path / "public.json"
    path.write_text(json.dumps(json.loads(public) | change))
    with pytest.raises(KeyFileError):
        load_public(path)


def test_a_missing_or_unreadable_key_file_is_refused_without_its_content(tmp_path: Path) -> None:
    path = tmp_path / "public.json"
    with pytest.raises(KeyFileError):
        load_public(path)
    path.write_text("my secret text")
    with pytest.raises(KeyFileError) as refused:
        load_public(path)
    assert "secret" not in str(refused.value)
    assert refused.value.__context__ is None


def test_keys_do_not_show_in_a_repr(tmp_path: Path) -> None:
    _, ring = pair(tmp_path)
    assert "object" not in repr(ring)
