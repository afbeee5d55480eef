"""Tokens cover every character that is not blank, exactly once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.redaction.tagger.tokens import Kind, fold, kind, tokenise


@given(st.text(max_size=300))
def test_every_character_but_blanks_is_in_exactly_one_token(text: str) -> None:
    tokens = tokenise(text)
    covered = [0] * len(text)
    for start, end, surface in zip(tokens.starts, tokens.ends, tokens.surfaces, strict=True):
        assert text[start:end] == surface
        for at in range(start, end):
            covered[at] += 1
    for char, times in zip(text, covered, strict=True):
        assert times == (0 if char.isspace() and char != "\n" else 1)


@given(st.text(alphabet=st.characters(max_codepoint=127), max_size=120))
def test_a_plain_text_is_cut_like_one_with_a_letter_from_elsewhere(text: str) -> None:
    plain, other = tokenise(text), tokenise(f"{text} é")
    assert plain.surfaces == other.surfaces[:-1]
    assert plain.starts.tolist() == other.starts[:-1].tolist()
    assert plain.ends.tolist() == other.ends[:-1].tolist()


def test_letters_digits_and_signs_are_cut_apart() -> None:
    assert tokenise("Kai_05, O'Neil @kai.x").surfaces == ["Kai", "_", "05", ",", "O", "'", "Neil", "@", "kai", ".", "x"]


def test_line_breaks_are_tokens_of_their_own() -> None:
    assert tokenise("a\n\nb").surfaces == ["a", "\n\n", "b"]


def test_accents_and_case_do_not_matter_when_words_are_compared() -> None:
    assert fold("Gráinne") == fold("GRAINNE") == "grainne"


def test_a_form_knows_its_case() -> None:
    assert kind("Ann", "ann") & Kind.CAPITALISED
    assert kind("ANN", "ann") & Kind.UPPER
    assert kind("ann", "ann") & Kind.LOWER
    assert kind("0770", "0770") == Kind.DIGITS
    assert kind("Mrs", "mrs") & Kind.TITLE
