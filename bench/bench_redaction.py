"""The redactor's speed, memory and start-up, stage by stage, beside Presidio as it comes.

    python bench/bench_redaction.py [--rounds 5]

One process, one core, everything on: both Presidio engines, every layer, the leak guard. Figures are per
1,500 characters of the development set, in CPU time, best of the rounds: other work on the machine must not count.
Targets: at least 500 documents a second, p99 at most 15 ms, start-up at most 2 s, at most 400 MB,
64 KiB of hostile input at most 250 ms.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import resource
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

from contracts.record import Record
from services.redaction.adapters.presidio import Detector, PresidioEngines, Reading
from services.redaction.adapters.presidio_vanilla import VanillaPresidio
from services.redaction.domain.document import read
from services.redaction.domain.finding import ALL_LAYERS, Finding, Layer
from services.redaction.domain.guard import inspect
from services.redaction.domain.merge import merge
from services.redaction.domain.pseudonyms import Setting, assign
from services.redaction.domain.record import index_record
from services.redaction.domain.structured import read_dates
from services.redaction.domain.weighing import weigh
from services.redaction.evaluation.annotated import Annotated, load
from services.redaction.lexicon import load_lexicon
from services.redaction.redactor import Redacted, Redactor
from services.redaction.tagger import Tagger

DEV = Path(__file__).parents[1] / "tests" / "data" / "redaction" / "dev.jsonl"
UNIT = 1500
"""Characters of the document that the figures are reckoned for."""

HOSTILE = {
    "dots": "." * 65536,
    "separate letters": "a " * 32768,
    "digits": "0 7 7 " * 10922,
    "dotted words": "a." * 32768,
    "dates": "3/4/12 " * 9362,
    "names": "Jayden " * 9362,
    "handles": "@zq_1.x " * 8192,
    "plates": "AB12 3CD " * 7281,
    "speakers": "a: b\n" * 13107,
    "incidents": "cad 1 of 2/3 " * 5041,
    "letters of the world": "".join(chr(0x100 + at % 0x3000) for at in range(65536)),
}


def best(work: Callable[[], object], rounds: int) -> float:
    """CPU seconds of the fastest round."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def stages(redactor: Redactor, items: list[Annotated], rounds: int) -> dict[str, float]:
    """CPU seconds of each stage over all documents."""
    lexicon, engines = load_lexicon(), redactor._engines
    pairs = [(item.record, item.narrative) for item in items]
    documents = [read(text, lexicon) for _, text in pairs]
    indexes = [index_record(record, lexicon) for record, _ in pairs]
    both = list(zip(documents, indexes, strict=True))

    def analyse() -> list[list[object]]:
        return [list(engines.analyze(Reading(d, i, lambda: False))) for d, i in both]

    found = [list(engines.analyze(Reading(d, i, lambda: False))) for d, i in both]

    def join() -> list[object]:
        return [
            assign(d, i, merge(d, weigh(d, f, read_dates(d, i), lexicon)), Setting())
            for (d, i), f in zip(both, found, strict=True)
        ]

    replayed = PresidioEngines(_told(found))
    outcomes = [redactor.redact(record, text) for record, text in pairs]
    edits = [
        [(at.start, at.end, f"[{at.label}]") for at in o.spans] if isinstance(o, Redacted) else [] for o in outcomes
    ]
    outputs = [o.text.value if isinstance(o, Redacted) else "" for o in outcomes]
    tagger = Tagger.load()
    return {
        "normalise and split": best(lambda: [read(text, lexicon) for _, text in pairs], rounds),
        "index the record": best(lambda: [index_record(record, lexicon) for record, _ in pairs], rounds),
        "analyser, all layers": best(analyse, rounds),
        "  of it the tagger": best(lambda: [tagger.tag(d.text, i.record) for d, i in both], rounds),
        "  of it Presidio's analyser": best(
            lambda: [replayed.analyze(Reading(d, i, lambda: False)) for d, i in both], rounds
        ),
        "weigh, merge, number": best(join, rounds),
        "Presidio's anonymiser": best(
            lambda: [engines.anonymize(text, e) for (_, text), e in zip(pairs, edits, strict=True)], rounds
        ),
        "leak guard": best(
            lambda: [inspect(o, r, lambda _: True) for o, (r, _) in zip(outputs, pairs, strict=True)], rounds
        ),
    }


def _told(found: list[list[Finding]]) -> dict[Layer, Detector]:
    """Layers that say at once what the real ones found, document after document, round after round."""

    def replay(layer: Layer) -> Detector:
        own = cycle([[finding for finding in of_document if finding.layer == layer] for of_document in found])
        return lambda _document, _index: next(own)

    return {layer: replay(layer) for layer in sorted(ALL_LAYERS)}


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    start = time.process_time()
    redactor = Redactor.load()
    startup = time.process_time() - start
    memory = _peak_megabytes()
    items = load(DEV)
    units = sum(len(item.narrative) for item in items) / UNIT
    whole = best(lambda: [redactor.redact(item.record, item.narrative) for item in items], rounds)
    each = sorted(best(lambda i=item: redactor.redact(i.record, i.narrative), rounds) for item in items)  # type: ignore[misc]
    vanilla = VanillaPresidio()
    plain = best(lambda: [vanilla.spans(item.narrative) for item in items], max(2, rounds // 2))
    print(f"start-up (lists, model)     {startup:7.2f} s")
    print(f"  with Python's imports     {start + startup:7.2f} s")
    print(f"memory after start-up       {memory:7.0f} MB")
    print(f"documents a second          {units / whole:7.0f}")
    print(f"  Presidio as it comes      {units / plain:7.0f}")
    print(f"p50 / p99 of a document     {each[len(each) // 2] * 1e3:7.2f} / {each[int(len(each) * 0.99)] * 1e3:.2f} ms")
    for name, seconds in stages(redactor, items, rounds).items():
        print(f"{name:27} {seconds / units * 1e6:7.0f} µs")
    for name, text in HOSTILE.items():
        for length in (65536, 29_999):
            seconds = best(lambda t=text[:length]: redactor.redact(Record(), t), 2)  # type: ignore[misc]
            print(f"hostile: {name:18} {length:6} {seconds * 1e3:7.1f} ms")
    print(f"peak memory                 {_peak_megabytes():7.0f} MB (with Presidio as it comes)")


if __name__ == "__main__":
    main()
