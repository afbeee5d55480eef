"""What the fuzzer feeds the redactor, and what must hold of the answer whatever it is fed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from contracts.record import Address, Contact, Learner, Record, Referrer
from services.redaction.domain.guard import Leak, inspect
from services.redaction.domain.normalise import normalise
from services.redaction.redactor import Held, Redacted, Redactor

HEAD: Final = 6
"""Bytes before the narrative: what is planted, in which form, where, its digits, and how the rest is read."""

POSTCODE_ENDS: Final = ("QX", "LB", "ZA", "NP")
FAULTS: Final = frozenset({"redaction.detector_failed", "redaction.timeout"})
"""Codes that a text may not cause: a layer raised, or a few kilobytes took seconds."""


class BrokenPromiseError(AssertionError):
    """What the redactor promises did not hold; says which promise."""


@dataclass(frozen=True, slots=True)
class Case:
    """One input. `planted` stands on a line of its own in the narrative; None where nothing is planted."""

    record: Record
    narrative: str
    planted: str | None
    known: bool
    """Whether the record holds what is planted."""


def decode(data: bytes) -> Case:
    """Any bytes are a case, and a narrative in UTF-8 behind six bytes is itself: real ones serve as seeds."""
    head, body = data[:HEAD].ljust(HEAD, b"\0"), data[HEAD:]
    prose = body.decode("utf-8", "surrogateescape" if head[5] & 1 else "replace")
    kind, known = head[0] % 6, bool(head[5] & 2)
    if kind == 0:
        return Case(_record("", "") if known else Record(), prose, None, known)
    value, field = _identifier(kind, head[1], head[3] | head[4] << 8)
    at = len(prose) * head[2] // 255
    narrative = f"{prose[:at]}\n {value} \n{prose[at:]}"
    return Case(_record(field, value) if known else Record(), narrative, value, known)


def _identifier(kind: int, form: int, number: int) -> tuple[str, str]:
    """An invented identifier and the record's field for it."""
    blank = (" ", "", "-", ".")[form % 4]
    three = f"{number % 1000:03d}"
    match kind:
        case 1:
            return f"07700{blank}900{blank}{three}", "phone"
        case 2:
            return f"{'ABCDEFGHJKLMNPQRTUVWXYZ'[form % 23]}{number:05d}{form:03d}{number % 10000:04d}", "upn"
        case 3:
            return f"{'abcdefgh'[form % 8]}.{'klmnopqr'[number % 8]}{three}@mail.example", "email"
        case 4:
            return f"{('ME13', 'CT2', 'TN25')[form % 3]} {number % 10}{POSTCODE_ENDS[number % 4]}", "postcode"
        case _:
            return f"01632{blank}960{blank}{three}", "phone"


def _record(field: str, value: str) -> Record:
    contact = Contact(
        relationship="mother",
        forename="Ngozi",
        surname="Okafor",
        phone=value if field == "phone" else "07700 900999",
        email=value if field == "email" else None,
    )
    learner = Learner(
        legal_forename="Will",
        legal_surname="Okafor-Smith",
        known_as=("Jay",),
        upn=value if field == "upn" else None,
        address=Address(line1="33 The Avenue", town="Ashford", postcode=value if field == "postcode" else None),
        contacts=(contact,),
    )
    return Record(learners=(learner,), referrer=Referrer(name="Annette Prowse"))


def check(redactor: Redactor, case: Case) -> Redacted | Held:
    """Redact the case; raises `BrokenPromiseError` where the answer breaks a promise."""
    _check_offsets(case.narrative)
    outcome = redactor.redact(case.record, case.narrative)
    match outcome:
        case Held(code):
            if code in FAULTS:
                raise BrokenPromiseError(f"a text caused {code}")
        case Redacted():
            _check_spans(case.narrative, outcome)
            if case.planted is not None and case.planted in outcome.text.value:
                raise BrokenPromiseError("a planted identifier came out")
    if case.planted is not None and case.known:
        verdict = inspect(case.narrative, case.record, lambda _: False)
        if not isinstance(verdict, Leak):
            raise BrokenPromiseError("the leak guard passed an identifier of the record")
    return outcome


def _check_offsets(narrative: str) -> None:
    """Every offset of the normalised text leads into the original, and never backwards."""
    source = normalise(narrative)
    starts = [source.original(at, at)[0] for at in range(len(source.text) + 1)]
    if starts != sorted(starts) or starts[-1] != len(narrative):
        raise BrokenPromiseError("an offset leads backwards or outside")


def _check_spans(narrative: str, outcome: Redacted) -> None:
    last = 0
    for span in outcome.spans:
        if not last <= span.start < span.end <= len(narrative):
            raise BrokenPromiseError("a span lies outside the text or over another")
        last = span.end
