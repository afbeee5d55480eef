"""What mail says, and that no template can say more."""

from __future__ import annotations

import dataclasses
import datetime as dt
import shutil
import uuid
from pathlib import Path
from typing import get_args

import pytest

from services.kit.policy_pack import load_pack
from services.notify.adapters.templates import FIELDS, FOLDER, MailTemplates, TemplateFaultError
from services.notify.domain.mail import Mail, MailContext, context_of
from services.notify.domain.model import Notification, Purpose, notification_id
from tests.unit.notify.events import NOON

KENT = load_pack(Path(__file__).parents[3] / "services/routing/policies/kent")
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)


def notification(**changes: object) -> Notification:
    one = Notification(
        id=notification_id("ref-1", "front_door"),
        referral_id="ref-1",
        reference="KR-7F3K-9QX",
        destination="front_door",
        area=None,
        state="open",
        round=1,
        revision=2,
        urgency="urgent",
        ack_due_at=NOON + dt.timedelta(minutes=90),
        told_at=NOON,
    )
    return dataclasses.replace(one, **changes)  # type: ignore[arg-type]


def context(purpose: Purpose = "notice", now: dt.datetime = NOON, **changes: object) -> MailContext:
    return context_of(
        notification(**changes),
        purpose,
        1 if purpose in ("remind", "deputy", "manager", "ring") else 0,
        ring=("07700 900101",) if purpose == "ring" else (),
        embargo=False,
        maybe_duplicate=False,
        test=False,
        public_url="https://saferoute.example.org/",
        pack=KENT,
        now=now,
    )


def written(purpose: Purpose = "notice", now: dt.datetime = NOON, **changes: object) -> Mail:
    return MailTemplates("en").write(
        context(purpose, now, **changes), to="desk@kent.example", message_id=uuid.UUID(int=1), date=now
    )


SUBJECTS: dict[Purpose, str] = {
    "notice": "[Saferoute] URGENT KR-7F3K-9QX: respond by 13:30",
    "raised": "[Saferoute] RAISED TO URGENT KR-7F3K-9QX: respond by 13:30",
    "copy": "[Saferoute] For information KR-7F3K-9QX",
    "update": "[Saferoute] Update 2 of KR-7F3K-9QX",
    "moved": "[Saferoute] KR-7F3K-9QX is now with another team",
    "remind": "[Saferoute] REMINDER URGENT KR-7F3K-9QX: respond by 13:30",
    "deputy": "[Saferoute] NOT ANSWERED URGENT KR-7F3K-9QX: respond by 13:30",
    "manager": "[Saferoute] NOT ANSWERED URGENT KR-7F3K-9QX: respond by 13:30",
    "ring": "[Saferoute] RING THE ON-CALL PHONE NOW: URGENT KR-7F3K-9QX is not answered",
}


@pytest.mark.parametrize("purpose", PURPOSES)
def test_every_purpose_has_its_subject(purpose: Purpose) -> None:
    assert written(purpose).subject == SUBJECTS[purpose]


@pytest.mark.parametrize("purpose", PURPOSES)
def test_every_message_carries_the_reference_the_link_and_no_invitation_to_reply(purpose: Purpose) -> None:
    mail = written(purpose)
    for part in (mail.text, mail.html):
        assert "KR-7F3K-9QX" in part
        assert "https://saferoute.example.org/referrals/KR-7F3K-9QX" in part
        assert "Do not reply: this mailbox is not read." in part
        assert "Never view, copy, print, share, store or save the imagery" in part


def test_the_plain_message_reads_as_agreed() -> None:
    assert (
        written().text
        == """\
A safeguarding referral for Integrated Front Door needs your answer.

Reference:   KR-7F3K-9QX
Urgency:     URGENT
Destination: Integrated Front Door
Respond by:  13:30 BST on Wednesday 3 June 2026

Sign in to read and acknowledge: https://saferoute.example.org/referrals/KR-7F3K-9QX
Opening the link acknowledges nothing: sign in and choose "Acknowledge".
If you cannot sign in, ring 03000 411 111 and give the reference.

Never view, copy, print, share, store or save the imagery yourself, and never ask a child to share or download it.

Do not reply: this mailbox is not read.
This message holds no personal data on purpose. Do not add any when you forward it.

Kent County Council, Saferoute
"""
    )


def test_another_day_is_named_and_a_passed_time_is_not_promised() -> None:
    tomorrow = NOON + dt.timedelta(days=1)
    assert written(ack_due_at=tomorrow).subject.endswith("respond by 12:00 on Thu 4 Jun")
    assert written(now=NOON + dt.timedelta(hours=2)).subject.endswith("answer now, it was due at 13:30")


def test_the_repeated_hour_of_october_is_told_apart() -> None:
    first = dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)
    assert "01:30 BST" in written(ack_due_at=first).text
    assert "01:30 GMT" in written(ack_due_at=first + dt.timedelta(hours=1)).text


def test_an_unmonitored_mailbox_is_called_one() -> None:
    assert "not always monitored" in written("copy", destination="general_queries").text
    assert "not always monitored" not in written("copy").text


def test_outside_office_hours_the_out_of_hours_number_is_given() -> None:
    assert "03000 419 191" in written(now=dt.datetime(2026, 6, 3, 22, 0, tzinfo=dt.UTC)).text


def test_a_test_says_so_and_may_still_be_real() -> None:
    mail = MailTemplates("en").write(
        dataclasses.replace(context(), test=True), to="desk@kent.example", message_id=uuid.UUID(int=1), date=NOON
    )
    assert mail.subject == "[Saferoute] TEST URGENT KR-7F3K-9QX: respond by 13:30"
    assert "marked this referral as a test" in mail.text


def test_html_is_escaped() -> None:
    mail = MailTemplates("en").write(
        dataclasses.replace(context(), destination="<script>x</script>"),
        to="desk@kent.example",
        message_id=uuid.UUID(int=1),
        date=NOON,
    )
    assert "<script>" not in mail.html


def test_no_field_of_a_message_can_hold_a_person_or_the_words() -> None:
    assert {
        "purpose", "reference", "revision", "urgency", "destination", "respond_by", "respond_by_in_full", "overdue",
        "link", "phone", "ring", "level", "embargo", "replies_read", "monitored", "imagery_rule", "council",
        "maybe_duplicate", "test",
    } == FIELDS  # fmt: skip


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("{{ narrative }}", "uses narrative, which no message may show"),
        ("{{ facts.district }}", "uses facts, which no message may show"),
        ("A concern about TikTok.", "names an app"),
        ("Give the pupil name.", "can name a person or a school"),
        ("The child should have known.", "blames"),
        ("You will be prosecuted.", "threatens"),
        ("Ask them to delete the picture.", "suggests deleting"),
        ("{{ reference", "TemplateSyntaxError"),
    ],
)
def test_a_template_that_says_what_none_may_is_refused(tmp_path: Path, words: str, fault: str) -> None:
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)
    template = tmp_path / "en/v1/mail.txt.j2"
    template.write_text(template.read_text() + words)
    with pytest.raises(TemplateFaultError, match=fault):
        MailTemplates("en", tmp_path)


def test_a_missing_template_is_named_at_the_start() -> None:
    with pytest.raises(TemplateFaultError, match=r"mail\.subject\.j2: TemplateNotFound"):
        MailTemplates("xx")
