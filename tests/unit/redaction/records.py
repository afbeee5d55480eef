"""Invented records for the redactor's tests."""

from __future__ import annotations

import datetime as dt
from typing import Any

from contracts.record import Address, Contact, Learner, Record, Referrer, School


def family(**changes: Any) -> Record:
    """A child, a brother, both parents, a referrer and a school; `changes` replace fields of the child."""
    child: dict[str, Any] = {
        "role": "subject",
        "legal_forename": "Jayden",
        "legal_surname": "Okafor-Smith",
        "known_as": ("JJ",),
        "date_of_birth": dt.date(2012, 4, 3),
        "upn": "H886402717063",
        "address": Address(line1="14 Teasel Way", town="Faversham", postcode="ME13 4QX"),
        "contacts": (
            Contact(relationship="mother", forename="Ngozi", surname="Okafor", phone="07700 900118"),
            Contact(relationship="father", forename="Darren", surname="Smith", email="d.smith77@example.com"),
        ),
    }
    child.update(changes)
    brother = Learner(role="sibling", legal_forename="Tyrese", legal_surname="Okafor-Smith")
    return Record(
        school=School(urn="910214", name="Copperhurst Academy"),
        referrer=Referrer(name="Helen Prowse", role="DSL", email="h.prowse@copperhurst.example", phone="01632 960114"),
        learners=(Learner(**child), brother),
    )


def named(forename: str, surname: str) -> Record:
    """One child and nothing else."""
    return Record(learners=(Learner(legal_forename=forename, legal_surname=surname),))
