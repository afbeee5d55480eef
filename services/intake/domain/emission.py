"""When an event that nobody has settled is published again."""

from __future__ import annotations

import datetime as dt

LONGEST_PAUSE = dt.timedelta(minutes=10)
"""A broker that lost everything has every referral again within this time after it is back."""
MOST_DOUBLINGS = 16
"""Past this the pause is the longest for any setting; it keeps the shift small."""


def pause_after(emissions: int, stall_after: dt.timedelta) -> dt.timedelta:
    """How long to wait after the n-th publication (n ≥ 1): doubling, so that a backlog is not doubled with it."""
    doubled: dt.timedelta = stall_after * 2 ** min(emissions - 1, MOST_DOUBLINGS)
    return min(doubled, max(LONGEST_PAUSE, stall_after))
