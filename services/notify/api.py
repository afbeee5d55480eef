"""Notify's HTTP door for staff. Every answer is for a signed-in person and about their own teams.

Only a POST acknowledges: mail scanners follow every link of a message, so a GET changes nothing.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from contracts.decision import Decision, Urgency
from contracts.events.referral_transfer_requested import TransferReason
from contracts.facts import OpenFacts
from contracts.policy import Pack
from services.kit.database import transaction
from services.kit.errors import InfrastructureError
from services.notify.adapters import staff as accounts
from services.notify.adapters import store
from services.notify.domain.model import Notification, State
from services.notify.domain.permissions import Permission, Staff
from services.notify.handlers import Notify

PROBLEM = "application/problem+json"

SAFE_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""What staff read is kept by nobody in between."""

SIGN_IN_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Saferoute: sign in</title></head>
<body><h1>Sign in to read this referral</h1>
<p>Opening this page has acknowledged nothing. Sign in to read the referral and to acknowledge it.</p>
<p>If a child is in immediate danger, ring 999.</p></body></html>
"""
"""The same for every reference, so that it tells nobody whether a reference exists."""


class NotificationOut(BaseModel):
    """A notification in a list."""

    id: uuid.UUID
    referral_id: str
    reference: str
    destination: str
    state: State
    urgency: Urgency
    revision: int
    acknowledge_by: dt.datetime
    overdue: bool
    escalation_level: int
    told_at: dt.datetime
    sent_at: dt.datetime | None
    acknowledged_at: dt.datetime | None
    acknowledged_by: uuid.UUID | None
    transfer_requested_to: str | None


class NotificationsOut(BaseModel):
    """A team's list, soonest deadline first."""

    notifications: list[NotificationOut]


class AdviceOut(BaseModel):
    """A block of advice in the pack's words."""

    code: str
    title: str
    text: str


class ReferralOut(NotificationOut):
    """All that the team may read: the de-identified words, the facts, and why it came here."""

    received_at: dt.datetime
    stage: str
    decision: Decision
    facts: OpenFacts
    advice: list[AdviceOut]
    narrative: str | None
    review_score: float | None


class TransferIn(BaseModel):
    """Where a referral should go instead, and why."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    to: str
    reason: TransferReason


def problem(status: int, code: str, title: str) -> JSONResponse:
    """RFC 9457. Nothing of the request is in it."""
    body = {"type": f"urn:saferoute:problem:{code}", "title": title, "status": status}
    headers = SAFE_HEADERS | ({"WWW-Authenticate": "Bearer"} if status == 401 else {})
    return JSONResponse(body, status_code=status, media_type=PROBLEM, headers=headers)


class Refusal(Exception):  # noqa: N818 - an answer, not an error
    """An answer other than success."""

    def __init__(self, status: int, code: str, title: str) -> None:
        super().__init__(code)
        self.response = problem(status, code, title)


PROBLEMS: dict[int | str, str] = {
    401: "No valid staff token (application/problem+json)",
    403: "The role does not allow it (application/problem+json)",
    404: "No such notification for these teams (application/problem+json)",
    409: "The notification needs no action from this team (application/problem+json)",
    422: "Not the documented form (application/problem+json)",
    503: "Try again in a moment (application/problem+json)",
}

NOT_YOURS = (404, "not-found", "There is no such notification for your teams.")


def install_problems(app: FastAPI) -> None:
    """Answer every failure as a problem that repeats nothing of what was sent."""

    @app.exception_handler(Refusal)
    async def refused(_request: Request, error: Refusal) -> JSONResponse:
        return error.response

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, _error: RequestValidationError) -> JSONResponse:
        return problem(422, "invalid-request", "The request does not have the documented form.")

    @app.exception_handler(HTTPException)
    async def unknown(_request: Request, error: HTTPException) -> JSONResponse:
        return problem(error.status_code, "http", "The request cannot be answered.")

    @app.exception_handler(InfrastructureError)
    async def away(_request: Request, _error: InfrastructureError) -> JSONResponse:
        return problem(503, "unavailable", "Try again in a moment.")


async def signed_in(request: Request, authorization: Annotated[str | None, Header()] = None) -> Staff:
    """Whose request this is."""
    notify: Notify = request.app.state.notify
    scheme, _, token = (authorization or "").partition(" ")
    staff = None
    if scheme.lower() == "bearer" and token:
        async with transaction(notify.pool) as connection:
            staff = await accounts.signed_in(connection, token.strip())
    if staff is None:
        raise Refusal(401, "sign-in", "Sign in with a staff token.")
    return staff


SignedIn = Annotated[Staff, Depends(signed_in)]


def _require(staff: Staff, permission: Permission) -> None:
    if not staff.may(permission):
        raise Refusal(403, "role", "Your role does not allow this.")


def staff_router(pack: Callable[[], Pack]) -> APIRouter:
    """The staff's routes. `pack` answers the policy in force now."""
    router = APIRouter(responses={code: {"description": words} for code, words in PROBLEMS.items()})
    _add_reading(router, pack)
    _add_acting(router, pack)
    return router


