"""E-mail addresses, links and user names, found from the signs that hold them together."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from services.redaction.domain.document import Document
from services.redaction.domain.finding import Finding, Label
from services.redaction.domain.words import word_set

GLUE = re.compile(r"[._](?=\w)")
"""A dot or underscore with no space after it, inside what may be an address or a user name."""

LINK = re.compile(r"(?:https?|hxxps?)\s?:?\s?//\s?[^\s<>\"|)]{2,}|\bwww\.[^\s<>\"|)]{3,}", re.IGNORECASE)
SITE = re.compile(
    r"(?:https?://)?(?:[\w-]{1,40}\.){1,4}(?:org|gov|co|police|nhs|com|net|uk)(?:\.uk)?(?:/[^\s<>\"|),]*)?"
)
PATH = re.compile(r"[:/][^\s<>\"|),]*")
TAG = re.compile(r"(?<![\w&/#])#(?:[A-Z0-9]{6,12}\b|\w*\d\w*|(?=\w*(?:for|4|rip|justice))\w{6,})")
ADDRESSED = re.compile(r"(?<![\w.])@[\w](?:[\w.]{0,40}\w)?_*")
NUMBERED = re.compile(r"[\w.]{2,32}#\d{3,6}\b")
COMMUNITY = re.compile(r"(?<![\w/])/?[ur]/[\w-]{3,30}")
OBFUSCATED = re.compile(
    r"[\w.+-]{2,40}\s{0,2}[(\[{]\s?at\s?[)\]}]\s{0,2}[\w-]+(?:\s{0,2}(?:[(\[{]\s?dot\s?[)\]}]|\bdot\b|\.)\s{0,2}[\w-]+){0,4}",
    re.IGNORECASE,
)
SPOKEN_MAIL = re.compile(
    r"[\w.+-]{2,40}(?: dot [\w-]{1,30}){0,3} at [\w-]{2,40}(?: dot [\w-]{2,20}){1,3}\b", re.IGNORECASE
)

TOP_LEVEL = word_set(
    """com uk org net io gg tv app link info ly me example test invalid eu de pl ru ro ie fr es it pt co edu gov
    school"""
)
"""Last labels of web addresses met in notes, and the reserved ones."""

PUBLIC_SITES = word_set(
    """saferinternet ceop nspcc gov childline iwf thinkuknow internetmatters kooth papyrus-uk samaritans police
    kelsi kscmp barnardos ncb lgfl swgfl reportharmfulcontent stopitnow kent nhs 111 bbc"""
)
"""Sites of public bodies: advice, not identity."""

BRANDS = word_set("character.ai musical.ly ask.fm chat.gpt")
"""Services that are spelled with a dot."""

FILES = word_set(
    """pdf docx doc xlsx xls csv jpg jpeg png gif mp4 mp3 heic txt zip eml msg html xml json ical ics pptx"""
)
"""Endings of file names; the name before them goes only where another layer says so."""

SHORT_DOTTED = re.compile(
    r"(?:[A-Za-z]\.){1,4}[A-Za-z]?|[\d.,:-]+|(?:p|pp|s|v|no|vs|fig|para|ch|sect?|art)\.?\d[\d.]*|[\d.]+[a-z]{1,3}",
    re.IGNORECASE,
)
"""Abbreviations, numbers, times and section marks: dots that make no user name."""

MAIL_SIGNS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-%'")
MAIL_LIMIT = 255
"""The longest address that mail allows; more is not one."""


def find(document: Document) -> Iterator[Finding]:
    """Addresses and user names; overlaps are left to the merge."""
    text = document.text
    if "@" in text:
        yield from _mail(text)
        yield from _matches(ADDRESSED, text, "HANDLE", "user name after @")
    if "(at)" in text.lower() or "[at]" in text or "{at}" in text:
        yield from _matches(OBFUSCATED, text, "EMAIL", "e-mail address in words")
    if " dot " in text.lower():
        yield from _matches(SPOKEN_MAIL, text, "EMAIL", "e-mail address in words")
    if "//" in text or "www." in text.lower():
        for m in LINK.finditer(text):
            if not _is_public(m.group()):
                yield Finding(m.start(), m.end(), "URL", "structured", "link")
    if "#" in text:
        yield from _matches(TAG, text, "HANDLE", "tag with a number")
        yield from _matches(NUMBERED, text, "HANDLE", "user name with its number")
    if "u/" in text or "r/" in text:
        yield from _matches(COMMUNITY, text, "HANDLE", "user name of a forum")
    yield from _glued(document)


def _matches(pattern: re.Pattern[str], text: str, label: Label, reason: str) -> Iterator[Finding]:
    for m in pattern.finditer(text):
        yield Finding(m.start(), m.end(), label, "structured", reason)


def _mail(text: str) -> Iterator[Finding]:
    at = text.find("@")
    while at >= 0:
        start, end = at, at + 1
        while start and text[start - 1] in MAIL_SIGNS and at - start < MAIL_LIMIT:
            start -= 1
        while end < len(text) and text[end] in MAIL_SIGNS and end - at < MAIL_LIMIT:
            end += 1
        if start < at and "." in text[at:end]:
            yield Finding(start, end, "EMAIL", "structured", "e-mail address")
        at = text.find("@", end)


def _is_public(address: str) -> bool:
    """Whether a link leads to a public body's site and to no page of a person's."""
    labels = re.findall(r"[\w-]+", address.lower())
    return any(label in PUBLIC_SITES for label in labels) and "user" not in labels


def public_links(document: Document) -> list[tuple[int, int]]:
    """Where the addresses of public bodies' sites stand: "www.saferinternet.org.uk"."""
    if document.public is None:
        text = document.text
        possible = any(ending in text for ending in (".org", ".gov", ".co.uk", ".police", ".com", ".net"))
        document.public = [m.span() for m in SITE.finditer(text) if _is_public(m.group())] if possible else []
    return document.public


