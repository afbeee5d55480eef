"""What no template may say. Read before a template is used, so that a bad one never reaches anybody."""

from __future__ import annotations

import re
from collections.abc import Iterable

FORBIDDEN: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "names an app",
        re.compile(
            r"\b(?:tik\s?tok|snap(?:chat)?|insta(?:gram)?|whats\s?app|face\s?book|messenger|discord|roblox|fortnite"
            r"|minecraft|you\s?tube|telegram|twitch|kik|omegle|yubo|wizz|tumblr|reddit|twitter|only\s?fans|be\s?real"
            r"|steam|x\.com)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "can name a person or a school",
        re.compile(r"\b(?:pupil|child|learner|school|parent|referrer|student)[_ ]?(?:name|upn|urn|address)\b", re.I),
    ),
    (
        "blames",
        re.compile(
            r"\b(?:your fault|to blame|blamed? (?:you|the)|should have known|brought (?:it|this) on|careless|foolish"
            r"|naive|asked for it)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "threatens",
        re.compile(
            r"\b(?:prosecut\w+|criminal offence|or else|disciplinary|you will be (?:arrested|punished|reported)"
            r"|breaking the law|legal action)\b",
            re.IGNORECASE,
        ),
    ),
    ("suggests deleting", re.compile(r"\b(?:delet\w+|wip(?:e|ing) (?:the|your|it)|eras(?:e|ing))\b", re.IGNORECASE)),
)
"""Kinds of wording and how they are found. Sources: the 8 December 2017 alert (no app or child is named, young people
are not blamed or made afraid of being criminalised, content is kept until it was reported)."""


def lint(source: str, fields: Iterable[str], reachable: frozenset[str]) -> tuple[str, ...]:
    """What is wrong with a template's source. `fields` are the names it uses, `reachable` those that it may."""
    faults = [f"uses {name}, which no message may show" for name in sorted(set(fields) - reachable)]
    faults += [kind for kind, pattern in FORBIDDEN if pattern.search(source)]
    return tuple(faults)
