"""What a message to a school, a parent or a pupil may not say.

Used over every template and every advice block before they are ever sent. It refuses words by which a message could
name a platform or leave room for a child's or a school's name, blame or threaten anybody, put deleting before
reporting, or claim that somebody was told. Source: the alert of 8 December 2017 (002_47a665683b94fea1.txt).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

LintCode = Literal[
    "names_platform",
    "placeholder_not_allowed",
    "blames",
    "threatens",
    "deletes_before_reporting",
    "claims_report",
    "personal_data",
]


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One thing that a text may not say. `line` counts from 1; `excerpt` is the offending word of the template."""

    code: LintCode
    line: int
    excerpt: str
    message: str


ALLOWED_PLACEHOLDERS: Final = frozenset(
    {
        # of the notification
        "reference", "urgency", "urgency_words", "acknowledge_by", "respond_by", "destination", "destination_name",
        "link", "sign_in_link", "phone", "phone_fallback", "escalation_level", "attempt", "received_at", "routed_at",
        "possible_duplicate", "test", "council", "council_name", "area", "subject_line", "greeting", "language",
        "opening", "purpose", "revision", "level", "number", "by", "respond_by_in_full", "imagery_rule",
        # of a letter that a school fills in itself
        "letter_date", "contact_name", "contact_phone", "contact_email", "signatory",
    }
)  # fmt: skip
"""What a template may be filled with. None of it comes from what a school wrote about a child."""

_PLATFORMS: Final = (
    "skype", "instagram", "insta", "younow", "omegle", "oovoo", "facetime", "facebook", "messenger", "whatsapp",
    "snapchat", "snap chat", "tiktok", "tik tok", "discord", "telegram", "kik", "roblox", "minecraft", "fortnite",
    "twitch", "youtube", "twitter", "tumblr", "reddit", "pinterest", "viber", "wechat", "tellonym", "yubo",
    "houseparty", "bereal", "wizz", "monkey app", "chatroulette", "ome.tv", "onlyfans", "pornhub", "only fans",
    "steam chat", "playstation", "xbox live", "threads app", "bluesky", "mastodon", "4chan", "ask.fm",
    "musical.ly", "periscope", "imessage", "google hangouts", "microsoft teams chat", "zoom call", "character.ai",
    "chatgpt",
)  # fmt: skip
"""Apps and sites that the seeds and later alerts name, in lower case: naming one makes curious and misleads."""

_DELETING: Final = re.compile(
    r"\b(?:delet(?:e|es|ed|ing)|eras(?:e|es|ed|ing)|wip(?:e|es|ed|ing)|remov(?:e|es|ed|ing) (?:it|them|the)|"
    r"get(?:ting)? rid of)\b",
    re.IGNORECASE,
)

_REPORTING: Final = re.compile(r"\breport(?:s|ed|ing)?\b", re.IGNORECASE)

_NOT_DELETING: Final = re.compile(
    r"\b(?:do not|don't|never|without|not to|nobody|no one|rather than|instead of)\s+"
    r"(?:(?!and\b|but\b|then\b)\w+\s+){0,6}$",
    re.IGNORECASE,
)
"""What stands before a deletion that the text forbids."""

