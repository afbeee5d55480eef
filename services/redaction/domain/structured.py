"""Identifiers with a shape: numbers, codes, addresses of the network. Own patterns, each linear in the text.

A checksum only chooses the label; a mistyped identifier goes like a right one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.redaction.domain.dates import DATE, dates
from services.redaction.domain.document import Document
from services.redaction.domain.finding import Finding, Label
from services.redaction.domain.lexicon import SAFE
from services.redaction.domain.record import RecordIndex

POSTCODE_AREAS = frozenset(
    """ab al b ba bb bd bh bl bn br bs bt ca cb cf ch cm co cr ct cv cw da dd de dg dh dl dn dt dy e ec eh en ex fk fy g
    gl gu ha hd hg hp hr hs hu hx ig ip iv ka kt kw ky l la ld le ll ln ls lu m me mk ml n ne ng nn np nr nw ol ox pa pe
    ph pl po pr rg rh rm s sa se sg sk sl sm sn so sp sr ss st sw sy ta td tf tn tq tr ts tw ub w wa wc wd wf wn wr ws wv
    yo ze gy je im bx gir""".split()
)

CODES = re.compile(
    r"""(?<![A-Za-z0-9])(?:
      (?P<UPN>[A-Za-z]\s?\d{3}(?:[\s-]?[\dO]){8}(?:[\s-]?[\dA-Za-z])(?![\w]))
    | (?P<NINO>[A-Za-z]{2}[\s-]?\d{2}[\s-]?\d{2}[\s-]?(?:\d{1,2}[\s-]?[A-Za-z]|\dO[\s-]?[A-Za-z]|\d{2})(?![\w]))
    | (?P<POSTCODE>[A-Za-z]{1,2}[\dOoIl][A-Za-z\d]?[\s-]{0,2}[\dOoIl][A-Za-z]{2}(?![\w]))
    | (?P<VEHICLE_REG>[A-Za-z]{2}\s?\d\s?\d\s?[A-Za-z]{3}(?![\w]) | [A-Z]\s?\d{1,3}\s?[A-Z]{3}(?![\w]) | [A-Z]{3}\s?\d{1,3}[A-Z](?![\w]))
    | (?P<OUTWARD>[A-Z]{1,2}\d[A-Z\d]?(?:\s\d)?(?![\w])|(?:ct|me|tn|da|br)\d{1,2}(?![\w]))
    )""",
    re.VERBOSE,
)
"""Codes that open with one or two letters and then a digit."""

NUMBERS = re.compile(
    r"""(?<![\w.,£$€])(?:
      (?P<IP>\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?::\d{2,5})?(?![\w.]\d))
    | (?P<PHONE>(?:\+\s?\d{1,3}|00\d{2}|\(?[0O]\d)[\s().-]{0,3}(?:\(0\)[\s-]?)?(?:[\dO][\s().-]{0,2}){6,11}[\dO](?:\s?(?:ext|x|extension)\.?\s?\d{1,5})?(?![\w]))
    | (?P<CASE_REF>\d{2}/\d{3,7}/\d{2}(?!\d))
    | (?P<NHS_NUMBER>[\dO]{3}[\s.-]?[\dO]{3}[\s.-]?[\dO]{4}(?![\w]))
    | (?P<ULN>\d{4}[\s-]?\d{3}[\s-]?\d{3}(?![\w]))
    | (?P<LONG>\d(?:[\s-]?\d){6,24}[A-Za-z]?(?![\w]))
    | (?P<ID_OTHER>\d{2}-\d{2}-\d{2}(?![\d/-]) | \d{5,}[A-Za-z]?(?![\w.,]\d|\w))
    )""",
    re.VERBOSE,
)
"""Numbers too long, or too well grouped, to be an amount, a year or a time."""

REFERENCE = re.compile(r"(?<![\w/])(?:[A-Z]{1,8}|\d{2,10}|[A-Z]{1,5}\d{1,10})(?:[-/~][A-Z0-9]{1,12}){1,5}(?![\w/])")
"""Codes in groups: "LADO/25/0147", "EHC-0072-MH"."""

CUE = re.compile(
    r"""\b(?:cad|crime|crimes|ref|refs|reference|log|case|cris|incident|urn|number|no|nos|badge|collar|shoulder|id|code|pin|licence|license
    |passport|account|acct|a/c|sort|card|serial|imei|booking|ticket|exhibit|athena|stop|lcs|liberi|mosaic|candidate|cand|file|locker|room|plot|berth
    |pitch|bay|uci|emis|rio|pnc|ucr|claim|warrant|invoice|order|policy|tag|sia|dbs|visa|brp|report|logged\ as|niche|storm|cpoms|arbor|sims)\b
    \.?\s?(?:is|was|no|nos|num|number|ref|reference|code|id|of)?\b[.:;#\s)("]{0,4}(?P<value>\#?[A-Z]{0,5}[-\s/]?\d[\w/-]{0,20})""",
    re.VERBOSE | re.IGNORECASE,
)
"""A cue, then a short number that would pass for an ordinary one without it."""

CUE_SAFE_BEFORE = frozenset("no room bay order stop report case code".split())
ENDING = re.compile(
    r"\b(?:ending|ends|ended|last (?:two|three|four|3|4) digits)\W{1,3}(?:in |with |are |is )?(?P<value>\d{2,4})\b",
    re.IGNORECASE,
)

NUMBER_WORD = (
    r"(?:zero|nought|naught|oh|o|nil|one|two|three|four|five|six|seven|eight|nine|double|treble|triple|hundred)"
)
SPOKEN = re.compile(rf"\b{NUMBER_WORD}(?:[\s,.-]{{1,3}}{NUMBER_WORD}\b){{4,}}", re.IGNORECASE)
NATO = "(?:alpha|alfa|bravo|charlie|delta|echo|foxtrot|golf|hotel|india|juliet|juliett|kilo|lima|mike|november|oscar|papa|quebec|romeo|sierra|tango|uniform|victor|whisky|whiskey|x-ray|xray|yankee|zulu)"
PHONETIC = re.compile(
    rf"\b(?:{NATO}|{NUMBER_WORD}|\d{{1,2}})(?:[\s,-]{{1,3}}(?:for\s\w+\s)?(?:{NATO}|{NUMBER_WORD}|\d{{1,2}})\b){{2,}}",
    re.IGNORECASE,
)
IS_NATO = re.compile(rf"\b{NATO}\b", re.IGNORECASE)

LINK = re.compile(r"(?:https?|hxxps?)(?:://|:|\s)[^\s<>\"|)]{3,}|\bwww\.[^\s<>\"|)]{3,}", re.IGNORECASE)
DOMAIN = re.compile(
    r"(?<![\w@.])(?:[A-Za-z0-9-]{1,63}\.){1,4}(?:com|co\.uk|org|net|uk|io|gg|tv|app|link|info|ly|me|example|test|invalid|eu|de|pl|ru)\b(?:/[^\s<>\"|),]*)?",
)
HANDLE = re.compile(
    r"""(?<![\w@./])(?:
      @[\w][\w.]{1,40}
    | \#[A-Z0-9]{6,12}\b
    | \#[A-Za-z]*\d[\w]*
    | [\w.]{2,32}\#\d{4}\b
    | /?[ur]/[\w-]{3,30}
    | [A-Za-z0-9]+(?:[._]+[A-Za-z0-9]+){1,4}[._]*
    | _+[A-Za-z0-9][\w.]*
    )""",
    re.VERBOSE,
)
ABBREVIATION = re.compile(
    r"(?:[A-Za-z]\.){1,4}[A-Za-z]?\.?|[\d.,:]+|\w{1,2}\.\w{1,2}|[\d.]+(?:am|pm|[a-z]{1,3})|(?:e\.g|i\.e|a\.m|p\.m)\.?",
    re.IGNORECASE,
)
OBFUSCATED = re.compile(
    r"\b[\w.+-]{2,40}\s{0,2}[(\[{]\s?at\s?[)\]}]\s{0,2}[\w-]+(?:\s{0,2}(?:[(\[{]\s?dot\s?[)\]}]|\bdot\b|\.)\s{0,2}[\w-]+)*",
    re.IGNORECASE,
)
SPOKEN_MAIL = re.compile(r"\b[\w.+-]{2,40} at [\w-]{2,40}(?: dot [\w-]{2,20}){1,3}\b", re.IGNORECASE)
MAC = re.compile(r"\b[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}\b")
IPV6 = re.compile(
    r"(?<![\w:])[0-9A-Fa-f]{1,4}(?:::?[0-9A-Fa-f]{1,4}){3,7}(?![\w:])|(?<![\w:])[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){1,6}::?[0-9A-Fa-f]{1,4}(?!\w)"
)
MIXED = re.compile(r"(?=\w*\d)(?=\w*[A-Za-z])\w{5,}")
SPELLED = re.compile(r"(?<![\w'])(?:[A-Za-z](?P<sep>[ .\-_*]|\W{1,3}?)(?:[A-Za-z](?P=sep)){1,30}[A-Za-z])(?![\w'])")

