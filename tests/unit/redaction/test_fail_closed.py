"""A layer that raises, is late or is skipped stops the referral; "nothing found" and "not looked" are different."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from services.redaction.adapters.presidio import DetectorFailedError, DetectorLateError, PresidioEngines, Reading
from services.redaction.domain.document import Document, read
from services.redaction.domain.finding import Finding
from services.redaction.domain.lexicon import Lexicon
from services.redaction.domain.record import RecordIndex
from services.redaction.redactor import Held, Redactor
from tests.unit.redaction.records import family


def nothing(_document: Document, _index: RecordIndex) -> Iterable[Finding]:
    return []


def broken(_document: Document, _index: RecordIndex) -> Iterable[Finding]:
    raise ValueError("Jayden")


def reading(lexicon: Lexicon, overdue: bool = False) -> Reading:
    return Reading(read("Jayden was seen.", lexicon), RecordIndex(), lambda: overdue)


def test_all_layers_looked_and_found_nothing(lexicon: Lexicon) -> None:
    assert PresidioEngines({"record": nothing}).analyze(reading(lexicon)) == []


def test_a_layer_that_raises_stops_the_referral_without_its_words(lexicon: Lexicon) -> None:
    engines = PresidioEngines({"record": nothing, "lexicon": broken})
    with pytest.raises(DetectorFailedError) as caught:
        engines.analyze(reading(lexicon))
    assert "Jayden" not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_late_layer_stops_the_referral(lexicon: Lexicon) -> None:
    with pytest.raises(DetectorLateError):
        PresidioEngines({"record": nothing}).analyze(reading(lexicon, overdue=True))


def test_a_layer_that_was_not_asked_stops_the_referral(lexicon: Lexicon) -> None:
    engines = PresidioEngines({"record": nothing, "lexicon": nothing})
    engines._analyzer.registry.remove_recognizer("lexicon")
    with pytest.raises(DetectorFailedError):
        engines.analyze(reading(lexicon))


def test_the_redactor_holds_what_a_broken_layer_saw(lexicon: Lexicon) -> None:
    redactor = Redactor(lexicon, PresidioEngines({"record": broken}), lambda: 0.0)
    assert redactor.redact(family(), "Jayden was seen.") == Held("redaction.detector_failed")


def test_the_redactor_holds_what_took_too_long(lexicon: Lexicon) -> None:
    ticks = iter(range(0, 1000, 100))
    redactor = Redactor(lexicon, PresidioEngines({"record": nothing}), lambda: float(next(ticks)))
    assert redactor.redact(family(), "Jayden was seen.") == Held("redaction.timeout")


def test_what_no_layer_found_is_stopped_by_the_guard(lexicon: Lexicon) -> None:
    redactor = Redactor(lexicon, PresidioEngines({"record": nothing}), lambda: 0.0)
    assert redactor.redact(family(), "Jayden was seen.") == Held("redaction.leak_guard")
