"""A key opens the schools it is bound to, and nothing else."""

from __future__ import annotations

import pytest

from services.intake.adapters.clients import TooManyKeysError
from services.intake.commands import provision_client, revoke
from tests.integration.intake.conftest import ALSO_OURS, OURS, THEIRS, Intake, referral

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer wrong",
        "Basic abc",
        f"Bearer sr_live_{'0' * 12}_{'0' * 64}",
        f"Bearer sr_live_{'0' * 12}_{'0' * 63}é",
    ],
)
async def test_nobody_gets_in_without_a_key(intake: Intake, header: str | None) -> None:
    headers = {b"Idempotency-Key": b"k"} | ({} if header is None else {b"Authorization": header.encode("latin-1")})
    for method, path in (("POST", "/v1/referrals"), ("GET", "/v1/referrals"), ("GET", f"/v1/referrals/{'0' * 32}")):
        answer = await intake.http.request(method, path, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (401, "urn:saferoute:problem:unauthenticated")
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_key_with_the_right_prefix_and_a_wrong_secret_is_refused(intake: Intake) -> None:
    intake.keys["forged"] = intake.keys["ours"][:-1] + ("0" if intake.keys["ours"][-1] != "0" else "1")
    assert (await intake.post(referral(), client="forged")).status_code == 401


async def test_a_revoked_key_stops_working_within_seconds(intake: Intake) -> None:
    intake.keys["old"] = await provision_client(intake.dsn, "changing-over", (OURS,), "live")
    intake.keys["new"] = await provision_client(intake.dsn, "changing-over", (OURS,), "live")
    with pytest.raises(TooManyKeysError):
        await provision_client(intake.dsn, "changing-over", (OURS,), "live")
    assert (await intake.post(referral(), client="old")).status_code == 202
    await revoke(intake.dsn, intake.keys["old"].split("_")[2])
    intake.clock.forward(seconds=16)
    assert (await intake.post(referral(), client="old")).status_code == 401
    assert (await intake.post(referral(), client="new")).status_code == 202


async def test_secrets_are_not_kept(intake: Intake) -> None:
    secret = intake.keys["ours"].rpartition("_")[2]
    rows = await intake.database.fetch("SELECT * FROM api_key")
    assert secret not in repr(rows)
    assert bytes.fromhex(secret) not in [row["secret_sha256"] for row in rows]


async def test_a_client_may_only_name_its_own_schools(intake: Intake) -> None:
    refused = await intake.post(referral(school={"urn": THEIRS}))
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:saferoute:problem:urn-not-yours")
    assert refused.json()["errors"][0]["pointer"] == "/school/urn"
    assert THEIRS not in refused.text
    assert await intake.count("referral") == 0


@pytest.mark.parametrize("school", [None, {}, {"urn": None}, {"urn": ""}, {"name": "Samphire Bay Primary School"}])
async def test_a_client_of_one_school_need_not_name_it(intake: Intake, school: object) -> None:
    body = referral() | {"school": school}
    assert (await intake.post(body)).status_code == 202
    del body["school"]
    assert (await intake.post(body)).status_code == 202


async def test_a_client_of_several_schools_must_name_one(intake: Intake) -> None:
    refused = await intake.post(referral(school={}), client="both")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/school/urn")
    for urn in (OURS, ALSO_OURS):
        assert (await intake.post(referral(school={"urn": urn}), client="both")).status_code == 202


async def test_every_client_sees_its_own_referrals_and_no_other(intake: Intake) -> None:
    posted = {
        "ours": (await intake.post(referral(), client="ours")).json()["id"],
        "both": (await intake.post(referral(), client="both")).json()["id"],
        "theirs": (await intake.post(referral(school={"urn": THEIRS}), client="theirs")).json()["id"],
    }
    nobodys = await intake.get(f"/v1/referrals/{'0' * 32}")
    for owner, referral_id in posted.items():
        for asker in posted:
            answer = await intake.get(f"/v1/referrals/{referral_id}", client=asker)
            if asker == owner:
                assert answer.status_code == 200
            else:
                assert (answer.status_code, answer.content) == (404, nobodys.content)
        page = (await intake.get("/v1/referrals", client=owner)).json()
        assert [one["id"] for one in page["referrals"]] == [referral_id]


async def test_a_test_key_marks_its_referrals_as_tests_and_says_so(intake: Intake) -> None:
    answer = await intake.post(referral(), client="trial")
    assert [warning["code"] for warning in answer.json()["warnings"]] == ["test_key"]
    (event,) = await intake.outbox()
    assert event.data.facts.test  # type: ignore[attr-defined]
    assert (await intake.get(answer.headers["location"], client="trial")).json()["test"]
