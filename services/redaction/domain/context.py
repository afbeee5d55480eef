"""Names that only their surroundings give away: after titles and kinship, before speech, in form fields and chats."""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.redaction.domain.document import Document
from services.redaction.domain.finding import Finding
from services.redaction.domain.lexicon import FREQUENT, NAME, ORDINARY, SAFE_PROPER, SHAPE
from services.redaction.domain.signals import CALLING, DATE_WORDS, KIN, PRONOUNS, SPEECH, TITLES, WORDY_TITLES
from services.redaction.domain.words import word_set

SPEAKER = re.compile(r"^[ \t>*•\-\[\]\d:./,()]{0,28}(?P<name>[^\W\d_][^\n:\t]{0,30}?)\s?:(?=\s)", re.MULTILINE)
"""The speaker of a line of a chat log or of minutes."""

SPEAKER_LINES = 2
"""A speaker's name must open this many lines; forms have each field once."""

MAX_NAME = 3
"""Words of a name that are taken after a title."""


QUOTED = "a capitalised word alone in quotation marks"
"""The reason of a nickname's finding; it stands whatever the tagger says."""

SIGNED = "initials that are said to be some"
"""The reason of what stands after "initialled", or alone in quotation marks; it stands as well."""

QUOTES = frozenset("\"'")

LETTER = re.compile(r"(?<=[\s(])(['\"])(?P<letter>[A-Z])(?: x{1,4})?\1(?!\w)")
""" "Signed 'K xx'", "'B' beside it": one capital alone in quotation marks, perhaps with kisses."""

INITIALLED = word_set("initialled initialed initials sgd countersigned")
"""Words after which capitals are initials even where they are an abbreviation elsewhere."""

MAX_INITIALS = 3
"""Capitals of somebody's initials."""


def find(document: Document) -> list[Finding]:
    """Ordinary words used as names, and initials; ordered by rule, not by position."""
    return [
        *_announced(document), *_capitals(document), *_initials(document), *_signed(document), *_quoted(document),
        *_speakers(document)
    ]  # fmt: skip


def _finding(document: Document, first: int, last: int, reason: str) -> Finding:
    return Finding(document.starts[first], document.ends[last], "PERSON", "context", reason)


def _may_be_name(document: Document, i: int) -> bool:
    """Whether the word after a title or kinship word can be its name."""
    flags = document.flags[i]
    word = document.words[i]
    if flags & SHAPE or not word[0].isalpha():
        return False
    if document.capital(i) and not document.initial[i]:
        return not flags & SAFE_PROPER and document.lowers[i] not in PRONOUNS
    return not flags & ORDINARY or (bool(flags & NAME) and not flags & FREQUENT)


ANNOUNCING = TITLES | KIN | CALLING
"""Words after which a name is expected."""


def _announced(document: Document) -> Iterator[Finding]:
    lowers = document.lowers
    for i in [i + 1 for i, lower in enumerate(lowers[:-1]) if lower in ANNOUNCING]:
        before = lowers[i - 1]
        gap = document.gaps[i]
        if gap.strip(" .\"'(") or "\n" in gap:
            continue
        if not _may_be_name(document, i):
            continue
        if before in TITLES and before in WORDY_TITLES and not document.capital(i - 1) and not document.capital(i):
            continue
        if before in KIN and before not in TITLES and document.flags[i] & FREQUENT and not document.flags[i] & NAME:
            continue
        last = i
        while last + 1 < len(lowers) and last - i + 1 < MAX_NAME and _continues(document, last + 1):
            last += 1
        yield _finding(document, i, last, "after a title, kinship or naming word")


def _continues(document: Document, i: int) -> bool:
    """Whether a name goes on: a further capital with nothing but a space or hyphen between."""
    if (
        (document.gaps[i] not in (" ", "-") and not (document.gaps[i] == ". " and len(document.words[i - 1]) == 1))
        or not document.capital(i)
        or document.words[i].isdigit()
    ):
        return False
    flags = document.flags[i]
    return not flags & (SAFE_PROPER | SHAPE) and (bool(flags & NAME) or not flags & FREQUENT)


