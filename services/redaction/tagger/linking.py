"""What the referral's record says about a word: whose name it is, how near it is to one, whose initials.

Built once per referral from every structured field; looked up once per distinct word of the narrative.
"""

from __future__ import annotations

import calendar
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from contracts.record import Address, Contact, Learner, Record, School
from services.redaction.tagger.bits import Bit
from services.redaction.tagger.lexicon import word_set
from services.redaction.tagger.tokens import fold

_RUN: Final = re.compile(r"[^\W\d_]+|\d+")
_GENERIC: Final = word_set(
    "the of and st saint ce rc cofe c e school academy primary secondary junior infant infants nursery college high "
    "grammar church england catholic road street lane close avenue drive way court gardens place house flat "
    "crescent community centre trust preschool pre sixth form special upper lower first middle park hill green farm "
    "cottage cottages terrace row square view walk room plot unit apartment caravan site unknown not known na none"
)
"""Words of school names and addresses that say nothing by themselves."""

_MONTHS: Final = tuple(name.lower() for name in calendar.month_name[1:])

_NUMBER: Final = 1 << int(Bit.RECORD_NUMBER)

FUZZY_MIN: Final = 4
"""Letters a word needs before a misspelling of it can be told from another word."""

_LONG: Final = 7
"""Letters from which two slips still leave a name recognisable."""

_MAX_NAMES: Final = 64
"""Names compared by edit distance; a record beyond this is no school's, and time must stay bounded."""


@dataclass(frozen=True, slots=True)
class RecordWords:
    """What the record knows, by folded word."""

    exact: dict[str, int]
    """word → bits of the fields that hold it."""
    initials: dict[str, int]
    """One letter, or two to four together → bits."""
    names: tuple[str, ...]
    by_beginning: dict[str, tuple[str, ...]]
    """First three letters → names."""

    @property
    def is_empty(self) -> bool:
        """True where the record holds no person's name at all."""
        return not self.names

    def part_bits(self, folded: str, *, whole: bool) -> int:
        """Bits of a word that begins like a name of the record, or (where `whole`) holds one."""
        for name in self.by_beginning.get(folded[:3], ()):
            if name.startswith(folded) or (len(name) > 4 and folded.startswith(name[:4])):
                return 1 << Bit.NAME_BEGINNING
        if whole and len(folded) > 4:
            for name in self.names:
                if len(name) > 3 and name in folded:
                    return 1 << Bit.HOLDS_NAME
        return 0

    def near(self, words: list[str]) -> list[int]:
        """Which words (by place) become a name of the record by one edit, or two from seven letters on."""
        if not words or not self.names:
            return []
        distances = process.cdist(words, self.names, scorer=DamerauLevenshtein.distance, score_cutoff=2, dtype=np.uint8)
        limits = np.array([2 if len(word) >= _LONG else 1 for word in words], dtype=np.uint8)[:, None]
        return np.flatnonzero(((distances > 0) & (distances <= limits)).any(axis=1)).tolist()


class _Collector:
    """Gathers words of the record with the bits of the fields that they stand in."""

    def __init__(self) -> None:
        self.exact: dict[str, int] = {}
        self.names: dict[str, None] = {}
        self.initials: set[str] = set()
        self.runs: set[str] = set()

    def add(self, value: str | None, bit: Bit, *, generic: bool = False) -> list[str]:
        """Marks every word of a field; generic words only where `generic` says so."""
        if not value:
            return []
        plain = value.isascii() and value.isalpha()
        words = [value.lower()] if plain else [fold(run) for run in _RUN.findall(value)]
        exact, own = self.exact, 1 << int(bit)
        for word in words:
            if word[0].isdigit():
                exact[word] = exact.get(word, 0) | _NUMBER
            elif generic or word not in _GENERIC:
                exact[word] = exact.get(word, 0) | own
        return words

    def person(self, *parts: tuple[str | None, Bit]) -> None:
        """Marks a person's names and remembers the initials in the order given, reversed and in pairs."""
        letters: list[str] = []
        for value, bit in parts:
            for word in self.add(value, bit):
                if word in _GENERIC or word[0].isdigit():
                    continue
                letters.append(word[0])
                if len(word) > 2:
                    self.names[word] = None
        self.initials.update(letters)
        joined = "".join(letters)
        if len(joined) > 1:
            self.runs.update((joined[:3], joined[:2], joined[0] + joined[-1], joined[-1] + joined[0]))


