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
LONG_NUMBER = re.compile(r"\d[\d ().-]{7,}[\dA-Za-z]")
TEN_DIGITS = re.compile(r"(?<!\d)\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d)")
PUBLIC = re.compile(r"0800|0808|03000?[0-9]{6}|034[45]|116")
"""Freephone and public-service numbers, which advice in a referral may quote."""
UPN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]\d{11}[0-9A-Za-z](?![A-Za-z0-9])")
UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"

MIN_COMPACT = 6
"""Characters from which a value is searched with all separators gone; shorter ones turn up by chance."""

MIN_NAME = 3
"""Letters from which a name is searched by itself."""

MIN_FULL_NAME = 8
"""Letters from which forename and surname are searched run together."""

KEPT = re.compile(r"[^\W_]+|\x00")
LETTERS = re.compile(r"[^\W\d_]+")
MARKS = re.compile("[\u0300-\u036f\u200b-\u200f\u00ad\u2060\ufeff]")
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
DATE_LIKE = re.compile(
    r"(?<!\d)(?:\d{1,4}[ ./-]{1,2}\d{1,2}[ ./-]{1,2}\d{2,4}|\d{1,2}(?:st|nd|rd|th)?(?: of)?[ ./-]{0,2}"
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}[ .,/'-]{1,3}\d{2,4}"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.? \d{1,2}(?:st|nd|rd|th)?,? \d{2,4}"
    r"|\d{6}|\d{8})(?!\d)"
)
DIGITS = re.compile(r"\d+")
PART = re.compile(r"\d+|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)")


def inspect(text: str, record: Record, is_word: Callable[[str], bool]) -> GuardedText | Leak:
    """Pass `text` on as guarded, or say what kind of identifier is in it.

    `is_word` tells an ordinary lower-case word from a name: "Will Grace" is searched whole, not word by word.
    """
    bare = PSEUDONYM.sub(" \x00 ", text)
    plain = _plain(bare)
    tokens = KEPT.findall(plain)
    compact = "".join(tokens)
    words = {letters for token in set(tokens) for letters in ((token,) if token.isalpha() else LETTERS.findall(token))}
    leak = (
        _shapes(bare)
        or _values(compact, record, is_word)
        or _births(plain, tokens, record)
        or _names(words, compact, record, is_word)
    )
    return Leak(leak) if leak else GuardedText(text, _KEY)


def _plain(value: str) -> str:
    if value.isascii():
        return value.lower()
    decomposed = unicodedata.normalize("NFKD", value)
    return MARKS.sub("", decomposed).casefold()


def _compact(value: str) -> str:
    """Letters and digits alone, folded."""
    if value.isalpha() and value.isascii():
        return value.lower()
    return "".join(KEPT.findall(_plain(value)))


def _shapes(bare: str) -> str | None:
    """Identifiers by form and checksum, whoever's they are."""
    if "@" in bare and MAIL.search(bare):
        return "email"
    if not LONG_NUMBER.search(bare):
        return None
    if any(not PUBLIC.match("".join(DIGITS.findall(m.group()))) for m in PHONE.finditer(bare)):
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


def _values(compact: str, record: Record, is_word: Callable[[str], bool]) -> str | None:
    """Any identifier of the record, whatever stood between its characters; "Confidential" is no address."""
    for kind, value in _identifiers(record):
        wanted = _compact(value)
        if wanted.isalpha() and is_word(wanted):
            continue
        if len(wanted) >= MIN_COMPACT and (wanted in compact or (kind == "phone" and wanted[-9:] in compact)):
            return kind
    return None


def _births(plain: str, tokens: list[str], record: Record) -> str | None:
    """Any full date of the text that is a date of birth of the record, in whatever order and form."""
    births = {learner.date_of_birth for learner in record.learners if learner.date_of_birth}
    numbers = {digits for token in tokens if not token.isalpha() for digits in DIGITS.findall(token)}
    near = {born for born in births if not numbers.isdisjoint(_pieces(born))}
    for match in DATE_LIKE.finditer(plain) if near else ():
        if any(_same_day(PART.findall(match.group()), born) for born in near):
            return "date_of_birth"
    return None


def _pieces(born: dt.date) -> tuple[str, ...]:
    """A year, or a whole date run together: one of them stands in every full writing of the day."""
    return (
        f"{born.year}",
        f"{born.year % 100:02d}",
        f"{born:%d%m%Y}",
        f"{born:%Y%m%d}",
        f"{born:%d%m%y}",
    )


def _same_day(parts: list[str], born: dt.date) -> bool:
    """Whether the pieces of a written date are this day, day first, month first or year first."""
    if len(parts) == 1:
        day, month, year = f"{born:%d}", f"{born:%m}", f"{born:%Y}"
        return parts[0] in (day + month + year, year + month + day, day + month + year[2:])
    numbers = [MONTHS.index(part[:3]) + 1 if part.isalpha() else int(part) for part in parts]
    wanted = [born.day, born.month, born.year]
    shorter = [born.day, born.month, born.year % 100]
    return sorted(numbers) in (sorted(wanted), sorted(shorter))


def _people(record: Record) -> Iterator[tuple[str, str]]:
    """(forename, surname) of everybody in the record."""
    for learner in record.learners:
        for forename in (learner.legal_forename, learner.preferred_forename, *learner.known_as):
            yield forename or "", learner.legal_surname or ""
        for contact in learner.contacts:
            yield contact.forename or "", contact.surname or ""
    first, _, last = (record.referrer.name or "").rpartition(" ")
    yield first, last


def _names(words: set[str], compact: str, record: Record, is_word: Callable[[str], bool]) -> str | None:
    for forename, surname in _people(record):
        for name in (forename, surname):
            folded = _plain(name)
            for part in (folded,) if folded.isalpha() else LETTERS.findall(folded):
                if len(part) >= MIN_NAME and part in words and not is_word(part):
                    return "name"
        whole = _compact(forename + surname)
        if forename and surname and len(whole) >= MIN_FULL_NAME and whole in compact:
            return "full_name"
    return None
