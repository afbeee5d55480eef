"""Who can be told: destinations, the people behind them, their phones and their ladders."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from contracts.decision import Urgency
from contracts.policy.parts import Dated, Identifier, Line, OneOrMore, PolicyPart, Source, Sourced, WaitText, WaitUnit

Channel = Literal["email", "sms", "phone", "webhook", "teams"]
"""How somebody is reached. `phone` means that a person is told to ring this number."""

RecipientRole = Literal["duty", "deputy", "manager", "on_call"]
"""What somebody is on the ladder. Nobody of a school is on it: no head, no DSL."""

DestinationKind = Literal["social_care", "education_advice", "online_safety", "allegations", "general"]
StepKind = Literal["remind", "deputy", "manager", "on_call_phone"]


_EMAIL = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+")
_NUMBER = re.compile(r"\+?[0-9][0-9 ()-]{1,30}")
"""A number as it is written down; three digits are enough for 999 and 101."""
_WEB = re.compile(r"https?://[^\s]+")


def _as_number(text: str) -> str:
    if _NUMBER.fullmatch(text) is None:
        raise PydanticCustomError("number", "this is no phone number: write digits and spaces")
    return text


Number = Annotated[Line, AfterValidator(_as_number)]
"""A phone number that can be rung as it stands."""


class Recipient(Dated):
    """An address that is written to. `areas` empty means every area, and schools of none."""

    channel: Channel
    address: Line
    role: RecipientRole
    areas: Annotated[tuple[Identifier, ...], OneOrMore] = ()
    monitored: bool = True
    """False for a mailbox that nobody is bound to read at once."""
    source: Source
    verified_on: dt.date

    @model_validator(mode="after")
    def _can_be_reached(self) -> Self:
        """Refuse an address that its channel could never deliver to: the first to notice would be a child."""
        forms = {"email": (_EMAIL, "e-mail address"), "sms": (_NUMBER, "number"), "phone": (_NUMBER, "number")}
        form, words = forms.get(self.channel, (_WEB, "web address"))
        if form.fullmatch(self.address) is None:
            raise PydanticCustomError(
                "address", "the address of this {channel} is no {words}", {"channel": self.channel, "words": words}
            )
        return self


class Phone(Dated):
    """The numbers of a destination in and out of office hours."""

    in_hours: Number
    out_of_hours: Number
    source: Source
    verified_on: dt.date

    def at(self, office_open: bool) -> str:
        """The number that is right now."""
        return self.in_hours if office_open else self.out_of_hours


class Destination(Sourced):
    """A team that referrals are sent to.

    `monitored` says whether somebody reads its mailbox through its hours: consultations and urgent concerns go to
    monitored ones only. `replies_read` says whether an answer to our mail is read. `replaced_by` names the
    destination that took over after `valid_to`.
    """

    id: Identifier
    name: Line
    kind: DestinationKind
    monitored: bool
    replies_read: bool = False
    by_area: bool = False
    """True where each area has its own people."""
    recipients: tuple[Recipient, ...] = ()
    phone: Phone | None = None
    ladder: Identifier | None = None
    replaced_by: Identifier | None = None
    sentence: Line

    def recipients_of(self, roles: tuple[RecipientRole, ...], area: str | None, day: dt.date) -> tuple[Recipient, ...]:
        """Those with one of `roles` in force on `day`, for schools of `area`, in the order of `roles`.

        A role that has people of its own in `area` is theirs; otherwise, and where the area is unknown, those who
        serve every area are meant.
        """
        return tuple(one for role in roles for one in self._holders(role, area, day))

    def _holders(self, role: RecipientRole, area: str | None, day: dt.date) -> tuple[Recipient, ...]:
        holders = [one for one in self.recipients if one.role == role and one.in_force(day)]
        local = tuple(one for one in holders if area is not None and area in one.areas)
        return local or tuple(one for one in holders if not one.areas)


class LadderLevel(PolicyPart):
    """What happens when nobody acknowledges: after how long, of what kind, and who is told in and out of hours."""

    level: int = Field(ge=1, le=9)
    kind: StepKind
    after: Mapping[Urgency, WaitText]
    in_hours: Annotated[tuple[RecipientRole, ...], OneOrMore, Field(min_length=1)]
    out_of_hours: Annotated[tuple[RecipientRole, ...], OneOrMore, Field(min_length=1)]


class Ladder(Sourced):
    """The levels of one ladder, from the reminder to a human on a phone."""

    id: Identifier
    sentence: Line
    levels: Annotated[tuple[LadderLevel, ...], Field(min_length=2)]


class LadderStep(PolicyPart):
    """A step of the ladder of one notification: at the instant `at` (UTC), `recipients` are told."""

    level: int
    at: dt.datetime
    recipients: tuple[Recipient, ...]
    kind: StepKind


class Area(Sourced):
    """An area of the council: the districts whose schools it serves."""

    id: Identifier
    name: Line
    sentence: Line
    districts: Annotated[tuple[Line, ...], Field(min_length=1)]


class Clock(Sourced):
    """How soon somebody must acknowledge at one urgency."""

    urgency: Urgency
    wait: WaitText
    sentence: Line


_SLOWNESS: Mapping[WaitUnit, int] = {"elapsed": 0, "office": 1, "working_days": 2}


def clock_fault(clocks: Mapping[Urgency, Clock], fastest_first: Sequence[Urgency]) -> tuple[Urgency, str] | None:
    """The urgency whose clock cannot be meant, and why; None where every clock fits.

    Immediate danger never queues to the morning, and nothing more pressing waits longer than what is less so.
    """
    first = fastest_first[0]
    if clocks[first].wait.unit != "elapsed":
        return first, f"the clock of {first} must run at any hour: give it in minutes"
    for faster, slower in pairwise(fastest_first):
        one, other = clocks[faster].wait, clocks[slower].wait
        comparable = "working_days" not in (one.unit, other.unit) or one.unit == other.unit
        if _SLOWNESS[one.unit] > _SLOWNESS[other.unit] or (comparable and one.amount > other.amount):
            return faster, f"the clock of {faster} is slower than that of {slower}"
    return None
