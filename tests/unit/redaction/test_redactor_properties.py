"""Whatever is written: no exception, no span outside the text, no planted identifier in the output."""

from __future__ import annotations

import string

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.record import Contact, Learner, Record
from services.redaction.redactor import Held, Redacted, Redactor

ANY_CASE = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

PROSE = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=120)
LETTER = st.sampled_from("ABCDEFGHJKLMNPRTUVWXYZ")


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text(alphabet=string.digits, min_size=count, max_size=count)


PHONES = st.builds(lambda d, s: f"07700{s}900{s}{d}", digits(3), st.sampled_from(["", " ", "-", "."]))
UPNS = st.builds(lambda letter, d: letter + d, LETTER, digits(12))
MAILS = st.builds(
    lambda name, host: f"{name}@{host}.example",
    st.from_regex(r"[a-z]{3,9}\.[a-z]{3,9}", fullmatch=True),
    st.from_regex(r"[a-z]{4,9}", fullmatch=True),
)
POSTCODES = st.builds(
    lambda a, d, b: f"{a} {d}{b}",
    st.sampled_from(["ME13", "CT2", "TN25"]),
    st.integers(0, 9),
    st.sampled_from(["QX", "LB", "ZA"]),
)
IDENTIFIERS = st.one_of(PHONES, UPNS, MAILS, POSTCODES)


@ANY_CASE
@given(narrative=PROSE)
def test_any_text_is_redacted_or_held(redactor: Redactor, narrative: str) -> None:
    outcome = redactor.redact(Record(), narrative)
    if isinstance(outcome, Redacted):
        ends = [0]
        for span in outcome.spans:
            assert ends[-1] <= span.start < span.end <= len(narrative)
            ends.append(span.end)


@ANY_CASE
@given(before=PROSE, value=IDENTIFIERS, after=PROSE)
def test_a_planted_structured_identifier_never_comes_out(
    redactor: Redactor, before: str, value: str, after: str
) -> None:
    outcome = redactor.redact(Record(), f"{before}\n {value} \n{after}")
    assert isinstance(outcome, Held) or value not in outcome.text.value


@ANY_CASE
@given(before=PROSE, phone=PHONES, upn=UPNS, after=PROSE)
def test_an_identifier_of_the_record_never_comes_out(
    redactor: Redactor, before: str, phone: str, upn: str, after: str
) -> None:
    contact = Contact(relationship="mother", forename="Ngozi", surname="Okafor", phone=phone)
    record = Record(learners=(Learner(legal_forename="Jayden", legal_surname="Okafor", upn=upn, contacts=(contact,)),))
    outcome = redactor.redact(record, f"{before} Jayden {upn} {after} mum {phone} Okafor")
    assert isinstance(outcome, Held) or not any(v in outcome.text.value for v in (phone, upn, "Jayden", "Okafor"))
