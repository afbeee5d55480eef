"""Generated referrals: templates and people in many combinations, from a fixed seed.

Split by template and by name: neither a template nor a name list here is used to train anything.
"""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from contracts.record import Address, Contact, Learner, Record, Referrer, School
from services.redaction.evaluation import templates
from services.redaction.evaluation.annotated import Annotated, unmark
from services.redaction.evaluation.origins import ORIGINS, names

SEED = 20260518
PER_ORIGIN = 190
"""Referrals for each of 17 origins: 3,230 in all."""

PARAGRAPHS = 320
"""Paragraphs that name nobody."""

SLOT = re.compile(r"\{(\w+)(?:\.(\w+))?\}")


@dataclass(frozen=True, slots=True)
class Someone:
    """A drawn person."""

    first: str
    last: str

    def written(self, form: str) -> str:
        """The name as a template wants it."""
        match form:
            case "first":
                return self.first
            case "last":
                return self.last
            case "initials":
                return self.first[0] + self.last[0].upper()
            case "turned":
                return f"{self.last.upper()}, {self.first}"
            case _:
                return f"{self.first} {self.last}"


def referrals(per_origin: int = PER_ORIGIN) -> Iterator[Annotated]:
    """The generated set, grouped by origin of the names."""
    for origin in ORIGINS:
        rng = random.Random(f"{SEED}/{origin}")  # noqa: S311 - reproducible data, no secret
        for number in range(per_origin):
            yield _referral(rng, origin, f"{origin}-{number}")


def paragraphs(count: int = PARAGRAPHS) -> Iterator[Annotated]:
    """Paragraphs with nothing to take out; the record belongs to somebody who is not spoken of."""
    rng = random.Random(SEED)  # noqa: S311 - reproducible data, no secret
    for number in range(count):
        text = " ".join(rng.sample(templates.QUIET, rng.randint(3, 6)))
        yield Annotated(f"quiet-{number}", "no identifier", Record(), text, (), (text,))


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def _referral(rng: random.Random, origin: str, number: str) -> Annotated:
    forenames, surnames = (names(written) for written in ORIGINS[origin])
    family, other, third = rng.sample(surnames, 3)
    child, sibling, mother, friend, carer = rng.sample(forenames, 5)
    people = {
        "child": Someone(child, family),
        "sibling": Someone(sibling, family),
        "mother": Someone(mother, family),
        "friend": Someone(friend, other),
        "carer": Someone(carer, third),
    }
    born = dt.date(2026, 1, 1) - dt.timedelta(days=rng.randint(365 * 5, 365 * 16))
    facts = _facts(rng, people["mother"], born)
    middles = rng.sample(templates.MIDDLES, rng.randint(2, 4))
    marked = " ".join([rng.choice(templates.OPENINGS), *middles, rng.choice(templates.CLOSINGS)])
    marked = SLOT.sub(lambda m: _slot(m.group(1), m.group(2), people, facts), marked)
    text, gold = unmark(rng.choice(STYLES)(marked))
    return Annotated(number, origin, _record(people, facts, born), text, gold, ())


def _facts(rng: random.Random, mother: Someone, born: dt.date) -> dict[str, tuple[str, str]]:
    """What is no person: slot -> (label, text)."""
    mail = "".join(c for c in mother.first.lower() if c.isascii() and c.isalpha()) or "mum"
    area = rng.choice(["ME13", "CT6", "TN25", "DA1"])
    title = rng.choice(["Mr", "Mrs", "Miss", "Ms"])
    return {
        "dob": ("DOB", rng.choice([born.strftime("%d/%m/%Y"), born.strftime("%-d %B %Y"), born.strftime("%d.%m.%y")])),
        "street": ("PLACE", rng.choice(templates.STREETS)),
        "town": ("PLACE", rng.choice(templates.TOWNS).replace("_", " ")),
        "postcode": ("POSTCODE", f"{area} {rng.randint(1, 9)}{rng.choice(['QX', 'LB', 'ZN'])}"),
        "upn": ("UPN", rng.choice("ABHJKT") + "886" + _digits(rng, 9)),
        "phone": ("PHONE", rng.choice(["07700 900{0}", "07700900{0}", "01632 960{0}"]).format(_digits(rng, 3))),
        "email": ("EMAIL", f"{mail}.{_digits(rng, 2)}@example.com"),
        "nhs": ("NHS_NUMBER", f"999 {_digits(rng, 3)} {_digits(rng, 4)}"),
        "reg": ("VEHICLE_REG", f"G{rng.choice('FKN')}{rng.randint(10, 25)} {rng.choice(['XTV', 'LMO', 'BDZ'])}"),
        "case": ("CASE_REF", f"46/{_digits(rng, 5)}/26"),
        "handle": ("HANDLE", rng.choice(templates.HANDLES)),
        "school": ("SCHOOL", rng.choice(templates.SCHOOLS)),
        "staff": ("PERSON", f"{title}|{rng.choice(templates.PROFESSIONAL)}"),
    }


def _slot(name: str, form: str | None, people: dict[str, Someone], facts: dict[str, tuple[str, str]]) -> str:
    if name in people:
        return f"[[PERSON|{people[name].written(form or 'full')}]]"
    label, value = facts[name]
    title, _, surname = value.rpartition("|")
    return f"{title} [[{label}|{surname}]]" if title else f"[[{label}|{value}]]"


def _record(people: dict[str, Someone], facts: dict[str, tuple[str, str]], born: dt.date) -> Record:
    child, sibling, mother = people["child"], people["sibling"], people["mother"]
    contact = Contact(
        relationship="mother",
        forename=mother.first,
        surname=mother.last,
        phone=facts["phone"][1],
        email=facts["email"][1],
    )
    address = Address(line1=facts["street"][1], town=facts["town"][1], postcode=facts["postcode"][1])
    subject = Learner(
        legal_forename=child.first,
        legal_surname=child.last,
        date_of_birth=born,
        upn=facts["upn"][1],
        address=address,
        contacts=(contact,),
    )
    other = Learner(role="sibling", legal_forename=sibling.first, legal_surname=sibling.last)
    school = School(urn="910214", name="Chantry Mead Academy")
    referrer = Referrer(name="Helen Prowse", role="DSL", email="h.prowse@chantrymead.example")
    return Record(school=school, referrer=referrer, learners=(subject, other))


def _lower(marked: str) -> str:
    """Everything in lower case but the labels."""
    return re.sub(
        r"\[\[[A-Z_]+\||[^\[]+|\[", lambda m: m.group() if m.group().startswith("[[") else m.group().lower(), marked
    )


def _upper(marked: str) -> str:
    return re.sub(
        r"\[\[[A-Z_]+\||[^\[]+|\[", lambda m: m.group() if m.group().startswith("[[") else m.group().upper(), marked
    )


STYLES: tuple[Callable[[str], str], ...] = (str, str, str, str, str, str, _lower, _upper)
"""One referral in eight has no capitals, one has nothing else."""
