"""`OPENBLAS_NUM_THREADS=1 python -m training.tagger.speed`: what the shipped tagger costs on one core.

Needs nothing but the run time's packages. Documents are training narratives joined and cut at 1,500 characters.
"""

from __future__ import annotations

import statistics
import sys
import time

from contracts.record import Record
from services.redaction.tagger import Tagger
from training.tagger import gold

LENGTH = 1500
ROUNDS = 5


def documents() -> list[tuple[str, Record]]:
    """About 280 documents with the record of their first narrative."""
    narratives = gold.read_all()
    out = []
    for at in range(0, len(narratives) - 2, 9):
        text = "\n\n".join(one.text for one in narratives[at : at + 3])[:LENGTH]
        out.append((text, gold.as_record(narratives[at].record)))
    return out


def main() -> int:
    """Prints milliseconds of processor time; the best of some rounds for each document."""
    began = time.perf_counter()
    tagger = Tagger.load()
    print(f"load {1000 * (time.perf_counter() - began):.0f} ms")
    best: list[float] = []
    for text, record in documents():
        times = []
        for _ in range(ROUNDS):
            start = time.process_time()
            tagger.tag(text, record)
            times.append(1000 * (time.process_time() - start))
        best.append(min(times))
    best.sort()
    print(
        f"{len(best)} documents of {LENGTH} characters: mean {statistics.mean(best):.2f} ms, "
        f"median {statistics.median(best):.2f} ms, p99 {best[int(0.99 * len(best))]:.2f} ms"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