def _add_learner(into: _Collector, learner: Learner) -> None:
    into.person(
        (learner.legal_forename, Bit.CHILD_NAME),
        (learner.middle_names, Bit.CHILD_NAME),
        (learner.legal_surname, Bit.FAMILY_NAME),
    )
    if learner.preferred_forename:
        into.person((learner.preferred_forename, Bit.KNOWN_AS), (learner.legal_surname, Bit.FAMILY_NAME))
    for alias in learner.known_as:
        into.person((alias, Bit.KNOWN_AS))
    for number in (learner.upn, learner.uln, *learner.former_upns):
        into.add(number, Bit.RECORD_OTHER)
    into.add(learner.mis_id, Bit.RECORD_OTHER)
    born = learner.date_of_birth
    if born is not None:
        for part in (born.day, born.month, born.year, born.year % 100):
            for written in (str(part), f"{part:02d}"):
                into.exact[written] = into.exact.get(written, 0) | 1 << Bit.BIRTH_NUMBER
        month = _MONTHS[born.month - 1]
        for written in (month, month[:3]):
            into.exact[written] = into.exact.get(written, 0) | 1 << Bit.BIRTH_MONTH
    _add_address(into, learner.address)
    _add_contacts(into, learner.contacts)


def _add_address(into: _Collector, address: Address | None) -> None:
    if address is None:
        return
    into.add(address.line1, Bit.ADDRESS_WORD)
    into.add(address.line2, Bit.ADDRESS_WORD)
    into.add(address.town, Bit.TOWN_WORD)
    into.add(address.postcode, Bit.RECORD_OTHER)


def _add_contacts(into: _Collector, contacts: Iterable[Contact]) -> None:
    for contact in contacts:
        into.person((contact.forename, Bit.ADULT_NAME), (contact.surname, Bit.FAMILY_NAME))
        into.add(contact.phone, Bit.RECORD_OTHER)
        into.add((contact.email or "").partition("@")[0], Bit.RECORD_OTHER)


def _add_school(into: _Collector, school: School) -> str:
    words = into.add(school.name, Bit.SCHOOL_WORD)
    into.add(school.urn, Bit.RECORD_OTHER)
    into.add(school.establishment_number, Bit.RECORD_OTHER)
    return "".join(word[0] for word in words)


def link(record: Record) -> RecordWords:
    """Gathers the words of a record. Empty fields add nothing; an empty record gives an empty answer."""
    into = _Collector()
    for learner in record.learners:
        _add_learner(into, learner)
    into.person((record.referrer.name, Bit.REFERRER))
    into.add((record.referrer.email or "").partition("@")[0], Bit.RECORD_OTHER)
    into.add(record.referrer.phone, Bit.RECORD_OTHER)
    school_initials = _add_school(into, record.school)
    names = tuple(into.names)[:_MAX_NAMES]
    beginnings: dict[str, tuple[str, ...]] = defaultdict(tuple)
    for name in names:
        beginnings[name[:3]] += (name,)
    initials = dict.fromkeys(into.runs, 1 << Bit.INITIALS)
    initials.update(dict.fromkeys(into.initials, 1 << Bit.INITIAL))
    if len(school_initials) > 1:
        initials[school_initials] = initials.get(school_initials, 0) | 1 << Bit.SCHOOL_INITIALS
    return RecordWords(exact=into.exact, initials=initials, names=names, by_beginning=dict(beginnings))
