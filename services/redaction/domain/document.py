"""One narrative, normalised and split into tokens once for every recogniser."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from itertools import accumulate

from services.redaction.domain.dates import Dated
from services.redaction.domain.lexicon import SAFE, Lexicon
from services.redaction.domain.normalise import Normalised, normalise

TOKEN = re.compile(r"(\w+(?:'\w+)*)")
"""A run of letters, digits and underscores, with inner apostrophes."""

PLAIN_TOKEN = re.compile(TOKEN.pattern, re.ASCII)
"""The same for a text of ASCII, where it takes a fifth less."""

DIGIT = re.compile(r"\d")

SENTENCE_END = frozenset(".!?:\n\"'([|;*>-]")
"""Signs after which a capital says nothing."""

MOSTLY = 0.6
"""Share of capitalised-throughout words from which a document shouts."""

ALL_BUT_A_FEW = 0.98
"""Share of lower-case words from which a document gives no capitals to names."""

CAREFUL = 0.9
"""Share of sentences opening with a capital from which a writer is careful with them."""

FEW = 3
"""Sentences below which nothing can be said of a writer's care."""

SHORT = 2
"""Words up to this length (initials, "I", codes) say nothing about a writer's habit."""


@dataclass(slots=True)
class Document:
    """Parallel lists, one entry a token; offsets are into `text`, the normalised narrative.

    `gaps[i]` is what stands before token i; `digits` are the numbers of the tokens with a digit in them, `capitals` of
    those that open with a capital, `unsafe` of those that no list vouches for; `at` leads from a token's
    start to its number.
    """

    source: Normalised
    text: str
    words: list[str]
    lowers: list[str]
    starts: list[int]
    ends: list[int]
    gaps: list[str]
    flags: list[int]
    initial: list[bool]
    digits: list[int]
    capitals: list[int]
    unsafe: list[int]
    at: dict[int, int]
    shouting: bool
    whispering: bool
    careful: bool
    dated: list[Dated] | None = None
    certainty: list[float] | None = None
    known: frozenset[int] = frozenset()
    public: list[tuple[int, int]] | None = None
    around_digits: list[tuple[int, int]] | None = None
    """`dated` are the dates of the text once they were read; `certainty` is, per token, how sure the tagger is that
    it identifies somebody (0 to 1), None without a tagger; `known` are the tokens of what everybody knows; `public`
    is where the addresses of public sites stand, `around_digits` where numbers do, once they were looked for."""

    _flags_by_word: dict[str, int] = field(default_factory=dict)

    def flags_by_word(self) -> dict[str, int]:
        """The flags of every lower-case word of the text."""
        if not self._flags_by_word:
            self._flags_by_word = dict(zip(self.lowers, self.flags, strict=True))
        return self._flags_by_word

    def tokens(self, start: int, end: int) -> range:
        """Numbers of the tokens within a stretch of the text."""
        first = self.at.get(start, -1)
        if first < 0:
            first = max(bisect_right(self.starts, start) - 1, 0)
            if first < len(self.ends) and self.ends[first] <= start:
                first += 1
        elif start < end <= self.ends[first]:
            return range(first, first + 1)
        return range(first, max(first, bisect_left(self.starts, end)))

    def capital(self, index: int) -> bool:
        """Whether a token starts with a capital that its document does not give to every word."""
        return not self.shouting and self.words[index][0].isupper()


def _initial(capitals: list[int], gaps: list[str]) -> list[bool]:
    """Whether each capitalised token opens a sentence, a line, a quotation or a field, where a capital says nothing."""
    answer = [False] * len(gaps)
    for i in capitals:
        gap = gaps[i].rstrip(" \t")
        answer[i] = not i or (gap != "" and (gap[-1] in SENTENCE_END or "\n" in gap))
    return answer


def _is_careful(words: list[str], gaps: list[str]) -> bool:
    """Whether sentences open with capitals, so that a name in lower case would be a slip."""
    opening = [words[i] for i, gap in enumerate(gaps) if len(gap) > 1 and gap[1] == " " and gap[0] in ".?!"]
    opening = [word for word in opening if word[0].isalpha()]
    return len(opening) >= FEW and sum(word[0].isupper() for word in opening) >= CAREFUL * len(opening)


def read(narrative: str, lexicon: Lexicon) -> Document:
    """Normalise and split `narrative`; linear in its length."""
    source = normalise(narrative)
    text = source.text
    pieces = (PLAIN_TOKEN if text.isascii() else TOKEN).split(text)
    words = pieces[1::2]
    lowers = "\n".join(words).lower().split("\n") if words else []
    gaps = pieces[0:-1:2]
    edges = list(accumulate(map(len, pieces)))
    starts = edges[0:-1:2]
    flags = lexicon.flags_of(lowers)
    capitals = [i for i, word in enumerate(words) if word[0].isupper()]
    shouting, whispering = _case(words)
    return Document(
        source=source,
        text=text,
        words=words,
        lowers=lowers,
        starts=starts,
        ends=edges[1::2],
        gaps=gaps,
        flags=flags,
        unsafe=[i for i, flag in enumerate(flags) if not flag & SAFE],
        initial=_initial(capitals, gaps),
        digits=_with_digits(words, text),
        capitals=capitals,
        at=dict(zip(starts, range(len(starts)), strict=True)),
        shouting=shouting,
        careful=_is_careful(words, gaps),
        whispering=whispering,
    )


def _case(words: list[str]) -> tuple[bool, bool]:
    """Whether a document shouts, and whether it gives no capitals to names."""
    long = [word for word in words if len(word) > SHORT]
    lower = sum(map(str.islower, long))
    upper = sum(map(str.isupper, long)) if lower <= len(long) - MOSTLY * len(long) else 0
    return upper > MOSTLY * len(long), bool(long) and lower >= ALL_BUT_A_FEW * len(long)


def _with_digits(words: list[str], text: str) -> list[int]:
    """The numbers of the words with a digit in them."""
    if not DIGIT.search(text):
        return []
    return [i for i in [i for i, word in enumerate(words) if not word.isalpha()] if DIGIT.search(words[i])]
