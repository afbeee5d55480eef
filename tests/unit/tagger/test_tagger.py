"""What the shipped model does on invented referrals, and what it promises for any text."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from contracts.record import Address, Contact, Learner, Record, Referrer, School
from services.redaction.tagger import Tagger, TaggerSpan
from services.redaction.tagger import network as network_module

RECORD = Record(
    school=School(name="Marlpit Lane School", urn="118203"),
    referrer=Referrer(name="Annette Prowse", email="a.prowse@marlpit.example"),
    learners=(
        Learner(
            legal_forename="Grace",
            legal_surname="Osei",
            address=Address(line1="61 Tenter Way", town="Ashford", postcode="TN24 9QJ"),
            contacts=(Contact(relationship="mother", forename="Abena", surname="Osei", phone="07700 900233"),),
        ),
    ),
)


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return Tagger.load()


def covered(tagger: Tagger, text: str, record: Record = RECORD) -> set[str]:
    return {text[span.start : span.end] for span in tagger.spans(text, record)}


def test_people_of_the_record_are_found(tagger: Tagger) -> None:
    text = "Grace told her tutor that her mother, Abena Osei, had locked the door again on Sunday evening."
    assert {"Grace", "Abena Osei"} <= covered(tagger, text)


def test_people_whom_no_record_names_are_found(tagger: Tagger) -> None:
    text = "She was collected by her uncle Tunde, who said that Mrs Wetherall from next door had rung him at work."
    assert {"Tunde", "Wetherall"} <= covered(tagger, text, Record())


def test_a_name_that_is_a_word_is_told_from_the_word(tagger: Tagger) -> None:
    text = "Grace Osei was quiet all morning. Mum asked for a few days' grace before the meeting."
    assert covered(tagger, text) == {"Grace Osei"}


def test_codes_are_found_whole(tagger: Tagger) -> None:
    text = "Mum rang from 07700 900118 and her e-mail is abena.o@mail.example; he uses @kai_05 on Snapchat."
    found = covered(tagger, text)
    assert "07700 900118" in found
    assert "abena.o@mail.example" in found
    assert any("kai_05" in one for one in found)


def test_what_carries_the_concern_stays(tagger: Tagger) -> None:
    text = "The child arrived without a coat and said that nobody had been at home since Friday. CAMHS is aware."
    assert covered(tagger, text) == set()


def test_ordinary_words_of_the_training_text_are_known(tagger: Tagger) -> None:
    assert tagger.knows("bruise")
    assert tagger.knows("Bruise")
    assert not tagger.knows("xylotryptane")


def test_blank_text_has_no_spans(tagger: Tagger) -> None:
    assert tagger.spans(" \n\t ", RECORD) == []
    assert tagger.spans("", RECORD) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=400))
def test_spans_stay_inside_the_text_and_apart(tagger: Tagger, text: str) -> None:
    last = 0
    for span in tagger.spans(text, RECORD):
        assert last <= span.start < span.end <= len(text)
        assert 0.0 <= span.probability <= 1.0
        last = span.end


def test_token_scores_cover_all_characters_but_blanks(tagger: Tagger) -> None:
    text = "Kai  said:\n“no”, twice."
    scores = tagger.token_scores(text, RECORD)
    seen = {at for start, end in zip(scores.starts, scores.ends, strict=True) for at in range(start, end)}
    assert seen == {at for at, char in enumerate(text) if char != " "}
    assert scores.p_identifying.shape == scores.starts.shape


def test_the_answer_does_not_depend_on_what_came_before(tagger: Tagger) -> None:
    text = "Zebedee Quorn and his friend Ottoline were seen at the bus stop."
    fresh: list[TaggerSpan] = Tagger.load().spans(text, Record())
    for other in ("Ottoline", "A long note about Zebedee and nobody else.", "!!!"):
        tagger.spans(other, RECORD)
    again = tagger.spans(text, Record())
    assert [(one.start, one.end, one.label) for one in again] == [(one.start, one.end, one.label) for one in fresh]


def test_a_long_text_is_cut_without_a_seam(tagger: Tagger, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "Grace told Mrs Wetherall that Tunde hit her at 4 Mill Lane. " * 12
    whole = tagger.token_scores(text, RECORD).p_identifying
    monkeypatch.setattr(network_module, "BLOCK", 50)
    np.testing.assert_allclose(tagger.token_scores(text, RECORD).p_identifying, whole, atol=1e-5)


@pytest.mark.parametrize(
    "text",
    ["." * 65536, "a" * 65536, "Aa1_" * 16384, "\n" * 65536, "x y " * 16384, "".join(map(chr, range(0x100, 0x4100)))],
    ids=["dots", "one word", "one code", "lines", "words", "every letter"],
)
def test_hostile_input_takes_bounded_time(tagger: Tagger, text: str) -> None:
    with threadpool_limits(limits=1, user_api="blas"):
        began = time.process_time()
        tagger.spans(text, RECORD)
    assert time.process_time() - began < 2.0
