"""Default-deny: a word that no list vouches for goes."""

from __future__ import annotations

from services.redaction.domain.document import Document
from services.redaction.domain.finding import Finding, Label
from services.redaction.domain.lexicon import PROPER
from services.redaction.domain.network import public_links
from services.redaction.domain.words import word_set

PLACE_BEFORE = word_set("in at from near to around outside towards via through into")
"""Words after which an unknown capitalised word is taken for a place, for the label alone."""


def find(document: Document) -> list[Finding]:
    """Every token of letters that is unknown, or known as a proper name only."""
    found = []
    public = public_links(document)
    for i in document.unsafe:
        flags = document.flags[i]
        word = document.words[i]
        if not word[0].isalpha() and not any(c.isalpha() for c in word):
            continue
        if public and any(start <= document.starts[i] < end for start, end in public):
            continue
        before = document.lowers[i - 1] if i else ""
        label: Label = "PLACE" if before in PLACE_BEFORE and document.capital(i) else "PERSON"
        reason = "known as a name only" if flags & PROPER else "unknown word"
        found.append(Finding(document.starts[i], document.ends[i], label, "lexicon", reason))
    return found
