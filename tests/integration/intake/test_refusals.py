"""What is refused is refused with a pointer and a way on, and never with a word of what was sent."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.integration.intake.conftest import Intake, referral

pytestmark = pytest.mark.asyncio(loop_scope="module")

JPEG = base64.b64encode(b"\xff\xd8\xff\xe0" + bytes(range(200))).decode()
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(200))).decode()
MP4 = base64.b64encode(b"\x00\x00\x00\x18ftypmp42" + bytes(range(200))).decode()


async def raw(intake: Intake, content: bytes, content_type: str = "application/json", **headers: str) -> Any:
    extra = intake.auth() | {"Idempotency-Key": "k", "Content-Type": content_type} | headers
    return await intake.http.post("/v1/referrals", content=content, headers=extra)


def problem(answer: Any, status: int, name: str) -> dict[str, Any]:
    """The problem of an answer, after a look at its form."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    body: dict[str, Any] = answer.json()
    assert (body["type"], body["status"]) == (f"urn:saferoute:problem:{name}", status)
    assert body["title"]
    assert body["detail"]
    return body


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"nonsense", b"[]", b'"text"', b"null", b"12", b"\xff\xfe", b'{"a": NaN}', b'{"a": 1, "a": 2}',
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)  # fmt: skip
async def test_what_is_no_json_object_is_refused(intake: Intake, content: bytes) -> None:
    problem(await raw(intake, content), 400, "not-json")


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"a":' * 20 + b"1" + b"}" * 20])
async def test_what_nests_deeply_is_refused(intake: Intake, content: bytes) -> None:
    problem(await raw(intake, content), 400, "too-deep")


async def test_a_body_over_256_kib_is_refused_stated_or_streamed(intake: Intake) -> None:
    large = json.dumps(referral(concern={"narrative": "a" * 262_200})).encode()
    problem(await raw(intake, large), 413, "too-large")

    async def chunks() -> Any:
        for start in range(0, len(large), 10_000):
            yield large[start : start + 10_000]

    headers = intake.auth() | {"Idempotency-Key": "k", "Content-Type": "application/json"}
    problem(await intake.http.post("/v1/referrals", content=chunks(), headers=headers), 413, "too-large")


async def test_the_largest_referral_that_fits_is_taken(intake: Intake) -> None:
    body = referral(concern={"narrative": "\u4e16\u754c " * 20_000})
    answer = await raw(intake, json.dumps(body, ensure_ascii=False).encode())
    assert answer.status_code == 202


@pytest.mark.parametrize(
    ("content_type", "headers"),
    [
        ("text/plain", {}),
        ("multipart/form-data; boundary=x", {}),
        ("application/json; charset=latin-1", {}),
        ("application/json", {"Content-Encoding": "gzip"}),
        ("", {}),
    ],
)
async def test_another_media_type_is_refused(intake: Intake, content_type: str, headers: dict[str, str]) -> None:
    problem(await raw(intake, b"{}", content_type, **headers), 415, "unsupported-media-type")


@pytest.mark.parametrize("content_type", ["image/jpeg", "IMAGE/PNG", "video/mp4", "audio/mpeg"])
async def test_a_picture_is_refused_with_the_rule_and_what_to_do_instead(intake: Intake, content_type: str) -> None:
    body = problem(await raw(intake, b"\xff\xd8\xff", content_type), 422, "media-refused")
    assert "Never view, copy, print, share, store or save" in body["detail"]
    assert "Describe in words" in body["detail"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("see data:image/png;base64,AAAA", "data_uri"),
        ("DATA:,hello", "data_uri"),
        (f"the picture: {JPEG}", "embedded_media"),
        (PNG, "embedded_media"),
        ("\n".join(PNG[at : at + 20] for at in range(0, 200, 20)), "embedded_media"),
        (MP4, "embedded_media"),
        ("QUJD" * 300, "embedded_file"),
    ],
)
async def test_encoded_media_are_refused_anywhere_in_the_body(intake: Intake, text: str, code: str) -> None:
    for body, pointer in (
        (referral(concern={"narrative": text}), "/concern/narrative"),
        (referral() | {"attachment": {"content": [text]}}, "/attachment/content/0"),
        (referral() | {"Oskar's photo": text}, "/(unknown field)"),
    ):
        found = problem(await intake.post(body), 422, "media-refused")
        assert found["errors"] == [{"pointer": pointer, "code": code, "detail": found["errors"][0]["detail"]}]
    assert await intake.count("referral") == 0


