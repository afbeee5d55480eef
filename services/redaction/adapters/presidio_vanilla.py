"""Presidio as it comes, for comparison only: its default English recognisers over a blank pipeline.

A blank pipeline, because model weights are no part of the project; names are therefore hardly found.
"""

from __future__ import annotations

import spacy
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import SpacyNlpEngine


class BlankEngine(SpacyNlpEngine):
    """spaCy's tokeniser without a model."""

    def __init__(self) -> None:
        super().__init__(models=[{"lang_code": "en", "model_name": "blank"}])
        self.nlp = {"en": spacy.blank("en")}  # type: ignore[assignment]

    def load(self) -> None:
        """The blank pipeline needs no loading."""
        self.nlp = {"en": spacy.blank("en")}  # type: ignore[assignment]

    def is_loaded(self) -> bool:
        """Always."""
        return True


class VanillaPresidio:
    """The default AnalyzerEngine."""

    def __init__(self) -> None:
        self._engine = AnalyzerEngine(nlp_engine=BlankEngine())

    def spans(self, text: str) -> list[tuple[int, int]]:
        """What the default recognisers find."""
        return [(result.start, result.end) for result in self._engine.analyze(text, "en")]
