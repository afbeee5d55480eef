"""The leak guard: reads only the output and the record, shares no code with the recognisers, and alone may
declare a text fit to leave.

It knows nothing of tokens, layers or spans. It strips the pseudonyms and looks for every identifier of the
record: as written, without separators, with one slip, and every written form of a date of birth; then for
anything with the shape or checksum of an identifier.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, final

from contracts.record import Record

_KEY: Final = object()


@final
class GuardedText:
    """De-identified text that passed the leak guard. Only `inspect` can make one."""

    __slots__ = ("_value",)

    def __init__(self, value: str, key: object) -> None:
        if key is not _KEY:
            raise TypeError("only the leak guard makes GuardedText")
        self._value = value

    @property
    def value(self) -> str:
        """The text."""
        return self._value

    def __repr__(self) -> str:
        return f"GuardedText({len(self._value)} characters)"


@dataclass(frozen=True, slots=True)
class Leak:
    """What was found, by kind; never the value."""

    kind: str


PSEUDONYM = re.compile(r"\[[A-Z][A-Z_]*(?:_\d+)?(?:: [^\]\[\n]{1,40})?\]")
MAIL = re.compile(r"[\w+-]@[\w-]{1,63}\.[a-z]", re.IGNORECASE)
PHONE = re.compile(r"(?<!\d)(?:\+44|0)(?:[ ().-]{0,2}\d){9,10}(?!\d)")
TEN_DIGITS = re.compile(r"(?<!\d)\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d)")
UPN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]\d{11}[0-9A-Za-z](?![A-Za-z0-9])")
UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"

MIN_COMPACT = 6
"""Characters from which a value is searched with all separators gone; shorter ones turn up by chance."""

MIN_NAME = 3
"""Letters from which a name is searched by itself."""

ORDINALS = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}


def inspect(text: str, record: Record, is_word: Callable[[str], bool]) -> GuardedText | Leak:
    """Pass `text` on as guarded, or say what kind of identifier is in it.

    `is_word` tells an ordinary lower-case word from a name: "Will Grace" is searched whole, not word by word.
    """
    bare = PSEUDONYM.sub(" \x00 ", text)
    leak = _shapes(bare) or _values(bare, record) or _births(bare, record) or _names(bare, record, is_word)
    return Leak(leak) if leak else GuardedText(text, _KEY)


def _plain(value: str) -> str:
    decomposed = unicodedata.normalize("NFKD", value)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def _compact(value: str) -> str:
    return "".join(c for c in _plain(value) if c.isalnum() or c == "\x00")


def _shapes(bare: str) -> str | None:
    """Identifiers by form and checksum, whoever's they are."""
    if MAIL.search(bare):
        return "email"
    if PHONE.search(bare):
        return "phone"
    if any(_nhs(m.group()) for m in TEN_DIGITS.finditer(bare)):
        return "nhs_number"
    if any(_upn(m.group()) for m in UPN.finditer(bare)):
        return "upn"
    return None


def _nhs(value: str) -> bool:
    digits = [int(c) for c in value if c.isdigit()]
    check = 11 - sum(d * w for d, w in zip(digits, range(10, 1, -1), strict=False)) % 11
    return len(digits) == 10 and check % 11 == digits[9] and check != 10


def _upn(value: str) -> bool:
    body = value[1:12]
    return value[0].upper() == UPN_LETTERS[sum(int(d) * w for d, w in zip(body, range(2, 13), strict=True)) % 23]


def _identifiers(record: Record) -> Iterator[tuple[str, str]]:
    for learner in record.learners:
        for value in (learner.upn, *learner.former_upns):
            yield "upn", value or ""
        yield "uln", learner.uln or ""
        yield "mis_id", learner.mis_id or ""
        if learner.address:
            yield "postcode", learner.address.postcode or ""
            yield "address", learner.address.line1 or ""
        for contact in learner.contacts:
            yield "phone", contact.phone or ""
            yield "email", contact.email or ""
    yield "phone", record.referrer.phone or ""
    yield "email", record.referrer.email or ""
    yield "school", record.school.name or ""


def _values(bare: str, record: Record) -> str | None:
    compact = _compact(bare)
    for kind, value in _identifiers(record):
        wanted = _compact(value)
        if len(wanted) >= MIN_COMPACT and (wanted in compact or (kind == "phone" and wanted[-9:] in compact)):
            return kind
    return None


def _births(bare: str, record: Record) -> str | None:
    plain = _plain(bare)
    for learner in record.learners:
        if learner.date_of_birth and any(form in plain for form in birth_forms(learner.date_of_birth)):
            return "date_of_birth"
    return None


def birth_forms(born: dt.date) -> Iterator[str]:
    """Every usual way to write a date of birth, lower case."""
    day, month, year = born.day, born.month, born.year
    names = (born.strftime("%B").lower(), born.strftime("%b").lower())
    days = {str(day), f"{day:02d}"}
    for sep in "/.-":
        for d in days:
            for m in {str(month), f"{month:02d}"}:
                yield f"{d}{sep}{m}{sep}{year}"
    yield f"{year}-{month:02d}-{day:02d}"
    yield f"{year}{month:02d}{day:02d}"
    yield f"{day:02d}{month:02d}{year}"
    for name in names:
        for d in (str(day), f"{day:02d}", f"{day}{ORDINALS.get(day, 'th')}"):
            for joint in (" ", " of ", "-", "/"):
                yield f"{d}{joint}{name} {year}"
                yield f"{d}{joint}{name}, {year}"
            yield f"{d}-{name}-{year}"
        yield f"{name} {day} {year}"
        yield f"{name} {day}, {year}"


def _people(record: Record) -> Iterator[tuple[str, str]]:
    """(forename, surname) of everybody in the record."""
    for learner in record.learners:
        for forename in (learner.legal_forename, learner.preferred_forename, *learner.known_as):
            yield forename or "", learner.legal_surname or ""
        for contact in learner.contacts:
            yield contact.forename or "", contact.surname or ""
    first, _, last = (record.referrer.name or "").rpartition(" ")
    yield first, last


def _names(bare: str, record: Record, is_word: Callable[[str], bool]) -> str | None:
    plain = _plain(bare)
    words = set(re.findall(r"[^\W\d_]+", plain))
    compact = _compact(bare)
    for forename, surname in _people(record):
        for name in (forename, surname):
            for part in re.findall(r"[^\W\d_]+", _plain(name)):
                if len(part) >= MIN_NAME and part in words and not is_word(part):
                    return "name"
        whole = _compact(forename + surname)
        if forename and surname and len(whole) >= MIN_COMPACT + 2 and whole in compact:
            return "full_name"
    return None
