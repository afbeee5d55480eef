"""The verdict of the fault tests, on evidence made by hand: it sees each broken promise, and none where none is."""

from __future__ import annotations

import dataclasses

from tests.support.chaos_evidence import Evidence, Said, Told
from tests.support.chaos_load import Accepted
from tests.support.chaos_verdict import judge

STEPS = ("referral.received.v1", "referral.redacted.v1", "referral.routed.v1/full")


def accepted(number: int = 1, revision: int = 1) -> Accepted:
    return Accepted("arm", f"id{number}", f"KR-0000-00{number}", revision, at=float(revision))


def steps(number: int = 1, revision: int = 1, at: float = 10.0) -> list[Said]:
    return [Said(step, f"{step}/{number}/{revision}", f"id{number}", revision, at) for step in STEPS]


def mail(number: int = 1, update: int = 0, at: float = 20.0, message_id: str = "m1") -> Told:
    purpose = f"Update {update} of" if update else "notice"
    return Told(f"KR-0000-00{number}", "front-door@kent.example", purpose, update, message_id, at)


def test_a_referral_that_was_told_of_keeps_every_promise() -> None:
    verdict = judge([accepted()], Evidence(steps(), [mail()]))
    assert verdict.violations() == []
    assert (verdict.accepted, verdict.mails, verdict.copies) == (1, 1, 0)


def test_a_referral_without_a_mail_is_lost_at_the_step_it_never_took() -> None:
    said = [*steps(2)[:1], *steps(3)[:2], *steps(4)]
    verdict = judge([accepted(number) for number in (1, 2, 3, 4)], Evidence(said, []))
    assert verdict.lost_at == {"intake": 1, "redaction": 1, "routing": 1, "notify": 1}
    assert verdict.violations()


def test_a_referral_that_waits_with_a_timer_is_not_lost() -> None:
    verdict = judge([accepted()], Evidence(steps(), [], waiting=frozenset({"KR-0000-001"})))
    assert (verdict.lost, verdict.waiting) == ((), 1)


def test_a_second_copy_of_a_mail_is_one_mail_and_another_mail_of_the_same_purpose_is_not() -> None:
    copied = judge([accepted()], Evidence(steps(), [mail(), mail()]))
    assert (copied.duplicates, copied.copies) == ((), 1)
    assert judge([accepted()], Evidence(steps(), [mail(), mail(message_id="m2")])).duplicates == ("KR-0000-001",)


def test_a_later_version_is_told_by_an_update_or_by_a_first_mail_after_it() -> None:
    posted = [accepted(), accepted(revision=2)]
    said = [*steps(at=10.0), *steps(revision=2, at=30.0)]
    assert judge(posted, Evidence(said, [mail(at=20.0)])).untold_updates == ("KR-0000-001",)
    assert judge(posted, Evidence(said, [mail(at=40.0)])).untold_updates == ()
    alerted = [*said, Said("referral.routed.v1/alert", "alert", "id1", 2, 15.0)]
    assert judge(posted, Evidence(alerted, [mail(at=20.0)])).untold_updates == ()
    assert judge(posted, Evidence(said, [mail(), mail(update=2, message_id="m2")])).untold_updates == ()


def test_a_version_that_overtakes_an_earlier_one_is_out_of_order_and_a_repetition_is_not() -> None:
    posted = [accepted(), accepted(revision=2)]
    later = [mail(), mail(update=2, message_id="m2")]
    repeated = [*steps(), *steps(revision=2), *steps()]
    assert judge(posted, Evidence(repeated, later)).out_of_order == ()
    assert judge(posted, Evidence([*steps(revision=2), *steps()], later)).out_of_order == ("KR-0000-001",)


def test_a_mail_about_nothing_that_was_accepted_is_a_finding_but_not_one_of_another_arm() -> None:
    evidence = Evidence(steps(), [mail(), mail(number=2, message_id="m2")])
    assert judge([accepted()], evidence).unaccounted == ("KR-0000-002",)
    assert judge([accepted()], evidence, known={"KR-0000-002"}).unaccounted == ()


def test_dead_letters_and_rows_that_never_left_are_findings() -> None:
    clean = Evidence(steps(), [mail()])
    assert judge([accepted()], dataclasses.replace(clean, dead_letters=1)).violations()
    assert judge([accepted()], dataclasses.replace(clean, outbox=1)).violations()


def test_a_status_must_show_every_version_once_and_its_steps_in_order() -> None:
    def status(*events: tuple[str, str]) -> dict[str, object]:
        timeline = [{"event": event, "revision": 1, "at": at} for event, at in events]
        return {"status": "notified", "revision": 1, "timeline": timeline}

    right = status(("received", "1"), ("redacted", "2"), ("routed", "3"), ("notified", "4"))
    for wrong in (
        {**right, "status": "routed"},
        {**right, "revision": 2},
        status(("received", "1"), ("received", "1"), ("redacted", "2"), ("routed", "3")),
        status(("received", "1"), ("redacted", "3"), ("routed", "2")),
    ):
        assert judge([accepted()], Evidence(steps(), [mail()], statuses={"id1": wrong})).odd_statuses
    assert not judge([accepted()], Evidence(steps(), [mail()], statuses={"id1": right})).odd_statuses
    late = status(("received", "1"), ("redacted", "3"), ("routed", "2"))
    assert not judge([accepted()], Evidence(steps(), [mail()], statuses={"id1": late}), wiped=True).odd_statuses
