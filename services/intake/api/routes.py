"""The addresses of the API: read, ask a use case, answer."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import assert_never, get_args

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from contracts.policy import Pack
from services.intake.adapters.statuses import Cursor
from services.intake.api.body import parse, read_body, understand
from services.intake.api.deadline import Deadline
from services.intake.api.openapi import LIST_REFERRALS, POST_REFERRAL, SHOW_REFERRAL
from services.intake.api.problems import (
    INTERNAL,
    INVALID,
    KEY_IN_FLIGHT,
    KEY_MISSING,
    KEY_REUSED,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    TOO_MANY,
    UNAUTHENTICATED,
    VERSION_BEHIND,
    VERSION_REUSED,
    ProblemError,
)
from services.intake.domain.acceptance import KeyReused, VersionBehind, VersionReused
from services.intake.domain.allowance import Bucket, Granted, Rate, Refused, take
from services.intake.domain.answer import Notice, Receipt, State, StatusAnswer, StatusPage
from services.intake.domain.client import Client
from services.intake.handlers import Accepted, Authenticate, InFlight, Outcome, Posted, ReceiveReferral, ShowReferrals

_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_REFERRAL_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Routes:
    """The API over the use cases. `buckets` is what each client has left of its rate."""

    authenticate: Authenticate
    receive: ReceiveReferral
    show: ShowReferrals
    pack: Callable[[], Pack]
    deadline: Deadline
    body_seconds: float
    rate: Rate
    buckets: dict[str, Bucket] = field(default_factory=dict)

    def router(self) -> APIRouter:
        """Routes of `/v1`."""
        router = APIRouter(prefix="/v1", tags=["referrals"])
        router.add_api_route("/referrals", self.post, methods=["POST"], status_code=202, **POST_REFERRAL)
        router.add_api_route("/referrals", self.page, methods=["GET"], **LIST_REFERRALS)
        router.add_api_route("/referrals/{referral_id}", self.one, methods=["GET"], **SHOW_REFERRAL)
        return router

    async def post(self, request: Request) -> Response:
        """Take a referral. 202 only after it is durably stored; repeat with the same key until you have an answer."""
        client = await self._client(request)
        key = request.headers.get("idempotency-key", "")
        if not _IDEMPOTENCY_KEY.fullmatch(key):
            raise ProblemError(KEY_MISSING)
        pack = self.pack()
        body = parse(await read_body(request, pack, self.body_seconds))
        referral = understand(body, client, pack)
        self._spend(client, urgent=referral.concern.immediate_danger)
        outcome = await self.deadline.wait_for(self.receive(Posted(client, key, body, referral)))
        return _answer(outcome)

    async def one(self, request: Request) -> Response:
        """Where a referral is. No personal data."""
        client = await self._client(request)
        referral_id = request.path_params["referral_id"]
        found = None
        if _REFERRAL_ID.fullmatch(referral_id):
            found = await self.deadline.wait_for(self.show.one(client, referral_id))
        if found is None:
            raise ProblemError(NOT_FOUND)
        return _json(found)

    async def page(self, request: Request) -> Response:
        """Your referrals in the order of their last change."""
        client = await self._client(request)
        query = request.query_params
        state, since, after = _state(query.get("status")), _since(query.get("updated_since")), _cursor(query)
        found, following = await self.deadline.wait_for(self.show.page(client, state, since, after))
        return _json(found.model_copy(update={"next_cursor": _write_cursor(following)}))

    async def _client(self, request: Request) -> Client:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        client = None
        if scheme.lower() == "bearer":
            client = await self.deadline.wait_for(self.authenticate(key.strip()))
        if client is None:
            raise ProblemError(UNAUTHENTICATED, headers={"WWW-Authenticate": 'Bearer realm="saferoute"'})
        return client

    def _spend(self, client: Client, *, urgent: bool) -> None:
        match take(self.buckets.get(client.id), self.rate, time.monotonic(), urgent=urgent):
            case Granted(bucket):
                self.buckets[client.id] = bucket
            case Refused(bucket, retry_after):
                self.buckets[client.id] = bucket
                raise ProblemError(TOO_MANY, headers={"Retry-After": str(max(1, round(retry_after)))})


def _answer(outcome: Outcome) -> Response:
    match outcome:
        case Accepted(answer, repeated):
            location = Receipt.model_validate_json(answer).status_url
            headers = {"Location": location, "Idempotency-Replayed": "true" if repeated else "false"}
            return Response(answer, 202, headers, media_type="application/json")
        case InFlight():
            raise ProblemError(KEY_IN_FLIGHT, headers={"Retry-After": "1"})
        case KeyReused():
            raise ProblemError(KEY_REUSED)
        case VersionBehind():
            raise ProblemError(VERSION_BEHIND)
        case VersionReused():
            raise ProblemError(VERSION_REUSED)
        case _:
            assert_never(outcome)


def _json(answer: StatusAnswer | StatusPage) -> Response:
    return Response(answer.model_dump_json(), media_type="application/json")


def _wrong(parameter: str, detail: str) -> ProblemError:
    return ProblemError(INVALID, (Notice(pointer=f"?{parameter}", code="invalid", detail=detail),))


def _state(text: str | None) -> State | None:
    if text is None:
        return None
    for state in get_args(State):
        if state == text:
            return state  # type: ignore[no-any-return]  # one of the literal's values
    raise _wrong("status", f"Use one of: {', '.join(get_args(State))}.")


def _since(text: str | None) -> dt.datetime | None:
    if text is None:
        return None
    instant = _instant(text)
    if instant is None:
        raise _wrong("updated_since", "Write an instant as 2026-11-21T09:30:00Z.")
    return instant


def _cursor(query: object) -> Cursor | None:
    text = query.get("cursor") if hasattr(query, "get") else None
    if text is None:
        return None
    try:
        at, _, which = base64.urlsafe_b64decode(str(text).encode()).decode().partition("/")
    except (ValueError, binascii.Error):
        at, which = "", ""
    instant = _instant(at)
    if instant is None or not _REFERRAL_ID.fullmatch(which):
        raise _wrong("cursor", "Use next_cursor of the page before as it is.")
    return Cursor(instant, which)


def _write_cursor(cursor: Cursor | None) -> str | None:
    if cursor is None:
        return None
    return base64.urlsafe_b64encode(f"{cursor.updated_at.isoformat()}/{cursor.id}".encode()).decode()


def _instant(text: str) -> dt.datetime | None:
    """An aware instant in UTC, or None. A '+' that a URL turned into a blank is taken back."""
    try:
        instant = dt.datetime.fromisoformat(text.strip().replace(" ", "+"))
        return instant.astimezone(dt.UTC) if instant.tzinfo is not None else None
    except (ValueError, OverflowError):  # the first and the last day of the calendar have no UTC in some zones
        return None


def refuse_as_problems(app: FastAPI) -> None:
    """Answer the framework's own refusals as problems too: its bodies would repeat the input."""

    @app.exception_handler(HTTPException)
    async def refused(_request: Request, error: HTTPException) -> Response:
        kind = {404: NOT_FOUND, 405: METHOD_NOT_ALLOWED}.get(error.status_code, INTERNAL)
        allowed = {name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"}
        return ProblemError(kind, headers=allowed).response()

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, _error: RequestValidationError) -> Response:
        return ProblemError(INVALID).response()
