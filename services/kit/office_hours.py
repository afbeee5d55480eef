"""Office hours: when an office is open, and what is the instant after so much office time.

Pure: instants come in and go out as aware datetimes; results are UTC. Opening hours are those of the wall clock of
the office's zone, so on the two days a year when the clocks change the same opening hours are other UTC instants;
lengths of time are real lengths. Public holidays come from the `holidays` package.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from contracts.policy.pack import OfficeHoursSpec

_ONE_DAY = dt.timedelta(days=1)

_LONGEST_CLOSURE = 60
"""Days that are searched for an opening. No council closes for two months; past it the pack's hours are wrong."""

_LONGEST_WAIT = 2_000
"""Days over which office time is added up: more than any wait a pack can hold."""


class NeverOpenError(ValueError):
    """The hours and closures leave no opening for two months."""


@dataclass(frozen=True, slots=True)
class Opening:
    """One day's opening, as UTC instants. The closing instant no longer belongs to it."""

    opens: dt.datetime
    closes: dt.datetime


@dataclass(frozen=True)
class OfficeCalendar:
    """The opening hours of one office. Made by `calendar_of`."""

    spec: OfficeHoursSpec
    zone: ZoneInfo
    _openings: dict[dt.date, Opening | None] = field(default_factory=dict, repr=False, compare=False)
    _years: dict[int, frozenset[dt.date]] = field(default_factory=dict, repr=False, compare=False)

    def day_of(self, instant: dt.datetime) -> dt.date:
        """The office's calendar day at an aware instant."""
        return instant.astimezone(self.zone).date()

    def is_holiday(self, day: dt.date) -> bool:
        """Whether `day` is a public holiday or one of the office's own closures."""
        known = self._years.get(day.year)
        if known is None:
            public = holidays.country_holidays(self.spec.country, self.spec.subdivision, years=day.year)
            known = frozenset(public) | frozenset(self.spec.closed_on)
            self._years[day.year] = known
        return day in known

    def opening_on(self, day: dt.date) -> Opening | None:
        """The opening of `day`, or None where the office stays closed."""
        try:
            return self._openings[day]
        except KeyError:
            opening = self._openings[day] = self._work_out(day)
            return opening

    def _work_out(self, day: dt.date) -> Opening | None:
        hours = self.spec.week[day.weekday()]
        if hours is None or self.is_holiday(day):
            return None
        opens = dt.datetime.combine(day, hours.opens, self.zone).astimezone(dt.UTC)
        closes = dt.datetime.combine(day, hours.closes, self.zone).astimezone(dt.UTC)
        return Opening(opens, closes) if opens < closes else None

    def is_open(self, instant: dt.datetime) -> bool:
        """Whether the office is open at `instant`."""
        opening = self.opening_on(self.day_of(instant))
        return opening is not None and opening.opens <= instant < opening.closes

    def next_working_day(self, day: dt.date) -> dt.date:
        """The first day after `day` on which the office opens."""
        for _ in range(_LONGEST_CLOSURE):
            day += _ONE_DAY
            if self.opening_on(day) is not None:
                return day
        raise NeverOpenError("the office hours leave no opening for two months")

    def next_open_instant(self, instant: dt.datetime) -> dt.datetime:
        """`instant` itself while the office is open, else the instant at which it opens next (UTC)."""
        day = self.day_of(instant)
        opening = self.opening_on(day)
        if opening is not None and instant < opening.closes:
            return max(instant.astimezone(dt.UTC), opening.opens)
        return self._opening(self.next_working_day(day)).opens

    def add_office_time(self, instant: dt.datetime, length: dt.timedelta) -> dt.datetime:
        """The instant (UTC) by which the office has been open for `length` since `instant`.

        A length that ends exactly with a day's closing ends there, not at the next opening. A length of zero gives
        the next instant at which the office is open.
        """
        at = self.next_open_instant(instant)
        left = length
        for _ in range(_LONGEST_WAIT):
            opening = self._opening(self.day_of(at))
            if left <= opening.closes - at:
                return at + left
            left -= opening.closes - at
            at = self._opening(self.next_working_day(self.day_of(at))).opens
        raise NeverOpenError("the wait is longer than the office hours allow to add up")

    def office_time_between(self, start: dt.datetime, end: dt.datetime) -> dt.timedelta:
        """How long the office is open from `start` to `end`; zero where `end` is not after `start`."""
        total = dt.timedelta()
        day, last = self.day_of(start), self.day_of(end)
        while day <= last:
            opening = self.opening_on(day)
            if opening is not None:
                total += max(dt.timedelta(), min(end, opening.closes) - max(start, opening.opens))
            day += _ONE_DAY
        return total

    def add_working_days(self, instant: dt.datetime, days: int) -> dt.datetime:
        """`instant` plus whole working days (UTC).

        In office hours: the same wall-clock time `days` working days later, or that day's closing where it closes
        earlier. Outside them the first day that counts is the next working day, and its end is meant: what comes in
        on a Saturday is due with one working day when Monday closes.
        """
        if days <= 0:
            return self.next_open_instant(instant)
        day = self.day_of(instant)
        inside = self.is_open(instant)
        if not inside:
            day = self.day_of(self.next_open_instant(instant))
        for _ in range(days if inside else days - 1):
            day = self.next_working_day(day)
        opening = self._opening(day)
        if not inside:
            return opening.closes
        wall_clock = instant.astimezone(self.zone).time()
        same_time = dt.datetime.combine(day, wall_clock, self.zone).astimezone(dt.UTC)
        return min(max(same_time, opening.opens), opening.closes)

    def _opening(self, day: dt.date) -> Opening:
        opening = self.opening_on(day)
        if opening is None:
            raise NeverOpenError("the office is closed on a day that was taken for a working day")
        return opening


@lru_cache(maxsize=32)
def calendar_of(spec: OfficeHoursSpec) -> OfficeCalendar:
    """The calendar of these hours; kept, because holidays are worth looking up once."""
    return OfficeCalendar(spec, ZoneInfo(spec.timezone))
