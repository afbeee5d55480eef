"""The API says of itself what it does."""

from __future__ import annotations

import json

import pytest
from pydantic import BaseModel

from contracts.api_referral import ReferralIn
from tests.integration.intake.conftest import Intake, referral

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_description_names_body_headers_and_every_refusal(intake: Intake) -> None:
    document = (await intake.http.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    post = document["paths"]["/v1/referrals"]["post"]
    assert post["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/ReferralIn"}
    assert {"Idempotency-Key"} == {one["name"] for one in post["parameters"]}
    assert set(post["responses"]) == {"202", *map(str, (400, 401, 403, 408, 409, 413, 415, 422, 429, 500, 503))}
    assert set(document["paths"]) == {"/v1/referrals", "/v1/referrals/{referral_id}"}


async def test_every_reference_of_the_description_leads_somewhere(intake: Intake) -> None:
    document = (await intake.http.get("/openapi.json")).json()
    text, schemas = json.dumps(document), document["components"]["schemas"]
    names = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names <= set(schemas)
    assert set(fields_of(ReferralIn)) <= set(schemas["ReferralIn"]["properties"])
    assert schemas["ReferralIn"]["additionalProperties"] is False


async def test_the_page_needs_no_script_and_no_other_server(intake: Intake) -> None:
    page = await intake.http.get("/docs")
    assert page.status_code == 200
    for name in ("ReferralIn", "LearnerIn", "Idempotency-Key", "idempotency-key-reused", "Receipt"):
        assert name in page.text
    assert "<script" not in page.text
    assert "http://" not in page.text.replace("http://www.w3.org", "")
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")


async def test_answers_are_as_described(intake: Intake) -> None:
    document = (await intake.http.get("/openapi.json")).json()
    schemas = document["components"]["schemas"]
    accepted = (await intake.post(referral())).json()
    assert set(accepted) == set(schemas["Receipt"]["properties"])
    status = (await intake.get(accepted["status_url"])).json()
    assert set(status) == set(schemas["StatusAnswer"]["properties"])
    refused = (await intake.post({})).json()
    assert set(refused) == set(schemas["Problem"]["properties"])


def fields_of(model: type[BaseModel]) -> list[str]:
    return list(model.model_fields)
