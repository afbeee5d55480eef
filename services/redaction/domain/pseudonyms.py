"""Stand-ins by identity: the same person, place or number has the same token however it is written."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from services.redaction.domain.dates import dates
from services.redaction.domain.document import Document
from services.redaction.domain.finding import Finding, Label
from services.redaction.domain.record import RecordIndex
from services.redaction.domain.signals import ROLES, TITLES

FORGED = re.compile(r"[\[{<]\s*[A-Z][A-Z_]{2,20}(?:_?\d{1,3})?(?::[^\]\n]{0,30})?\s*[\]}>]")
"""What a writer might type to pass for a pseudonym; its brackets become round ones."""

LETTERS = re.compile(r"[^\W\d_]+")
SEPARATORS = re.compile(r"[\W_]+")

STEM: dict[Label, str] = {
    "PERSON": "PERSON",
    "DOB": "DOB",
    "HANDLE": "HANDLE",
    "SCHOOL": "SCHOOL",
    "PLACE": "PLACE",
    "POSTCODE": "POSTCODE",
    "PHONE": "PHONE",
    "EMAIL": "EMAIL",
    "URL": "LINK",
    "IP": "IP",
    "UPN": "UPN",
    "ULN": "ULN",
    "NHS_NUMBER": "NHS_NUMBER",
    "NINO": "NINO",
    "VEHICLE_REG": "VEHICLE",
    "CASE_REF": "REFERENCE",
    "ID_OTHER": "REFERENCE",
}

SOLE = frozenset({"CHILD", "MOTHER", "FATHER", "SCHOOL", "STEPFATHER", "STEPMOTHER", "ADDRESS", "FAMILY"})
"""Stems that carry no number while only one of them occurs."""

LAST_CENTURY = 1900


@dataclass(frozen=True, slots=True)
class Replacement:
    """A finding and the token that stands in for it."""

    finding: Finding
    token: str
    kind: str


@dataclass(frozen=True, slots=True)
class Setting:
    """What turns a date into an age and an address into a district; None leaves a numbered token."""

    on: dt.date | None = None
    district: str | None = None


def assign(document: Document, index: RecordIndex, findings: Iterable[Finding], setting: Setting) -> list[Replacement]:
    """One token for each finding, numbered in document order within its kind."""
    findings = list(findings)
    keyed = _keys(document, index, findings)
    numbers: dict[tuple[str, str], int] = {}
    totals: Counter[str] = Counter()
    for kind, key in keyed:
        if (kind, key) not in numbers:
            totals[kind] += 1
            numbers[kind, key] = totals[kind]
    answer = []
    for finding, (kind, key) in zip(findings, keyed, strict=True):
        name = kind if kind in SOLE and totals[kind] == 1 else f"{kind}_{numbers[kind, key]}"
        token = f"[{name}]"
        if kind == "DOB":
            token = _age(document.text[finding.start : finding.end], name, index, setting.on)
        elif kind == "ADDRESS" and setting.district:
            token = f"[{name}: {setting.district}]"
        answer.append(Replacement(finding, token, kind))
    return answer


def forgeries(text: str) -> list[tuple[int, int]]:
    """Where the normalised text already has what looks like a pseudonym."""
    return [m.span() for m in FORGED.finditer(text)]


def _keys(document: Document, index: RecordIndex, findings: list[Finding]) -> list[tuple[str, str]]:
    """(kind, identity) of every finding; people outside the record are grouped by the words of their names."""
    kinds = {person.identity: person.kind for person in index.people}
    strangers = _strangers(document, index, findings)
    staff = {strangers[i] for i, f in enumerate(findings) if i in strangers and _is_staff(document, f)}
    keys = []
    for i, finding in enumerate(findings):
        identity = finding.identity
        if finding.label == "PERSON":
            if i in strangers:
                keys.append(("STAFF" if strangers[i] in staff else "PERSON", f"stranger:{strangers[i]}"))
            elif identity == "family":
                keys.append(_of_family(document, index, finding))
            else:
                keys.append((kinds.get(identity or "", "PERSON"), identity or ""))
        elif finding.label == "PLACE" and identity == "address":
            keys.append(("ADDRESS", "address"))
        elif finding.label == "SCHOOL" and identity:
            keys.append(("SCHOOL", identity))
        else:
            surface = SEPARATORS.sub("", document.text[finding.start : finding.end].lower())
            keys.append((STEM[finding.label], surface[-9:] if finding.label == "PHONE" else surface))
    return keys


def _strangers(document: Document, index: RecordIndex, findings: list[Finding]) -> dict[int, int]:
    """Finding number -> group, for people whom the record does not name; a shared word makes one person."""
    groups: dict[str, int] = {}
    answer: dict[int, int] = {}
    for i, finding in enumerate(findings):
        if finding.label != "PERSON" or finding.identity is not None:
            continue
        words = LETTERS.findall(document.text[finding.start : finding.end].lower())
        long = [w for w in words if len(w) > 1] or ["".join(words)]
        known = next((groups[w] for w in long if w in groups), None)
        group = len(groups) + i if known is None else known
        for word in long:
            groups.setdefault(word, group)
        answer[i] = group
    return answer


def _before(document: Document, finding: Finding) -> str:
    words = LETTERS.findall(document.text[max(0, finding.start - 24) : finding.start])
    return words[-1].lower() if words else ""


def _is_staff(document: Document, finding: Finding) -> bool:
    before = _before(document, finding)
    return before in TITLES or before in ROLES


def _of_family(document: Document, index: RecordIndex, finding: Finding) -> tuple[str, str]:
    """A surname that several share, told apart by the title before it where there is one."""
    wanted = {"mr": "FATHER", "mrs": "MOTHER", "ms": "MOTHER", "miss": "MOTHER"}.get(_before(document, finding))
    for person in index.people:
        if wanted and person.kind == wanted:
            return wanted, person.identity
    return "FAMILY", "family"


def _age(written: str, name: str, index: RecordIndex, on: dt.date | None) -> str:
    """ "[DOB: age 13]" where the day of reference and the year are known, otherwise the numbered token."""
    if on is None:
        return f"[{name}]"
    found = dates(written, [(0, len(written))], index.births)
    if not found or found[0].year < LAST_CENTURY:
        return f"[{name}]"
    born = found[0]
    age = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    return f"[{name}: age {age}]" if 0 <= age <= 120 else f"[{name}]"