def _capitals(document: Document) -> Iterator[Finding]:
    """Words that are names as well, with a capital: in mid-sentence, or before a verb of speech or action."""
    if document.shouting:
        return
    for i in document.capitals:
        flags = document.flags[i]
        if not flags & NAME:
            continue
        word = document.words[i]
        if word.isupper() and len(word) > 1:
            continue
        before = document.lowers[i - 1] if i else ""
        after = document.lowers[i + 1] if i + 1 < len(document.words) else ""
        if flags & SAFE_PROPER and (before in DATE_WORDS or before[:1].isdigit() or after[:1].isdigit()):
            continue
        if len(word) < 3 or document.lowers[i] in PRONOUNS:
            continue
        if document.initial[i]:
            if after in SPEECH and after not in PRONOUNS and not flags & SAFE_PROPER:
                yield _finding(document, i, i, "name before a verb")
        elif not flags & SAFE_PROPER or after in SPEECH:
            yield _finding(document, i, i, "name with a capital in mid-sentence")


def _initials(document: Document) -> Iterator[Finding]:
    """Two or three capitals that are no known abbreviation, and "J. Smith" initials."""
    if document.shouting:
        return
    for i in document.capitals:
        word = document.words[i]
        if (
            2 <= len(word) <= 3
            and word.isupper()
            and word.isalpha()
            and not document.flags[i] & (ORDINARY | SAFE_PROPER)
        ):
            yield _finding(document, i, i, "initials")


def _signed(document: Document) -> Iterator[Finding]:
    """Initials that only what stands around them tells from a word, a grade or an abbreviation."""
    if document.shouting:
        return
    for m in LETTER.finditer(document.text):
        yield Finding(m.start("letter"), m.end("letter"), "PERSON", "context", SIGNED)
    for i in document.capitals:
        word = document.words[i]
        before = document.lowers[max(0, i - 2) : i]
        if before[-1:] == ["by"]:
            before.pop()
        if len(word) > MAX_INITIALS or not word.isupper() or word in ("I", "A") or not before:
            continue
        if before[-1] in INITIALLED and document.gaps[i].strip(" :'\"(") == "":
            yield _finding(document, i, i, SIGNED)


def _quoted(document: Document) -> Iterator[Finding]:
    """Nicknames: the men are "Spanna" and "Boo". One word that notes do not use every day, in mid-sentence."""
    text = document.text
    for i in document.capitals:
        start, end = document.starts[i], document.ends[i]
        if text[end : end + 1] not in QUOTES or text[start - 1 : start] != text[end : end + 1]:
            continue
        opens = text[max(0, start - 3) : start - 1]
        word, flags = document.words[i], document.flags[i]
        everyday = flags & FREQUENT and not flags & NAME
        if everyday or flags & (SAFE_PROPER | SHAPE) or len(word) < 3 or not word.isalpha() or word.isupper():
            continue
        if opens[-1:] in (" ", "(") and opens[:1] not in SENTENCE_ENDS and i not in document.known:
            yield _finding(document, i, i, QUOTED)


SENTENCE_ENDS = frozenset(".:!?\n")
"""Signs after which a quotation is speech, whose first word has its capital anyway."""


def _speakers(document: Document) -> Iterator[Finding]:
    if document.text.count(":") < SPEAKER_LINES:
        return
    counts: dict[str, list[tuple[int, int]]] = {}
    for m in SPEAKER.finditer(document.text):
        counts.setdefault(m.group("name").lower(), []).append(m.span("name"))
    counts = {name: places for name, places in counts.items() if len(places) >= SPEAKER_LINES}
    known = document.flags_by_word()
    for name, places in counts.items():
        words = name.split()
        if len(words) > MAX_NAME or all(_is_field(w, known.get(w, 0)) for w in words):
            continue
        for start, end in places:
            yield Finding(start, end, "HANDLE", "context", "speaker of a chat or minutes")


def _is_field(word: str, flags: int) -> bool:
    """Whether a word before a colon heads a field or names a role rather than a speaker."""
    if flags & SHAPE or flags & SAFE_PROPER or len(word) == 1:
        return True
    return word in KIN or word in TITLES or (bool(flags & ORDINARY) and not flags & NAME)
