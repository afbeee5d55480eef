"""Ops can ask which policy decides, and why a newer one does not."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import httpx
from fastapi import FastAPI

from services.kit.policy_pack import PolicyPack
from services.routing.api import policy_router
from tests.unit.routing.packs import PACKS

NOW = dt.datetime(2026, 11, 20, 10, 0, tzinfo=dt.UTC)


async def test_the_status_names_the_pack_in_use_and_the_faults_of_a_newer_one(tmp_path: Path) -> None:
    shutil.copytree(PACKS / "northmere", tmp_path / "pack")
    policy = PolicyPack(tmp_path / "pack", lambda: NOW)
    app = FastAPI()
    app.include_router(policy_router(policy))
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://routing.example")
    good = (await client.get("/policy")).json()
    assert (good["name"], good["state"], good["refused"]) == ("northmere", "newest", [])
    file = tmp_path / "pack" / "rules.yaml"
    file.write_text(file.read_text().replace("urgency: routine", "urgency: soon", 1))
    policy.refresh()
    refused = (await client.get("/policy")).json()
    assert (refused["hash"], refused["state"]) == (good["hash"], "newer_refused")
    assert refused["refused"][0].startswith("rules.yaml:")
