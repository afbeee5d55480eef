"""What every part of a policy pack has in common: closed fields, a source, dates."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from contracts.model import Contract

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
"""The stable name of a destination, area, rule, advice block or letter: it travels in events and reports."""

Line = Annotated[str, StringConstraints(min_length=1, max_length=400)]
"""One sentence that a safeguarding lead reads."""

Prose = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
"""A few paragraphs."""


def as_tuple(value: object) -> object:
    """One value stands for a list of one, so that a pack may say `online: true` and `request: consultation`."""
    if value is None or isinstance(value, list | tuple):
        return value
    return (value,)


OneOrMore = BeforeValidator(as_tuple)
"""Marks a field that takes one value or a list."""


class PolicyPart(Contract):
    """A part of a pack. A field that is not known is refused: a misspelt condition would widen a rule."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True, str_strip_whitespace=True)


class Source(PolicyPart):
    """Where a statement comes from: a document and, where it has one, the sentence in it."""

    document: Line
    sentence: Line | None = None
    url: Line | None = None
    inference: bool = False
    """True where the document does not say so itself and the pack's author concluded it."""

    def in_words(self) -> str:
        """The source as one line."""
        said = f": “{self.sentence}”" if self.sentence else ""
        mark = " (inferred)" if self.inference else ""
        return f"{self.document}{said}{mark}"


class Dated(PolicyPart):
    """A part with the days on which it holds. `valid_to` is its last day; None means until further notice."""

    valid_from: dt.date | None = None
    valid_to: dt.date | None = None

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.valid_from is not None and self.valid_to is not None and self.valid_to < self.valid_from:
            raise PydanticCustomError("dates", "valid_to is before valid_from: it would never hold")
        return self

    def in_force(self, day: dt.date) -> bool:
        """Whether it holds on `day` (a day of the council's own time zone)."""
        if self.valid_from is not None and day < self.valid_from:
            return False
        return self.valid_to is None or day <= self.valid_to


def turning_days(dated: Sequence[Dated]) -> tuple[dt.date, ...]:
    """The days on which one of `dated` begins to hold or has ended, in order."""
    begins = {one.valid_from for one in dated if one.valid_from is not None}
    last_days = {one.valid_to for one in dated if one.valid_to is not None and one.valid_to < dt.date.max}
    ends = {day + dt.timedelta(days=1) for day in last_days}
    return tuple(sorted(begins | ends))


class Sourced(Dated):
    """A part that says where it comes from and when somebody last compared it with that.

    Without `verified_on` the pack's own date counts; contacts have no such default.
    """

    source: Source
    verified_on: dt.date | None = None


WaitUnit = Literal["elapsed", "office", "working_days"]

_WAIT = re.compile(r"^(\d{1,4}) (minutes?|hours?|office minutes?|office hours?|working days?)$")


class Wait(PolicyPart):
    """A length of time: minutes that pass always, minutes that pass in office hours, or working days."""

    amount: int = Field(ge=1, le=20_000)
    unit: WaitUnit

    def in_words(self) -> str:
        """As it stands in a pack: "15 minutes", "4 office hours", "1 working day"."""
        if self.unit == "working_days":
            return f"{self.amount} working day{'' if self.amount == 1 else 's'}"
        office = "office " if self.unit == "office" else ""
        if self.amount and self.amount % 60 == 0:
            hours = self.amount // 60
            return f"{hours} {office}hour{'' if hours == 1 else 's'}"
        return f"{self.amount} {office}minute{'' if self.amount == 1 else 's'}"


def _read_wait(value: object) -> object:
    if isinstance(value, Wait | Mapping):
        return value
    found = _WAIT.match(str(value))
    if found is None:
        raise PydanticCustomError("wait", "write a wait as '15 minutes', '1 hour', '4 office hours' or '1 working day'")
    amount, words = int(found[1]), found[2]
    if words.startswith("working"):
        return Wait(amount=amount, unit="working_days")
    minutes = amount * 60 if "hour" in words else amount
    return Wait(amount=minutes, unit="office" if words.startswith("office") else "elapsed")


WaitText = Annotated[Wait, BeforeValidator(_read_wait)]
"""A wait as a pack writes it."""