def _add_reading(router: APIRouter, pack: Callable[[], Pack]) -> None:
    @router.get("/v1/notifications", response_model=NotificationsOut)
    async def team_list(
        request: Request, staff: SignedIn, state: Annotated[list[State] | None, Query()] = None
    ) -> JSONResponse:
        """What lies with the caller's teams; open ones unless `state` asks for others."""
        _require(staff, "read")
        notify: Notify = request.app.state.notify
        async with transaction(notify.pool) as connection:
            found = await store.team_list(connection, sorted(staff.destinations), state or ["open"])
        now = notify.clock()
        return _answer(NotificationsOut(notifications=[NotificationOut(**_fields(one, now)) for one in found]))

    @router.get("/v1/notifications/{notification_id}", response_model=ReferralOut)
    async def one(request: Request, staff: SignedIn, notification_id: uuid.UUID) -> JSONResponse:
        """One notification with what its team may read."""
        _require(staff, "read")
        notify: Notify = request.app.state.notify
        async with transaction(notify.pool) as connection:
            found = await store.notification(connection, notification_id)
            if found is None or found.destination not in staff.destinations:
                raise Refusal(*NOT_YOURS)
            routed = await store.decision_of(connection, found.referral_id)
        if routed is None:
            raise Refusal(*NOT_YOURS)
        blocks = [block for code in routed.decision.advice if (block := pack().advice_by_code.get(code))]
        words = routed.narrative
        return _answer(
            ReferralOut(
                **_fields(found, notify.clock()),
                received_at=routed.received_at,
                stage=routed.stage,
                decision=routed.decision,
                facts=routed.facts,
                advice=[AdviceOut(code=block.code, title=block.title, text=block.text) for block in blocks],
                narrative=words.text if words else None,
                review_score=words.review_score if words else None,
            )
        )

    @router.get("/referrals/{reference}", include_in_schema=False)
    async def sign_in_page(reference: str) -> HTMLResponse:
        """Where the link of a message leads: to signing in, whoever follows it."""
        del reference
        return HTMLResponse(SIGN_IN_PAGE, headers=SAFE_HEADERS)


def _add_acting(router: APIRouter, pack: Callable[[], Pack]) -> None:
    @router.post("/v1/notifications/{notification_id}/acknowledge", response_model=NotificationOut)
    async def acknowledge(request: Request, staff: SignedIn, notification_id: uuid.UUID) -> JSONResponse:
        """Take a referral on. A second time answers what the first one did."""
        _require(staff, "acknowledge")
        return await _acknowledged(request.app.state.notify, staff, notification_id)

    @router.post("/v1/referrals/{reference}/acknowledge", response_model=NotificationOut)
    async def acknowledge_reference(request: Request, staff: SignedIn, reference: str) -> JSONResponse:
        """The same, by the reference of the message."""
        _require(staff, "acknowledge")
        notify: Notify = request.app.state.notify
        async with transaction(notify.pool) as connection:
            found = await store.by_reference(connection, reference, sorted(staff.destinations))
        if not found:
            raise Refusal(*NOT_YOURS)
        return await _acknowledged(notify, staff, found[0].id)

    @router.post("/v1/notifications/{notification_id}/transfer", status_code=202, response_model=NotificationOut)
    async def transfer(request: Request, staff: SignedIn, notification_id: uuid.UUID, body: TransferIn) -> JSONResponse:
        """Ask for another destination. The clock runs on until that one has it."""
        _require(staff, "transfer")
        if body.to not in pack().destination_by_id:
            raise Refusal(422, "destination-unknown", "There is no such destination.")
        notify: Notify = request.app.state.notify
        asked = await notify.transfer(notification_id, staff, body.to, body.reason)
        if asked is None:
            raise Refusal(*NOT_YOURS)
        if asked.transfer_to != body.to:
            raise Refusal(409, "not-yours-to-transfer", "This notification needs no action from your team.")
        return _answer(NotificationOut(**_fields(asked, notify.clock())), status=202)


async def _acknowledged(notify: Notify, staff: Staff, notification_id: uuid.UUID) -> JSONResponse:
    answered = await notify.acknowledge(notification_id, staff)
    if answered is None:
        raise Refusal(*NOT_YOURS)
    if answered.state != "acknowledged":
        raise Refusal(409, "nothing-to-acknowledge", "This notification needs no action from your team.")
    return _answer(NotificationOut(**_fields(answered, notify.clock())))


def _fields(one: Notification, now: dt.datetime) -> dict[str, object]:
    return {
        "id": one.id,
        "referral_id": one.referral_id,
        "reference": one.reference,
        "destination": one.destination,
        "state": one.state,
        "urgency": one.urgency,
        "revision": one.revision,
        "acknowledge_by": one.ack_due_at,
        "overdue": one.state == "open" and one.ack_due_at <= now,
        "escalation_level": one.escalation_level,
        "told_at": one.told_at,
        "sent_at": one.sent_at,
        "acknowledged_at": one.acknowledged_at,
        "acknowledged_by": one.acknowledged_by,
        "transfer_requested_to": one.transfer_to,
    }


def _answer(body: BaseModel, status: int = 200) -> JSONResponse:
    return JSONResponse(body.model_dump(mode="json"), status_code=status, headers=SAFE_HEADERS)
