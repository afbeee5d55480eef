"""Planted identifiers: referrals that name people nobody else is named like, and a search for any trace of them."""

from __future__ import annotations

import base64
import datetime as dt
import random
import re
import urllib.parse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

SYLLABLES = ("bry", "vex", "quo", "zan", "thul", "mer", "dax", "ysh", "ploc", "wrin", "gav", "eld", "oph", "jut", "kiv")


@dataclass(frozen=True, slots=True)
class Planted:
    """One child's identifiers, unique to one referral."""

    forename: str
    surname: str
    mother: str
    stranger: str
    street: str
    handle: str
    email: str
    phone: str
    upn: str
    nhs: str
    born: dt.date

    @classmethod
    def number(cls, index: int) -> Planted:
        """The same identifiers for the same index."""
        dice = random.Random(f"canary-{index}")

        def name() -> str:
            return "".join(dice.choice(SYLLABLES) for _ in range(3)).capitalize()

        forename, surname = name(), name()
        return cls(
            forename=forename,
            surname=surname,
            mother=name(),
            stranger=name(),
            street=name(),
            handle=f"{name().lower()}_{dice.randrange(10, 99)}",
            email=f"{name().lower()}.{index}@example.org",
            phone=f"07700 900{index % 1000:03d}",
            upn=_upn(f"886917{dice.randrange(10**6):06d}"),
            nhs=_nhs(dice),
            born=dt.date(2009, 1, 1) + dt.timedelta(days=dice.randrange(4_000)),
        )

    @property
    def names(self) -> tuple[str, ...]:
        return (self.forename, self.surname, self.mother, self.stranger, self.street)

    def encoded(self) -> Iterator[str]:
        """The surname in base64 at its three alignments and in hexadecimal, as a dump or a token would hold it."""
        raw = self.surname.encode()
        for shift in range(3):
            coded = base64.b64encode(b"\0" * shift + raw).decode()
            yield coded[(0, 2, 3)[shift] : len(coded) - 4]
        yield raw.hex()

    def numbers(self) -> tuple[str, ...]:
        """Digits and dates in their written forms, in lower case."""
        dates = (self.born.strftime(form).lower() for form in ("%d/%m/%Y", "%d %B %Y", "%Y-%m-%d", "%d.%m.%Y"))
        return (self.upn.lower(), self.nhs, self.nhs.replace(" ", ""), self.phone, self.phone.replace(" ", ""), *dates)

    def referral(self, index: int, urn: str) -> dict[str, Any]:
        """A referral that carries them all, in fields and in words."""
        return {
            "source": {"system": "canary", "record_id": f"C-{index}-{self.forename}", "version": 1},
            "school": {"urn": urn},
            "referrer": {"name": f"{self.stranger} {self.surname}", "role": "DSL", "email": self.email},
            "learners": [
                {
                    "role": "subject",
                    "upn": self.upn,
                    "legal_forename": self.forename,
                    "legal_surname": self.surname,
                    "date_of_birth": self.born.isoformat(),
                    "address": {"line1": f"12 {self.street} Road", "town": "Ashford", "postcode": "TN23 1ZZ"},
                    "contacts": [
                        {
                            "relationship": "mother",
                            "forename": self.mother,
                            "surname": self.surname,
                            "phone": self.phone,
                        }
                    ],
                }
            ],
            "concern": {
                "narrative": self.narrative(),
                "online": index % 2 == 0,
                "risk_areas": ["contact"],
                "categories": ["grooming"],
                "platforms": [f"{self.handle}-app"],
                "support_level": (None, 1, 2, 3, 4)[index % 5],
                "immediate_danger": index % 20 == 0,
            },
            "police": {"investigation_live": index % 7 == 0, "reference": f"46/{self.nhs.replace(' ', '')}/26"},
            "actions_taken": ["dsl_informed"],
        }

    def narrative(self) -> str:
        born = self.born
        return (
            f"{self.forename} {self.surname} (born {born:%d %B %Y}, also written {born:%d/%m/%Y} and {born:%d.%m.%Y}) "
            f"told staff that somebody called {self.stranger} writes to {self.forename} every night as {self.handle}. "
            f"{self.forename.upper()} and {self.mother} {self.surname} live at 12 {self.street} Road. "
            f"UPN {self.upn}, NHS number {self.nhs}. {self.mother}'s mobile is {self.phone}, "
            f"her mail {self.email}. {self.surname.lower()} was frightened to go home."
        )


_PRINTABLE = re.compile(rb"[\x20-\x7e]{4,}")
_NAME = re.compile(f"(?:{'|'.join(SYLLABLES)}){{3}}")
"""Whatever planted names are made of, wherever it is embedded: one pass finds every candidate."""
_NUMBER = re.compile(
    r"[a-z]886917\d{6}|07700 ?900\d{3}|\d{3} \d{3} \d{4}|(?<!\d)\d{10}(?!\d)"
    r"|\d{2}[/.]\d{2}[/.]\d{4}|\d{4}-\d{2}-\d{2}|\d{2} [a-z]{3,9} \d{4}"
)
"""The shapes of planted numbers and dates."""
_CODED = re.compile(r"[A-Za-z0-9+/]{12,}")
WINDOW = 8
"""Characters of an encoded surname that are compared: eight of base64 are six letters of a name."""


class Search:
    """Finds any planted form in bytes, in any letter case, embedded, percent-encoded, in base64 or hexadecimal."""

    def __init__(self, planted: Iterable[Planted]) -> None:
        everyone = list(planted)
        self._names = {name.lower() for one in everyone for name in one.names}
        self._numbers = {number for one in everyone for number in one.numbers()}
        self._encoded = {form[:WINDOW] for one in everyone for form in one.encoded()}

    def traces(self, haystack: bytes) -> set[str]:
        """The planted forms that occur in `haystack`."""
        text = "\n".join(run.decode("ascii") for run in _PRINTABLE.findall(haystack))
        lower = text.lower()
        folded = f"{lower}\n{urllib.parse.unquote(lower).lower()}" if "%" in lower else lower
        found = self._names.intersection(_NAME.findall(folded))
        found |= self._numbers.intersection(_NUMBER.findall(folded))
        for run in _CODED.findall(text):
            found |= self._encoded.intersection(run[at : at + WINDOW] for at in range(len(run) - WINDOW + 1))
        return found


def _upn(digits: str) -> str:
    weights = range(2, 14)
    letter = "ABCDEFGHJKLMNPQRTUVWXYZ"[sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 23]
    return letter + digits


def _nhs(dice: random.Random) -> str:
    while True:
        nine = [dice.randrange(10) for _ in range(9)]
        check = 11 - sum(digit * weight for digit, weight in zip(nine, range(10, 1, -1), strict=True)) % 11
        if check in (10,):
            continue
        digits = "".join(map(str, nine)) + str(0 if check == 11 else check)
        return f"{digits[:3]} {digits[3:6]} {digits[6:]}"
