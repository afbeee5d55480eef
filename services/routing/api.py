"""Routing's HTTP door: which policy decides, and whether a newer one was refused."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from fastapi import APIRouter

from contracts.model import Contract
from services.kit.policy_pack import PolicyPack


class PolicyInUse(Contract):
    """The pack that decides now. `refused` holds what is wrong with the newest files, by file, line and key."""

    name: str
    version: str
    hash: str
    in_use_since: dt.datetime
    state: Literal["newest", "newer_refused"]
    refused: tuple[str, ...] = ()


def policy_router(policy: PolicyPack) -> APIRouter:
    """`GET /policy`."""
    router = APIRouter()

    @router.get("/policy")
    async def policy_in_use() -> PolicyInUse:
        """The pack in use and the problems of a newer one."""
        status = policy.status
        return PolicyInUse(
            name=status.name,
            version=status.version,
            hash=status.hash,
            in_use_since=status.in_use_since,
            state="newer_refused" if status.refused else "newest",
            refused=status.refused,
        )

    return router
