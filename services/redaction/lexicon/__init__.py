"""The shipped word lists, built by `python -m training.lexicon`; their source and licence are in NOTICE."""

from __future__ import annotations

import importlib.resources
import lzma

from services.redaction.domain.lexicon import Lexicon


def load_lexicon() -> Lexicon:
    """Read and unpack the lists: about 0.15 s, 30 MB."""
    return parse(_read("words.txt.xz"), _read("nicknames.txt.xz"))


def parse(words: str, nicknames: str) -> Lexicon:
    """The lexicon of the two lists as `training.lexicon` writes them."""
    sections = {
        head: frozenset(body.split("\n")) for head, _, body in (s.partition("\n") for s in words.split("#")[1:])
    }
    groups: dict[str, set[str]] = {}
    for line in nicknames.splitlines():
        name, *short = line.split(" ")
        groups.setdefault(name, set()).update(short)
        for form in short:
            groups.setdefault(form, set()).add(name)
    phrases: dict[str, set[str]] = {}
    for phrase in sections["phrases"] - {""}:
        first, _, second = phrase.partition(" ")
        phrases.setdefault(first, set()).add(second)
    return Lexicon(
        ordinary=sections["ordinary"] - {""},
        proper=sections["proper"] - {""},
        safe_proper=sections["safe-proper"] - {""},
        names=sections["names"] - {""},
        frequent=sections["frequent"] - {""},
        phrases={word: frozenset(following) for word, following in phrases.items()},
        everyday=tuple(sorted(word for word in sections["frequent"] - sections["names"] if word)),
        nicknames={name: tuple(sorted(short)) for name, short in groups.items()},
    )


def _read(name: str) -> str:
    return lzma.decompress(importlib.resources.files(__package__).joinpath(name).read_bytes()).decode()
