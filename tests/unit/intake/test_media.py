"""Media are found where they hide, and prose is left alone."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.media import embedded_media, is_media_type, linked_media, texts
from services.intake.domain.pointer import UNKNOWN_FIELD, pointer_of

HEADS = [b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\x00\x00\x00\x00WEBP", b"\x1aE\xdf\xa3",
         b"\x00\x00\x00\x20ftypheic", b"II*\x00", b"MM\x00*"]  # fmt: skip
SAMPLES = sorted(Path("examples/referrals").glob("*.json"))
WORDS = st.text(st.characters(codec="utf-8"), max_size=300)


@given(st.sampled_from(HEADS), st.binary(min_size=60, max_size=300), st.sampled_from(["", "see: ", '"']))
def test_the_first_bytes_of_any_picture_or_film_give_it_away(head: bytes, rest: bytes, before: str) -> None:
    encoded = base64.b64encode(head + rest).decode()
    (found,) = embedded_media({"concern": {"narrative": before + encoded}})
    assert (found.pointer, found.code) == ("/concern/narrative", "embedded_media")


@given(WORDS)
def test_any_text_is_looked_at_without_an_error_and_in_time(text: str) -> None:
    found = embedded_media({"a": [text, {"b": text}]})
    assert {one.pointer for one in found} in (set(), {"/a/0", "/a/1/b"}), "both places or neither"
    assert linked_media([text]) == linked_media([text, ""])


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_no_sample_referral_is_taken_for_media(path: Path) -> None:
    body = json.loads(path.read_text())
    assert embedded_media(body) == ()
    assert linked_media(body) == ()


@pytest.mark.parametrize("length", [1_000, 60_000, 250_000])
def test_hostile_lengths_are_looked_at_quickly(length: int) -> None:
    for text in ("A" * (length - 1), "https://" + "a." * length, "data:" * (length // 5), "/9j/" * (length // 4)):
        assert embedded_media([text]) == embedded_media([text, ""])
        assert linked_media([text]) == linked_media([text, ""])


@given(st.recursive(WORDS, lambda node: st.lists(node) | st.dictionaries(WORDS, node), max_leaves=20))
def test_every_text_of_a_body_is_looked_at(body: object) -> None:
    def count(node: object) -> int:
        if isinstance(node, str):
            return 1
        children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        return sum(count(child) for child in children)

    assert len(list(texts(body))) == count(body)


@pytest.mark.parametrize(("name", "media"), [("image/png", True), (" Video/mp4", True), ("application/json", False)])
def test_a_content_type_says_whether_it_is_media(name: str, media: bool) -> None:
    assert is_media_type(name) == media


@given(st.lists(st.text(max_size=20) | st.integers(0, 99), max_size=6))
def test_a_pointer_repeats_only_what_looks_like_a_field(path: list[str | int]) -> None:
    for shown in pointer_of(tuple(path)).split("/")[1:]:
        assert shown == UNKNOWN_FIELD or shown.isascii()
        assert " " not in shown or shown == UNKNOWN_FIELD
