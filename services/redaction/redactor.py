"""The redactor: a record and a narrative in, guarded text or a reason to hold the referral out."""

from __future__ import annotations

import datetime as dt
import gc
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from threadpoolctl import threadpool_limits

from contracts.failure_codes import FailureCode
from contracts.record import Record
from services.redaction.adapters.presidio import (
    Detector,
    DetectorFailedError,
    DetectorLateError,
    PresidioEngines,
    Reading,
)
from services.redaction.domain import context, deny, linking, places, structured, tagging
from services.redaction.domain.document import Document, read
from services.redaction.domain.finding import ALL_LAYERS, Finding, Label, Layer
from services.redaction.domain.guard import GuardedText, Leak, inspect
from services.redaction.domain.lexicon import ORDINARY, SAFE_PROPER, Lexicon
from services.redaction.domain.merge import merge
from services.redaction.domain.pseudonyms import Replacement, Setting, assign, forgeries
from services.redaction.domain.quasi import QuasiFlag, flags, review_score
from services.redaction.domain.record import RecordIndex, index_record
from services.redaction.domain.weighing import weigh
from services.redaction.lexicon import load_lexicon
from services.redaction.tagger import Tagger

MAX_CHARACTERS = 30_000
"""Code points of the longest narrative that is redacted: some 5,000 words, ten times a long one. A longer one is
for a human, and the bound keeps the worst input within a quarter of a second."""

TIME_LIMIT_SECONDS = 5.0
"""A narrative takes a millisecond or two; one that needs this long is hostile or the machine is ill."""


YOUNG_OBJECTS = 20_000
"""Objects that may gather before the collector looks for circles among them: those of some ten documents. Python's
own 700 make it look several times a document."""


@dataclass(frozen=True, slots=True)
class Span:
    """A redacted stretch of the original narrative: code points, end exclusive."""

    start: int
    end: int
    label: Label
    layer: Layer
    reason: str


@dataclass(frozen=True, slots=True)
class Redacted:
    """De-identified, not anonymous. `pseudonyms` counts mentions by kind ("CHILD", "PHONE", …)."""

    text: GuardedText
    spans: tuple[Span, ...]
    pseudonyms: Mapping[str, int]
    quasi: tuple[QuasiFlag, ...]
    review_score: float


@dataclass(frozen=True, slots=True)
class Held:
    """The narrative may not leave; a human must look. `code` says why and is stable."""

    code: FailureCode


