"""The body of `POST /v1/referrals`, as a school's information system sends it.

Mandatory are the school's URN, one way to reach the referrer, and the narrative. Everything else may be
missing or null and is then routed with care, never refused. A field that is not listed here is refused,
because a misspelt field would silently lose what a school wanted to say. Sources of the names: CTF,
SIF UK and Wonde payloads, so that an MIS can map its own record without translation.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Self

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from contracts.facts import (
    Category,
    Fgm,
    ImageryInvolved,
    KnownTo,
    RequestKind,
    RiskArea,
    SupportLevel,
    YesNoUnknown,
)
from contracts.model import Contract
from contracts.record import Address, Contact, Learner, Record, Referrer, School

MAX_TEXT = 300
"""Characters of a field that is not prose: longer than any name, address line or reference in CTF."""

MAX_NARRATIVE = 60_000
"""Characters of the narrative. A body ends at 256 KiB, and a character may take four bytes."""

MAX_ITEMS = 60
"""Entries of a list in a body: a class and its siblings, not a school's roll."""

_STRICT = ConfigDict(extra="forbid", coerce_numbers_to_str=True, str_strip_whitespace=True)
"""Unknown fields are refused; an MIS may send codes such as a URN as numbers."""

Text = Annotated[str, StringConstraints(max_length=MAX_TEXT)]
"""A short text field."""


def _empty_for_null(value: object) -> object:
    """A null list is a list without entries: several MIS write it so."""
    return () if value is None else value


def _false_for_null(value: object) -> object:
    """A null yes/no fact was not asserted."""
    return False if value is None else value


def _unknown_for_null(value: object) -> object:
    """A null answer is the answer 'unknown'."""
    return "unknown" if value is None else value


def _none_for_null(value: object) -> object:
    """A null FGM answer asserts nothing."""
    return "none" if value is None else value


def _referral_for_null(value: object) -> object:
    """A null request is the ordinary one: a referral."""
    return "referral" if value is None else value


Flag = Annotated[bool, BeforeValidator(_false_for_null)]
"""A fact that is true only where the school says so."""


class SourceIn(Contract):
    """The record in the sending system; (system, record_id, version) guards against a second posting."""

    model_config = _STRICT

    system: Text | None = None
    record_id: Text | None = None
    version: int | None = Field(default=None, ge=0)


class SchoolIn(School):
    """The school. `district` and `phase` serve where the register of schools does not know the URN."""

    model_config = _STRICT

    urn: Annotated[str, StringConstraints(min_length=1, max_length=20)]
    la_code: Text | None = None
    establishment_number: Text | None = None
    name: Text | None = None
    district: Text | None = None
    phase: Text | None = None


class ReferrerIn(Referrer):
    """Who refers. E-mail or phone is needed: a referral that nobody can ask about cannot be answered."""

    model_config = _STRICT

    name: Text | None = None
    role: Text | None = None
    email: Text | None = None
    phone: Text | None = None

    @model_validator(mode="after")
    def can_be_reached(self) -> Self:
        """Refuse a referrer with neither e-mail nor phone; the message repeats nothing."""
        if not (self.email or self.phone):
            raise PydanticCustomError("referrer_contact_missing", "give the referrer's email or phone")
        return self


class AddressIn(Address):
    """A learner's address."""

    model_config = _STRICT


class ContactIn(Contact):
    """A parent, carer or other contact of a learner."""

    model_config = _STRICT


class LearnerIn(Learner):
    """A child or young person of the referral."""

    model_config = _STRICT

    former_upns: Annotated[tuple[Text, ...], BeforeValidator(_empty_for_null), Field(max_length=MAX_ITEMS)] = ()
    known_as: Annotated[tuple[Text, ...], BeforeValidator(_empty_for_null), Field(max_length=MAX_ITEMS)] = ()
    address: AddressIn | None = None
    contacts: Annotated[tuple[ContactIn, ...], BeforeValidator(_empty_for_null), Field(max_length=MAX_ITEMS)] = ()


class ConcernIn(Contract):
    """What happened. `platforms` and the narrative never travel in the open."""

    model_config = _STRICT

    narrative: Annotated[str, StringConstraints(min_length=1, max_length=MAX_NARRATIVE)]
    occurred_at: dt.datetime | dt.date | None = None
    identified_at: dt.datetime | dt.date | None = None
    online: bool | None = None
    risk_areas: Annotated[tuple[RiskArea, ...], BeforeValidator(_empty_for_null), Field(max_length=MAX_ITEMS)] = ()
    categories: Annotated[tuple[Category, ...], BeforeValidator(_empty_for_null), Field(max_length=MAX_ITEMS)] = ()
    platforms: Annotated[tuple[Text, ...], BeforeValidator(_empty_for_null), Field(max_length=MAX_ITEMS)] = ()
    support_level: SupportLevel | None = None
    immediate_danger: Flag = False
    imagery_involved: Annotated[ImageryInvolved, BeforeValidator(_unknown_for_null)] = "unknown"
    adult_involved: Annotated[YesNoUnknown, BeforeValidator(_unknown_for_null)] = "unknown"
    staff_allegation: Flag = False
    fgm: Annotated[Fgm, BeforeValidator(_none_for_null)] = "none"
    known_to: Annotated[tuple[KnownTo, ...], BeforeValidator(_empty_for_null), Field(max_length=MAX_ITEMS)] = ()
    request: Annotated[RequestKind, BeforeValidator(_referral_for_null)] = "referral"


class AgreementIn(Contract):
    """Whether the family agreed to the referral. Its absence never blocks; the reason is asked for."""

    model_config = _STRICT

    sought: bool | None = None
    given: bool | None = None
    reason_not_sought: Text | None = None


class PoliceIn(Contract):
    """What the school knows of the police's part. A live investigation sets the embargo."""

    model_config = _STRICT

    investigation_live: Flag = False
    reference: Text | None = None


class ReferralIn(Contract):
    """A referral as posted."""

    model_config = _STRICT

    source: SourceIn | None = None
    school: SchoolIn
    referrer: ReferrerIn
    learners: Annotated[tuple[LearnerIn, ...], BeforeValidator(_empty_for_null), Field(max_length=MAX_ITEMS)] = ()
    concern: ConcernIn
    agreement: AgreementIn | None = None
    police: PoliceIn | None = None
    actions_taken: Annotated[tuple[Text, ...], BeforeValidator(_empty_for_null), Field(max_length=MAX_ITEMS)] = ()
    test: Flag = False

    def record(self) -> Record:
        """The people and the school in fields: what the sealed part carries beside the narrative."""
        return Record(school=self.school, referrer=self.referrer, learners=self.learners)
