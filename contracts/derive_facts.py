"""From a posted referral to its open facts: the one place that decides what may travel unsealed."""

from __future__ import annotations

import datetime as dt

from contracts.api_referral import AgreementIn, ConcernIn, LearnerIn, ReferralIn
from contracts.facts import PHASES, AgeBand, Agreement, OpenFacts, Phase

_AGE_BANDS: tuple[tuple[int, AgeBand], ...] = (
    (5, "under_5"),
    (11, "5_to_10"),
    (13, "11_to_12"),
    (16, "13_to_15"),
    (18, "16_to_17"),
)
"""Age in years below which a band holds; from 18 on it is `18_or_over`."""

_YEAR_GROUP_TO_YOUNGEST_AGE = 4
"""A child of National Curriculum year N is at least N + 4 years old (year 7 starts at 11)."""

_OLDEST_YEAR_GROUP = 14
"""The highest NC year that CTF knows."""

_EARLY_YEARS_GROUPS = frozenset({"n1", "n2", "e1", "e2", "n", "e"})
"""Nursery and early-years codes of CTF's common basic data set."""

_RECEPTION = frozenset({"r", "0"})

_PHASE_OF_GIAS: dict[str, Phase] = {
    "nursery": "early_years",
    "early_years_setting": "early_years",
    "primary": "primary",
    "middle_deemed_primary": "primary",
    "secondary": "secondary",
    "middle_deemed_secondary": "secondary",
    "all_through": "all_through",
    "16_plus": "post_16",
    "further_education": "post_16",
    "fe": "post_16",
    "special": "special",
}
"""PhaseOfEducation (name) of Get Information About Schools, folded, to this system's phases."""

_LONGEST_DISTRICT = 40
"""Characters. No English local authority district has a longer name."""


def open_facts(
    referral: ReferralIn,
    *,
    client_id: str = "",
    at: dt.datetime,
    district: str | None = None,
    phase: str | None = None,
    districts: frozenset[str] | None = None,
    council_la: str | None = None,
) -> OpenFacts:
    """The facts of `referral` that may be read by everyone, at the instant `at` (ages are counted then).

    `district` and `phase` come from the register of schools; where it knows neither, the body's serve.
    `districts` are the folded names (see `fold_district`) that a body may bring into the open; without them only the
    form of the name is checked. `council_la` is the authority's code of the council that receives the referral: of
    several children, one who lives elsewhere is the one that is seen. No name, number, date, address or free text of
    the referral is in the result.
    """
    concern = referral.concern
    subjects = _subjects(referral.learners)
    return OpenFacts(
        immediate_danger=concern.immediate_danger,
        online=_online(concern),
        risk_areas=tuple(dict.fromkeys(concern.risk_areas)),
        categories=tuple(dict.fromkeys(concern.categories)),
        support_level=concern.support_level,
        imagery_involved=concern.imagery_involved,
        adult_involved=concern.adult_involved,
        staff_allegation=concern.staff_allegation,
        fgm=concern.fgm,
        known_to=tuple(dict.fromkeys(concern.known_to)),
        request=concern.request,
        agreement=_agreement(referral.agreement),
        agreement_reason_given=bool(referral.agreement and referral.agreement.reason_not_sought),
        police_investigation_live=bool(referral.police and referral.police.investigation_live),
        identifiable_child=any(_identifies(learner) for learner in referral.learners),
        age_band=_youngest_band(subjects, at.date()),
        phase=phase_of(phase or referral.school.phase),
        district=district or _stated_district(referral.school.district, districts),
        home_la=_home_la(subjects, council_la or referral.school.la_code),
        test=referral.test,
        client_id=client_id,
    )


def phase_of(name: str | None) -> Phase:
    """This system's phase for a phase as a register or an MIS writes it; `unknown` where it is neither."""
    folded = (name or "").strip().lower().replace("-", "_").replace(" ", "_")
    for phase in PHASES:
        if folded == phase:
            return phase
    return _PHASE_OF_GIAS.get(folded, "unknown")