class Redactor:
    """Holds the word lists and the engines; one call redacts one narrative.

    The tagger keeps state while it reads, so calls from several threads take turns; one that waits too long is held.
    """

    def __init__(self, lexicon: Lexicon, engines: PresidioEngines, clock: Callable[[], float]) -> None:
        self._lexicon = lexicon
        self._engines = engines
        self._clock = clock
        self._turn = threading.Lock()

    @classmethod
    def load(cls, *, layers: frozenset[Layer] = ALL_LAYERS, clock: Callable[[], float] = time.monotonic) -> Redactor:
        """Read the lists and the model once (≤ 2 s). `layers` is for ablation; production uses all.

        Holds the process to one thread for products of matrices: at these sizes more wait for each other. What is
        loaded by then is left out of the collector's rounds, which would walk it all every few documents, and the
        rounds become rarer: a document makes thousands of objects and leaves next to none behind.
        """
        lexicon = load_lexicon()
        tagger = Tagger.load() if "tagger" in layers else None
        redactor = cls(lexicon, PresidioEngines(_detectors(lexicon, layers, tagger)), clock)
        threadpool_limits(limits=1, user_api="blas")
        gc.collect()
        gc.freeze()
        gc.set_threshold(YOUNG_OBJECTS)
        return redactor

    @classmethod
    def of(cls, lexicon: Lexicon, tagger: Tagger) -> Redactor:
        """A redactor over other lists and another model than those that ship, so that they can be measured."""
        return cls(lexicon, PresidioEngines(_detectors(lexicon, ALL_LAYERS, tagger)), time.monotonic)

    def redact(
        self, record: Record, narrative: str, *, on: dt.date | None = None, district: str | None = None
    ) -> Redacted | Held:
        """De-identify `narrative` with the help of its record.

        `on` is the day ages are reckoned on, `district` what stands for the home address; without them numbered
        tokens do. Never raises for what a writer wrote.
        """
        if len(narrative) > MAX_CHARACTERS:
            return Held("redaction.too_large")
        if not self._turn.acquire(timeout=TIME_LIMIT_SECONDS):
            return Held("redaction.timeout")
        try:
            return self._redact(record, narrative, Setting(on, district))
        finally:
            self._turn.release()

    def _redact(self, record: Record, narrative: str, setting: Setting) -> Redacted | Held:
        deadline = self._clock() + TIME_LIMIT_SECONDS
        document = read(narrative, self._lexicon)
        index = index_record(record, self._lexicon)
        try:
            found = self._engines.analyze(Reading(document, index, lambda: self._clock() > deadline))
        except DetectorLateError:
            return Held("redaction.timeout")
        except DetectorFailedError:
            return Held("redaction.detector_failed")
        weighed = weigh(document, found, structured.read_dates(document, index), self._lexicon)
        replacements = assign(document, index, merge(document, weighed), setting)
        return self._guarded(record, narrative, document, replacements)

    def _guarded(
        self, record: Record, narrative: str, document: Document, replacements: list[Replacement]
    ) -> Redacted | Held:
        spans = tuple(_span(document, r.finding) for r in replacements)
        edits = [(span.start, span.end, r.token) for span, r in zip(spans, replacements, strict=True)]
        text = self._engines.anonymize(narrative, edits + _neutralised(narrative, document, spans))
        match inspect(text, record, self._tells_words(document)):
            case GuardedText() as guarded:
                quasi = flags(document)
                kinds = Counter(r.kind for r in replacements)
                return Redacted(guarded, spans, dict(kinds), quasi, review_score(quasi))
            case Leak():
                return Held("redaction.leak_guard")

    def _tells_words(self, document: Document) -> Callable[[str], bool]:
        """Whether a lower-case word is an ordinary one; most were looked up when the narrative was read."""
        met = document.flags_by_word()
        wanted, flags_of = ORDINARY | SAFE_PROPER, self._lexicon.flags

        def is_word(lower: str) -> bool:
            flags = met.get(lower)
            return bool((flags_of(lower) if flags is None else flags) & wanted)

        return is_word


def _detectors(lexicon: Lexicon, layers: frozenset[Layer], tagger: Tagger | None) -> dict[Layer, Detector]:
    def of_context(document: Document, _: RecordIndex) -> list[Finding]:
        return context.find(document)

    def of_lexicon(document: Document, _: RecordIndex) -> list[Finding]:
        return deny.find(document)

    def of_tagger(document: Document, index: RecordIndex) -> list[Finding]:
        return tagging.find(document, index, tagger.tag(document.text, index.record)) if tagger else []

    every: dict[Layer, Detector] = {
        "record": linking.find,
        "structured": structured.find,
        "context": of_context,
        "places": places.find,
        "lexicon": of_lexicon,
        "tagger": of_tagger,
    }
    return {layer: detector for layer, detector in every.items() if layer in layers}


def _span(document: Document, finding: Finding) -> Span:
    start, end = document.source.original(finding.start, finding.end)
    return Span(start, end, finding.label, finding.layer, finding.reason)


def _neutralised(narrative: str, document: Document, spans: tuple[Span, ...]) -> list[tuple[int, int, str]]:
    """Round brackets for those of a forged pseudonym, where no span covers them."""
    edits = []
    for start, end in forgeries(document.text):
        for at, sign in ((start, "("), (end - 1, ")")):
            first, last = document.source.original(at, at + 1)
            if last > first and not any(span.start < last and first < span.end for span in spans):
                edits.append((first, last, sign))
    return edits
