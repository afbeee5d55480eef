"""One narrative, normalised and split into tokens once for every recogniser."""

from __future__ import annotations

import re
from dataclasses import dataclass

from services.redaction.domain.lexicon import ORDINARY, Lexicon
from services.redaction.domain.normalise import Normalised, normalise

TOKEN = re.compile(r"\w+(?:'\w+)*")
"""A run of letters, digits and underscores, with inner apostrophes."""

SENTENCE_END = frozenset(".!?:\n\"'([|;*>-]")
"""Signs after which a capital says nothing."""

MOSTLY = 0.6
"""Share of a document's words from which one case counts as its habit."""


@dataclass(slots=True)
class Document:
    """Parallel lists, one entry a token; offsets are into `text`, the normalised narrative."""

    source: Normalised
    text: str
    words: list[str]
    lowers: list[str]
    starts: list[int]
    ends: list[int]
    flags: list[int]
    initial: list[bool]
    shouting: bool
    whispering: bool
    certainty: list[float] | None = None
    """Per token, how sure the tagger is that it identifies somebody (0 to 1); None until it has read the text."""

    def gap(self, index: int) -> str:
        """What stands between a token and the one before it."""
        return self.text[self.ends[index - 1] if index else 0 : self.starts[index]]

    def capital(self, index: int) -> bool:
        """Whether a token starts with a capital that its document does not give to every word."""
        return not self.shouting and self.words[index][0].isupper()


def _initial(text: str, starts: list[int], ends: list[int]) -> list[bool]:
    """Whether each token opens a sentence, a line, a quotation or a field, where a capital says nothing."""
    answer = []
    before = 0
    for start, end in zip(starts, ends, strict=True):
        gap = text[before:start].strip(" \t")
        answer.append(not before or (bool(gap) and gap[-1] in SENTENCE_END) or "\n" in text[before:start])
        before = end
    return answer


def read(narrative: str, lexicon: Lexicon) -> Document:
    """Normalise and split `narrative`; linear in its length."""
    source = normalise(narrative)
    text = source.text
    matches = list(TOKEN.finditer(text))
    words = [m.group() for m in matches]
    lowers = [word.lower() for word in words]
    starts = [m.start() for m in matches]
    ends = [m.end() for m in matches]
    flags = [lexicon.flags(lower) for lower in lowers]
    plain = [w for w, f in zip(words, flags, strict=True) if f & ORDINARY and len(w) > 2]
    upper = sum(w.isupper() for w in plain)
    lower = sum(w.islower() for w in plain)
    return Document(
        source=source,
        text=text,
        words=words,
        lowers=lowers,
        starts=starts,
        ends=ends,
        flags=flags,
        initial=_initial(text, starts, ends),
        shouting=bool(plain) and upper > MOSTLY * len(plain),
        whispering=bool(plain) and lower == len(plain),
    )
