"""Presidio's two engines around the domain: the only module that imports Presidio.

Each layer is an `EntityRecognizer`. The narrative is normalised and split once; the recognisers read it from the
NLP artifacts that `analyze` hands to each of them. Nothing fails open: a layer that raises, is late, or is not
asked ends the call with `DetectorFailedError` or `DetectorLateError`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from operator import attrgetter

from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts, NoOpNlpEngine
from presidio_anonymizer import AnonymizerEngine
from presidio_anonymizer.entities import ConflictResolutionStrategy, EngineResult, OperatorConfig, PIIEntity
from presidio_anonymizer.entities import RecognizerResult as AnonymizerResult
from presidio_anonymizer.operators import OperatorType
from spacy.tokens import Doc

from services.redaction.domain.document import Document
from services.redaction.domain.finding import LABELS, Finding, Layer
from services.redaction.domain.record import RecordIndex

LANGUAGE = "en"
CERTAIN = 1.0
"""Every finding counts in full: a score below the threshold would be dropped without a word."""

Detector = Callable[[Document, RecordIndex], Iterable[Finding]]
"""What a layer does: a pure function of the document and the record."""


class DetectorFailedError(Exception):
    """A layer raised or did not answer; carries the layer's name, never its exception's text."""


class DetectorLateError(Exception):
    """The deadline passed before every layer had answered."""


@dataclass(slots=True)
class Reading:
    """What the recognisers share for one narrative, and what they answered."""

    document: Document
    index: RecordIndex
    overdue: Callable[[], bool]
    answered: set[Layer] = field(default_factory=set)
    results: int = 0
    """How many findings there are so far: the order in which Presidio, which goes through a set, must return them."""


class ReadingArtifacts(NlpArtifacts):
    """Presidio's carrier of per-text state; holds ours, and no tokens of an NLP engine."""

    def __init__(self, reading: Reading, engine: NoOpNlpEngine, no_tokens: Doc) -> None:
        super().__init__([], no_tokens, [], [], engine, LANGUAGE, [])
        self.reading = reading


class LayerResult(RecognizerResult):
    """A finding on its way through the analyser."""

    def __init__(self, finding: Finding, order: int, metadata: dict[str, str]) -> None:
        self.start, self.end, self.entity_type = finding[:3]
        self.score = CERTAIN
        self.analysis_explanation = None  # type: ignore[assignment] # Presidio's own default
        self.recognition_metadata = metadata
        self.finding = finding
        self.order = order

    def contained_in(self, other: RecognizerResult) -> bool:
        """Never: a name inside a longer find says whose it is, so Presidio must not drop it."""
        return False

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


class LayerRecognizer(EntityRecognizer):
    """One layer of the redactor as a Presidio recogniser."""

    def __init__(self, layer: Layer, detect: Detector) -> None:
        self._layer = layer
        self._detect = detect
        super().__init__(supported_entities=list(LABELS), name=layer, supported_language=LANGUAGE)
        self._metadata = {
            RecognizerResult.RECOGNIZER_NAME_KEY: layer,
            RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
        }

    def load(self) -> None:
        """Nothing to load: the detector came with its data."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts) -> list[RecognizerResult]:
        """The layer's findings; offsets are into the normalised text that `text` is."""
        if not isinstance(nlp_artifacts, ReadingArtifacts):
            raise TypeError("a layer reads the shared document, and this text came without one")
        reading = nlp_artifacts.reading
        if reading.overdue():
            raise DetectorLateError(self._layer)
        found = self._detect(reading.document, reading.index)
        first = reading.results
        results: list[RecognizerResult] = [
            LayerResult(finding, order, self._metadata) for order, finding in enumerate(found, first)
        ]
        reading.results = first + len(results)
        reading.answered.add(self._layer)
        return results


class LayerAnalyzer(AnalyzerEngine):
    """Presidio's analyser without its context pass: context is a layer of its own here.

    The pass copies the results twice for each recogniser and ends in an enhancer that needs lemmas. What the layers
    can find never changes, so it is not gathered anew for each text.
    """

    def get_supported_entities(self, language: str | None = None) -> list[str]:
        """Every label."""
        return list(LABELS)

    def _enhance_using_context(
        self,
        text: str,
        raw_results: list[RecognizerResult],
        nlp_artifacts: NlpArtifacts,
        recognizers: list[EntityRecognizer],
        context: list[str] | None = None,
    ) -> list[RecognizerResult]:
        """The results as they are."""
        return raw_results


class TokenResult(AnonymizerResult):
    """A span on its way through the anonymiser; made without Presidio's checks of what cannot be otherwise here."""

    def __init__(self, token: str, start: int, end: int) -> None:
        self.start, self.end, self.entity_type, self.score = start, end, token, CERTAIN


