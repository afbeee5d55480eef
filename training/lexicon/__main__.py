"""Builds services/redaction/lexicon/ from en_GB, the curated lists beside this file and annotated narratives.

Reproducible: the same inputs give the same bytes. Takes about ten seconds.
"""

from __future__ import annotations

import lzma
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from nicknames import name_triplets

from training.lexicon.hunspell import british_forms
from training.lexicon.narratives import domain_vocabulary

HERE = Path(__file__).parent
TARGET = HERE.parents[1] / "services" / "redaction" / "lexicon"
NICKNAMES = HERE / "curated" / "nicknames.txt"


def curated(name: str) -> frozenset[str]:
    """The lower-case words of one curated list; `#` starts a comment."""
    lines = (HERE / "curated" / name).read_text(encoding="utf-8").splitlines()
    return frozenset(word.lower() for line in lines for word in line.split("#")[0].split())


def vocabulary() -> frozenset[str]:
    """Every curated list of ordinary words."""
    lists = sorted(path.name for path in (HERE / "curated").glob("words-*.txt"))
    return frozenset().union(*(curated(name) for name in lists))


def phrases() -> frozenset[str]:
    """Pairs of words that name what everybody knows."""
    lines = (HERE / "curated" / "phrases.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def nickname_groups() -> dict[str, set[str]]:
    """Lower-case forename -> its short and pet forms, both ways."""
    groups: dict[str, set[str]] = {}
    for triplet in name_triplets():
        groups.setdefault(triplet.name1, set()).add(triplet.name2)
    for line in NICKNAMES.read_text(encoding="utf-8").splitlines():
        name, *short = line.split("#")[0].split()[:] or [""]
        if name:
            groups.setdefault(name, set()).update(short)
    return groups


def sections(files: Iterable[Path]) -> dict[str, frozenset[str]]:
    """The words of every section, from the dictionary, the curated lists and these annotated narratives."""
    forms = british_forms()
    domain = domain_vocabulary(files)
    names = curated("names.txt") | {name for pair in nickname_groups().items() for name in (pair[0], *pair[1])}
    ordinary = {w.lower() for w in forms.ordinary} | vocabulary() | domain
    ordinary -= curated("not-words.txt")
    capital_only = {w.lower() for w in forms.proper} - ordinary
    safe_capitals = curated("proper.txt") | curated("proper-brands.txt")
    return {
        "ordinary": frozenset(ordinary),
        "proper": frozenset(capital_only - safe_capitals),
        "safe-proper": safe_capitals,
        "names": frozenset((names & ordinary) - curated("words-agencies.txt")),
        "frequent": domain | (vocabulary() - names),
        "phrases": phrases(),
    }


def words_text(words: dict[str, frozenset[str]]) -> str:
    """The sections as one text; the same words give the same text."""
    return "".join(f"#{key}\n" + "".join(f"{w}\n" for w in sorted(words[key])) for key in words)


def nicknames_text() -> str:
    """A forename and its short forms a line."""
    groups = nickname_groups()
    return "".join(f"{name} {' '.join(sorted(groups[name]))}\n" for name in sorted(groups))


def _write(name: str, text: str) -> None:
    (TARGET / name).write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))


def build(
    narratives: Annotated[list[Path], typer.Option(help="Annotated narratives: files, or folders of *.jsonl.")],
) -> None:
    """Write words.txt.xz and nicknames.txt.xz."""
    words = sections(sorted(f for path in narratives for f in ([path] if path.is_file() else path.glob("*.jsonl"))))
    _write("words.txt.xz", words_text(words))
    _write("nicknames.txt.xz", nicknames_text())
    for key, listed in words.items():
        typer.echo(f"{key:12} {len(listed):8,}")


if __name__ == "__main__":
    typer.run(build)
