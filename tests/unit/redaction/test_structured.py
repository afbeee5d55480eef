"""Identifiers with a shape, in every written form, beside numbers that are none."""

from __future__ import annotations

import pytest

from contracts.record import Record
from services.redaction.redactor import Redacted, Redactor

PLANTED = [
    "07700 900123",
    "07700900123",
    "+44 (0)7700 900123",
    "+447700900123",
    "0044 7700 900123",
    "(01632) 960 114",
    "01632.960.627",
    "020 7946 0338",
    "01632 960158 ext 204",
    "H886402717063",
    "886402717063",
    "H 886 402 717 063",
    "T886207121O14",
    "999 418 2064",
    "9994182064",
    "6105 228 397",
    "QQ 12 34 56 C",
    "qq123456c",
    "ME13 4QX",
    "me134qx",
    "CT2O 3SJ",
    "CT20-3SJ",
    "GK19 XTV",
    "T7 DJB",
    "46/71020/25",
    "LADO/25/0147",
    "EHC-0072-MH",
    "CT25F00912",
    "NFRC240306718",
    "192.0.2.61",
    "2001:db8:7f::1d",
    "3c:52:82:4a:00:1f",
    "nyima_ceesay@palmpost.example",
    "nyima_ceesay (at) palmpost (dot) example",
    "fununcle2009 at pearmail dot example",
    "https://instapage.example/hazel.mira_",
    "facebook.com/celeste.awake",
    "@stella_models_eu",
    "ozzy.fh_06",
    "kestrel#4471",
    "v0idwalk3r",
    "oh seven seven double oh nine hundred one two three",
    "mike echo one seven, two quebec x-ray",
    "490154203237518",
    "W7K 4PX 29R",
    "NP 08812245",
]


@pytest.mark.parametrize("value", PLANTED)
def test_a_planted_identifier_is_covered_whole(floor: Redactor, value: str) -> None:
    text = f"She wrote it down for us: {value} and then went home."
    outcome = floor.redact(Record(), text)
    assert isinstance(outcome, Redacted)
    start = text.index(value)
    covered = {i for span in outcome.spans for i in range(span.start, span.end)}
    assert all(i in covered for i in range(start, start + len(value)) if text[i].isalnum())
    assert value not in outcome.text.value


BIRTHS = [
    "DOB 3/4/12",
    "d.o.b. 03.04.2012",
    "born on 3rd April 2012",
    "born 2012-04-03",
    "date of birth: 3 Apr 12",
    "DoB: 03-04-2012",
    "birthday is 3 April",
    "born April 3, 2012",
    "b. 3.4.12",
    "dob 3 4 2012",
]


@pytest.mark.parametrize("written", BIRTHS)
def test_a_date_of_birth_goes_in_every_form(floor: Redactor, written: str) -> None:
    outcome = floor.redact(Record(), f"He is in Year 8, {written}, and was seen today.")
    assert isinstance(outcome, Redacted)
    assert [span.label for span in outcome.spans] == ["DOB"]


KEPT = [
    "On 14 May 2026 at 3.40pm he was seen in P3 with two Year 11s.",
    "08/09/25: attendance 61%, late 19 times since 1 September 2025.",
    "He owes £1,200 and was paid 20 a day for 3 weeks.",
    "She is 15 and in Year 10; her brother is 17 and drives her.",
    "We told her to ring 999, 101, 111 or Childline on 0800 1111.",
    "The NSPCC line is 0808 800 5000 and the Front Door 03000 411 111.",
    "Section 47 enquiries under s17 of the Children Act 1989.",
    "The door was open 10.00-12.00 and 24/7 in 2024-25.",
    "See www.saferinternet.org.uk for wording.",
]


@pytest.mark.parametrize("text", KEPT)
def test_ordinary_numbers_and_public_advice_stay(floor: Redactor, text: str) -> None:
    outcome = floor.redact(Record(), text)
    assert isinstance(outcome, Redacted)
    assert outcome.text.value == text
