"""Fuzzes normalise → redact → guard, guided by coverage of the redactor.

    make fuzz-redaction FUZZ_SECONDS=300

Seeds are the redactor's own nasty cases and the narratives of the development set. A broken promise ends the run and
leaves the input in a file of its own, which belongs into tests/unit/redaction/test_fuzzed.py once it is mended.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["services.redaction"]):
    from services.redaction.evaluation.annotated import load
    from services.redaction.evaluation.nasty import nasty
    from services.redaction.redactor import Redactor
    from tests.fuzz.redaction_case import HEAD, check, decode

DEV = Path(__file__).parents[1] / "data" / "redaction" / "dev.jsonl"


def sow(folder: Path) -> None:
    """Write the seeds: every known narrative, once with each kind of planted identifier or none."""
    narratives = [item.narrative for item in [*nasty(), *load(DEV)]]
    for number, narrative in enumerate(narratives):
        head = bytes([number % 6, number % 256, (number * 37) % 256, number % 251, number % 7, 2 * (number % 2)])
        (folder / f"{number:04d}").write_bytes(head[:HEAD] + narrative.encode())


def main() -> None:
    """Run until libFuzzer's own limits, which are its arguments."""
    redactor = Redactor.load()

    def one(data: bytes) -> None:
        check(redactor, decode(data))

    with tempfile.TemporaryDirectory() as corpus:
        sow(Path(corpus))
        atheris.Setup([*sys.argv, corpus], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