def fold_district(name: str) -> str:
    """One spelling for comparison: 'Folkestone & Hythe' and 'folkestone and hythe' are the same place."""
    words = name.replace("&", " and ").casefold().split()
    return " ".join(words)


def _stated_district(name: str | None, known: frozenset[str] | None) -> str | None:
    """The district that the body states, or None where it is not a district's name."""
    stated = (name or "").strip()
    if not stated or len(stated) > _LONGEST_DISTRICT:
        return None
    if known is not None:
        return stated if fold_district(stated) in known else None
    return stated if all(character.isalpha() or character in " '-&" for character in stated) else None


def _online(concern: ConcernIn) -> bool:
    """What the school says; where it says nothing, a named risk area or platform means online.

    The four risk areas are those of online safety (004_60e8617bdf387f15.txt).
    """
    if concern.online is not None:
        return concern.online
    return bool(concern.risk_areas or concern.platforms)


def _agreement(agreement: AgreementIn | None) -> Agreement:
    """An answer that was given counts more than whether it was sought."""
    if agreement is None:
        return "unknown"
    if agreement.given is not None:
        return "given" if agreement.given else "refused"
    return "not_sought" if agreement.sought is False else "unknown"


def _subjects(learners: tuple[LearnerIn, ...]) -> tuple[LearnerIn, ...]:
    """The children whom the concern is about; all learners where none is marked."""
    marked = tuple(learner for learner in learners if learner.role in (None, "subject"))
    return marked or learners


def _identifies(learner: LearnerIn) -> bool:
    """Whether anybody could find this child by what the entry says."""
    return any(
        (
            learner.mis_id,
            learner.upn,
            learner.uln,
            learner.legal_forename,
            learner.legal_surname,
            learner.preferred_forename,
            learner.known_as,
            learner.date_of_birth,
            learner.address,
            learner.contacts,
        )
    )


def _youngest_band(subjects: tuple[LearnerIn, ...], today: dt.date) -> AgeBand:
    """The band of the youngest subject: protection goes by the child who needs most of it."""
    ages = [age for age in (_age(learner, today) for learner in subjects) if age is not None]
    if not ages:
        return "unknown"
    youngest = min(ages)
    return next((band for limit, band in _AGE_BANDS if youngest < limit), "18_or_over")


def _age(learner: LearnerIn, today: dt.date) -> int | None:
    """Years by date of birth; without one, the least age of the year group. None where neither says.

    A date of birth in the future is a slip of the pen and says nothing.
    """
    born = learner.date_of_birth
    if born is not None and born <= today:
        return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return _least_age_of_year_group(learner.nc_year_actual)


def _least_age_of_year_group(year: str | None) -> int | None:
    folded = (year or "").strip().lower().removeprefix("year").strip()
    if folded in _EARLY_YEARS_GROUPS:
        return 3
    if folded in _RECEPTION:
        return _YEAR_GROUP_TO_YOUNGEST_AGE
    if folded.isascii() and folded.isdigit() and int(folded) <= _OLDEST_YEAR_GROUP:
        return int(folded) + _YEAR_GROUP_TO_YOUNGEST_AGE
    return None


def _home_la(subjects: tuple[LearnerIn, ...], here: str | None) -> str | None:
    """The subjects' home authority; of several, the first that is not `here`, so that it is seen."""
    homes = [home for home in (_la_code(learner.home_la) for learner in subjects) if home]
    elsewhere = [home for home in homes if here and home != _la_code(here)]
    return next(iter(elsewhere or homes), None)


def _la_code(code: str | None) -> str | None:
    """A three-digit authority code, or None where the text is anything else (it might be a name)."""
    folded = (code or "").strip()
    return folded if len(folded) == 3 and folded.isascii() and folded.isdigit() else None
