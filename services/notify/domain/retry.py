"""When a message is tried again, and when a channel is left alone for a while."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from contracts.decision import Urgency
from contracts.failure_codes import FailureCode

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS: Final[dict[Urgency, float]] = {
    "immediate": 10.0,
    "urgent": 30.0,
    "same_day": 60.0,
    "routine": 120.0,
}
"""Caps of the doubling: an immediate alert is back within seconds after its server is."""

GIVE_UP_AFTER = dt.timedelta(days=5)
"""As long as mail servers themselves keep trying (RFC 5321, 4.5.4.1). The ladder goes on long before."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The channel took the message."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The channel refused this message for good."""

    code: FailureCode


@dataclass(frozen=True, slots=True)
class Unavailable:
    """It did not work this time.

    `channel_down`: the channel itself does not answer, as opposed to one recipient's server. `maybe_delivered`: the
    message was on its way when the answer got lost.
    """

    channel_down: bool
    maybe_delivered: bool = False


Outcome = Accepted | Refused | Unavailable


def pause_before(attempts: int, urgency: Urgency, chance: float) -> dt.timedelta:
    """How long to wait after `attempts` tries: doubling to a cap, and between half and all of it by `chance` (0..1).

    The chance keeps messages that failed together from coming back together.
    """
    whole = min(FIRST_PAUSE_SECONDS * 2.0 ** min(attempts - 1, 16), LONGEST_PAUSE_SECONDS[urgency])
    return dt.timedelta(seconds=whole * (0.5 + chance / 2))


FAILURES_TO_OPEN = 5
"""One slow answer is no outage; five in a row are."""
OPEN_SECONDS = 2.0
"""A first pause for the channel; doubles to LONGEST_OPEN_SECONDS."""
LONGEST_OPEN_SECONDS = 15.0
"""A mail server that comes back is noticed within this, well inside the minute that an immediate alert has."""


@dataclass(slots=True)
class Breaker:
    """Leaves a channel that is down alone, so that waiting messages do not spend their tries on it.

    `now` is a monotonic instant in seconds.
    """

    failures: int = 0
    open_until: float = 0.0
    _pause: float = OPEN_SECONDS

    def allows(self, now: float) -> int | None:
        """How many messages may be tried at once: None for any number, one as a probe after a pause, or none (0)."""
        if self.failures < FAILURES_TO_OPEN:
            return None
        return 1 if now >= self.open_until else 0

    def failed(self, now: float) -> None:
        """The channel did not answer. What was on its way when the pause began says nothing new."""
        if now < self.open_until:
            return
        self.failures += 1
        if self.failures >= FAILURES_TO_OPEN:
            self.open_until = now + self._pause
            self._pause = min(self._pause * 2, LONGEST_OPEN_SECONDS)

    def worked(self) -> bool:
        """The channel answered, whatever it said. True where it had been down."""
        recovered = self.failures >= FAILURES_TO_OPEN
        self.failures, self.open_until, self._pause = 0, 0.0, OPEN_SECONDS
        return recovered
