"""A reference read out on the phone is right or noticed as wrong."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.reference import ALPHABET, RANDOM_BITS, is_reference, reference_of

NUMBERS = st.integers(0, 2**RANDOM_BITS - 1)


@given(NUMBERS)
def test_every_number_has_a_reference_of_the_form_of_the_brochure(number: int) -> None:
    reference = reference_of(number)
    assert len(reference) == len("KR-7F3K-9QX")
    assert is_reference(reference)


@given(NUMBERS, NUMBERS)
def test_different_numbers_have_different_references(one: int, other: int) -> None:
    assert (reference_of(one) == reference_of(other)) == (one == other)


@given(NUMBERS)
def test_every_single_wrong_symbol_is_noticed(number: int) -> None:
    reference = reference_of(number)
    for place, symbol in enumerate(reference):
        if place < 3 or symbol == "-":
            continue
        for wrong in set(ALPHABET) - {symbol}:
            assert not is_reference(reference[:place] + wrong + reference[place + 1 :])


@given(NUMBERS)
def test_every_swap_of_neighbours_is_noticed(number: int) -> None:
    symbols = reference_of(number)[3:].replace("-", "")
    for place in range(len(symbols) - 1):
        one, other = symbols[place], symbols[place + 1]
        if one != other:
            swapped = symbols[:place] + other + one + symbols[place + 2 :]
            assert not is_reference(f"KR-{swapped[:4]}-{swapped[4:]}")


@given(NUMBERS)
def test_it_may_be_typed_in_small_letters_and_with_look_alikes(number: int) -> None:
    reference = reference_of(number)
    assert is_reference(f"  {reference.lower()} ")
    assert is_reference("KR-" + reference[3:].replace("0", "O").replace("1", "I"))


@given(st.text(max_size=20))
def test_other_text_is_no_reference_and_no_error(text: str) -> None:
    assert isinstance(is_reference(text), bool)
