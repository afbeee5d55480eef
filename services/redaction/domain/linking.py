"""Searches a narrative for what its record names: exact, possessive, initials, joined, leet and misspelt."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from rapidfuzz import process
from rapidfuzz.distance import OSA

from services.redaction.domain.document import Document
from services.redaction.domain.finding import Finding
from services.redaction.domain.lexicon import FREQUENT, ORDINARY, SAFE_PROPER
from services.redaction.domain.record import GENERIC, RecordIndex, Reference
from services.redaction.domain.signals import AUTHORITIES, DATE_WORDS, PRONOUNS, SPEECH, follows_kin_or_title

KNOWN = ORDINARY | SAFE_PROPER
"""Flags of a word that may stand for itself."""

LEET = str.maketrans("01345789@$", "oleasTbgas".lower())
"""Digits and signs that stand for letters in handles."""

FUZZY_FROM = 4
"""Letters a name needs before a slip of one letter is still recognisable."""

FUZZY_TWO_FROM = 7
"""Letters from which two slips are allowed."""

MIN_PHRASE = 2
"""Words that an address of plain words ("33 The Avenue") needs before the whole of it points at a home."""

INSIDE_FROM = 4
"""Letters a name needs to be looked for inside a longer run such as a handle."""


def find(document: Document, index: RecordIndex) -> list[Finding]:
    """Every mention of the record in the narrative, one finding a token or value; ordered by position."""
    found: list[Finding] = []
    names = [name for name in index.words if len(name) >= FUZZY_FROM]
    words = index.words
    met: dict[str, Reference | None] = {}
    flags = document.flags
    candidates = [
        i
        for i, lower in enumerate(document.lowers)
        if not flags[i] & KNOWN or lower in words or lower[-2:] == "'s" or (lower[-1] == "s" and lower[:-1] in words)
    ]
    for i in candidates:
        lower = document.lowers[i]
        reference = _listed(document, i, lower, index)
        if reference is None and not flags[i] & KNOWN:
            if lower not in met:
                met[lower] = _unlisted(lower, index, names)
            reference = met[lower]
        if reference is not None:
            found.append(
                Finding(
                    document.starts[i],
                    document.ends[i],
                    reference.label,
                    "record",
                    reference.reason,
                    reference.identity,
                )
            )
    found += _initials(document, index)
    found += _values(document, index)
    found += _phrases(document, index)
    return found


def _base(lower: str) -> str:
    """A token without its possessive."""
    if lower.endswith("'s") or lower.endswith("s'"):
        return lower[:-2] if lower[-1] == "s" and lower[-2] == "'" else lower[:-1]
    return lower.replace("'", "")


def _listed(document: Document, i: int, lower: str, index: RecordIndex) -> Reference | None:
    base = _base(lower) if "'" in lower else lower
    reference = index.words.get(base)
    if reference is None:
        return _family(document, i, base, index)
    plain = document.flags[i] & (ORDINARY | SAFE_PROPER)
    if plain and not _beside_own_name(document, i, index, reference) and not is_used_as_name(document, i):
        return None
    return reference


def _family(document: Document, i: int, base: str, index: RecordIndex) -> Reference | None:
    """ "The Days moved in": a family by the plural of a name of the record that is an ordinary word."""
    if not i or document.lowers[i - 1] != "the" or not base.endswith("s") or not document.capital(i):
        return None
    reference = index.words.get(base[:-1]) or index.words.get(base.removesuffix("es"))
    return reference if reference is not None and reference.label == "PERSON" else None


def _beside_own_name(document: Document, i: int, index: RecordIndex, reference: Reference) -> bool:
    """Whether a forename and a surname of one person of the record stand together: "will grace"."""
    for other in (i - 1, i + 1):
        if 0 <= other < len(document.lowers) and document.gaps[max(i, other)] in (" ", ", ", "-"):
            beside = index.words.get(_base(document.lowers[other]))
            same = beside is not None and beside.identity in (reference.identity, "family")
            if beside is not None and (same or reference.identity == "family") and beside.reason != reference.reason:
                return beside.label == reference.label == "PERSON"
    return False


def is_used_as_name(document: Document, i: int) -> bool:
    """Whether an ordinary word that is also a name of the record is used as the name here."""
    before = document.lowers[i - 1] if i else ""
    after = document.lowers[i + 1] if i + 1 < len(document.words) else ""
    flags = document.flags[i]
    if follows_kin_or_title(before):
        return True
    if document.words[i].endswith("'s") and document.capital(i):
        return True
    dated = before[:1].isdigit() or after[:1].isdigit()
    if flags & SAFE_PROPER and (before in DATE_WORDS or dated):
        return False
    if after in AUTHORITIES:
        return False
    if document.capital(i):
        if not document.initial[i]:
            return True
        return not flags & FREQUENT or (after in SPEECH and after not in PRONOUNS)
    if document.whispering or document.shouting:
        return not flags & FREQUENT or after in SPEECH
    return False


def _unlisted(lower: str, index: RecordIndex, names: list[str]) -> Reference | None:
    """A token that no list knows: joined names, names inside handles, plurals, misspellings."""
    letters = lower if lower.isalpha() else "".join(c for c in lower if c.isalpha())
    direct = index.joined.get(letters) or index.words.get(letters)
    if direct is None and len(letters) > FUZZY_FROM and letters.endswith("s"):
        direct = index.words.get(letters[:-1]) or index.words.get(letters.removesuffix("es"))
    if direct is not None:
        return direct
    spelled = lower if lower is letters else lower.translate(LEET)
    if len(spelled) > INSIDE_FROM:
        for name in names:
            if name in letters or (spelled is not lower and name in spelled):
                return index.words[name]
    return _misspelt(letters, index, names)


def _misspelt(letters: str, index: RecordIndex, names: list[str]) -> Reference | None:
    if len(letters) < FUZZY_FROM:
        return None
    near = process.extractOne(letters, names, scorer=OSA.distance, score_cutoff=2)
    if near is None:
        return None
    name, distance, _ = near
    found = index.words[name]
    allowed = 2 if min(len(name), len(letters)) >= FUZZY_TWO_FROM and found.label == "PERSON" else 1
    return Reference(found.label, found.identity, "near a word of the record") if distance <= allowed else None


def _initials(document: Document, index: RecordIndex) -> list[Finding]:
    """ "JS", "J.S.", "J S" for people of the record, where capitals mean something."""
    found: list[Finding] = []
    if document.shouting or not index.initials:
        return found
    words = document.words
    for i in document.capitals:
        word = words[i]
        if 2 <= len(word) <= 4 and word.isupper():
            reference = index.initials.get(word)
            if reference and not document.flags[i] & FREQUENT:
                found.append(_initial_finding(document, i, i, reference))
        elif len(word) == 1 and i + 1 < len(words) and len(words[i + 1]) == 1 and words[i + 1].isupper():
            reference = index.initials.get(word + words[i + 1])
            if reference and document.gaps[i + 1] in (".", " ", ". ", "-"):
                found.append(_initial_finding(document, i, i + 1, reference))
    return found


def _initial_finding(document: Document, first: int, last: int, reference: Reference) -> Finding:
    return Finding(
        document.starts[first], document.ends[last], "PERSON", "record", reference.reason, reference.identity
    )


def _values(document: Document, index: RecordIndex) -> list[Finding]:
    """Identifiers of the record, however they are spaced or punctuated."""
    found = []
    compact = "".join(document.lowers)
    offsets: list[int] | None = None
    for value, reference in index.compact.items():
        at = compact.find(value)
        while at >= 0:
            if offsets is None:
                offsets = [0, *accumulate(len(lower) for lower in document.lowers)]
            first = bisect_right(offsets, at) - 1
            last = bisect_right(offsets, at + len(value) - 1) - 1
            found.append(
                Finding(
                    document.starts[first],
                    document.ends[last],
                    reference.label,
                    "record",
                    reference.reason,
                    reference.identity,
                )
            )
            at = compact.find(value, at + len(value))
    return found


def _phrases(document: Document, index: RecordIndex) -> list[Finding]:
    """School names and address lines as they stand in the record, generic words included."""
    found = []
    lowers = document.lowers
    for words, reference in index.phrases:
        head = words[0]
        at = -1
        while head in lowers[at + 1 :]:
            at = lowers.index(head, at + 1)
            length = 1
            while length < len(words) and lowers[at + length : at + length + 1] == [words[length]]:
                length += 1
            whole = length == len(words) and length > MIN_PHRASE
            if whole or (length > 1 and any(w not in GENERIC and not w[0].isdigit() for w in words[:length])):
                found.append(
                    Finding(
                        document.starts[at],
                        document.ends[at + length - 1],
                        reference.label,
                        "record",
                        reference.reason,
                        reference.identity,
                    )
                )
    return found
