"""Real SMTP into the catcher, and what its page does with what a mail contains."""

import smtplib
from email.message import EmailMessage

import httpx
import pytest

from services.local.mail_catcher import MailCatcher

HOSTILE = "<script>alert(1)</script>"


def a_mail(subject: str = "Referral K7F3-M2Q9 needs an answer", html: str | None = None) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Saferoute <noreply@saferoute.example>"
    mail["To"] = "duty.team@social-care.example"
    mail["Subject"] = subject
    mail.set_content("A referral is waiting. Please sign in.\n\nПривіт, żółw\n")
    if html is not None:
        mail.add_alternative(html, subtype="html")
    return mail


def send(catcher: MailCatcher, mail: EmailMessage, to: list[str] | None = None) -> None:
    with smtplib.SMTP(catcher.smtp_host, catcher.smtp_port, timeout=5) as smtp:
        smtp.send_message(mail, to_addrs=to)


def test_mail_arrives_as_it_was_sent(mail_catcher: MailCatcher) -> None:
    send(mail_catcher, a_mail(), ["duty.team@social-care.example", "blind.copy@social-care.example"])
    (caught,) = mail_catcher.messages()
    assert caught.recipients == ("duty.team@social-care.example", "blind.copy@social-care.example")
    assert caught.subject == "Referral K7F3-M2Q9 needs an answer"
    assert caught.text is not None
    assert "Привіт, żółw" in caught.text


def test_page_lists_and_shows_mails(mail_catcher: MailCatcher) -> None:
    send(mail_catcher, a_mail("first"))
    send(mail_catcher, a_mail("second", html="<p>Hello</p>"))
    listing = httpx.get(mail_catcher.url)
    assert listing.text.index("second") < listing.text.index("first")
    (_, second) = httpx.get(f"{mail_catcher.url}/api/messages").json()["messages"]
    page = httpx.get(f"{mail_catcher.url}/messages/{second['id']}")
    assert "Привіт, żółw" in page.text
    assert 'sandbox=""' in page.text
    assert httpx.get(f"{mail_catcher.url}/messages/{second['id']}/html").text.strip() == "<p>Hello</p>"
    whole = httpx.get(f"{mail_catcher.url}/api/messages/{second['id']}").json()
    assert whole["html"].strip() == "<p>Hello</p>"
    raw = httpx.get(f"{mail_catcher.url}/api/messages/{second['id']}/raw")
    assert b"Subject: second" in raw.content


def test_nothing_in_a_mail_runs_on_the_page(mail_catcher: MailCatcher) -> None:
    mail = a_mail(f"hello {HOSTILE}", html=f"<p>{HOSTILE}</p><img src=http://tracker.example/x>")
    mail.replace_header("From", f'"{HOSTILE}" <a@example.org>')
    send(mail_catcher, mail)
    mail_id = mail_catcher.messages()[0].id
    for path in ("/", f"/messages/{mail_id}"):
        page = httpx.get(mail_catcher.url + path)
        assert HOSTILE not in page.text
        assert "script-src" not in page.headers["content-security-policy"]
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
    sealed = httpx.get(f"{mail_catcher.url}/messages/{mail_id}/html")
    assert sealed.headers["content-security-policy"].startswith("sandbox; default-src 'none'")


@pytest.mark.parametrize("path", ["/messages/nothing", "/messages/..%2f..%2fetc%2fpasswd", "/api/messages/x/raw"])
def test_unknown_mail_is_not_found(mail_catcher: MailCatcher, path: str) -> None:
    assert httpx.get(mail_catcher.url + path).status_code == 404


def test_page_answers_only_to_loopback_names(mail_catcher: MailCatcher) -> None:
    assert httpx.get(mail_catcher.url, headers={"Host": "rebound.example"}).status_code == 400


def test_tempfail_counts_down(mail_catcher: MailCatcher) -> None:
    mail_catcher.tempfail(2)
    for _ in range(2):
        with pytest.raises(smtplib.SMTPDataError) as refused:
            send(mail_catcher, a_mail())
        assert refused.value.smtp_code == 451
    send(mail_catcher, a_mail())
    assert len(mail_catcher.messages()) == 1


def test_reject_lasts_until_mails_are_taken_again(mail_catcher: MailCatcher) -> None:
    mail_catcher.reject()
    for _ in range(3):
        with pytest.raises(smtplib.SMTPDataError) as refused:
            send(mail_catcher, a_mail())
        assert refused.value.smtp_code == 550
    mail_catcher.accept()
    send(mail_catcher, a_mail())
    assert len(mail_catcher.messages()) == 1


def test_mails_outlive_a_killed_catcher_which_is_down_meanwhile(mail_catcher: MailCatcher) -> None:
    send(mail_catcher, a_mail("kept"))
    mail_catcher.kill()
    with pytest.raises(OSError):
        send(mail_catcher, a_mail())
    mail_catcher.start()
    send(mail_catcher, a_mail("later"))
    assert [mail.subject for mail in mail_catcher.messages()] == ["kept", "later"]


def test_frozen_catcher_keeps_a_sender_waiting(mail_catcher: MailCatcher) -> None:
    mail_catcher.pause()
    try:
        with pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected)):
            smtplib.SMTP(mail_catcher.smtp_host, mail_catcher.smtp_port, timeout=0.5)
    finally:
        mail_catcher.resume()
    send(mail_catcher, a_mail())
