"""Office hours: bank holidays, both days on which the clocks change, and the arithmetic of office time."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from contracts.policy.pack import DayHours, OfficeHoursSpec
from contracts.policy.parts import Source
from services.kit.office_hours import NeverOpenError, OfficeCalendar, calendar_of

LONDON = ZoneInfo("Europe/London")
WEEKDAY = DayHours(opens=dt.time(8, 30), closes=dt.time(17, 0))
ALWAYS = DayHours(opens=dt.time(0, 0), closes=dt.time(23, 59))


def hours(**days: DayHours) -> OfficeHoursSpec:
    return OfficeHoursSpec(
        sentence="Test hours.", source=Source(document="test"), timezone="Europe/London", country="GB",
        subdivision="ENG", **days,
    )  # fmt: skip


OFFICE = calendar_of(hours(monday=WEEKDAY, tuesday=WEEKDAY, wednesday=WEEKDAY, thursday=WEEKDAY, friday=WEEKDAY))
NIGHT_AND_DAY = calendar_of(
    hours(
        monday=ALWAYS, tuesday=ALWAYS, wednesday=ALWAYS, thursday=ALWAYS, friday=ALWAYS, saturday=ALWAYS, sunday=ALWAYS
    )
)
CALENDARS = st.sampled_from([OFFICE, NIGHT_AND_DAY])

ANY_INSTANT = st.integers(0, 5 * 365 * 1440).map(
    lambda minutes: dt.datetime(2025, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=minutes)
)
CLOCK_CHANGES = [
    dt.datetime(2026, 3, 29, 1, 0, tzinfo=dt.UTC),
    dt.datetime(2026, 10, 25, 1, 0, tzinfo=dt.UTC),
    dt.datetime(2027, 3, 28, 1, 0, tzinfo=dt.UTC),
    dt.datetime(2027, 10, 31, 1, 0, tzinfo=dt.UTC),
]
NEAR_A_CLOCK_CHANGE = st.builds(
    lambda change, minutes: change + dt.timedelta(minutes=minutes),
    st.sampled_from(CLOCK_CHANGES),
    st.integers(-4 * 1440, 4 * 1440),
)
INSTANTS = st.one_of(ANY_INSTANT, NEAR_A_CLOCK_CHANGE)
LENGTHS = st.integers(0, 4 * 510).map(lambda minutes: dt.timedelta(minutes=minutes))


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=LONDON)


def walls(instant: dt.datetime) -> str:
    return instant.astimezone(LONDON).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("wall_clock", "is_open"),
    [
        ("2026-11-20 08:29", False),
        ("2026-11-20 08:30", True),
        ("2026-11-20 16:59", True),
        ("2026-11-20 17:00", False),
        ("2026-11-21 12:00", False),  # Saturday
        ("2026-12-25 12:00", False),  # Christmas Day
        ("2026-12-28 12:00", False),  # Boxing Day in lieu
        ("2026-12-29 12:00", True),
        ("2026-04-03 12:00", False),  # Good Friday
        ("2026-04-06 12:00", False),  # Easter Monday, not in Scotland
        ("2026-05-04 12:00", False),  # early May bank holiday
        ("2026-08-31 12:00", False),  # summer bank holiday of England
        ("2027-01-01 12:00", False),
    ],
)
def test_open_by_the_wall_clock_and_closed_on_bank_holidays(wall_clock: str, is_open: bool) -> None:
    assert OFFICE.is_open(at(wall_clock)) is is_open


@pytest.mark.parametrize("opens_utc", ["2026-03-27T08:30:00Z", "2026-03-30T07:30:00Z"])
def test_opening_follows_the_wall_clock_over_a_clock_change(opens_utc: str) -> None:
    opens = dt.datetime.fromisoformat(opens_utc)
    assert OFFICE.is_open(opens)
    assert not OFFICE.is_open(opens - dt.timedelta(minutes=1))


@pytest.mark.parametrize(
    ("start", "office_hours", "end"),
    [
        ("2026-11-20 09:00", 4, "2026-11-20 13:00"),
        ("2026-11-20 16:00", 4, "2026-11-23 11:30"),  # over a weekend
        ("2026-12-24 16:00", 4, "2026-12-29 11:30"),  # over Christmas
        ("2026-03-27 16:00", 4, "2026-03-30 11:30"),  # over the change to summer time
        ("2026-10-23 16:00", 4, "2026-10-26 11:30"),  # over the change back
        ("2026-11-21 03:00", 4, "2026-11-23 12:30"),  # in the night of a Saturday
        ("2026-11-20 13:00", 4, "2026-11-20 17:00"),  # ends with the closing
        ("2026-11-20 13:00", 0, "2026-11-20 13:00"),
    ],
)
def test_office_hours_add_up(start: str, office_hours: int, end: str) -> None:
    assert walls(OFFICE.add_office_time(at(start), dt.timedelta(hours=office_hours))) == end


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-11-19 10:00", 1, "2026-11-20 10:00"),
        ("2026-11-20 10:00", 1, "2026-11-23 10:00"),
        ("2026-11-21 10:00", 1, "2026-11-23 17:00"),  # Saturday: when Monday closes
        ("2026-11-20 20:00", 1, "2026-11-23 17:00"),  # Friday evening
        ("2026-11-20 07:00", 1, "2026-11-20 17:00"),  # before opening: that day counts
        ("2026-12-24 10:00", 1, "2026-12-29 10:00"),
        ("2026-03-27 10:00", 1, "2026-03-30 10:00"),
        ("2026-10-23 10:00", 1, "2026-10-26 10:00"),
        ("2026-11-20 10:00", 2, "2026-11-24 10:00"),
    ],
)
def test_working_days_keep_the_wall_clock(start: str, days: int, end: str) -> None:
    assert walls(OFFICE.add_working_days(at(start), days)) == end


@given(CALENDARS, INSTANTS, LENGTHS)
def test_added_office_time_is_the_time_the_office_was_open(
    calendar: OfficeCalendar, instant: dt.datetime, length: dt.timedelta
) -> None:
    end = calendar.add_office_time(instant, length)
    assert end.utcoffset() == dt.timedelta()
    assert end >= instant
    assert calendar.office_time_between(instant, end) == length


@given(CALENDARS, INSTANTS, LENGTHS, LENGTHS)
def test_office_time_adds_in_parts_as_in_one(
    calendar: OfficeCalendar, instant: dt.datetime, first: dt.timedelta, second: dt.timedelta
) -> None:
    assume(second > dt.timedelta())
    in_parts = calendar.add_office_time(calendar.add_office_time(instant, first), second)
    assert in_parts == calendar.add_office_time(instant, first + second)


@given(CALENDARS, INSTANTS, INSTANTS, LENGTHS)
def test_what_comes_later_is_never_due_earlier(
    calendar: OfficeCalendar, one: dt.datetime, other: dt.datetime, length: dt.timedelta
) -> None:
    earlier, later = sorted((one, other))
    assert calendar.add_office_time(earlier, length) <= calendar.add_office_time(later, length)


@given(CALENDARS, INSTANTS)
def test_the_next_open_instant_is_open_and_nothing_before_it_is(calendar: OfficeCalendar, instant: dt.datetime) -> None:
    opens = calendar.next_open_instant(instant)
    assert opens >= instant
    assert calendar.is_open(opens)
    assert calendar.office_time_between(instant, opens) == dt.timedelta()


@given(INSTANTS, st.integers(1, 6))
def test_a_working_day_ends_on_a_working_day_in_its_hours(instant: dt.datetime, days: int) -> None:
    end = OFFICE.add_working_days(instant, days)
    opening = OFFICE.opening_on(OFFICE.day_of(end))
    assert opening is not None
    assert opening.opens <= end <= opening.closes
    assert end > instant


@given(INSTANTS, st.integers(1, 5))
def test_more_working_days_end_later(instant: dt.datetime, days: int) -> None:
    assert OFFICE.add_working_days(instant, days) < OFFICE.add_working_days(instant, days + 1)


@given(NEAR_A_CLOCK_CHANGE)
def test_every_weekday_has_the_same_length_around_a_clock_change(instant: dt.datetime) -> None:
    opening = OFFICE.opening_on(OFFICE.day_of(instant))
    if opening is not None:
        assert opening.closes - opening.opens == dt.timedelta(hours=8, minutes=30)


def test_a_day_on_which_the_clocks_change_has_23_or_25_hours_of_office_time() -> None:
    def length(day: dt.date) -> dt.timedelta:
        opening = NIGHT_AND_DAY.opening_on(day)
        assert opening is not None
        return opening.closes - opening.opens

    assert length(dt.date(2026, 3, 29)) == dt.timedelta(hours=22, minutes=59)
    assert length(dt.date(2026, 10, 25)) == dt.timedelta(hours=24, minutes=59)


def test_the_offices_own_closures_count_as_holidays() -> None:
    closed = calendar_of(hours(monday=WEEKDAY).model_copy(update={"closed_on": (dt.date(2026, 11, 23),)}))
    assert not closed.is_open(at("2026-11-23 12:00"))
    assert closed.next_working_day(dt.date(2026, 11, 22)) == dt.date(2026, 11, 30)


def test_hours_without_an_opening_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one weekday"):
        hours()


def test_an_office_that_is_closed_for_months_does_not_search_for_ever() -> None:
    closures = tuple(dt.date(2026, 1, 5) + dt.timedelta(days=7 * week) for week in range(60))
    spec = hours(monday=WEEKDAY).model_copy(update={"closed_on": closures})
    with pytest.raises(NeverOpenError):
        calendar_of(spec).add_office_time(at("2026-02-01 10:00"), dt.timedelta(hours=1))
