"""A pool of forenames and surnames of many origins, and a generator of names that no list holds.

Source: the person providers of Faker (MIT licence), every locale written in Latin letters.
"""

from __future__ import annotations

import importlib
import random
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

_LATIN: Final = re.compile(r"[A-Za-zÀ-ɏ]{2,15}(?:[-'][A-Za-zÀ-ɏ]{2,15})?\Z")
_FORENAMES: Final = ("first_names", "first_names_male", "first_names_female", "first_romanized_names")
_SURNAMES: Final = ("last_names", "last_names_male", "last_names_female", "last_romanized_names")
_ORDER: Final = 3
"""Letters of context of the name generator: names that sound right and are not in the lists."""


def _names_of(locale: str, attributes: Iterable[str]) -> list[str]:
    try:
        module = importlib.import_module(f"faker.providers.person.{locale}")
    except ModuleNotFoundError:
        return []
    found: dict[str, None] = {}
    for attribute in attributes:
        names = getattr(module.Provider, attribute, ())
        if not isinstance(names, Iterable):
            continue
        for name in names:
            if _LATIN.match(name) and not name.isupper():
                found[name[0].upper() + name[1:]] = None
    return list(found)


@dataclass(slots=True)
class NamePool:
    """Names by locale; drawing picks a locale first, so that no origin dominates by the length of its list."""

    forenames: dict[str, list[str]]
    surnames: dict[str, list[str]]
    _chains: dict[str, list[str]] = field(default_factory=dict)

    def forename(self, rng: random.Random) -> str:
        return self._draw(self.forenames, rng)

    def surname(self, rng: random.Random) -> str:
        return self._draw(self.surnames, rng)

    def invented(self, rng: random.Random) -> str:
        """A name of 3 to 11 letters spelt by the pool's letter statistics."""
        if not self._chains:
            self._learn()
        for _ in range(8):
            name = "^" * _ORDER
            while len(name) < _ORDER + 12:
                following = rng.choice(self._chains[name[-_ORDER:]])
                if following == "$":
                    break
                name += following
            name = name[_ORDER:]
            if 3 <= len(name) <= 11:
                return name[0].upper() + name[1:]
        return self.surname(rng)

    def _learn(self) -> None:
        chains: dict[str, list[str]] = defaultdict(list)
        for by_locale in (self.forenames, self.surnames):
            for locale in sorted(by_locale):
                for name in by_locale[locale]:
                    framed = "^" * _ORDER + name.lower() + "$"
                    for at in range(_ORDER, len(framed)):
                        chains[framed[at - _ORDER : at]].append(framed[at])
        self._chains = dict(chains)

    @staticmethod
    def _draw(by_locale: dict[str, list[str]], rng: random.Random) -> str:
        return rng.choice(by_locale[rng.choice(list(by_locale))])


def load() -> NamePool:
    """The same pool for the same version of Faker; British names count four times."""
    forenames: dict[str, list[str]] = {}
    surnames: dict[str, list[str]] = {}
    locales = importlib.import_module("faker.config").AVAILABLE_LOCALES  # only training has Faker
    for locale in sorted(locales):
        first, last = _names_of(locale, _FORENAMES), _names_of(locale, _SURNAMES)
        if len(first) >= 20:
            forenames[locale] = first
        if len(last) >= 20:
            surnames[locale] = last
    for copy in ("en_GB#2", "en_GB#3", "en_GB#4"):
        forenames[copy], surnames[copy] = forenames["en_GB"], surnames["en_GB"]
    return NamePool(forenames, surnames)
