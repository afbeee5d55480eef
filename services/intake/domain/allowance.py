"""How fast one client may post: generous, and never so fast that an urgent concern finds the door shut."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """Posts a second that are granted for ever, posts that may come at once, and how many of those are kept back."""

    per_second: float
    burst: float
    reserve: float
    """Only posts with immediate danger may use these."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """What one client has left, as of an instant of a monotonic clock in seconds."""

    tokens: float
    at: float


@dataclass(frozen=True, slots=True)
class Granted:
    """Go on."""

    bucket: Bucket


@dataclass(frozen=True, slots=True)
class Refused:
    """Come back after so many seconds."""

    bucket: Bucket
    retry_after: float


def take(bucket: Bucket | None, rate: Rate, now: float, *, urgent: bool) -> Granted | Refused:
    """One post. `bucket` is None for a client that has not posted yet."""
    left = rate.burst if bucket is None else min(rate.burst, bucket.tokens + (now - bucket.at) * rate.per_second)
    floor = 0.0 if urgent else rate.reserve
    if left - floor >= 1.0:
        return Granted(Bucket(left - 1.0, now))
    return Refused(Bucket(left, now), (1.0 + floor - left) / rate.per_second)
