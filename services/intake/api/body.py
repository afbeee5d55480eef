"""From the bytes of a request to a valid referral, or to a problem that repeats none of them.

The body is read and parsed by hand, because a framework's own errors carry the input.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from fastapi import Request
from pydantic import ValidationError
from starlette.requests import ClientDisconnect

from contracts.api_referral import ReferralIn
from contracts.policy import Pack
from services.intake.api.faults import faults_of
from services.intake.api.problems import (
    BODY_TIMEOUT,
    FORBIDDEN_URN,
    INVALID,
    MEDIA,
    NOT_JSON,
    TOO_DEEP,
    TOO_LARGE,
    UNSUPPORTED,
    ProblemError,
)
from services.intake.domain.answer import Notice
from services.intake.domain.client import Client
from services.intake.domain.media import MediaFound, embedded_media, is_media_type, linked_media

BODY_BYTES = 256 * 1024
"""Room for the longest narrative with all its people; files have no place here."""
HIGHEST_VERSION = 2**63 - 1
"""What the ledger's column holds; a system that counts by timestamps stays far below."""
DEEPEST = 12
"""Levels of a body. The deepest field of the schema is on the sixth."""


async def read_body(request: Request, pack: Pack, deadline_seconds: float) -> bytes:
    """The body, if it says that it is JSON, is not too large and arrives in time.

    Raises:
        ProblemError: otherwise.
    """
    _check_type(request, pack)
    stated = request.headers.get("content-length", "")
    if stated.isascii() and stated.isdigit() and int(stated[:12]) > BODY_BYTES:
        raise ProblemError(TOO_LARGE, headers={"Connection": "close"})
    body = bytearray()
    late = False
    try:
        async with asyncio.timeout(deadline_seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > BODY_BYTES:
                    break
    except (TimeoutError, ClientDisconnect):
        late = True
    if late:
        raise ProblemError(BODY_TIMEOUT, headers={"Connection": "close"})
    if len(body) > BODY_BYTES:
        raise ProblemError(TOO_LARGE, headers={"Connection": "close"})
    return bytes(body)


def _check_type(request: Request, pack: Pack) -> None:
    content_type = request.headers.get("content-type", "")
    if is_media_type(content_type):
        raise media_problem((MediaFound("", "media_type"),), pack)
    kind, _, parameters = content_type.partition(";")
    charset = parameters.replace(" ", "").replace('"', "").lower()
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if kind.strip().lower() != "application/json" or charset not in ("", "charset=utf-8") or encoding != "identity":
        raise ProblemError(UNSUPPORTED, headers={"Accept-Post": "application/json"})


class _UnclearJsonError(ValueError):
    """JSON of which two readers may understand two different things."""


def parse(raw: bytes) -> dict[str, Any]:
    """The JSON object in `raw`.

    Raises:
        ProblemError: it is not UTF-8, not JSON, not an object, has a field twice, or nests too deeply.
    """
    body: object = None
    deep = False
    try:
        body = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_each_once, parse_constant=_no_constant)
        deep = _depth(body) > DEEPEST
    except RecursionError:
        deep = True
    except ValueError:
        body = None
    if deep:
        raise ProblemError(TOO_DEEP)
    if not isinstance(body, dict):
        raise ProblemError(NOT_JSON)
    return body


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A field that stands twice would lose one of its values without a word."""
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _UnclearJsonError
    return fields


def _no_constant(_name: str) -> object:
    """NaN and Infinity are no JSON."""
    raise _UnclearJsonError


def _depth(body: object) -> int:
    level, deepest = [body], 0
    while level:
        deepest += 1
        nested = [node for node in level if isinstance(node, dict | list)]
        level = [child for node in nested for child in (node.values() if isinstance(node, dict) else node)]
        if deepest > DEEPEST:
            break
    return deepest


def understand(body: dict[str, Any], client: Client, pack: Pack) -> ReferralIn:
    """The referral in a parsed body, for one of the client's schools.

    A body that names no school means the client's only one.

    Raises:
        ProblemError: media, a field that is missing, unknown or wrong, or somebody else's school.
    """
    embedded = embedded_media(body)
    if embedded:
        raise media_problem(embedded, pack)
    named = _with_school(body, client)
    referral: ReferralIn | None = None
    faults: tuple[Notice, ...] = ()
    try:
        referral = ReferralIn.model_validate(named)
    except ValidationError as error:
        faults = faults_of(error, named)
    if referral is None:
        raise ProblemError(INVALID, faults)
    _check_version(referral)
    if referral.school.urn not in client.urns:
        pointer = Notice(pointer="/school/urn", code="urn_not_yours", detail=FORBIDDEN_URN.detail)
        raise ProblemError(FORBIDDEN_URN, (pointer,))
    if referral.concern.imagery_involved in ("yes_not_viewed", "yes_viewed"):
        linked = linked_media(body)
        if linked:
            raise media_problem(linked, pack)
    return referral


def _check_version(referral: ReferralIn) -> None:
    version = referral.source.version if referral.source else None
    if version is not None and version > HIGHEST_VERSION:
        detail = f"Use at most {HIGHEST_VERSION}."
        raise ProblemError(INVALID, (Notice(pointer="/source/version", code="too_large", detail=detail),))


def _with_school(body: dict[str, Any], client: Client) -> dict[str, Any]:
    school = body.get("school")
    if school is None:
        school = {}
    if not isinstance(school, dict) or school.get("urn") not in (None, ""):
        return body
    if len(client.urns) != 1:
        return body
    return body | {"school": school | {"urn": next(iter(client.urns))}}


def media_problem(found: tuple[MediaFound, ...], pack: Pack) -> ProblemError:
    """The refusal of media, with the rule and what to do instead, in the words of the policy pack."""
    detail = f"{pack.imagery.text} {pack.imagery.instead}"
    errors = tuple(Notice(pointer=one.pointer, code=one.code, detail=_MEDIA_WORDS[one.code]) for one in found)
    return ProblemError(MEDIA, errors, detail=f"{MEDIA.detail} {detail}")


_MEDIA_WORDS = {
    "media_type": "The body is a picture, film or sound.",
    "data_uri": "This text holds a data: URI.",
    "embedded_media": "This text holds an encoded picture, film or sound.",
    "embedded_file": "This text holds an encoded file.",
    "media_link": "This text links to a picture or film, and imagery is involved.",
}