@pytest.mark.parametrize(
    "link",
    ["https://files.example/a/photo.JPG", "www.files.example/film.mp4?x=1", "it is on imgur.com/abc", "youtu.be/x"],
)
async def test_links_to_media_are_refused_where_imagery_is_involved(intake: Intake, link: str) -> None:
    for imagery, status in (("yes_viewed", 422), ("yes_not_viewed", 422), ("no", 202), ("unknown", 202)):
        concern = {"narrative": f"It was shared at {link} yesterday.", "imagery_involved": imagery}
        answer = await intake.post(referral(concern=concern))
        assert answer.status_code == status
        if status == 422:
            assert problem(answer, 422, "media-refused")["errors"][0]["code"] == "media_link"
            assert link not in answer.text


async def test_ordinary_links_and_long_words_are_taken(intake: Intake) -> None:
    text = "See https://school.example/policy and " + "a" * 300 + " /9j/ and AAAA; data: none."
    answer = await intake.post(referral(concern={"narrative": text, "imagery_involved": "yes_not_viewed"}))
    assert answer.status_code == 202, answer.text


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"concern": None}, "/concern", "wrong_type"),
        ({"concern": {}}, "/concern/narrative", "missing"),
        ({"concern": {"narrative": " "}}, "/concern/narrative", "empty"),
        ({"concern": {"narrative": "x " * 30_001}}, "/concern/narrative", "too_long"),
        ({"concern": {"narrative": ["x"]}}, "/concern/narrative", "wrong_type"),
        ({"concern": {"narrative": "x", "narative": "y"}}, "/concern/narative", "unknown_field"),
        ({"concern": {"narrative": "x", "support_level": 5}}, "/concern/support_level", "not_listed"),
        ({"concern": {"narrative": "x", "categories": ["cse", "nope"]}}, "/concern/categories/1", "not_listed"),
        ({"concern": {"narrative": "x", "categories": "cse"}}, "/concern/categories", "wrong_type"),
        ({"concern": {"narrative": "x", "immediate_danger": "perhaps"}}, "/concern/immediate_danger", "wrong_type"),
        ({"concern": {"narrative": "x", "occurred_at": "last week"}}, "/concern/occurred_at", "date_invalid"),
        ({"referrer": {"name": "D"}}, "/referrer", "missing"),
        ({"learners": [{"date_of_birth": "3 April"}]}, "/learners/0/date_of_birth", "date_invalid"),
        ({"learners": [{}] * 61}, "/learners", "too_many"),
        ({"learners": [{"contacts": [{"phone": "1", "fax": "2"}]}]}, "/learners/0/contacts/0/fax", "unknown_field"),
        ({"source": {"version": -1}}, "/source/version", "too_small"),
        ({"source": {"version": 10**30}}, "/source/version", "too_large"),
        ({"concern": {"narrative": "lone \ud800 surrogate"}}, "/concern/narrative", "wrong_type"),
    ],
)
async def test_a_fault_is_pointed_at(intake: Intake, change: dict[str, Any], pointer: str, code: str) -> None:
    answer = await raw(intake, json.dumps(referral(**change)).encode())
    errors = problem(answer, 422, "invalid")["errors"]
    assert [(error["pointer"], error["code"]) for error in errors] == [(pointer, code)]


async def test_unknown_names_that_may_be_somebodys_are_not_repeated(intake: Intake) -> None:
    answer = await intake.post(referral() | {"Oskar Farthingale": 1, "07700900123": 2, "attachments": []})
    errors = problem(answer, 422, "invalid")["errors"]
    assert {error["pointer"] for error in errors} == {"/(unknown field)", "/attachments"}
    assert "Oskar" not in answer.text
    assert "07700900123" not in answer.text


async def test_unknown_addresses_and_methods_are_problems_too(intake: Intake) -> None:
    problem(await intake.http.get("/nowhere/Oskar"), 404, "not-found")
    problem(await intake.get("/v1/referrals/not-an-id"), 404, "not-found")
    refused = await intake.http.delete("/v1/referrals")
    problem(refused, 405, "method-not-allowed")
    assert refused.headers["allow"]


async def test_odd_questions_for_a_page_are_refused_without_repeating_them(intake: Intake) -> None:
    for query in (
        "status=Oskar",
        "updated_since=Oskar",
        "updated_since=9999-12-31T23:59:59-14:00",
        "cursor=Oskar",
        "cursor=T3NrYXI=",
    ):
        answer = await intake.get(f"/v1/referrals?{query}")
        body = problem(answer, 422, "invalid")
        assert body["errors"][0]["pointer"] == f"?{query.split('=')[0]}"
        assert "Oskar" not in answer.text


async def test_every_answer_has_security_headers_and_no_server_header(intake: Intake) -> None:
    for answer in (await intake.post(referral()), await intake.http.get("/nowhere"), await intake.post({})):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers
