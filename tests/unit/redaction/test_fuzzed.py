"""What the fuzzer found, and that its checks can fail."""

from __future__ import annotations

import datetime as dt

import pytest

from contracts.record import Record
from services.redaction.domain.document import read
from services.redaction.domain.finding import Finding
from services.redaction.domain.lexicon import Lexicon
from services.redaction.domain.merge import merge
from services.redaction.redactor import Held, Redacted, Redactor, Span
from tests.fuzz.redaction_case import HEAD, BrokenPromiseError, Case, check, decode


def test_a_name_that_grows_over_two_findings_is_one_with_both(lexicon: Lexicon) -> None:
    document = read("NINO QQ 41 77 03 B.D BS certificate", lexicon)
    found = [
        Finding(5, 18, "NINO", "structured", "number"),
        Finding(19, 20, "VEHICLE_REG", "tagger", "learned"),
        Finding(21, 23, "PERSON", "tagger", "learned"),
    ]
    spans = merge(document, found)
    assert [(span.start, span.end) for span in spans] == [(5, 23)]


@pytest.mark.parametrize("text", ["On 3/4 i may have seen her.", "CT2 8QX, L of April 2011", "9 12 ird of April"])
def test_a_small_letter_before_a_month_fails_no_layer(redactor: Redactor, text: str) -> None:
    assert isinstance(redactor.redact(Record(), text), Redacted)


@pytest.mark.parametrize("kind", range(6))
@pytest.mark.parametrize("known", [0, 2])
def test_every_kind_of_planted_identifier_is_taken_out_or_held(redactor: Redactor, kind: int, known: int) -> None:
    case = decode(bytes([kind, 1, 128, 77, 3, known]) + b"Told Mrs Adeyemi on Monday; she will ring back.")
    assert (case.planted is None) == (kind == 0)
    assert isinstance(check(redactor, case), Redacted | Held)


def test_any_bytes_are_a_case() -> None:
    assert decode(b"").narrative == ""
    assert decode(bytes(HEAD) + b"\xff\xfe").narrative == "\ufffd\ufffd"


class Careless(Redactor):
    """Lets everything through, or says that a layer failed."""

    def __init__(self, outcome: Redacted | Held) -> None:
        self._outcome = outcome

    def redact(
        self, record: Record, narrative: str, *, on: dt.date | None = None, district: str | None = None
    ) -> Redacted | Held:
        return self._outcome


def test_a_span_outside_the_text_and_a_failed_layer_break_a_promise(redactor: Redactor) -> None:
    sound = redactor.redact(Record(), "Nothing here.")
    assert isinstance(sound, Redacted)
    outside = Redacted(sound.text, (Span(0, 99, "PERSON", "tagger", "learned"),), {}, (), 0.0)
    for outcome in (outside, Held("redaction.detector_failed")):
        with pytest.raises(BrokenPromiseError):
            check(Careless(outcome), Case(Record(), "Nothing here.", None, known=False))
