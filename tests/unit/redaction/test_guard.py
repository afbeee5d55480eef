"""The leak guard: a different code path that alone makes text fit to leave."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.record import Learner, Record
from services.redaction.domain.guard import GuardedText, Leak, inspect
from tests.unit.redaction.records import family


def is_word(lower: str) -> bool:
    return lower in {"will", "grace", "way", "academy", "teasel"}


def test_guarded_text_cannot_be_made_elsewhere() -> None:
    with pytest.raises(TypeError):
        GuardedText("anything", object())


def test_clean_text_passes() -> None:
    outcome = inspect("[CHILD] told [STAFF_1] on 14 May 2026 at 3.40pm.", family(), is_word)
    assert isinstance(outcome, GuardedText)
    assert "CHILD" in outcome.value
    assert "CHILD" not in repr(outcome)


LEAKS = [
    ("name", "I saw Jayden there."),
    ("name", "I saw JAYDEN'S coat."),
    ("name", "I saw jáyden there."),
    ("name", "I saw Jaydn there."),
    ("name", "I saw Jyaden there."),
    ("name", "I saw J-a-y-d-e-n there."),
    ("name", "I saw a J a y d e n there."),
    ("name", "Her handle is xxjaydenxx_5."),
    ("full_name", "He is okaforngozi there."),
    ("name", "I saw Copperhurst's Mr Prowze there."),
    ("upn", "H886402717036"),
    ("upn", "H88640217063"),
    ("upn", "H8864027717063"),
    ("phone", "07700 900 181"),
    ("postcode", "me13 4qv"),
    ("postcode", "CT2 7AB"),
    ("email", "dsmiht77 example com"),
    ("national_insurance", "QQ 12 34 56 C, or AB 12 34 56 C"),
    ("date_of_birth", "the third of April"),
    ("date_of_birth", "3 / 4 / 2012"),
    ("date_of_birth", "Apr 3rd"),
    ("date_of_birth", "3Apr2012"),
    ("upn", "H886402717063"),
    ("upn", "H886 4027 17063"),
    ("postcode", "me134qx"),
    ("postcode", "ME13 4QX"),
    ("phone", "07700 900118"),
    ("phone", "+44 7700 900118"),
    ("phone", "call 01632 960999 please"),
    ("email", "d.smith77@example.com"),
    ("email", "who.ever@post.example"),
    ("date_of_birth", "3/4/2012"),
    ("date_of_birth", "03.04.12"),
    ("date_of_birth", "2012-04-03"),
    ("date_of_birth", "3rd of April 2012"),
    ("date_of_birth", "April 3, 2012"),
    ("date_of_birth", "03042012"),
    ("address", "14 teasel way"),
    ("school", "Copperhurst Academy"),
    ("nhs_number", "NHS 943 476 5919"),
]


@pytest.mark.parametrize(("kind", "text"), LEAKS)
def test_a_planted_identifier_is_stopped(kind: str, text: str) -> None:
    assert inspect(f"Then {text} was seen.", family(), is_word) == Leak(kind)


def test_a_name_of_two_ordinary_words_is_searched_whole() -> None:
    record = Record(
        learners=(Learner(legal_forename="Will", legal_surname="Grace", date_of_birth=dt.date(2010, 1, 2)),)
    )
    assert isinstance(inspect("He will have a week of grace.", record, is_word), GuardedText)
    assert inspect("It was Will Grace again.", record, is_word) == Leak("full_name")


def test_a_day_without_its_year_is_a_birth_in_one_order_alone() -> None:
    assert isinstance(inspect("Seen on 4 March at 18.00, and on 3/4.", family(), is_word), GuardedText)
    assert isinstance(
        inspect("Seen on 03/04 12.30 at the gate.", family(date_of_birth=dt.date(2003, 4, 12)), is_word), GuardedText
    )


def test_an_iso_date_whose_day_is_its_short_year_is_read() -> None:
    record = family(date_of_birth=dt.date(2012, 4, 12))
    assert inspect("Born 2012-04-12.", record, is_word) == Leak("date_of_birth")


@given(at=st.integers(1, 11), change=st.sampled_from(["drop", "double", "swap"]))
def test_a_pupil_number_with_one_slip_is_stopped(at: int, change: str) -> None:
    upn = "H886402717063"
    slipped = {
        "drop": upn[:at] + upn[at + 1 :],
        "double": upn[:at] + upn[at] + upn[at:],
        "swap": upn[:at] + upn[at + 1] + upn[at] + upn[at + 2 :],
    }[change]
    assert isinstance(inspect(f"It is {slipped} now.", family(), is_word), Leak)


@given(
    st.dates(dt.date(2005, 1, 1), dt.date(2022, 12, 31)),
    st.sampled_from(
        ["{:%d/%m/%Y}", "{:%d.%m.%y}", "{:%Y-%m-%d}", "{:%d %B %Y}", "{:%B %d}", "{:%d%m%Y}", "{:%m/%d/%Y}"]
    ),
)
def test_a_date_of_birth_is_stopped_in_every_form(born: dt.date, form: str) -> None:
    record = family(date_of_birth=born)
    assert inspect(f"Born {form.format(born)} there.", record, is_word) == Leak("date_of_birth")


def test_advice_numbers_pass() -> None:
    outcome = inspect("Ring 0800 1111, 0808 800 5000 or 03000 411 111.", family(), is_word)
    assert isinstance(outcome, GuardedText)


def test_a_placeholder_in_a_field_is_no_identifier() -> None:
    record = family(address={"line1": "Academy", "town": "Deal"})
    assert isinstance(inspect("The address is the academy.", record, is_word), GuardedText)
