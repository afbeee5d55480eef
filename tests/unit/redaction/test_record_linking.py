"""What the record names is found however the narrative writes it, and ordinary words stay ordinary."""

from __future__ import annotations

import pytest

from services.redaction.redactor import Redacted, Redactor
from tests.unit.redaction.records import family, named

VARIANTS = [
    "Jayden",
    "jayden",
    "JAYDEN",
    "Jayden Okafor-Smith",
    "OKAFOR-SMITH, Jayden",
    "Okafor",
    "Jay",
    "JJ",
    "Jaydon",
    "Jaydenn",
    "J.O.",
    "jayden_05",
    "jaydenokafor",
    "#justice4jayden",
    "j4yden",
    "J a y d e n",
    "J-a-y-d-e-n",
    "J🙂a🙂y🙂d🙂e🙂n",
    "Jay\u200bden",
    "Jаydеn",
    "&#74;ayden",
]


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_listed_variant_of_the_child_is_covered(redactor: Redactor, variant: str) -> None:
    text = f"Staff saw {variant} crying by the gate."
    outcome = redactor.redact(family(), text)
    assert isinstance(outcome, Redacted)
    start = text.index(variant)
    covered = {i for span in outcome.spans for i in range(span.start, span.end)}
    assert all(i in covered for i in range(start, start + len(variant)) if text[i].isalnum())


def test_the_possessive_stays_beside_its_pseudonym(redactor: Redactor) -> None:
    outcome = redactor.redact(family(), "Jayden's coat was wet.")
    assert isinstance(outcome, Redacted)
    assert outcome.text.value == "[CHILD]'s coat was wet."


@pytest.mark.parametrize(
    ("forename", "text", "redacted"),
    [
        ("Will", "I asked Will if he will come.", "I asked [CHILD] if he will come."),
        ("Grace", "Grace was given a week's grace.", "[CHILD] was given a week's grace."),
        ("May", "In May we saw May crying.", "In May we saw [CHILD] crying."),
        ("Summer", "It was in the summer that Summer told us.", "It was in the summer that [CHILD] told us."),
    ],
)
def test_a_name_that_is_a_word_goes_and_the_word_beside_it_stays(
    floor: Redactor, forename: str, text: str, redacted: str
) -> None:
    outcome = floor.redact(named(forename, "Tolliver"), text)
    assert isinstance(outcome, Redacted)
    assert outcome.text.value == redacted


def test_identifiers_of_the_record_are_found_however_spaced(redactor: Redactor) -> None:
    text = "UPN H886 4027 17063, mum on 07700900118, home ME134QX, mail d.smith77@example.com."
    outcome = redactor.redact(family(), text)
    assert isinstance(outcome, Redacted)
    for part in ("4027", "900118", "ME134QX", "d.smith77"):
        assert part not in outcome.text.value


def test_an_address_of_plain_words_is_found_whole(floor: Redactor) -> None:
    record = family(address={"line1": "33 The Avenue", "town": "Deal"})
    outcome = floor.redact(record, "Police were called to 33 The Avenue at night.")
    assert isinstance(outcome, Redacted)
    assert "Avenue" not in outcome.text.value
