"""What every service may ask a policy pack without deciding where a referral goes.

Intake needs the number that is right now and the actions to take at once; notify needs clocks, people and ladders.
All pure: the instant is an argument. Where a referral goes is routing's alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from contracts.decision import Urgency
from contracts.facts import OpenFacts
from contracts.policy.advice import Advice, ImmediateAction, ShownAdvice
from contracts.policy.conditions import any_holds
from contracts.policy.destinations import Destination, Ladder, LadderLevel, LadderStep, Recipient
from contracts.policy.pack import Pack
from contracts.policy.parts import Wait
from services.kit.office_hours import calendar_of


def office_is_open(at: dt.datetime, pack: Pack) -> bool:
    """Whether the council's offices are open at `at`."""
    return calendar_of(pack.office_hours).is_open(at)


def instant_after(wait: Wait, at: dt.datetime, pack: Pack) -> dt.datetime:
    """The instant (UTC) at which `wait` has passed since `at`."""
    calendar = calendar_of(pack.office_hours)
    match wait.unit:
        case "elapsed":
            return at.astimezone(dt.UTC) + dt.timedelta(minutes=wait.amount)
        case "office":
            return calendar.add_office_time(at, dt.timedelta(minutes=wait.amount))
        case "working_days":
            return calendar.add_working_days(at, wait.amount)


def acknowledge_by(urgency: Urgency, at: dt.datetime, pack: Pack) -> dt.datetime:
    """The instant (UTC) by which somebody must acknowledge what arrived at `at`."""
    return instant_after(pack.clock_by_urgency[urgency].wait, at, pack)


def phone_at(destination: str, at: dt.datetime, pack: Pack) -> str | None:
    """The number of `destination` that is right at `at`.

    A destination without a number in force has that of the council's emergency destination.
    """
    day = calendar_of(pack.office_hours).day_of(at)
    own = _number(pack.destination_on(destination, day), at, day, pack)
    if own is not None:
        return own
    return _number(pack.destination_on(pack.council.emergency_destination, day), at, day, pack)


def _number(place: Destination, at: dt.datetime, day: dt.date, pack: Pack) -> str | None:
    if place.phone is None or not place.phone.in_force(day):
        return None
    return place.phone.at(office_is_open(at, pack))


def advice_phone(block: Advice, at: dt.datetime, pack: Pack) -> str | None:
    """The number that belongs to an advice block at `at`, or None."""
    return block.tel if block.tel_of is None else phone_at(block.tel_of, at, pack)


def shown_advice(
    codes: Iterable[str], at: dt.datetime, pack: Pack, *, affected: bool | None = None
) -> tuple[ShownAdvice, ...]:
    """The advice blocks of a decision as a school reads them, in the order of `codes`.

    `affected` says whether the concern was reported at this school: it picks the variant of blocks that have two;
    None shows what holds for both. A code that this version of the pack no longer knows is left out.
    """
    blocks = [pack.advice_by_code[code] for code in codes if code in pack.advice_by_code]
    return tuple(_shown(block, at, pack, affected) for block in blocks)


def _shown(block: Advice, at: dt.datetime, pack: Pack, affected: bool | None) -> ShownAdvice:
    variant = None
    if block.variants is not None and affected is not None:
        variant = block.variants.affected if affected else block.variants.not_affected
    return ShownAdvice(
        code=block.code,
        title=block.title,
        text=block.text if variant is None else f"{variant} {block.text}",
        checklist=block.checklist,
        tel=advice_phone(block, at, pack),
        link=block.link,
        hold_until=block.hold_until,
        asks_for=block.asks_for,
    )


def immediate_actions(facts: OpenFacts, at: dt.datetime, pack: Pack) -> tuple[ImmediateAction, ...]:
    """What the answer to a referral tells the school to do now, in the pack's order.

    The numbers are right at `at`. Nothing here says that anybody was told on the school's behalf.
    """
    view = pack.view(facts)
    chosen = [pack.advice_by_code[one.advice] for one in pack.immediate_actions if any_holds(one.when, view)]
    return tuple(
        ImmediateAction(code=block.code, text=block.text, tel=advice_phone(block, at, pack)) for block in chosen
    )


def recipients_at(
    destination: str, urgency: Urgency, at: dt.datetime, pack: Pack, *, area: str | None = None
) -> tuple[Recipient, ...]:
    """Who is told first at `at`: the duty desk, and outside office hours whoever is on call.

    People on call are woken only where the clock of `urgency` runs at night.
    """
    day = calendar_of(pack.office_hours).day_of(at)
    place = pack.destination_on(destination, day)
    runs_at_night = pack.clock_by_urgency[urgency].wait.unit == "elapsed"
    on_call = runs_at_night and not office_is_open(at, pack)
    return place.recipients_of(("duty", "on_call") if on_call else ("duty",), area, day)


def ladder_of(destination: str, at: dt.datetime, pack: Pack) -> Ladder | None:
    """The ladder of `destination` on the day of `at`, or None where it has none."""
    place = pack.destination_on(destination, calendar_of(pack.office_hours).day_of(at))
    return None if place.ladder is None else pack.ladder_by_id[place.ladder]


def escalation_schedule(
    destination: str, urgency: Urgency, notified_at: dt.datetime, pack: Pack, *, area: str | None = None
) -> tuple[LadderStep, ...]:
    """Every step that follows while nobody acknowledges what `destination` was told at `notified_at`.

    Steps are in order of their level and never earlier than the one before. Whom a step tells depends on whether
    the offices are open at that step.
    """
    ladder = ladder_of(destination, notified_at, pack)
    steps: list[LadderStep] = []
    earliest = notified_at.astimezone(dt.UTC)
    for level in ladder.levels if ladder else ():
        wait = level.after.get(urgency)
        if wait is None:
            continue
        earliest = max(earliest, instant_after(wait, notified_at, pack))
        steps.append(_step(level, destination, earliest, pack, area))
    return tuple(steps)


def _step(level: LadderLevel, destination: str, at: dt.datetime, pack: Pack, area: str | None) -> LadderStep:
    roles = level.in_hours if office_is_open(at, pack) else level.out_of_hours
    day = calendar_of(pack.office_hours).day_of(at)
    people = pack.destination_on(destination, day).recipients_of(roles, area, day)
    return LadderStep(level=level.level, at=at, recipients=people, kind=level.kind)


def ladder_step_due(steps: tuple[LadderStep, ...], done_level: int, now: dt.datetime) -> LadderStep | None:
    """The highest step that is due at `now` and beyond `done_level`, or None.

    After a pause in which several steps fell due only the highest is taken: it reaches the people who can act.
    """
    due = [step for step in steps if step.level > done_level and step.at <= now]
    return max(due, key=lambda step: step.level, default=None)
