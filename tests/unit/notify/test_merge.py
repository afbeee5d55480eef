"""Stages, revisions, repetitions and any order: one effective notification for each recipient."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from contracts.decision import Urgency
from contracts.events.referral_routed import ReferralRoutedV1, Stage
from contracts.policy.rules import RANK
from services.notify.domain.merge import Merged, Stale, merge
from services.notify.domain.model import Message, Notification, Standing, message_for
from tests.unit.notify.events import NOON, routed

DESTINATIONS = ("front_door", "online_safety_team", "lado", "area_safeguarding_adviser")
STAGES: tuple[Stage, ...] = ("alert", "held", "full")
URGENCIES: tuple[Urgency, ...] = ("routine", "same_day", "urgent", "immediate")


class Referral:
    """A referral's notifications in memory, as the handlers keep them."""

    def __init__(self) -> None:
        self.standing: Standing | None = None
        self.present: dict[str, Notification] = {}
        self.messages: list[Message] = []

    def take(self, event: ReferralRoutedV1, *, sent: bool = True) -> None:
        primary, copies = event.decision.destination, event.decision.copies
        match merge(self.standing, self.present, event, primary=primary, copies=copies, now=NOON):
            case Stale():
                return
            case Merged(standing, changes):
                self.standing = standing
                for change in changes:
                    self._apply(change.notification, change.tell, sent)

    def _apply(self, one: Notification, tell: object, sent: bool) -> None:
        self.present[one.destination] = replace(one, sent_at=one.sent_at or (NOON if sent else None))
        if tell is not None:
            self.messages.append(message_for(one, tell, f"{one.destination}@kent.example"))  # type: ignore[arg-type]

    def effective(self) -> dict[str, str]:
        """Who has it now, and whether they must act (open) or know (copied)."""
        return {name: one.state for name, one in self.present.items() if one.state != "moved"}


@st.composite
def decisions(draw: st.DrawFn) -> list[ReferralRoutedV1]:
    """Decisions of one referral, each with a time of its own."""
    count = draw(st.integers(1, 6))
    return [
        routed(
            stage=draw(st.sampled_from(STAGES)),
            revision=draw(st.integers(1, 3)),
            destination=draw(st.sampled_from(DESTINATIONS)),
            urgency=draw(st.sampled_from(URGENCIES)),
            copies=tuple(draw(st.lists(st.sampled_from(DESTINATIONS), max_size=2, unique=True))),
            routed_at=NOON + dt.timedelta(seconds=number),
        )
        for number in range(count)
    ]


@given(decisions(), st.randoms(use_true_random=False), st.integers(1, 5))
def test_any_order_and_repetition_ends_with_the_same_decision(
    events: list[ReferralRoutedV1], chance: object, times: int
) -> None:
    in_order, shuffled = Referral(), Referral()
    for event in sorted(events, key=lambda one: (one.revision, STAGES.index(one.stage), one.routed_at)):
        in_order.take(event)
    mixed = list(events) * times
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    for event in mixed:
        shuffled.take(event)
    assert shuffled.standing == in_order.standing
    if in_order.standing is not None and in_order.standing.stage != "alert":
        assert shuffled.effective() == in_order.effective()


@given(decisions(), st.randoms(use_true_random=False))
def test_the_latest_full_decision_names_exactly_who_has_it(events: list[ReferralRoutedV1], chance: object) -> None:
    last = routed(revision=9, copies=("lado",), routed_at=NOON + dt.timedelta(days=1))
    mixed = [*events, last]
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    referral = Referral()
    for event in mixed:
        referral.take(event)
    assert referral.effective() == {"front_door": "open", "lado": "copied"}


@given(decisions())
def test_somebody_always_has_a_running_clock(events: list[ReferralRoutedV1]) -> None:
    referral = Referral()
    for event in events:
        referral.take(event)
        assert "open" in referral.effective().values()


@given(decisions(), st.integers(2, 6))
def test_a_repeated_decision_writes_nothing(events: list[ReferralRoutedV1], times: int) -> None:
    once, often = Referral(), Referral()
    for event in events:
        once.take(event)
        for _ in range(times):
            often.take(event)
    assert once.messages == often.messages
    assert once.present == often.present


@given(decisions())
def test_no_message_is_ever_written_twice(events: list[ReferralRoutedV1]) -> None:
    referral = Referral()
    for event in events:
        referral.take(event)
    ids = [message.id for message in referral.messages]
    assert len(ids) == len(set(ids))


@given(st.sampled_from(URGENCIES), st.sampled_from(URGENCIES), st.integers(0, 2))
def test_a_second_mail_to_the_same_desk_needs_a_higher_urgency_or_a_new_revision(
    first: Urgency, second: Urgency, later: int
) -> None:
    referral = Referral()
    referral.take(routed(stage="held", urgency=first))
    referral.take(routed(stage="full", urgency=second, revision=1 + later))
    purposes = [message.purpose for message in referral.messages]
    if RANK[second] > RANK[first]:
        assert purposes == ["notice", "raised"]
    else:
        assert purposes == (["notice", "update"] if later else ["notice"])


def test_a_clock_is_never_relaxed_by_a_later_decision() -> None:
    referral = Referral()
    referral.take(routed(stage="alert", urgency="immediate"))
    before = referral.present["front_door"]
    referral.take(routed(stage="full", urgency="routine"))
    after = referral.present["front_door"]
    assert (after.urgency, after.ack_due_at) == (before.urgency, before.ack_due_at)


def test_an_alert_takes_nobody_off() -> None:
    referral = Referral()
    referral.take(routed(destination="online_safety_team", copies=("lado",)))
    referral.take(routed(stage="alert", revision=2, urgency="immediate"))
    assert referral.effective() == {"online_safety_team": "open", "lado": "copied", "front_door": "open"}


def test_a_first_message_that_still_waits_covers_a_new_revision() -> None:
    referral = Referral()
    referral.take(routed(), sent=False)
    referral.take(routed(revision=2), sent=False)
    assert [message.purpose for message in referral.messages] == ["notice"]


def test_who_asked_for_a_transfer_hears_nothing_more_and_who_did_not_is_told() -> None:
    for asked, purposes in (("online_safety_team", ["notice", "notice"]), (None, ["notice", "notice", "moved"])):
        referral = Referral()
        referral.take(routed())
        referral.present["front_door"] = replace(referral.present["front_door"], transfer_to=asked)
        referral.take(routed(destination="online_safety_team", routed_at=NOON + dt.timedelta(minutes=1)))
        assert [message.purpose for message in referral.messages] == purposes


def test_a_referral_that_comes_back_starts_a_new_round() -> None:
    referral = Referral()
    for minute, destination in enumerate(("front_door", "lado", "front_door")):
        referral.take(routed(destination=destination, routed_at=NOON + dt.timedelta(minutes=minute)))
    assert referral.present["front_door"].round == 2
    assert referral.effective() == {"front_door": "open"}
