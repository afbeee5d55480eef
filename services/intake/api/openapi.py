"""How the API describes itself (OpenAPI 3.1). Bodies are parsed by hand, so their schemas are given by hand too."""

from __future__ import annotations

from typing import Any, get_args

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from contracts.api_referral import ReferralIn
from services.intake.api.problems import KINDS, MEDIA_TYPE, TYPE_PREFIX
from services.intake.domain.answer import Notice, Receipt, State, StatusAnswer, StatusPage

VERSION = "1.0.0"
TITLE = "Saferoute intake"
DESCRIPTION = """\
Post a safeguarding concern, follow what becomes of it.

This API never stands in for a call: where a child is at risk of imminent harm, call 999. The answer to a referral
carries the numbers that are right at that moment. No answer repeats anything that was sent.
"""

_SCHEMA = "#/components/schemas/"


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals with these statuses: their types, and what to do about each."""
    responses: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        kinds = [kind for kind in KINDS if kind.status == status]
        lines = [f"`{TYPE_PREFIX}{kind.name}`: {kind.title}. {kind.detail}" for kind in kinds]
        responses[status] = {
            "description": "\n\n".join(lines),
            "content": {MEDIA_TYPE: {"schema": {"$ref": f"{_SCHEMA}Problem"}}},
        }
        if status in (409, 429, 503):
            responses[status]["headers"] = {"Retry-After": _header("Seconds to wait before the same request again.")}
    return responses


def _header(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}}


def _answer(model: type, description: str, headers: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/json": {"schema": {"$ref": f"{_SCHEMA}{model.__name__}"}}},
        "headers": headers or {},
    }


def _query(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


POST_REFERRAL: dict[str, Any] = {
    "operation_id": "postReferral",
    "response_model": None,
    "responses": {
        202: _answer(
            Receipt,
            "Durably stored. Repetitions with the same key get the same body.",
            {
                "Location": _header("Where the referral's status is."),
                "Idempotency-Replayed": _header("`true` where this answer was given before."),
            },
        ),
        **_problems(400, 401, 403, 408, 409, 413, 415, 422, 429, 500, 503),
    },
    "openapi_extra": {
        "security": [{"apiKey": []}],
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": True,
                "description": "One fresh random value for each referral; the same again when the request is repeated. "
                "Kept for at least 30 days.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
            },
        ],
        "requestBody": {
            "required": True,
            "description": "At most 256 KiB. A key that is bound to one school may leave out `school`.",
            "content": {"application/json": {"schema": {"$ref": f"{_SCHEMA}ReferralIn"}}},
        },
    },
}

SHOW_REFERRAL: dict[str, Any] = {
    "operation_id": "showReferral",
    "response_model": None,
    "responses": {200: _answer(StatusAnswer, "Where the referral is."), **_problems(401, 404, 500, 503)},
    "openapi_extra": {
        "security": [{"apiKey": []}],
        "parameters": [
            {
                "name": "referral_id",
                "in": "path",
                "required": True,
                "description": "`id` of the receipt.",
                "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            }
        ],
    },
}

LIST_REFERRALS: dict[str, Any] = {
    "operation_id": "listReferrals",
    "response_model": None,
    "responses": {200: _answer(StatusPage, "A page, oldest change first."), **_problems(401, 422, 500, 503)},
    "openapi_extra": {
        "security": [{"apiKey": []}],
        "parameters": [
            _query("status", "Only referrals in this state.", {"type": "string", "enum": list(get_args(State))}),
            _query("updated_since", "Only referrals changed since.", {"type": "string", "format": "date-time"}),
            _query("cursor", "`next_cursor` of the page before.", {"type": "string"}),
        ],
    },
}

_PROBLEM_SCHEMA = {
    "type": "object",
    "description": "RFC 9457 problem details. `errors` point at places in the body; no value is ever repeated.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "enum": [TYPE_PREFIX + kind.name for kind in KINDS]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": {"$ref": f"{_SCHEMA}Notice"}},
    },
}


def describe(app: FastAPI) -> None:
    """Complete the generated description with the models that the routes read and write by hand."""
    generated = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            key = {"type": "http", "scheme": "bearer", "description": "`sr_live_…` or `sr_test_…`"}
            components = generated().setdefault("components", {})
            components |= {"schemas": _schemas(), "securitySchemes": {"apiKey": key}}
        described: dict[str, Any] = app.openapi_schema or {}
        return described

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way


def _schemas() -> dict[str, Any]:
    _, read = models_json_schema([(ReferralIn, "validation")], ref_template=_SCHEMA + "{model}")
    _, written = models_json_schema(
        [(model, "serialization") for model in (Receipt, StatusAnswer, StatusPage, Notice)],
        ref_template=_SCHEMA + "{model}",
    )
    schemas: dict[str, Any] = {"Problem": _PROBLEM_SCHEMA} | read["$defs"] | written["$defs"]
    return schemas
