"""The base of every model that travels."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Contract(BaseModel):
    """An immutable value on the wire.

    Readers ignore fields they do not know, so a producer may add optional fields within a version.
    Validation errors never repeat the value that was wrong: it may name a child.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)
