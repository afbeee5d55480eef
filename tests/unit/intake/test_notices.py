"""What is pointed out without refusing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.api_referral import ReferralIn
from services.intake.domain.warning import UPN_LETTERS, notices, upn_is_valid


def upn(digits: str) -> str:
    """A UPN with its check letter, worked out apart from the code under test."""
    total = sum(weight * int(digit) for weight, digit in zip(range(2, 14), digits, strict=True))
    return "ABCDEFGHJKLMNPQRTUVWXYZ"[total % 23] + digits


def posted(role: str | None = "DSL", **learner: object) -> ReferralIn:
    return ReferralIn.model_validate(
        {
            "school": {"urn": "917001"},
            "referrer": {"role": role, "phone": "01632 960301"},
            "learners": [learner],
            "concern": {"narrative": "Afraid."},
        }
    )


def codes(referral: ReferralIn, *, urn_known: bool = True, test_key: bool = False) -> list[tuple[str, str]]:
    return [(one.pointer, one.code) for one in notices(referral, urn_known=urn_known, test_key=test_key)]


@given(st.text("0123456789", min_size=12, max_size=12))
def test_the_check_letter_of_a_pupil_number_is_worked_out(digits: str) -> None:
    number = upn(digits)
    assert upn_is_valid(number)
    assert upn_is_valid(f" {number.lower()} ")
    for letter in set(UPN_LETTERS) - {number[0]}:
        assert not upn_is_valid(letter + digits)


@given(st.text("0123456789", min_size=12, max_size=12), st.integers(0, 11), st.integers(1, 9))
def test_every_single_wrong_digit_of_a_pupil_number_is_noticed(digits: str, place: int, shift: int) -> None:
    wrong = str((int(digits[place]) + shift) % 10)
    assert not upn_is_valid(upn(digits)[0] + digits[:place] + wrong + digits[place + 1 :])


@pytest.mark.parametrize("known", ["H801200001001", "D886990121017"])
def test_numbers_of_the_guide_and_of_the_samples_are_valid(known: str) -> None:
    assert upn_is_valid(known)


def test_a_temporary_number_ends_with_a_letter() -> None:
    digits, letter = "88612340500", "B"
    total = sum(weight * int(digit) for weight, digit in zip(range(2, 13), digits, strict=True)) + 13 * 1
    assert upn_is_valid("ABCDEFGHJKLMNPQRTUVWXYZ"[total % 23] + digits + letter)


@pytest.mark.parametrize("text", ["", "unknown", "A12345678901", "I801200001001", "H80120000100１"])
def test_other_text_is_no_pupil_number(text: str) -> None:
    assert not upn_is_valid(text)


def test_each_wrong_pupil_number_is_pointed_at() -> None:
    found = codes(posted(upn="H801200001002", former_upns=["H801200001001", "nonsense"]))
    assert found == [("/learners/0/upn", "upn_check_letter"), ("/learners/0/former_upns/1", "upn_check_letter")]


@pytest.mark.parametrize(
    "role", ["DSL", "dsl", "Deputy DSL", "Designated Safeguarding Lead", "Designated Safeguarding Lead (Deputy)"]
)
def test_leads_and_deputies_are_known_however_they_are_written(role: str) -> None:
    assert codes(posted(role)) == []


@pytest.mark.parametrize("role", [None, "", "Teacher", "Head"])
def test_a_referrer_who_is_no_lead_is_flagged_and_not_refused(role: str | None) -> None:
    assert codes(posted(role)) == [("/referrer/role", "referrer_not_dsl")]


def test_an_unknown_school_and_a_test_key_are_pointed_out() -> None:
    assert codes(posted(), urn_known=False, test_key=True) == [("/school/urn", "urn_unknown"), ("/test", "test_key")]


def test_no_notice_repeats_a_value() -> None:
    referral = posted("Caretaker", upn="H801200001002", former_upns=["nonsense"])
    said = " ".join(one.model_dump_json() for one in notices(referral, urn_known=False, test_key=True))
    assert not any(value in said for value in ("Caretaker", "H801200001002", "nonsense", "917001", "01632"))
