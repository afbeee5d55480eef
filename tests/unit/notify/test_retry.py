"""Backoff and the circuit breaker."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from contracts.decision import Urgency
from services.notify.domain.retry import (
    FAILURES_TO_OPEN,
    LONGEST_OPEN_SECONDS,
    LONGEST_PAUSE_SECONDS,
    OPEN_SECONDS,
    Breaker,
    pause_before,
)

URGENCIES: tuple[Urgency, ...] = ("routine", "same_day", "urgent", "immediate")


@given(st.integers(1, 1_000), st.sampled_from(URGENCIES), st.floats(0, 1))
def test_a_pause_is_never_nothing_and_never_beyond_its_cap(attempts: int, urgency: Urgency, chance: float) -> None:
    assert 0.5 <= pause_before(attempts, urgency, chance).total_seconds() <= LONGEST_PAUSE_SECONDS[urgency]


def test_pauses_double() -> None:
    assert [pause_before(n, "routine", 1.0).total_seconds() for n in (1, 2, 3, 4)] == [1, 2, 4, 8]


def broken(breaker: Breaker, now: float) -> None:
    for _ in range(FAILURES_TO_OPEN):
        breaker.failed(now)


def test_a_channel_that_is_down_is_left_alone_and_then_probed_with_one_message() -> None:
    breaker = Breaker()
    assert breaker.allows(0) is None
    broken(breaker, 0)
    assert breaker.allows(OPEN_SECONDS / 2) == 0
    assert breaker.allows(OPEN_SECONDS) == 1


def test_failures_of_what_was_on_its_way_do_not_lengthen_the_pause() -> None:
    breaker = Breaker()
    broken(breaker, 0)
    for _ in range(20):
        breaker.failed(0.1)
    assert breaker.allows(OPEN_SECONDS) == 1


def test_the_pause_has_a_cap() -> None:
    breaker, now = Breaker(), 0.0
    broken(breaker, now)
    for _ in range(20):
        now = breaker.open_until
        breaker.failed(now)
    assert breaker.open_until - now == LONGEST_OPEN_SECONDS


def test_an_answer_closes_the_circuit_and_says_that_the_channel_is_back() -> None:
    breaker = Breaker()
    broken(breaker, 0)
    assert breaker.worked()
    assert not breaker.worked()
    assert breaker.allows(0) is None
