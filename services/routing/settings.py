"""What routing can be told."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from services.kit.settings import ServiceSettings


class RoutingSettings(ServiceSettings):
    """Routing keeps nothing: a broker and a policy are all it needs."""

    policy_pack: Path
    policy_reload_seconds: float = Field(5.0, gt=0)
    """How often the pack's files are looked at; a broken pack never replaces a good one."""