_PHRASES: Final[tuple[tuple[LintCode, str, str], ...]] = (
    (
        "blames",
        r"\b(?:(?:your|their|his|her|the child'?s|the pupil'?s|own) (?:own )?fault|to blame|brought (?:it|this) on|"
        r"should(?:n't| not| never)? have (?:known|sent|shared|posted|accepted|met|told|talked|been)|"
        r"(?:were|was|been|being) (?:foolish|stupid|careless|irresponsible|naive|silly)|"
        r"(?:foolish|stupid|silly|careless|irresponsible|naughty|promiscuous)|asked for it|"
        r"let (?:us|everyone|the school|your family) down|"
        r"ashamed of (?:yourself|themselves|your|their)|only (?:yourself|themselves) to)\b",
        "this puts blame on somebody: a child who is blamed does not come forward again",
    ),
    (
        "threatens",
        r"\b(?:will be (?:punished|prosecuted|arrested|excluded|suspended|expelled|disciplined|charged|criminalised|"
        r"convicted|reported to the police)|(?:face|faces|facing|risk|risks) (?:prosecution|arrest|exclusion|"
        r"punishment|expulsion|suspension|a criminal record|prison)|criminal record|go(?:es|ing)? to (?:prison|jail)|"
        r"sex offenders'? register|or else|consequences (?:will|for those|for anyone)|zero tolerance|"
        r"(?:has|have) committed (?:a crime|an offence)|is (?:a crime|a criminal offence) and)\b",
        "this threatens: a child who fears punishment does not come forward",
    ),
    (
        "claims_report",
        r"\b(?:we|saferoute|the council|the system|this system|this service) (?:have|has|had)?\s?(?:already |also )?"
        r"(?:reported|informed|told|notified|alerted|contacted|passed)\b[^.\n]{0,60}?"
        r"\b(?:police|ceop|iwf|internet watch foundation|authorities)\b|"
        r"\b(?:the )?(?:police|ceop|iwf|internet watch foundation) (?:have|has) (?:already )?been "
        r"(?:told|informed|notified|contacted|alerted)\b|"
        r"\b(?:has|have) been reported to (?:the )?(?:police|ceop|iwf)\b",
        "this says that somebody was told: only the school knows that, and its own duty stays",
    ),
    (
        "personal_data",
        r"\b(?:pupil|child|student|learner)(?:'s)? (?:name|named|called)\b|\bdate of birth\b|\bUPN\b|"
        r"\b[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][A-Z]{2}\b",
        "this makes room for personal data: a message carries the reference and nothing else",
    ),
)

_PLACEHOLDER: Final = re.compile(r"\{\{-?\s*([^}]*?)\s*-?\}\}|\(\(\s*([^)]*?)\s*\)\)")
"""Jinja2 `{{ name }}` and GOV.UK Notify `((name))`."""

_IDENTIFIER: Final = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*")


def lint_message(text: str, *, allowed: frozenset[str] = ALLOWED_PLACEHOLDERS) -> tuple[LintFinding, ...]:
    """Everything that `text` may not say, by line; empty for a text that may go out.

    `allowed` are the placeholders that a template of this kind may have.
    """
    findings = [
        *_placeholders(text, allowed),
        *_platforms(text),
        *_phrases(text),
        *_deletions(text),
    ]
    return tuple(sorted(findings, key=lambda finding: (finding.line, finding.code)))


def _line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _placeholders(text: str, allowed: frozenset[str]) -> Iterator[LintFinding]:
    for found in _PLACEHOLDER.finditer(text):
        written = found[1] if found[1] is not None else found[2]
        name = _IDENTIFIER.match(written)
        if name is None or name[0] not in allowed:
            yield LintFinding(
                "placeholder_not_allowed",
                _line_of(text, found.start()),
                name[0] if name else "?",
                "this placeholder is not on the list: it could be filled with a child, a school or a platform",
            )


def _platforms(text: str) -> Iterator[LintFinding]:
    for name in _PLATFORMS:
        for found in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE):
            yield LintFinding(
                "names_platform",
                _line_of(text, found.start()),
                found[0],
                "this names a platform: it makes curious and misleads; say 'an app' or 'online'",
            )


def _phrases(text: str) -> Iterator[LintFinding]:
    for code, pattern, message in _PHRASES:
        flags = re.NOFLAG if code == "personal_data" else re.IGNORECASE
        for found in re.finditer(pattern.replace(" ", r"\s+") if code != "personal_data" else pattern, text, flags):
            yield LintFinding(code, _line_of(text, found.start()), found[0], message)


def _deletions(text: str) -> Iterator[LintFinding]:
    """Deleting that no earlier sentence or clause of the same text has put after reporting."""
    first_report = _REPORTING.search(text)
    for found in _DELETING.finditer(text):
        after_report = first_report is not None and first_report.start() < found.start()
        clause = text[: found.start()]
        before_reporting = re.match(r"[^.;\n]*\b(?:before|then|and)\b[^.;\n]*\breport", text[found.end() :], re.I)
        if _NOT_DELETING.search(clause) or (after_report and not before_reporting):
            continue
        yield LintFinding(
            "deletes_before_reporting",
            _line_of(text, found.start()),
            found[0],
            "deleting comes only after reporting: say first where to report",
        )
