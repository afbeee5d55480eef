"""The leak guard: reads only the output and the record, shares no code with the recognisers, and alone may
declare a text fit to leave.

It knows nothing of tokens, layers or spans. It strips the pseudonyms and looks for every identifier of the
record: as written, run together or spaced, and with one slip; for names, among the words that are no ordinary
ones; for every written form of a date of birth; then for anything with the shape or checksum of an identifier.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, final

from rapidfuzz.distance import OSA

from contracts.record import Record
from services.redaction.domain.guard_dates import holds_birth
from services.redaction.domain.guard_shapes import shape

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

MIN_COMPACT = 6
"""Characters from which a value is searched with all separators gone; shorter ones turn up by chance."""

MIN_SLIP = 7
"""Characters from which a value with a digit in it is searched with one slip: a postcode is the shortest."""

MIN_NAME = 3
"""Letters from which a name is searched by itself."""

MIN_SLIP_NAME = 5
"""Letters from which a name is searched with one slip, and inside longer unknown words."""

MIN_FULL_NAME = 8
"""Letters from which forename and surname are searched run together."""

MIN_SPELLED = 3
"""Single letters in a row that may spell a name."""

KEPT = re.compile(r"[^\W_]+|\x00")
PIECE = re.compile(r"[^\W\d_]+|\d+")
LETTERS = re.compile(r"[^\W\d_]+")
MARKS = re.compile("[\u0300-\u036f\u200b-\u200f\u00ad\u2060\ufeff]")


def inspect(text: str, record: Record, is_word: Callable[[str], bool]) -> GuardedText | Leak:
    """Pass `text` on as guarded, or say what kind of identifier is in it.

    `is_word` tells an ordinary lower-case word from a name: "Will Grace" is searched whole, not word by word.
    """
    bare = PSEUDONYM.sub(" \x00 ", text)
    plain = _plain(bare)
    tokens = KEPT.findall(plain)
    compact = "".join(tokens)
    pieces = {piece for token in set(tokens) for piece in ((token,) if token.isalpha() else PIECE.findall(token))}
    births = {learner.date_of_birth for learner in record.learners if learner.date_of_birth}
    leak = (
        shape(bare)
        or _values(compact, record, is_word)
        or ("date_of_birth" if births and holds_birth(plain, pieces, births) else None)
        or _names(pieces, _spelled(tokens), compact, record, is_word)
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


def _spelled(tokens: list[str]) -> list[str]:
    """Single letters in a row, run together: "J-a-y-d-e-n", with what other single letters stand beside them."""
    found: list[str] = []
    first = last = -2
    for i in [i for i, token in enumerate(tokens) if len(token) == 1] + [len(tokens) + 1]:
        if i == last + 1:
            last = i
            continue
        if last - first + 1 >= MIN_SPELLED:
            found.append("".join(tokens[first : last + 1]))
        first = last = i
    return found


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
    yield "urn", record.school.urn or ""


def _values(compact: str, record: Record, is_word: Callable[[str], bool]) -> str | None:
    """Any identifier of the record, whatever stood between its characters; "Confidential" is no address."""
    for kind, value in _identifiers(record):
        wanted = _compact(value)
        if len(wanted) < MIN_COMPACT or (wanted.isalpha() and is_word(wanted)):
            continue
        if kind == "phone":
            wanted = wanted[-9:]
        slips = len(wanted) >= MIN_SLIP and (kind == "email" or not wanted.isalpha())
        if wanted in compact or (slips and _slipped(wanted, compact)):
            return kind
    return None


def _slipped(wanted: str, compact: str) -> bool:
    """Whether a value stands in a text with one slip.

    One of its halves is whole then, and what is beside it is near the other; two letters exchanged over one cut are
    within a half of the other cut.
    """
    middle = len(wanted) // 2
    return _slipped_about(wanted, middle, compact) or _slipped_about(wanted, middle + 1, compact)


def _slipped_about(wanted: str, middle: int, compact: str) -> bool:
    head, tail = wanted[:middle], wanted[middle:]
    at = compact.find(head)
    while at >= 0:
        if _near(tail, compact[at + middle : at + len(wanted) + 1], backwards=False):
            return True
        at = compact.find(head, at + 1)
    at = compact.find(tail)
    while at >= 0:
        if _near(head, compact[max(0, at - middle - 1) : at], backwards=True):
            return True
        at = compact.find(tail, at + 1)
    return False


def _near(half: str, beside: str, *, backwards: bool) -> bool:
    """Whether the other half begins (or, `backwards`, ends) what is beside the whole one, but for one slip."""
    for length in (len(half), len(half) - 1, len(half) + 1):
        piece = beside[-length:] if backwards else beside[:length]
        if len(piece) == length and OSA.distance(half, piece, score_cutoff=1) <= 1:
            return True
    return False


def _people(record: Record) -> Iterator[tuple[str, str]]:
    """(forename, surname) of everybody in the record."""
    for learner in record.learners:
        surname = learner.legal_surname or ""
        for forename in (learner.legal_forename, learner.preferred_forename, learner.middle_names, *learner.known_as):
            yield forename or "", surname
        for contact in learner.contacts:
            yield contact.forename or "", contact.surname or ""
    first, _, last = (record.referrer.name or "").rpartition(" ")
    yield first, last


def _names(
    words: set[str], spelled: list[str], compact: str, record: Record, is_word: Callable[[str], bool]
) -> str | None:
    """Names of the record among words, spelled out, inside unknown words or with a slip; two of one person together."""
    names: set[str] = set()
    for forename, surname in _people(record):
        for name in (forename, surname):
            folded = _plain(name)
            names.update((folded,) if folded.isalpha() else LETTERS.findall(folded))
        first, last = _compact(forename), _compact(surname)
        long = len(first) > 1 and len(last) > 1 and len(first + last) >= MIN_FULL_NAME
        if long and (first + last in compact or last + first in compact):
            return "full_name"
    told = {name for name in names if len(name) >= MIN_NAME and not is_word(name)}
    if not told.isdisjoint(words) or any(name in run for run in spelled for name in told):
        return "name"
    telling = [name for name in told if len(name) >= MIN_SLIP_NAME]
    if not telling:
        return None
    unknown = [word for word in words if len(word) >= MIN_SLIP_NAME - 1 and word.isalpha() and not is_word(word)]
    return "name" if any(_like(name, word) for name in telling for word in unknown) else None


def _like(name: str, word: str) -> bool:
    """Whether an unknown word holds a name, or is one with a slip."""
    if abs(len(name) - len(word)) > 1:
        return name in word
    return name in word or OSA.distance(name, word, score_cutoff=1) <= 1
