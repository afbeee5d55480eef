"""One training run: narratives in, weights and word lists out."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from services.redaction.tagger.features import FormCache
from services.redaction.tagger.lexicon import WordLists
from services.redaction.tagger.words import VOCABULARY_START
from training.tagger.batches import Batch, RowCache, pack
from training.tagger.corpus import Augmenter, Example, example
from training.tagger.figures import Evidence
from training.tagger.gold import Narrative
from training.tagger.names import NamePool
from training.tagger.network import Params, Schedule, Shape, begin, probabilities, step
from training.tagger.wordlists import build


@dataclass(frozen=True, slots=True)
class Fitted:
    """A trained network with the word lists that its rows refer to."""

    params: Params
    shape: Shape
    lists: WordLists


def inputs(batch: Batch) -> Params:
    """The batch as device arrays."""
    return {
        "rows": jnp.asarray(batch.rows),
        "form_of": jnp.asarray(batch.form_of),
        "bits": jnp.asarray(batch.bits),
        "chunks": jnp.asarray(batch.chunks),
        "labels": jnp.asarray(batch.labels),
        "weights": jnp.asarray(batch.weights),
        "mask": jnp.asarray(batch.mask),
    }


def fit(
    narratives: list[Narrative],
    pool: NamePool,
    plan: Schedule,
    say: Callable[[str], None],
    layout: Callable[[int], Shape] = Shape,
) -> Fitted:
    """Trains on fresh variants of the narratives in every epoch. Deterministic for a seed and a number of threads."""
    lists = build(narratives, pool)
    augmenter = Augmenter(narratives, lists, pool)
    shape = layout(VOCABULARY_START + len(lists.vocabulary))
    rng = random.Random(plan.seed)
    state = begin(shape, plan.seed)
    key = jax.random.key(plan.seed)
    at, total = 0, 0
    for epoch in range(plan.epochs):
        began = time.monotonic()
        hidden = augmenter.lists(rng)
        forms = FormCache(hidden)
        made = [example(augmenter.variant(narrative, rng), forms) for narrative in narratives]
        batches = list(pack([one for one in made if one is not None], RowCache(hidden), rng))
        total = total or len(batches) * plan.epochs
        losses = []
        for batch, _ in batches:
            key, draw = jax.random.split(key)
            state, value = step(
                state, shape=shape, plan=plan, total=total, at=jnp.float32(at), inputs=inputs(batch), key=draw
            )
            losses.append(value)
            at += 1
        mean = float(np.mean([float(value) for value in losses]))
        say(f"epoch {epoch + 1}/{plan.epochs} loss {mean:.4f} {time.monotonic() - began:.1f} s")
    return Fitted(state["mean"], shape, lists)


def predict(
    fitted: list[Fitted], narratives: list[Narrative]
) -> Iterator[tuple[Narrative, Example, NDArray[np.float32]]]:
    """Class probabilities (n, labels) of each narrative, averaged over the networks."""
    lists = fitted[0].lists
    forms = FormCache(lists)
    pairs = [(narrative, example(narrative, forms)) for narrative in narratives]
    kept = [(narrative, one) for narrative, one in pairs if one is not None]
    for batch, places in pack([one for _, one in kept], RowCache(lists), None):
        given = inputs(batch)
        tables = [np.asarray(probabilities(one.params, one.shape, given)) for one in fitted]
        mean = np.mean(np.stack(tables), axis=0)
        for number, first, end in places:
            narrative, one = kept[number]
            yield narrative, one, mean[first:end]


def evidence(fitted: list[Fitted], narratives: list[Narrative]) -> Evidence:
    """The figures' raw material on these narratives."""
    found = Evidence()
    for narrative, one, table in predict(fitted, narratives):
        found.add(narrative, one, table)
    return found
