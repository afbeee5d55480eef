"""The structured record of a referral: school, referrer, learners. Personal data throughout.

These models are the API's shape, the sealed part's shape and the redactor's record at once. Fields follow
CTF / SIF UK / Wonde payloads. Everything but the referrer's contact and the school's URN may be missing.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

from contracts.model import Contract


class Address(Contract):
    line1: str | None = None
    line2: str | None = None
    town: str | None = None
    county: str | None = None
    postcode: str | None = None


class Contact(Contract):
    relationship: str | None = None
    forename: str | None = None
    surname: str | None = None
    phone: str | None = None
    email: str | None = None
    parental_responsibility: bool | None = None


class Learner(Contract):
    role: Literal["subject", "sibling", "peer", "alleged_perpetrator", "witness", "other"] | None = "subject"
    mis_id: str | None = None
    upn: str | None = None
    former_upns: tuple[str, ...] = ()
    uln: str | None = None
    legal_forename: str | None = None
    legal_surname: str | None = None
    middle_names: str | None = None
    preferred_forename: str | None = None
    known_as: tuple[str, ...] = ()
    date_of_birth: dt.date | None = None
    nc_year_actual: str | None = None
    home_la: str | None = None
    address: Address | None = None
    contacts: tuple[Contact, ...] = ()


class School(Contract):
    urn: str | None = None
    la_code: str | None = None
    establishment_number: str | None = None
    name: str | None = None
    district: str | None = None
    phase: str | None = None


class Referrer(Contract):
    name: str | None = None
    role: str | None = None
    email: str | None = None
    phone: str | None = None
    callback_ok: bool | None = None


class Record(Contract):
    """All that a referral says about people and the school in fields, as opposed to in prose."""

    school: School = School()
    referrer: Referrer = Referrer()
    learners: tuple[Learner, ...] = ()
