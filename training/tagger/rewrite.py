"""Writes places, schools, birth dates and references anew in the forms people use, each in the context it stood in."""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Callable
from typing import Final

from training.tagger.gold import Segment
from training.tagger.names import NamePool


def _list(written: str) -> list[str]:
    return written.split()


_UNITS: Final = _list(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_TENS: Final = {
    20: "twenty",
    30: "thirty",
    40: "forty",
    50: "fifty",
    60: "sixty",
    70: "seventy",
    80: "eighty",
    90: "ninety",
}
_ORDINALS: Final = {
    1: "first",
    2: "second",
    3: "third",
    5: "fifth",
    8: "eighth",
    9: "ninth",
    12: "twelfth",
    20: "twentieth",
    30: "thirtieth",
}
_STREET: Final = _list(
    "Road Street Lane Close Avenue Drive Way Court Gardens Place Crescent Terrace Row Hill Rise Walk Mews Grove "
    "Rd St Ave Ln"
)
_SPOT: Final = _list(
    "Park Woods Rec Recreation_Ground Estate Green Quay Pier Beach Station Bridge Surgery Medical_Centre Library "
    "Community_Centre Leisure_Centre Retail_Park Caravan_Park Farm Allotments Skatepark Hotel Chapel Church "
    "Mosque Temple Gurdwara Hall Stores Chippy Barbers Kebab Cafe Nails Car_Wash Lodge House Boxing_Club FC "
    "Rovers Dojo Stables"
)
_PUB: Final = _list("Arms Inn Head Oak Anchor Bell Crown Plough Ship Swan Lion Hart")
_UNIT: Final = _list(
    "room flat plot unit number no. block pitch caravan berth bungalow apartment House Flat Room Plot No."
)
_SCHOOL: Final = _list(
    "School Primary Primary_School Academy High_School Grammar Infants Juniors College Nursery Pre-school "
    "Preschool Sixth Sixth_Form CE_Primary Catholic_Primary Special_School Infant_School Junior_School "
    "Kindergarten Tots Day_Nursery PRU Montessori"
)
_FIRST: Final = _list(
    "Little Tiny Bright Happy Busy Stepping Rainbow Sunny Forest Acorn Willow Oak Harbour River Meadow Hill "
    "Castle Abbey Mill Sea Downs Valley Beacon"
)
_SECOND: Final = _list(
    "Oaks Stars Stones Bees Acorns Explorers Feet Steps Tree Side View Bank Croft Field Lea Hurst Wood Dene Gate "
    "Bridge Cross Court"
)
_SAINTS: Final = _list(
    "Mary Peter Paul John Anne Nicholas Augustine Edmund Anselm Martin George Michael Joseph Thomas Mildred "
    "Eanswythe Saviour"
)


def _number(value: int) -> str:
    if value < 20:
        return _UNITS[value - 1]
    tens, rest = divmod(value, 10)
    return _TENS[tens * 10] + (f" {_UNITS[rest - 1]}" if rest else "")


def _ordinal(value: int) -> str:
    if value in _ORDINALS:
        return _ORDINALS[value]
    if value > 20:
        return f"{_TENS[value // 10 * 10]} {_ordinal(value % 10)}"
    return _UNITS[value - 1] + "th"


def _stem(rng: random.Random, pool: NamePool, places: list[str]) -> str:
    chance = rng.random()
    if chance < 0.4:
        return rng.choice(places)
    if chance < 0.6:
        return pool.surname(rng)
    if chance < 0.75:
        return pool.invented(rng)
    return (
        f"{rng.choice(_FIRST)} {rng.choice(_SECOND)}"
        if chance < 0.9
        else rng.choice(_FIRST) + rng.choice(_SECOND).lower()
    )


def place(rng: random.Random, pool: NamePool, places: list[str]) -> str:
    """An address, a street, a spot, a pub, a numbered room, a bare village."""
    stem, number = _stem(rng, pool, places), rng.randrange(1, 190)
    forms: tuple[Callable[[], str], ...] = (
        lambda: f"{number} {stem} {rng.choice(_STREET)}",
        lambda: f"{stem} {rng.choice(_STREET)}",
        lambda: f"{stem} {rng.choice(_SPOT)}",
        lambda: f"the {stem} {rng.choice(_SPOT)}",
        lambda: f"the {stem}",
        lambda: f"the {stem} {rng.choice(_PUB)}",
        lambda: f"{rng.choice(_UNIT)} {number}",
        lambda: f"{rng.choice(_UNIT)} {number} {stem} {rng.choice(('House', 'Court', 'Lodge', 'Point'))}",
        lambda: f"{stem}'s",
        lambda: stem,
    )
    return rng.choice(forms)().replace("_", " ")


def school(rng: random.Random, pool: NamePool, places: list[str]) -> str:
    """A full name, a short form, a saint, a nursery."""
    stem = _stem(rng, pool, places)
    forms: tuple[Callable[[], str], ...] = (
        lambda: f"{stem} {rng.choice(_SCHOOL)}",
        lambda: f"{stem} {rng.choice(_SCHOOL)}",
        lambda: f"St {rng.choice(_SAINTS)}'s",
        lambda: f"{rng.choice(('St', 'St.', 'Saint'))} {rng.choice(_SAINTS)}'s {rng.choice(_SCHOOL)}",
        lambda: stem,
        lambda: f"the {stem}",
    )
    return rng.choice(forms)().replace("_", " ")


def birth_date(rng: random.Random, _: NamePool, __: list[str]) -> str:
    """A date of birth in digits, with the month's name, in words, without the year."""
    earliest = 2006 if rng.random() < 0.7 else 1950
    born = dt.date(rng.randrange(earliest, 2024), 1, 1) + dt.timedelta(days=rng.randrange(365))
    day, mark = born.day, rng.choice("/.- /")
    year = rng.choice((f"{born.year}", f"{born.year % 100:02d}"))
    suffix = "th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    month = rng.choice((f"{born:%B}", f"{born:%b}"))
    century = "twenty" if born.year >= 2010 else "two thousand and" if born.year >= 2000 else "nineteen"
    spoken = f"{century} {_number(born.year % 100)}" if born.year % 100 else "two thousand"
    forms = (
        f"{day}{mark}{born.month}{mark}{year}",
        f"{day:02d}{mark}{born.month:02d}{mark}{year}",
        f"{born.isoformat()}",
        f"{day:02d}{born.month:02d}{born.year % 100:02d}",
        f"{day} {month} {year}",
        f"{day}{suffix} {month} {year}",
        f"{day}{suffix} of {born:%B} {year}",
        f"{day}{suffix} {born:%B}",
        f"{born:%B} {day}{suffix} {year}",
        f"{_ordinal(day)} of {born:%B} {spoken}".lower(),
        f"{_ordinal(day)} {born:%B} {spoken}",
    )
    return rng.choice(forms)


def reference(text: str, rng: random.Random) -> str:
    """The same pattern with other digits, other capitals, now and then another mark or length."""

    def letters(match: re.Match[str]) -> str:
        word = match.group()
        if not word.isupper() or rng.random() < 0.4:
            return word
        return "".join(rng.choice("ABCDEFGHJKLMNPRSTUWXYZ") for _ in word)

    def digits(match: re.Match[str]) -> str:
        run = "".join(rng.choice("0123456789") for _ in match.group())
        chance = rng.random()
        return run + rng.choice("0123456789") if chance < 0.1 else run[:-1] or run if chance < 0.2 else run

    changed = re.sub(r"\d+", digits, re.sub(r"[A-Za-z]+", letters, text))
    if rng.random() < 0.2:
        changed = changed.replace(rng.choice("/-"), rng.choice(("/", "-", " ", "")))
    return changed


_ANEW: Final = {"PLACE": (0.15, place), "SCHOOL": (0.25, school), "DOB": (0.3, birth_date)}
_REFERENCES: Final = frozenset({"CASE_REF", "ID_OTHER", "VEHICLE_REG"})


def rewrite(
    segments: tuple[Segment, ...], rng: random.Random, pool: NamePool, places: list[str]
) -> tuple[Segment, ...]:
    """Each labelled stretch has its own chance of being written anew."""
    out: list[Segment] = []
    for text, label in segments:
        share, make = _ANEW.get(label, (0.0, place))
        if rng.random() < share:
            out.append((make(rng, pool, places), label))
        elif label in _REFERENCES and rng.random() < 0.5:
            out.append((reference(text, rng), label))
        else:
            out.append((text, label))
    return tuple(out)
