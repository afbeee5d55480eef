"""The record-linked recogniser: every field of the referral drives a search of its own narrative."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from contracts.record import Address, Record
from services.redaction.domain.finding import Label
from services.redaction.domain.lexicon import FREQUENT, ORDINARY, Lexicon
from services.redaction.domain.normalise import normalise
from services.redaction.domain.signals import TITLES
from services.redaction.domain.words import word_set

WORD = re.compile(r"[^\W_]+")

GENERIC = word_set(
    """the of and at for in on a st saint school schools primary secondary infant infants junior juniors academy
    college nursery pre preschool playgroup community church england c e ce cofe roman catholic rc voluntary
    aided controlled grammar high middle upper lower special centre center free trust federation sixth form
    girls boys girls' boys' preparatory prep foundation first all through road street lane avenue close drive
    way court house flat unit room apartment block floor gardens grove hill park place rise row square terrace
    view walk mews crescent green end north south east west new old great little upper lower kent london town
    village farm cottage lodge"""
)
"""Words of school names and addresses that point at nothing by themselves."""

SHORT_NAME = 2
"""A name of one letter is an initial, not a name."""


@dataclass(frozen=True, slots=True)
class Person:
    """One person of the record. `kind` is the stem of the pseudonym: CHILD, SIBLING, MOTHER, STAFF, …"""

    identity: str
    kind: str
    forenames: tuple[str, ...]
    surnames: tuple[str, ...]
    initials: frozenset[str]


@dataclass(frozen=True, slots=True)
class Reference:
    """What a word of the record stands for."""

    label: Label
    identity: str
    reason: str


@dataclass(slots=True)
class RecordIndex:
    """Look-up tables of one record; keys are folded and lower-case.

    `words` holds single words, `compact` whole values without their separators (identifiers, phone numbers),
    `joined` names as they are run together in handles, `initials` upper-case initials.
    """

    record: Record = field(default_factory=Record)
    people: tuple[Person, ...] = ()
    words: dict[str, Reference] = field(default_factory=dict)
    compact: dict[str, Reference] = field(default_factory=dict)
    joined: dict[str, Reference] = field(default_factory=dict)
    initials: dict[str, Reference] = field(default_factory=dict)
    births: dict[tuple[int, int, int], str] = field(default_factory=dict)
    house_numbers: frozenset[str] = frozenset()
    phrases: tuple[tuple[tuple[str, ...], Reference], ...] = ()


def fold(value: str | None) -> str:
    """A field's value as the recognisers see text: folded, lower case."""
    if not value:
        return ""
    return value.lower() if value.isascii() else normalise(value).text.lower()


def _split(value: str | None) -> tuple[str, ...]:
    """The words of a name: "Anna-Maria" and "O'Brien" also whole, without their sign."""
    folded = fold(value)
    if folded.isalpha():
        return (folded,) if len(folded) >= SHORT_NAME else ()
    parts = [w for w in WORD.findall(folded) if len(w) >= SHORT_NAME and w not in TITLES]
    whole = ["".join(WORD.findall(piece)) for piece in folded.split() if "-" in piece or "'" in piece]
    return tuple(dict.fromkeys([*parts, *whole]))


def _initials(forenames: tuple[str, ...], surnames: tuple[str, ...]) -> frozenset[str]:
    """ "JS", and with a second forename or surname "JAS", "JSB"."""
    firsts = "".join(n[0] for n in forenames[:2])
    lasts = "".join(n[0] for n in surnames[:2])
    if not firsts or not lasts:
        return frozenset()
    return frozenset({firsts[0] + lasts[0], firsts + lasts[0], firsts[0] + lasts, firsts + lasts} - {""})


KIND_OF_ROLE = {"subject": "CHILD", "sibling": "SIBLING"}
KIND_OF_RELATION = {
    "mother": "MOTHER",
    "mum": "MOTHER",
    "father": "FATHER",
    "dad": "FATHER",
    "grandmother": "GRANDMOTHER",
    "nan": "GRANDMOTHER",
    "grandfather": "GRANDFATHER",
    "stepfather": "STEPFATHER",
    "step-father": "STEPFATHER",
    "stepmother": "STEPMOTHER",
    "step-mother": "STEPMOTHER",
    "carer": "CARER",
    "foster carer": "CARER",
    "aunt": "AUNT",
    "uncle": "UNCLE",
    "brother": "SIBLING",
    "sister": "SIBLING",
}
"""Roles and relationships that say who somebody is without naming them; everybody else is a PERSON."""