def _glued(document: Document) -> Iterator[Finding]:
    """Words joined by dots or underscores: web addresses and user names."""
    done = 0
    for m in GLUE.finditer(document.text):
        if m.start() < done or not document.text[m.start() - 1 : m.start()].isalnum():
            continue
        first = last = bisect_right(document.starts, m.start() - 1) - 1
        while (
            first
            and document.gaps[first] in (".", "..", "-")
            and document.starts[last] - document.starts[first] < MAIL_LIMIT
        ):
            first -= 1
        while (
            last + 1 < len(document.words) and document.gaps[last + 1] in (".", "..", "-") and last - first < MAIL_LIMIT
        ):
            last += 1
        start, end = document.starts[first], document.ends[last]
        done = end
        found = _classify(document.text, start, end)
        if found is not None:
            done = found.end
            yield found


def _classify(text: str, start: int, end: int) -> Finding | None:
    chunk = text[start:end]
    labels = chunk.lower().split(".")
    if (
        chunk.lower() in BRANDS
        or SHORT_DOTTED.fullmatch(chunk)
        or labels[-1] in FILES
        or _is_sentence_end(labels, chunk)
    ):
        return None
    if len(labels) > 1 and labels[-1] in TOP_LEVEL:
        path = PATH.match(text, end)
        if _is_public(chunk):
            return None
        return Finding(start, path.end() if path else end, "URL", "structured", "web address")
    return Finding(start, end, "HANDLE", "structured", "shape of a user name")


def _is_sentence_end(labels: list[str], chunk: str) -> bool:
    """ "went home.She", "a.m.on": a full stop whose space was forgotten."""
    if "_" in chunk or any(c.isdigit() for c in chunk) or len(labels) != 2:
        return False
    _, _, after = chunk.rpartition(".")
    return after[:1].isupper() and after[1:].islower()
