"""How often the leak guard stops an identifier planted in text redacted already, and what it holds for nothing.

python -m services.redaction.evaluation.planting --narratives training/narratives --records 300
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from contracts.record import Record
from services.redaction.domain.guard import Leak, inspect
from services.redaction.domain.lexicon import ORDINARY, SAFE_PROPER
from services.redaction.evaluation.annotated import Annotated, load
from services.redaction.lexicon import load_lexicon
from services.redaction.redactor import Held, Redacted, Redactor

SEED = 2026
"""Which slips are made; the same in every run."""

SLIP_FROM = 7
"""Characters of a code, without its separators, from which one slip is promised to be seen."""

NAME_SLIP_FROM = 5
"""The same for a name."""

DAYS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth"
LATER_DAYS = "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
DAY_WORDS = (
    f"{DAYS} {LATER_DAYS}".split() + [f"twenty {word}" for word in DAYS.split()[:9]] + ["thirtieth", "thirty first"]
)

Planted = tuple[str, str, str]
"""Kind of the identifier, name of the variant, what is written."""


def planted(record: Record, chance: random.Random, is_word: Callable[[str], bool]) -> Iterator[Planted]:
    """Every identifier of a record in every variant that the guard promises to stop."""
    for kind, value in _values(record):
        yield from _written(kind, value, chance, slip=sum(c.isalnum() for c in value) >= SLIP_FROM)
    for learner in record.learners:
        for name in (learner.legal_forename, learner.legal_surname):
            if name and name.isalpha() and len(name) > 2 and not is_word(name.lower()):
                yield from _written("name", name, chance, slip=len(name) >= NAME_SLIP_FROM)
        if learner.date_of_birth:
            yield from (("date_of_birth", form, written) for form, written in _dates(learner.date_of_birth))


def _values(record: Record) -> Iterator[tuple[str, str]]:
    for learner in record.learners:
        for upn in (learner.upn, *learner.former_upns):
            yield from (("upn", upn),) if upn else ()
        yield from (("uln", learner.uln),) if learner.uln else ()
        if learner.address and learner.address.postcode:
            yield "postcode", learner.address.postcode
        for contact in learner.contacts:
            yield from (("phone", contact.phone),) if contact.phone else ()
            yield from (("email", contact.email),) if contact.email else ()
    if record.referrer.phone:
        yield "phone", record.referrer.phone
    if record.referrer.email:
        yield "email", record.referrer.email


def _written(kind: str, value: str, chance: random.Random, *, slip: bool) -> Iterator[Planted]:
    bare = "".join(c for c in value if c.isalnum())
    yield kind, "exact", value
    yield kind, "lower", value.lower()
    yield kind, "upper", value.upper()
    yield kind, "joined", value if kind == "email" else bare
    yield kind, "spaced", " ".join(value)
    yield kind, "dashes", "-".join(value)
    if kind != "name":
        yield kind, "in threes", " ".join(bare[at : at + 3] for at in range(0, len(bare), 3))
    if slip:
        yield kind, "one slip", _slip(value, chance)


def _slip(value: str, chance: random.Random) -> str:
    """One character replaced, left out, doubled or exchanged with the next; never the first of the value."""
    places = [at for at in range(1, len(value) - 1) if value[at].isalnum() and value[at + 1].isalnum()]
    at = chance.choice(places)
    other = chance.choice("0123456789" if value[at].isdigit() else "abcdefghijklmnopqrstuvwxyz")
    match chance.randrange(4):
        case 0:
            return value[:at] + other + value[at + 1 :]
        case 1:
            return value[:at] + value[at + 1 :]
        case 2:
            return value[:at] + value[at] + value[at:]
        case _:
            return value[:at] + value[at + 1] + value[at] + value[at + 2 :]


def _dates(born: dt.date) -> Iterator[tuple[str, str]]:
    day, month, year, short = born.day, born.month, born.year, f"{born.year % 100:02d}"
    name = f"{born:%B}"
    tail = "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    yield "numeric", f"{day}/{month}/{year}"
    yield "padded", f"{day:02d}.{month:02d}.{year}"
    yield "short year", f"{day:02d}-{month:02d}-{short}"
    yield "ISO", born.isoformat()
    yield "American", f"{month}/{day}/{year}"
    yield "spaced", f"{day} / {month} / {year}"
    yield "joined", f"{day:02d}{month:02d}{year}"
    yield "joined short", f"{day:02d}{month:02d}{short}"
    yield "joined ISO", f"{year}{month:02d}{day:02d}"
    yield "month word", f"{day} {name} {year}"
    yield "month upper", f"{day} {name.upper()} {year}"
    yield "month short", f"{day} {name[:3]} {short}"
    yield "month joined", f"{day}{name[:3]}{year}"
    yield "ordinal of", f"the {day}{tail} of {name}, {year}"
    yield "month first", f"{name} {day}{tail} {year}"
    yield "month and day", f"{day}{tail} {name}"
    yield "in words", f"the {DAY_WORDS[day - 1]} of {name}"


def stops(items: list[Annotated], redactor: Redactor, is_word: Callable[[str], bool]) -> dict[Planted, Counter[bool]]:
    """(kind, variant, "") -> how many planted identifiers were stopped and how many were not."""
    chance = random.Random(SEED)  # noqa: S311 - reproducible slips, no secret
    answer: dict[Planted, Counter[bool]] = {}
    for item in items:
        outcome = redactor.redact(item.record, item.narrative)
        if not isinstance(outcome, Redacted):
            continue
        text = outcome.text.value
        at = text.find(" ", len(text) // 2) + 1
        for kind, variant, written in planted(item.record, chance, is_word):
            found = inspect(f"{text[:at]}{written} {text[at:]}", item.record, is_word)
            answer.setdefault((kind, variant, ""), Counter())[isinstance(found, Leak)] += 1
    return answer


def main() -> None:
    """Measure and print: stop rates by kind and variant, and the share of narratives that the guard holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--narratives", type=Path, required=True)
    parser.add_argument("--records", type=int, default=300)
    arguments = parser.parse_args()
    lexicon, redactor = load_lexicon(), Redactor.load()
    items = [item for path in sorted(arguments.narratives.glob("*.jsonl")) for item in load(path)]
    step = max(1, len(items) // arguments.records)

    def is_word(lower: str) -> bool:
        return bool(lexicon.flags(lower) & (ORDINARY | SAFE_PROPER))

    for (kind, variant, _), counts in sorted(stops(items[::step], redactor, is_word).items()):
        rate = f"{counts[True]:6} of {counts.total():6} {counts[True] / counts.total():.4f}"
        sys.stdout.write(f"{kind:14} {variant:14} {rate}\n")
    held = [item.id for item in items if redactor.redact(item.record, item.narrative) == Held("redaction.leak_guard")]
    sys.stdout.write(
        f"held by the guard: {len(held)} of {len(items)} ({len(held) / len(items):.4f}) {' '.join(held)}\n"
    )


if __name__ == "__main__":
    main()
