"""Spoils text the way people and machines do: case, punctuation, typing slips, scanning errors, initials."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any, Final

from training.tagger.gold import OUTSIDE, Segment
from training.tagger.rename import misspell

_RUN: Final = re.compile(r"[^\W\d_]+")
_MARKS: Final = re.compile(r"[.,;:!?'’\"“”()-]")
_SCANNED: Final = {"l": "1", "o": "0", "i": "l", "e": "c", "m": "rn", "O": "0", "I": "l", "S": "5", "B": "8"}
_CODES: Final = frozenset({"PERSON", "PLACE", "SCHOOL", OUTSIDE})
"""Labels whose text may lose marks; a reference without its marks would be another reference."""

Segments = tuple[Segment, ...]


def _each(segments: Segments, change: Callable[[str], str]) -> Segments:
    return tuple((change(text), label) for text, label in segments)


def lower(segments: Segments, _: random.Random) -> Segments:
    """Everything typed without the shift key."""
    return _each(segments, str.lower)


def upper(segments: Segments, _: random.Random) -> Segments:
    """Caps lock."""
    return tuple((text.upper() if label != "URL" else text, label) for text, label in segments)


def uncapitalise(segments: Segments, rng: random.Random) -> Segments:
    """Half of the capital initials gone, as on a telephone."""
    return _each(
        segments, lambda text: _RUN.sub(lambda m: m.group().lower() if rng.random() < 0.5 else m.group(), text)
    )


def unpunctuate(segments: Segments, rng: random.Random) -> Segments:
    """Marks dropped outside codes, all of them or two in three."""
    share = rng.choice((0.65, 1.0))
    return tuple(
        (_MARKS.sub(lambda m: "" if rng.random() < share else m.group(), text) or " ", label)
        if label in _CODES
        else (text, label)
        for text, label in segments
    )


def slip(segments: Segments, rng: random.Random) -> Segments:
    """One word in 25 misspelt."""
    return _each(
        segments,
        lambda text: _RUN.sub(
            lambda m: misspell(m.group(), rng) if len(m.group()) > 3 and rng.random() < 0.04 else m.group(), text
        ),
    )


def scan(segments: Segments, rng: random.Random) -> Segments:
    """Letters misread in one place of 60, as after a scanner."""
    return _each(
        segments, lambda text: "".join(_SCANNED.get(c, c) if rng.random() < 0.016 else c for c in text) or text
    )


def unwrap(segments: Segments, _: random.Random) -> Segments:
    """Line breaks become blanks."""
    return _each(segments, lambda text: text.replace("\n", " "))


_NOISE: Final[tuple[tuple[float, Callable[[Segments, random.Random], Segments]], ...]] = (
    (0.10, lower),
    (0.05, upper),
    (0.06, uncapitalise),
    (0.07, unpunctuate),
    (0.10, slip),
    (0.04, scan),
    (0.04, unwrap),
)
"""Share of the documents that each kind of damage meets, independently."""


def spoil(segments: Segments, rng: random.Random) -> Segments:
    """Applies each kind of damage with its probability."""
    for share, change in _NOISE:
        if rng.random() < share:
            segments = change(segments, rng)
    return segments


def abbreviate(segments: Segments, rng: random.Random, ordinary: list[str]) -> Segments:
    """A few people turn into initials, into a forename with an initial, or into a nickname that is a word."""
    out: list[Segment] = []
    for text, label in segments:
        if label == "PERSON" and rng.random() < 0.06:
            out.append((_short_form(text, rng, ordinary), label))
        else:
            out.append((text, label))
    return tuple(out)


def _short_form(text: str, rng: random.Random, ordinary: list[str]) -> str:
    words: list[str] = _RUN.findall(text)
    if len(words) == 2 and min(map(len, words)) > 1:
        first, last = words
        a, b = first[0].upper(), last[0].upper()
        return rng.choice((f"{a}{b}", f"{a}.{b}.", f"{a} {b}", f"{a}. {last}", f"{first} {b}", f"{last}, {a}"))
    if len(words) == 1 and len(words[0]) > 2:
        chance = rng.random()
        if chance < 0.4:
            return words[0][0].upper()
        if chance < 0.6:
            return words[0][0].upper() + rng.choice("ABCDEFGHJKLMNPRSTW")
        nickname = rng.choice(ordinary)
        return nickname.capitalize() if words[0][0].isupper() else nickname
    return text


def thin(record: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """Some records are empty, some lack fields: the tagger must also find people whom no record names."""
    chance = rng.random()
    if chance < 0.08:
        return {"school": {}, "referrer": {}, "learners": []}
    if chance > 0.35:
        return record
    return {
        "school": record["school"] if rng.random() < 0.6 else {},
        "referrer": record["referrer"] if rng.random() < 0.6 else {},
        "learners": [_thin_learner(learner, rng) for learner in record["learners"] if rng.random() < 0.85],
    }


def _thin_learner(learner: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    kept = {key: value for key, value in learner.items() if rng.random() < 0.7}
    kept["contacts"] = [contact for contact in learner.get("contacts") or () if rng.random() < 0.6]
    return kept