MAIL_LEFT = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-%'")
MAIL_LIMIT = 255
"""The longest address that mail allows; more is not one."""


def find(document: Document, index: RecordIndex) -> list[Finding]:
    """Every structured identifier of the narrative. Overlaps are left to the merge."""
    text = document.text
    found = [Finding(s, e, label, "structured", reason) for s, e, label, reason in _network(text)]
    if any(c.isdigit() for c in text):
        found += [Finding(s, e, label, "structured", reason) for s, e, label, reason in _numeric(text)]
        found += _births(text, index)
    found += [Finding(s, e, label, "structured", reason) for s, e, label, reason in _spoken(text)]
    found += _tokens(document)
    return found


def _births(text: str, index: RecordIndex) -> Iterator[Finding]:
    for date in dates(text, index.births):
        if date.birth:
            identity = index.births.get((date.year, date.month, date.day))
            yield Finding(date.start, date.end, "DOB", "structured", "date of birth", identity)


def _network(text: str) -> Iterator[tuple[int, int, Label, str]]:
    at = text.find("@")
    while at >= 0:
        start, end = at, at + 1
        while start and text[start - 1] in MAIL_LEFT and at - start < MAIL_LIMIT:
            start -= 1
        while end < len(text) and text[end] in MAIL_LEFT and end - at < MAIL_LIMIT:
            end += 1
        if start < at and "." in text[at:end]:
            yield start, end, "EMAIL", "e-mail address"
        at = text.find("@", end)
    lower_dot = " dot " in text or "(at)" in text or "[at]" in text or " at " in text
    if lower_dot:
        for m in OBFUSCATED.finditer(text):
            yield m.start(), m.end(), "EMAIL", "e-mail address in words"
        if " dot " in text:
            for m in SPOKEN_MAIL.finditer(text):
                yield m.start(), m.end(), "EMAIL", "e-mail address in words"
    if "http" in text or "www." in text or "hxxp" in text:
        for m in LINK.finditer(text):
            yield m.start(), m.end(), "URL", "link"
    for m in DOMAIN.finditer(text):
        yield m.start(), m.end(), "URL", "web address"
    for m in HANDLE.finditer(text):
        if not ABBREVIATION.fullmatch(m.group().strip(".")):
            yield m.start(), m.end(), "HANDLE", "shape of a user name"


