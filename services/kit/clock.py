"""The one source of now. Domain code takes instants as arguments; only wiring hands out a clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

Clock = Callable[[], dt.datetime]
"""Answers the present instant, aware, in UTC."""


def system_clock() -> dt.datetime:
    """The machine's present instant in UTC."""
    return dt.datetime.now(dt.UTC)
