"""Folds a narrative to plain letters for matching, and leads every offset back to the original.

Folded: NFKD with its marks dropped, zero-width characters and soft hyphens dropped, look-alike letters and
typographic quotes and dashes replaced, HTML entities decoded, hyphenation at a line's end joined. Case stays.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

LOOK_ALIKES = dict(
    zip(
        "аеорсухіјѕһԁԛԝкмтьАВЕКМНОРСТХУІЈЅαονρκιτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧɑɡıøłđðħŧØŁĐÐĦŦəƏ",
        "aeopcyxijshdqwkmtbABEKMHOPCTXYIJSaovpkituxABEZHIKMNOPTYXagiolddhtOLDDHTeE",
        strict=True,
    )
)
"""Cyrillic and Greek letters that pass for Latin ones, and Latin letters that NFKD does not decompose."""

PUNCTUATION = {
    **dict.fromkeys("‘’‚‛ʼ′`´＇", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−﹣－", "-"),
    **dict.fromkeys("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " "),
    "…": ".",
}
"""Signs that notes use in several shapes, each by its plain one."""

EXPANDED = {"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "þ": "th", "Þ": "Th"}
"""Letters that stand for two."""

ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});")
LINE_HYPHEN = re.compile(r"-(?<=[a-z]-)[ \t]*\r?\n[ \t>]*(?=[a-z])")


@dataclass(frozen=True, slots=True)
class Normalised:
    """`text` is what the recognisers read; `starts[i]` is where its i-th character began in the original.

    `starts` has one entry more than `text` has characters, or is None where the offsets are the same.
    """

    text: str
    starts: tuple[int, ...] | None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Offsets of the original narrative for offsets of `text`."""
        if self.starts is None:
            return start, end
        return self.starts[start], self.starts[end]


@lru_cache(maxsize=4096)
def _fold(character: str) -> str:
    """What one character becomes: nothing, itself, a look-alike, or several plain letters.

    A sign that stands for several signs ("¼") stays one, so that no token begins within a character.
    """
    plain = LOOK_ALIKES.get(character) or PUNCTUATION.get(character) or EXPANDED.get(character)
    if plain is not None:
        return plain
    if unicodedata.category(character) in ("Cf", "Mn", "Me", "Cc") and character not in "\n\t\r":
        return ""
    kept = "".join(c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c))
    plain = "".join(LOOK_ALIKES.get(c) or PUNCTUATION.get(c) or c for c in kept)
    return plain if len(plain) < 2 or plain.isalpha() else character


def _pieces(narrative: str) -> list[tuple[int, str]]:
    """The narrative as (offset, folded text) pieces, entities decoded and line-end hyphens left out."""
    folded = {character: _fold(character) for character in set(narrative)}
    entities = ((m.start(), m.end(), html.unescape(m.group())) for m in ENTITY.finditer(narrative))
    special = sorted(
        [entity for entity in entities if len(entity[2]) == 1]
        + [(m.start(), m.end(), "") for m in LINE_HYPHEN.finditer(narrative)]
    )
    pieces: list[tuple[int, str]] = []
    at = 0
    for start, end, replacement in [*special, (len(narrative), len(narrative), "")]:
        pieces += zip(range(at, start), map(folded.__getitem__, narrative[at:start]), strict=True)
        if replacement:
            pieces.append((start, "".join(_fold(c) for c in replacement)))
        at = end
    return pieces


FEW = 64
"""Different characters up to which one pass for each is the faster way: a dash and four quotation marks as a rule."""


def _replaced(narrative: str, table: dict[str, str]) -> str:
    """The narrative with each character of the table in its plain form, one for one."""
    changed = {character: plain for character, plain in table.items() if character != plain}
    if len(changed) > FEW:
        return narrative.translate({ord(character): plain for character, plain in changed.items()})
    for character, plain in changed.items():
        narrative = narrative.replace(character, plain)
    return narrative


PLAIN = frozenset(map(chr, range(ord(" "), ord("~") + 1))) | frozenset("\t\n\r")
"""Printable ASCII and line ends; everything else may need folding."""


def normalise(narrative: str) -> Normalised:
    """Fold `narrative`. Linear in its length; foldings of one character by one keep the offsets as they are."""
    rewritten = ("&" in narrative and ENTITY.search(narrative)) or ("-" in narrative and LINE_HYPHEN.search(narrative))
    foreign = set(narrative) - PLAIN
    if not rewritten:
        table = {character: _fold(character) for character in foreign}
        if all(len(plain) == 1 for plain in table.values()):
            return Normalised(_replaced(narrative, table), None)
    pieces = _pieces(narrative)
    starts = [offset for offset, plain in pieces for _ in plain]
    starts.append(len(narrative))
    return Normalised("".join([plain for _, plain in pieces]), tuple(starts))
