"""The domain's own words: what the annotated narratives use outside every identifying span."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

MARK = re.compile(r"\[\[([A-Z_]+)\|(.*?)\]\]", re.S)
WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")

HINTS = frozenset({"QUASI", "OPTIONAL"})
"""Labels whose words are no identifiers by themselves."""

MIN_DOCUMENTS = 3
"""A word is the domain's when three narratives use it: two may share a writer's invention."""

MAX_NAME_SHARE = 0.1
"""Above this share of uses inside identifying spans a word is as good as a name."""


def domain_vocabulary(files: Iterable[Path]) -> frozenset[str]:
    """Lower-case words of the narratives that are safe by use, whatever a dictionary says of them."""
    outside: Counter[str] = Counter()
    inside: Counter[str] = Counter()
    for path in files:
        for line in path.read_text(encoding="utf-8").splitlines():
            marked = json.loads(line)["narrative"].replace("’", "'")
            named = " ".join(m.group(2) for m in MARK.finditer(marked) if m.group(1) not in HINTS)
            kept = MARK.sub(lambda m: m.group(2) if m.group(1) in HINTS else " ", marked)
            outside.update({w.lower() for w in WORD.findall(kept)})
            inside.update({w.lower() for w in WORD.findall(named)})
    return frozenset(
        word
        for word, count in outside.items()
        if len(word) > 1
        and not word.endswith("'s")
        and count >= MIN_DOCUMENTS
        and inside[word] <= MAX_NAME_SHARE * (count + inside[word])
    )