def people(record: Record) -> Iterator[Person]:
    """Everybody whom the record names, subjects first; a contact listed for two learners is one person."""
    seen: dict[tuple[str, ...], str] = {}
    for number, learner in enumerate(record.learners):
        first, preferred, middle = (
            _split(name) for name in (learner.legal_forename, learner.preferred_forename, learner.middle_names)
        )
        known = tuple(word for name in learner.known_as for word in _split(name))
        surnames = _split(learner.legal_surname)
        initials = _initials(first + middle, surnames)
        if preferred:
            initials |= _initials(preferred, surnames)
        kind = KIND_OF_ROLE.get(learner.role or "", "PERSON")
        forenames = tuple(dict.fromkeys(first + preferred + known + middle))
        yield Person(f"learner:{number}", kind, forenames, surnames, initials)
    for number, learner in enumerate(record.learners):
        for order, contact in enumerate(learner.contacts):
            first, last = _split(contact.forename), _split(contact.surname)
            key = (fold(contact.relationship), *first, "/", *last)
            if key in seen or not (first or last):
                continue
            seen[key] = f"contact:{number}.{order}"
            kind = KIND_OF_RELATION.get(fold(contact.relationship), "PERSON")
            yield Person(seen[key], kind, first, last, _initials(first, last))
    names = _split(record.referrer.name)
    if names:
        yield Person("referrer", "STAFF", names[:-1], names[-1:], _initials(names[:-1], names[-1:]))


def _add(table: dict[str, Reference], key: str, reference: Reference) -> None:
    """Enter a key once; a later person with the same word makes it the family's."""
    known = table.get(key)
    if known is None:
        table[key] = reference
    elif known.identity != reference.identity and known.label == "PERSON" == reference.label:
        table[key] = Reference("PERSON", "family", known.reason)


def _index_person(index: RecordIndex, person: Person, lexicon: Lexicon) -> None:
    for name in person.forenames:
        _add(index.words, name, Reference("PERSON", person.identity, "forename in the record"))
    for name in person.surnames:
        _add(index.words, name, Reference("PERSON", person.identity, "surname in the record"))
    for name in person.forenames:
        for short in lexicon.nicknames.get(name, ()):
            if short not in index.words and not lexicon.flags(short) & FREQUENT:
                index.words[short] = Reference("PERSON", person.identity, "pet form of a name in the record")
    for first in person.forenames:
        for last in person.surnames:
            for joined in (first + last, last + first, first[0] + last):
                index.joined.setdefault(joined, Reference("PERSON", person.identity, "joined name of the record"))
    for initials in person.initials:
        _add(index.initials, initials.upper(), Reference("PERSON", person.identity, "initials in the record"))


def _index_place(index: RecordIndex, value: str | None, label: Label, identity: str, lexicon: Lexicon) -> None:
    words = tuple(WORD.findall(fold(value)))
    reference = Reference(label, identity, "school in the record" if label == "SCHOOL" else "address in the record")
    telling = [w for w in words if w not in GENERIC and not w[0].isdigit() and len(w) > SHORT_NAME]
    for word in telling:
        if not lexicon.flags(word) & FREQUENT or label == "SCHOOL":
            index.words.setdefault(word, reference)
    if len(words) > 1:
        index.phrases += ((words, reference),)


def _index_address(index: RecordIndex, address: Address, lexicon: Lexicon) -> None:
    for line in (address.line1, address.line2, address.town, address.county if address.county != "Kent" else None):
        _index_place(index, line, "PLACE", "address", lexicon)
    numbers = {w for line in (address.line1, address.line2) for w in WORD.findall(fold(line)) if w[0].isdigit()}
    index.house_numbers |= numbers
    if address.postcode:
        _index_value(index, address.postcode, "POSTCODE", "postcode")


MIN_VALUE = 5
"""Characters from which a bare identifier is searched wherever it stands; shorter ones would hit prose."""


def _index_value(index: RecordIndex, value: str | None, label: Label, identity: str) -> None:
    compact = "".join(WORD.findall(fold(value)))
    if len(compact) >= MIN_VALUE:
        index.compact.setdefault(compact, Reference(label, identity, "identifier in the record"))


def index_record(record: Record, lexicon: Lexicon) -> RecordIndex:
    """Build the tables of one record; some 50 µs for a family of five."""
    index = RecordIndex(record=record, people=tuple(people(record)))
    for person in index.people:
        _index_person(index, person, lexicon)
    for number, learner in enumerate(record.learners):
        for value in (learner.upn, *learner.former_upns):
            _index_value(index, value, "UPN", f"upn:{number}")
        _index_value(index, learner.uln, "ULN", f"uln:{number}")
        _index_value(index, learner.mis_id, "ID_OTHER", f"mis:{number}")
        born = learner.date_of_birth
        if born:
            index.births[born.year, born.month, born.day] = f"learner:{number}"
        if learner.address:
            _index_address(index, learner.address, lexicon)
        for contact in learner.contacts:
            _index_value(index, contact.phone, "PHONE", f"phone:{contact.phone}")
            _index_value(index, contact.email, "EMAIL", f"email:{contact.email}")
    _index_value(index, record.referrer.phone, "PHONE", "phone:referrer")
    _index_value(index, record.referrer.email, "EMAIL", "email:referrer")
    _index_place(index, record.school.name, "SCHOOL", "school", lexicon)
    _index_value(index, record.school.urn, "ID_OTHER", "urn")
    return index


def is_plain_word(lower: str, flags: int) -> bool:
    """Whether a name of the record is also a word that notes use, so that only context can tell."""
    return bool(flags & ORDINARY)
