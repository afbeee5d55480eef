"""Gives every person, place and school of a narrative another name, in the text and in the record alike.

The network must not learn the training names: it has to recognise that a word *is used* as a name.
"""

from __future__ import annotations

import random
import re
from typing import Any, Final

from services.redaction.tagger.lexicon import word_set
from services.redaction.tagger.tokens import fold
from training.tagger.gold import Segment
from training.tagger.names import NamePool

_RUN: Final = re.compile(r"[^\W\d_]+")
_PLACE_KINDS: Final = word_set(
    "road street lane close avenue drive way court gardens place house flat crescent school academy primary "
    "secondary junior infant infants nursery college high grammar church england catholic of the and st saint ce rc "
    "park hill green farm cottage cottages terrace row square view walk room plot unit station club centre rec the "
    "in at near behind by s community hall estate bridge surgery library field fields wood woods pub hotel beach"
)
_NAME_PARTS: Final = word_set("de la van von der al el bin ibn o mc mac st da dos s and the")
_JOINED: Final = frozenset({"HANDLE", "EMAIL", "URL"})
INVENTED: Final = 0.15
"""Share of new names that no list holds."""
WORD_NAMES: Final = 0.10
"""Share of new names that are ordinary words (nicknames: Spanner, Coco, Summer)."""


def recase(new: str, old: str) -> str:
    """The new word in the old word's case."""
    if old.isupper() and len(old) > 1:
        return new.upper()
    return new.lower() if old.islower() else new


def misspell(word: str, rng: random.Random) -> str:
    """One edit inside the word: a letter doubled, dropped, swapped or replaced."""
    if len(word) < 3:
        return word
    at = rng.randrange(1, len(word))
    kind = rng.randrange(4)
    if kind == 0:
        return word[:at] + word[at - 1] + word[at:]
    if kind == 1:
        return word[:at] + word[at + 1 :]
    if kind == 2 and at + 1 < len(word):
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + rng.choice("aeiouyhrnstl") + word[at + 1 :]


class Renaming:
    """One document's mapping from old words to new ones; the same word always becomes the same word."""

    def __init__(self, rng: random.Random, pool: NamePool, ordinary: list[str], places: list[str]) -> None:
        self._rng = rng
        self._pool = pool
        self._ordinary = ordinary
        self._places = places
        self._new: dict[str, str] = {}
        self._letters: dict[str, str] = {}

    def _draw(self, *, surname: bool) -> str:
        chance = self._rng.random()
        if chance < INVENTED:
            return self._pool.invented(self._rng)
        if chance < INVENTED + WORD_NAMES:
            return self._rng.choice(self._ordinary).capitalize()
        return self._pool.surname(self._rng) if surname else self._pool.forename(self._rng)

    def _name(self, word: str, *, surname: bool) -> str:
        folded = fold(word)
        if folded in _NAME_PARTS:
            return word
        found = self._new.get(folded)
        if found is None:
            found = self._related(folded) or self._draw(surname=surname)
            self._new[folded] = found
            self._letters.setdefault(folded[:1], fold(found)[:1] or folded[:1])
        return recase(found, word)

    def _related(self, folded: str) -> str | None:
        """A new form for a misspelling or a short form of a word already renamed."""
        for old, new in self._new.items():
            if len(folded) >= 3 and old != folded and old.startswith(folded) and len(new) > len(folded):
                return new[: len(folded)]
            if len(folded) >= 5 and len(old) >= 5 and abs(len(old) - len(folded)) <= 1 and old[:3] == folded[:3]:
                return misspell(new, self._rng)
        return None

    def _person(self, text: str, *, upper_text: bool) -> str:
        runs = _RUN.findall(text)
        seen = 0

        def swap(match: re.Match[str]) -> str:
            nonlocal seen
            word = match.group()
            seen += 1
            short = len(word) == 1 or (len(word) <= 3 and word.isupper() and not upper_text)
            if short and fold(word) not in self._new:
                return "".join(recase(self._letters.get(fold(c), fold(c)).upper(), c) for c in word)
            return self._name(word, surname=seen > 1 and seen == len(runs))

        return _RUN.sub(swap, text)

    def _place(self, text: str) -> str:
        def swap(match: re.Match[str]) -> str:
            word = match.group()
            folded = fold(word)
            if folded in _PLACE_KINDS or len(word) < 3:
                return word
            found = self._new.get(folded)
            if found is None:
                from_places = self._rng.random() < 0.6
                found = self._rng.choice(self._places) if from_places else self._pool.surname(self._rng)
                self._new[folded] = found
            return recase(found, word)

        return _RUN.sub(swap, text)

    def _joined(self, text: str) -> str:
        """Names inside handles and addresses follow the people; other handles stay."""

        def swap(match: re.Match[str]) -> str:
            word = match.group()
            folded = fold(word)
            for old in sorted(self._new, key=len, reverse=True):
                if len(old) >= 3 and old in folded:
                    return recase(folded.replace(old, fold(self._new[old])), word)
            return word

        return _RUN.sub(swap, text)

    def record(self, record: dict[str, Any], *, places: bool) -> dict[str, Any]:
        """The record with new names. Call it first: the people of the record own their words."""
        learners = [self._learner(learner, places=places) for learner in record["learners"]]
        referrer = {**record["referrer"]}
        referrer["name"] = self._field(referrer.get("name"), last_is_surname=True)
        school = {**record["school"]}
        if places and school.get("name"):
            school["name"] = self._place(school["name"])
        referrer["email"] = self._joined(referrer.get("email") or "") or None
        return {**record, "learners": learners, "referrer": referrer, "school": school}

    def _field(self, value: str | None, *, last_is_surname: bool = False, surname: bool = False) -> str | None:
        if not value or value.casefold() in {"unknown", "not known", "n/a"}:
            return value
        runs = _RUN.findall(value)
        at = 0

        def swap(match: re.Match[str]) -> str:
            nonlocal at
            at += 1
            if len(match.group()) == 1:
                return match.group()
            return self._name(match.group(), surname=surname or (last_is_surname and at == len(runs)))

        return _RUN.sub(swap, value)

    def _learner(self, learner: dict[str, Any], *, places: bool) -> dict[str, Any]:
        out = {**learner}
        out["legal_forename"] = self._field(learner.get("legal_forename"))
        out["legal_surname"] = self._field(learner.get("legal_surname"), surname=True)
        out["preferred_forename"] = self._field(learner.get("preferred_forename"))
        out["known_as"] = [self._field(alias) for alias in learner.get("known_as") or ()]
        out["contacts"] = [
            {
                **contact,
                "forename": self._field(contact.get("forename")),
                "surname": self._field(contact.get("surname"), surname=True),
                "email": self._joined(contact.get("email") or "") or None,
            }
            for contact in learner.get("contacts") or ()
        ]
        address = learner.get("address")
        if places and address:
            out["address"] = {
                key: self._place(value) if value and key in {"line1", "line2", "town"} else value
                for key, value in address.items()
            }
        return out

    def segments(self, old: tuple[Segment, ...], *, people: bool, places: bool) -> tuple[Segment, ...]:
        """The text with new names; unlabelled text never changes."""
        upper = "".join(text for text, _ in old).isupper()
        out: list[Segment] = []
        for text, label in old:
            if label == "PERSON" and people:
                out.append((self._person(text, upper_text=upper), label))
            elif label in {"PLACE", "SCHOOL"} and places:
                out.append((self._place(text), label))
            elif label in _JOINED and people:
                out.append((self._joined(text), label))
            else:
                out.append((text, label))
        return tuple(out)
