"""`python -m training.tagger.alternative`: a linear-chain CRF over the very same features, for comparison.

Both learners get the same narratives (every n-th of the training kinds), and are measured on kinds not trained on.
The figures stand in docs/decisions/0012-tagger.md.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pycrfsuite

from services.redaction.tagger.bits import BITS
from services.redaction.tagger.features import FormCache
from services.redaction.tagger.lexicon import WordLists
from training.tagger import gold, names, plan
from training.tagger.batches import RowCache
from training.tagger.corpus import LABELS, Augmenter, Example, example
from training.tagger.figures import Evidence
from training.tagger.fit import evidence, fit
from training.tagger.gold import Narrative
from training.tagger.train import limit_threads
from training.tagger.wordlists import build

_NEIGHBOURS = (-2, -1, 1, 2)


def _attributes(one: Example, rows: RowCache) -> list[list[str]]:
    """Each token's word rows and bits, with word, status and bits of the two tokens on each side."""
    of_form = [[f"r{row}" for row in rows[form] if row] for form in one.forms]
    own = [of_form[form] for form in one.form_of.tolist()]
    bits = [[f"b{bit}" for bit in range(BITS) if column[bit]] for column in one.bits]
    out = []
    for at, chunk in enumerate(one.chunks.tolist()):
        found = [*own[at], *bits[at], f"c{chunk}"]
        for step in _NEIGHBOURS:
            other = at + step
            if 0 <= other < len(own):
                found += [f"{step}{row}" for row in own[other][:4]]
                found += [f"{step}{bit}" for bit in bits[other]]
        out.append(found)
    return out


def _variants(narratives: list[Narrative], lists: WordLists, augmenter: Augmenter) -> Iterator[Example]:
    """Every narrative as it is and once augmented."""
    rng = random.Random(1)
    for narrative in narratives:
        for chosen, known in ((narrative, lists), (augmenter.variant(narrative, rng), augmenter.lists(rng))):
            made = example(chosen, FormCache(known))
            if made is not None:
                yield made


def crf(training: list[Narrative], held: list[Narrative], rounds: int) -> Evidence:
    """Figures of a CRF trained with L-BFGS on these narratives."""
    pool = names.load()
    lists = build(training, pool)
    rows = RowCache(lists)
    trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
    trainer.set_params({"c1": 0.05, "c2": 0.01, "max_iterations": rounds})
    for one in _variants(training, lists, Augmenter(training, lists, pool)):
        trainer.append(_attributes(one, rows), [LABELS[label] for label in one.labels])
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "crf")
        trainer.train(path)
        tagger = pycrfsuite.Tagger()
        tagger.open(path)
        known = set(tagger.labels())
        found = Evidence()
        for narrative in held:
            made = example(narrative, FormCache(lists))
            if made is None:
                continue
            tagger.set(_attributes(made, rows))
            table = np.zeros((len(made.form_of), len(LABELS)), dtype=np.float32)
            for number, label in enumerate(LABELS):
                if label in known:
                    table[:, number] = [tagger.marginal(label, at) for at in range(len(table))]
            found.add(narrative, made, table)
    return found


def main() -> int:
    """Exit status 0 with both figures printed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--epochs", type=int, default=None)
    arguments = parser.parse_args()
    limit_threads(1)
    narratives = gold.read_all()
    kinds = gold.kinds(narratives)
    held_kinds = set(kinds[::5])
    training = [one for one in narratives if one.kind not in held_kinds][:: arguments.every]
    held = [one for one in narratives if one.kind in held_kinds]
    print(f"{len(training)} narratives\nCRF\n{crf(training, held, arguments.rounds).summary()}", flush=True)
    fitted = fit(training, names.load(), plan.schedule(arguments.epochs), print, plan.layout)
    print(f"network\n{evidence([fitted], held).summary()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