def _numeric(text: str) -> Iterator[tuple[int, int, Label, str]]:
    dated = [(m.start(), m.end()) for m in DATE.finditer(text)]
    for m in CODES.finditer(text):
        kind = m.lastgroup or ""
        if kind == "POSTCODE":
            area = re.match(r"[A-Za-z]+", m.group())
            if area and area.group().lower() in POSTCODE_AREAS and not _is_time(m.group()):
                yield m.start(), m.end(), "POSTCODE", "postcode"
        elif kind == "OUTWARD":
            area = re.match(r"[A-Za-z]+", m.group())
            if area and area.group().lower() in POSTCODE_AREAS and len(area.group()) == 2:
                yield m.start(), m.end(), "POSTCODE", "first half of a postcode"
        elif kind == "UPN":
            yield m.start(), m.end(), "UPN", "pupil number"
        elif kind == "NINO":
            yield m.start(), m.end(), "NINO", "National Insurance number"
        else:
            yield m.start(), m.end(), "VEHICLE_REG", "vehicle registration"
    for m in NUMBERS.finditer(text):
        if any(s <= m.start() and m.end() <= e for s, e in dated):
            continue
        yield m.start(), m.end(), _number_label(m.lastgroup or ""), "number of identifying length"
    for m in REFERENCE.finditer(text):
        digits = sum(c.isdigit() for c in m.group())
        if digits >= 3 and not any(s < m.end() and m.start() < e for s, e in dated) and not _is_range(m.group()):
            yield m.start(), m.end(), "CASE_REF", "reference in groups"
    for m in CUE.finditer(text):
        value = m.group("value")
        digits = sum(c.isdigit() for c in value)
        start = m.start("value")
        if digits >= 3 and not any(s <= start < e for s, e in dated):
            yield start, m.end("value"), "CASE_REF", "number after its cue"
    for m in ENDING.finditer(text):
        yield m.start("value"), m.end("value"), "PHONE", "last digits of a number"
    for m in MAC.finditer(text):
        yield m.start(), m.end(), "ID_OTHER", "hardware address"
    if "::" in text or text.count(":") > 4:
        for m in IPV6.finditer(text):
            if re.search(r"[A-Fa-f]|::", m.group()):
                yield m.start(), m.end(), "IP", "network address"


def _number_label(kind: str) -> Label:
    match kind:
        case "IP":
            return "IP"
        case "PHONE":
            return "PHONE"
        case "NHS_NUMBER":
            return "NHS_NUMBER"
        case "ULN":
            return "ULN"
        case "CASE_REF":
            return "CASE_REF"
        case _:
            return "ID_OTHER"


def _is_time(value: str) -> bool:
    """ "at 3 2pm": words and hours that have a postcode's shape."""
    return value[-2:].lower() in ("am", "pm", "st", "nd", "rd", "th")


def _is_range(value: str) -> bool:
    """ "2023-24", "10-11", "24/7": years and counts, not references."""
    return bool(re.fullmatch(r"\d{1,4}[-/]\d{1,4}", value)) or bool(
        re.fullmatch(r"(?:19|20)\d\d(?:[-/]\d\d){1,2}", value)
    )


def _spoken(text: str) -> Iterator[tuple[int, int, Label, str]]:
    for m in SPOKEN.finditer(text):
        yield m.start(), m.end(), "PHONE", "number in words"
    for m in PHONETIC.finditer(text):
        if IS_NATO.search(m.group()):
            yield m.start(), m.end(), "ID_OTHER", "code in spelling words"
    for m in SPELLED.finditer(text):
        letters = [c for c in m.group() if c.isalpha()]
        if len(letters) >= 3:
            yield m.start(), m.end(), "PERSON", "spelled-out letters"


def _tokens(document: Document) -> Iterator[Finding]:
    """Runs of letters and digits that no safe shape explains."""
    for i, flags in enumerate(document.flags):
        if flags & SAFE:
            continue
        word = document.words[i]
        if word.isalpha() or word.isdigit():
            continue
        digits = sum(c.isdigit() for c in word)
        if digits:
            label: Label = "ID_OTHER" if digits >= 4 or word.isupper() else "HANDLE"
            yield Finding(document.starts[i], document.ends[i], label, "structured", "letters and digits mixed")
        elif "_" in word.strip("_"):
            yield Finding(document.starts[i], document.ends[i], "HANDLE", "structured", "shape of a user name")
