"""A busy client waits; danger finds the reserve."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.allowance import Bucket, Granted, Rate, Refused, take

RATE = Rate(per_second=10, burst=20, reserve=5)


def granted_in_a_row(*, urgent: bool, bucket: Bucket | None = None) -> tuple[int, Bucket]:
    count = 0
    while True:
        match take(bucket, RATE, 0.0, urgent=urgent):
            case Granted(left):
                count, bucket = count + 1, left
            case Refused(left):
                return count, left


def test_a_burst_is_granted_and_the_reserve_is_kept_for_danger() -> None:
    ordinary, left = granted_in_a_row(urgent=False)
    assert ordinary == 15
    assert granted_in_a_row(urgent=True, bucket=left)[0] == 5


@given(st.floats(0, 20), st.floats(0, 100), st.booleans())
def test_after_the_stated_wait_it_is_granted(tokens: float, now: float, urgent: bool) -> None:
    first = take(Bucket(tokens, now), RATE, now, urgent=urgent)
    if isinstance(first, Refused):
        assert 0 < first.retry_after <= 2
        assert isinstance(take(first.bucket, RATE, now + first.retry_after + 1e-6, urgent=urgent), Granted)


@given(st.lists(st.floats(0, 5), min_size=1, max_size=200))
def test_no_pattern_gets_more_than_burst_and_rate(pauses: list[float]) -> None:
    bucket, now, count = None, 0.0, 0
    for pause in pauses:
        now += pause
        outcome = take(bucket, RATE, now, urgent=True)
        bucket = outcome.bucket
        count += isinstance(outcome, Granted)
    assert count <= RATE.burst + RATE.per_second * now + 1
