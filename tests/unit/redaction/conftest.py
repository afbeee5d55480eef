"""One redactor for all tests of the room: loading its word lists takes a moment."""

from __future__ import annotations

import pytest

from services.redaction.domain.finding import FLOOR_LAYERS
from services.redaction.domain.lexicon import Lexicon
from services.redaction.lexicon import load_lexicon
from services.redaction.redactor import Redactor


@pytest.fixture(scope="session")
def lexicon() -> Lexicon:
    return load_lexicon()


@pytest.fixture(scope="session")
def redactor() -> Redactor:
    return Redactor.load()


@pytest.fixture(scope="session")
def floor() -> Redactor:
    """Everything but the trained model."""
    return Redactor.load(layers=FLOOR_LAYERS)
