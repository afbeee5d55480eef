"""How sure the tagger must be of a word, by what kind of word it is.

Measured on kinds of narratives that neither the tagger nor the lexicon had seen: each constant lies where some eight
words covered for nothing buy one identifier, or saves more than that.
"""

from __future__ import annotations

from services.redaction.domain.dates import MONTHS
from services.redaction.domain.document import Document
from services.redaction.domain.lexicon import FREQUENT, NAME, ORDINARY, PROPER, SAFE_PROPER, SHAPE, Lexicon
from services.redaction.domain.signals import DATE_WORDS, TITLES, WORDY_TITLES
from services.redaction.domain.words import word_set

NEEDED_DAY = 0.995
"""Certainty that a date needs which neither a cue nor the record makes a birth: incident dates stay in the text."""

NEEDED_PLAIN = 0.7
"""Certainty that a lower-case word of everyday notes needs."""

NEEDED_EDGE = 0.9
"""Certainty that a small word at the edge of a name or number needs to be part of it."""

NEEDED_EDGE_EVERYDAY = 0.08
"""The same for any other word of everyday notes: "Wisbech for farm work"."""

SMALL = word_set("on at in to from of by is was and or with for a an as re i he she they we it his her my our")
"""Words that stand beside identifiers and seldom in them."""

NEEDED_HEADING = 0.15
"""Certainty that a word of everyday notes needs with a capital in mid-sentence."""

INITIALS = 3
"""Capitals up to which a word may be somebody's initials wherever it stands."""

NEEDED_OPENING = 0.6
"""The same for one that opens a sentence, a line or a field, where a capital says nothing."""

NEEDED_LOWER = 0.97
"""Certainty that an ordinary word in lower case needs where the writer gives names their capitals: "takes no joy"."""

NEEDED_LOWER_RARE = 0.7
"""The same for an ordinary word that notes seldom use and that is nobody's name."""

NEEDED_ORDINARY_OPENING = 0.2
"""Certainty that such a word needs with a capital where it opens a sentence or a field: "Restraint complaint"."""

NEEDED_SAFE = 0.6
"""Certainty that a month, a country or a faith needs."""

NEEDED_SHAPE = 0.2
"""Certainty that a number or code in a safe shape needs: year groups, times, amounts."""

NEEDED_TYPO = 0.1
"""Certainty below which an unknown lower-case word one slip away from an everyday one is a slip of the pen."""

NEEDED_SLIP = 0.13
"""Certainty that an ordinary lower-case word, or a slip of one, needs to be taken for a name by the tagger alone."""

PARENTS = word_set("mum mums dad dads mummy daddy nan nanny grandad grandma")
"""Kinship words that stand for somebody without naming them."""

TWO_SLIPS_FROM = 8
"""Letters of a word from which two do."""

TYPO_FROM = 4
"""Letters of a word from which one slip still points at one word."""


HINTED = 0.05
"""Certainty below which no word is looked at again."""

HINT_CAPITAL = 0.05
HINT_NAME_LOWER = 0.05
HINT_LOWER = 0.1
"""Certainty from which a word that is none of everyday notes goes: with a capital in mid-sentence; one that is a name
as well, or another, in lower case where the writer is not careful with capitals. Each costs some seven words for a name
on kinds not trained on."""


NEVER = 2.0
"""More certainty than there is: what everybody knows stays."""


def needed_at(document: Document, i: int, days: set[int], lexicon: Lexicon) -> float:
    """Certainty from which the token at `i` goes as part of a span; `days` are tokens of dates that are no birth."""
    flags = document.flags[i]
    if i in days:
        return NEEDED_DAY
    if i in document.known:
        return NEVER
    word = document.words[i]
    before = document.lowers[i - 1] if i else ""
    if before in TITLES and before not in WORDY_TITLES and document.gaps[i] in (" ", ". "):
        return 0.0
    if word in ("Y", "N") and document.gaps[i].strip()[-1:] in ("?", ":"):
        return NEEDED_LOWER
    if flags & SAFE_PROPER:
        return NEEDED_DAY if before in DATE_WORDS and document.lowers[i] in MONTHS else NEEDED_SAFE
    if flags & ORDINARY and document.careful and word.islower() and before not in TITLES:
        return NEEDED_LOWER if flags & (NAME | FREQUENT) else NEEDED_LOWER_RARE
    if flags & SHAPE:
        return NEEDED_SHAPE
    if flags & FREQUENT and not flags & NAME:
        return _needed_everyday(document, i, word)
    return _needed_rare(document, i, lexicon)


def _needed_rare(document: Document, i: int, lexicon: Lexicon) -> float:
    """Certainty that a word needs which is none of everyday notes."""
    flags, word = document.flags[i], document.words[i]
    if document.lowers[i].removesuffix("'s") in PARENTS:
        return NEEDED_PLAIN
    if word.islower() and not flags & (NAME | PROPER):
        slip = not flags and (document.certainty or [])[i] < NEEDED_SLIP and is_slip(document, i, lexicon)
        return NEEDED_SLIP if flags & ORDINARY or slip else 0.0
    return NEEDED_ORDINARY_OPENING if document.initial[i] and flags & ORDINARY and not flags & NAME else 0.0


def _needed_everyday(document: Document, i: int, word: str) -> float:
    """Certainty that a word of everyday notes needs."""
    if "'" in word[1:-2]:
        return NEEDED_LOWER
    if not word[0].isupper():
        return NEEDED_PLAIN
    if word.isupper() and len(word) <= INITIALS and not document.shouting:
        return NEEDED_HEADING
    return NEEDED_OPENING if document.initial[i] else NEEDED_HEADING


def hint_at(document: Document, i: int) -> float:
    """Certainty from which the token at `i` goes although the tagger's own threshold is higher."""
    flags, word = document.flags[i], document.words[i]
    if not flags & ORDINARY or flags & (SAFE_PROPER | SHAPE) or not word[0].isalpha() or "'" in word[1:-2]:
        return NEVER
    if document.careful:
        return NEVER if flags & FREQUENT or document.initial[i] or not word[0].isupper() else HINT_CAPITAL
    if not word.islower() or flags & FREQUENT:
        return NEVER
    return HINT_NAME_LOWER if flags & NAME else HINT_LOWER


def is_loose(document: Document, i: int) -> bool:
    """Whether a word at the edge of a tagger's span is none of it."""
    certainty = (document.certainty or [])[i]
    if document.words[i] in SMALL:
        return certainty < NEEDED_EDGE
    return certainty < NEEDED_EDGE_EVERYDAY and document.flags[i] & (FREQUENT | NAME) == FREQUENT


def is_slip(document: Document, i: int, lexicon: Lexicon) -> bool:
    """Whether an unknown lower-case word is an everyday one with a slip of the pen, or two run together."""
    lower = document.lowers[i]
    if document.words[i] != lower or document.flags[i] & (ORDINARY | SAFE_PROPER) or len(lower) < TYPO_FROM:
        return False
    if any(lower[:at] in lexicon.frequent and lower[at:] in lexicon.frequent for at in range(3, len(lower) - 2)):
        return True
    if document.flags[i] & PROPER and not document.careful:
        return False
    slips = 2 if len(lower) >= TWO_SLIPS_FROM else 1
    return lexicon.is_slip(lower, slips)