class DisjointAnonymizer(AnonymizerEngine):
    """Presidio's anonymiser for spans that are disjoint as a rule and belong to nobody else.

    It does not copy them, resolves conflicts only where one look at the neighbours shows any, and writes once.
    """

    @staticmethod
    def _copy_recognizer_results(analyzer_results: list[AnonymizerResult]) -> list[AnonymizerResult]:
        return analyzer_results

    def _remove_conflicts_and_get_text_manipulation_data(
        self, analyzer_results: list[AnonymizerResult], conflict_resolution: ConflictResolutionStrategy
    ) -> list[AnonymizerResult]:
        """The results, which come in order."""
        if all(before.end <= after.start for before, after in pairwise(analyzer_results)):
            return analyzer_results
        resolved: list[AnonymizerResult] = super()._remove_conflicts_and_get_text_manipulation_data(
            analyzer_results, conflict_resolution
        )
        return resolved

    def _operate(
        self,
        text: str,
        pii_entities: list[PIIEntity],
        operators_metadata: dict[str, OperatorConfig],
        operator_type: OperatorType,
        **operator_kwargs: dict[str, object],
    ) -> EngineResult:
        """Each span's operator, in one pass from the text's start to its end; only the text is told.

        Presidio's own goes from the end, copies the whole text for each span, keeps a list of what it did, and
        writes three lines for its log.
        """
        pieces: list[str] = []
        at = 0
        made = {config.operator_name for config in operators_metadata.values()}
        operators = {name: self.operators_factory.create_operator_class(name, operator_type) for name in made}
        for entity in pii_entities:
            config = operators_metadata[entity.entity_type]
            operator = operators[config.operator_name]
            params = {**config.params, "entity_type": entity.entity_type}
            operator.validate(params=params)
            pieces += (text[at : entity.start], operator.operate(params=params, text=text[entity.start : entity.end]))
            at = entity.end
        return EngineResult("".join(pieces) + text[at:], [])


class PresidioEngines:
    """The analyser with one recogniser a layer, and the anonymiser with a token for each span."""

    def __init__(self, detectors: dict[Layer, Detector]) -> None:
        self._layers = frozenset(detectors)
        self._nlp = NoOpNlpEngine(models=[{"lang_code": LANGUAGE, "model_name": "none"}])
        self._nlp.load()
        self._no_tokens = self._nlp.process_text("", LANGUAGE).tokens
        registry = RecognizerRegistry(supported_languages=[LANGUAGE])
        for layer, detect in detectors.items():
            registry.add_recognizer(LayerRecognizer(layer, detect))
        self._analyzer = LayerAnalyzer(registry=registry, nlp_engine=self._nlp, supported_languages=[LANGUAGE])
        self._anonymizer = DisjointAnonymizer()  # type: ignore[no-untyped-call]

    def analyze(self, reading: Reading) -> list[Finding]:
        """Every layer's findings. Raises DetectorFailedError or DetectorLateError; an empty list means all looked."""
        failed = ""
        results: list[RecognizerResult] = []
        try:
            results = self._analyzer.analyze(
                reading.document.text,
                LANGUAGE,
                score_threshold=0.0,
                nlp_artifacts=ReadingArtifacts(reading, self._nlp, self._no_tokens),
            )
        except DetectorLateError:
            raise
        except Exception as error:  # noqa: BLE001 - any fault of any layer must stop the referral; its text may name a child
            failed = type(error).__name__
        if failed:
            raise DetectorFailedError(failed)
        missing = self._layers - reading.answered
        if missing:
            raise DetectorFailedError(",".join(sorted(missing)))
        if reading.overdue():
            raise DetectorLateError("analyzer")
        ours = [result for result in results if isinstance(result, LayerResult)]
        ours.sort(key=attrgetter("order"))
        return [result.finding for result in ours]

    def anonymize(self, text: str, replacements: list[tuple[int, int, str]]) -> str:
        """`text` with each (start, end, token) put in its place; the spans are disjoint.

        Each token is an entity type of its own, so that Presidio's merging of neighbours of one type, and its
        resolution of conflicts, have nothing to do.
        """
        if not replacements:
            return text
        results: list[AnonymizerResult] = [TokenResult(token, start, end) for start, end, token in replacements]
        operators = {token: OperatorConfig("replace", {"new_value": token}) for _, _, token in replacements}
        return str(
            self._anonymizer.anonymize(
                text,
                results,
                operators,
                conflict_resolution=ConflictResolutionStrategy.MERGE_SIMILAR_OR_CONTAINED,
                merge_entities_with_spaces=False,
            ).text
        )
