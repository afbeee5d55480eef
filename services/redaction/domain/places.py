"""Places and schools by shape: streets, estates, "St X's", schools, clubs, churches, surgeries, house numbers."""

from __future__ import annotations

from collections.abc import Iterator

from services.redaction.domain.document import Document
from services.redaction.domain.finding import Finding, Label
from services.redaction.domain.lexicon import FREQUENT, SAFE_PROPER, SHAPE
from services.redaction.domain.record import RecordIndex
from services.redaction.domain.signals import TITLES
from services.redaction.domain.words import word_set

STREETS = word_set(
    """road rd street st lane ln avenue ave close cl drive dr way court ct gardens gdns grove crescent cres mews
    terrace row square sq hill rise walk parade villas cottages cottage bungalow house flats estate quay wharf
    wood woods copse lodge park farm green common bridge path alley yard buildings bldgs mansions tower towers
    point heights view marina harbour arms inn tavern hotel caravans caravan arcade precinct retail mill barn
    oast field fields meadow meadows rec ground grange manor hall arches beach bay marsh woodland reach fort
    castle pier station"""
)
SCHOOLS = word_set(
    """school primary infants infant juniors junior academy college nursery preschool playgroup grammar high
    secondary prep kindergarten childminders daycare montessori surgery practice clinic pharmacy hospice
    hospital church chapel mosque temple gurdwara mandir synagogue club fc rfc scouts guides brownies cubs
    beavers rangers rovers united colts harriers boxing gym dojo academy's unit hub centre project trust ltd
    barbers nails cafe takeaway garage salon stores cabs taxis"""
)
PLAIN_STREETS = word_set("road rd street lane avenue close drive mews crescent gardens terrace grove yard way")
"""Nouns before which even an ordinary word is a street's name where nothing has capitals."""

HURRIED_STREETS = PLAIN_STREETS - {"drive", "way", "close", "gardens"} | word_set("hill court")
"""Of these and their like the ones before which it is one in any text: "up canal rd", "kay told him cypress yard"."""

NOUNS = STREETS | SCHOOLS

PLAIN_BEFORE = word_set(
    """the a an our his her their my your this that no any every each at in on of to from for and or near by with
    primary secondary high infant junior special grammar local new old other same whole after before breakfast
    youth community village town family children's childrens main front back early early years health medical gp
    sports homework holiday football swimming art drama dance chess gaming lunch lunchtime nurture day home care
    foster council social parent parents' children boarding independent private state middle upper lower sixth
    form contact walk drop-in access next side one two three first second third virtual mental education
    training support"""
)
"""Words that stand before such a noun without naming it."""

SAINT = word_set("st saint sts ss")
NUMBER_BEFORE = word_set("at number flat no to of")

MAX_BEFORE = 4
"""Words of a place's name that are taken before its noun."""


def find(document: Document, index: RecordIndex) -> list[Finding]:
    """Places and establishments that the narrative names."""
    return [*_named(document), *_saints(document), *_numbers(document, index)]


def _finding(document: Document, first: int, last: int, label: Label, reason: str) -> Finding:
    return Finding(document.starts[first], document.ends[last], label, "places", reason)


def _named(document: Document) -> Iterator[Finding]:
    for i, lower in enumerate(document.lowers):
        if lower not in NOUNS or not i or _is_title(document, i):
            continue
        street = lower in STREETS
        first = _first_of_name(document, i, street)
        if first is None:
            continue
        numbered = first > 0 and document.words[first - 1][0].isdigit() and document.gaps[first] in (" ", ", ")
        if street and numbered and document.gaps[first - 1][-1:] not in (":", ".", "/", "-"):
            first -= 1
            if first and document.lowers[first - 1] in ("flat", "unit", "plot", "apt", "apartment", "room"):
                first -= 1
        last = i
        if document.capital(i):
            while (
                last + 1 < len(document.words)
                and document.gaps[last + 1] == " "
                and document.capital(last + 1)
                and document.lowers[last + 1] in NOUNS
            ):
                last += 1
        label: Label = "PLACE" if street else "SCHOOL"
        yield _finding(document, first, last, label, "shape of an address" if street else "shape of an establishment")


def _is_title(document: Document, i: int) -> bool:
    """ "Dr Poynter" has a street's short form before a name; "Mr Hill" has one for a name."""
    if document.lowers[i - 1] in TITLES and document.capital(i - 1):
        return True
    return document.lowers[i] in ("dr", "st") and i + 1 < len(document.words) and document.capital(i + 1)


def _first_of_name(document: Document, i: int, street: bool) -> int | None:
    """The first word of the name before a place noun, or None where the noun stands alone."""
    first = i
    telling = False
    while first and i - first < MAX_BEFORE and document.gaps[first] in (" ", "-", "' "):
        before = first - 1
        lower = document.lowers[before]
        flags = document.flags[before]
        if lower in PLAIN_BEFORE or flags & SHAPE or lower[0].isdigit() or lower.endswith("'s"):
            break
        if document.capital(before):
            plain = document.initial[before] and flags & FREQUENT and not document.capital(i)
            if plain or flags & SAFE_PROPER:
                break
            telling = telling or document.capital(i) or not flags & FREQUENT
        elif flags & FREQUENT or not (document.whispering or document.shouting or is_hurried_street(document, i)):
            break
        else:
            telling = telling or not flags or document.lowers[i] in PLAIN_STREETS | HURRIED_STREETS
        first = before
    return first if telling and first < i else None


def is_hurried_street(document: Document, i: int) -> bool:
    """Whether a street's noun stands in lower case after a word that notes do not use every day."""
    before = document.flags[i - 1] if i else FREQUENT
    return document.lowers[i] in HURRIED_STREETS and document.words[i].islower() and not before & (FREQUENT | SHAPE)


def _saints(document: Document) -> Iterator[Finding]:
    """ "St Mary's", "Saint Jude": the saint and what belongs to it."""
    for i in range(len(document.lowers) - 1):
        if document.lowers[i] not in SAINT or document.gaps[i + 1] not in (" ", ". ", "."):
            continue
        named = document.capital(i + 1) or not document.flags[i + 1] & FREQUENT
        if named and document.words[i + 1][0].isalpha() and document.capital(i) >= document.capital(i + 1):
            yield _finding(document, i, i + 1, "SCHOOL", "named after a saint")


def _numbers(document: Document, index: RecordIndex) -> Iterator[Finding]:
    """House numbers of the record with their letter: "41a"."""
    for i in document.digits if index.house_numbers else ():
        lower = document.lowers[i]
        if lower in index.house_numbers and i and lower[-1].isalpha() and document.lowers[i - 1] in NUMBER_BEFORE:
            yield _finding(document, i, i, "PLACE", "house number in the record")
