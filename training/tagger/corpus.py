"""From narratives to arrays: augments a narrative, extracts its features, labels its tokens."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.redaction.tagger.features import FormCache, extract
from services.redaction.tagger.lexicon import WordLists, word_set
from services.redaction.tagger.tokens import Tokens, tokenise
from training.tagger.gold import NEUTRAL, OUTSIDE, Narrative, Segment, as_record
from training.tagger.names import NamePool
from training.tagger.noise import abbreviate, spoil, thin
from training.tagger.rename import Renaming
from training.tagger.rewrite import rewrite

LABELS: Final = (
    OUTSIDE, "PERSON", "PLACE", "SCHOOL", "HANDLE", "PHONE", "DOB", "EMAIL", "POSTCODE", "UPN", "ULN", "CASE_REF",
    "ID_OTHER", "VEHICLE_REG", "NHS_NUMBER", "NINO", "URL", "IP",
)  # fmt: skip
"""Classes of the network; the order is stored in the model file."""

NEUTRAL_WEIGHT: Final = 0.2
"""Loss weight of hints that may go or stay; they lean to staying, for they carry the concern."""

KEPT_WEIGHT: Final = 2.5
"""Loss weight of the phrases that must survive: most were written to tempt a clumsy redactor."""

_NUMBER: Final = {label: at for at, label in enumerate(LABELS)}


_FUNCTION: Final = word_set(
    "the and that this with from they them their there then than when where which who what how why have has had was "
    "were will would could should can may might must shall for not but you your she her hers him his its our out off "
    "into onto over under about after before because been being are did does done get got too very also just only all "
    "any some one two her say said says told tell ask asked"
)
"""Words too frequent to be anybody's name in the same text."""


@dataclass(frozen=True, slots=True)
class Example:
    """A document ready for a batch: features of its n tokens, and what they should become."""

    forms: list[str]
    form_of: NDArray[np.int32]
    bits: NDArray[np.uint8]
    """(n, 64) of 0 and 1."""
    chunks: NDArray[np.int32]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    labels: NDArray[np.int32]
    weights: NDArray[np.float32]


def example(narrative: Narrative, forms: FormCache) -> Example | None:
    """Features and labels; None for blank text."""
    found = extract(narrative.text, as_record(narrative.record), forms)
    if found is None:
        return None
    labels = np.zeros(len(found.tokens), dtype=np.int32)
    weights = np.ones(len(found.tokens), dtype=np.float32)
    for start, end, label in narrative.spans():
        first = int(np.searchsorted(found.tokens.ends, start, side="right"))
        last = int(np.searchsorted(found.tokens.starts, end, side="left"))
        if label in NEUTRAL:
            weights[first:last] = NEUTRAL_WEIGHT
        else:
            labels[first:last] = _NUMBER[label]
    _weigh_kept(narrative, found.tokens, weights)
    return Example(
        forms=found.forms,
        form_of=found.form_of,
        bits=np.ascontiguousarray(found.bits.T, dtype=np.uint8),
        chunks=found.chunks,
        starts=found.tokens.starts,
        ends=found.tokens.ends,
        labels=labels,
        weights=weights,
    )


def _weigh_kept(narrative: Narrative, tokens: Tokens, weights: NDArray[np.float32]) -> None:
    """Phrases that carry the concern weigh more, except where augmentation changed them."""
    text = narrative.text.lower()
    for phrase in narrative.must_keep:
        at = text.find(phrase.lower())
        if at >= 0:
            first = int(np.searchsorted(tokens.starts, at))
            last = int(np.searchsorted(tokens.starts, at + len(phrase)))
            weights[first:last] *= KEPT_WEIGHT


class Augmenter:
    """Makes a fresh variant of every narrative for every epoch, from a seed."""

    def __init__(self, narratives: Iterable[Narrative], lists: WordLists, pool: NamePool) -> None:
        self._pool = pool
        self._lists = lists
        self._ordinary = sorted(
            word for word in lists.vocabulary if word in lists.ordinary and 3 <= len(word) <= 8 and word.isascii()
        )
        self._nouns = frozenset(self._ordinary) - _FUNCTION
        self._places = sorted(
            {
                surface
                for narrative in narratives
                for text, label in narrative.segments
                if label in {"PLACE", "SCHOOL"}
                for surface in tokenise(text).surfaces
                if surface[0].isupper() and len(surface) > 3
            }
        )
        self._names = sorted(lists.forenames | lists.surnames)

    def _word_names(self, narrative: Narrative) -> list[str]:
        """Ordinary words to use as names, half of them words that this narrative also uses in their own sense."""
        here = {
            surface
            for text, label in narrative.segments
            if label == OUTSIDE
            for surface in tokenise(text).surfaces
            if surface in self._nouns
        }
        own = sorted(here)
        return own + self._ordinary[:: max(1, len(self._ordinary) // max(1, len(own)))] if own else self._ordinary

    def lists(self, rng: random.Random) -> WordLists:
        """The word lists with a random half of the names withheld."""
        withheld = frozenset(name for name in self._names if rng.random() < 0.5)
        return replace(self._lists, withheld=withheld)

    def variant(self, narrative: Narrative, rng: random.Random) -> Narrative:
        """Renamed (three in four), abbreviated, spoilt, its record thinned."""
        segments: tuple[Segment, ...] = narrative.segments
        record = narrative.record
        people, places = rng.random() < 0.75, rng.random() < 0.5
        if people:
            renaming = Renaming(rng, self._pool, self._word_names(narrative), self._places)
            record = renaming.record(record, places=places)
            segments = renaming.segments(segments, people=True, places=places)
        segments = rewrite(segments, rng, self._pool, self._places)
        if rng.random() < 0.5:
            segments = abbreviate(segments, rng, self._ordinary)
        segments = spoil(segments, rng)
        return replace(narrative, segments=segments, record=thin(record, rng))
