"""Caught mails on disk, one file each in a maildir: written through before the sender is told that it is accepted."""

import itertools
import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

TEMPORARY = 451
"""SMTP: local error, try again later."""

PERMANENT = 550
"""SMTP: mailbox unavailable, do not try again."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Answer the next `remaining` mails (None = all) with this SMTP code instead of taking them."""

    code: int
    remaining: int | None


@dataclass(frozen=True, slots=True)
class CaughtMail:
    """A mail as it arrived. `sender` and `recipients` are the envelope's, which BCC and bounces follow."""

    id: str
    received_at: datetime
    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage
    size: int

    @property
    def subject(self) -> str:
        """The decoded subject, on one line."""
        return " ".join(str(self.message.get("Subject", "")).split())

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Every header, decoded, in order."""
        return [(name, " ".join(str(value).split())) for name, value in self.message.items()]

    @property
    def text(self) -> str | None:
        """The plain part."""
        return self._part("plain")

    @property
    def html(self) -> str | None:
        """The HTML part, exactly as sent: never put it into a page of ours."""
        return self._part("html")

    @property
    def attachments(self) -> list[str]:
        """File names of the attachments."""
        return [part.get_filename() or "(no name)" for part in self.message.iter_attachments()]

    def _part(self, subtype: str) -> str | None:
        part = self.message.get_body(preferencelist=(subtype,))
        if part is None:
            return None
        raw = part.get_payload(decode=True)
        if not isinstance(raw, bytes):
            return None
        try:
            return raw.decode(part.get_content_charset("utf-8"), errors="replace")
        except LookupError:  # a charset that nobody knows
            return raw.decode("utf-8", errors="replace")


class MailStore:
    """A maildir and, next to it, how the next mails are to be refused. Safe to read while another process writes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._new = path / "new"
        self._tmp = path / "tmp"
        self._refusal = path / "refusal.json"
        self._numbers = itertools.count()
        for folder in (self._new, self._tmp, path / "cur"):
            folder.mkdir(parents=True, exist_ok=True)

    def add(self, received_at: datetime, sender: str, recipients: list[str], content: bytes) -> str:
        """Store a mail and return its id; when this returns it is on disk. Raises OSError."""
        arrived = int(received_at.timestamp() * 1_000_000)
        mail_id = f"{arrived}.{os.getpid()}-{next(self._numbers)}"
        envelope = {"from": sender, "to": recipients}
        partial = self._tmp / mail_id
        with partial.open("xb") as stream:
            stream.write(b"X-Envelope: " + json.dumps(envelope).encode() + b"\r\n" + content)
            stream.flush()
            os.fsync(stream.fileno())
        partial.rename(self._new / mail_id)
        return mail_id

    def ids(self) -> list[str]:
        """Ids of all mails, oldest first."""
        return sorted(entry.name for entry in self._new.iterdir())

    def read(self, mail_id: str) -> CaughtMail | None:
        """The mail, or None if there is none of that id."""
        if mail_id not in {entry.name for entry in self._new.iterdir()}:
            return None  # also keeps the id from naming anything outside the folder
        raw = (self._new / mail_id).read_bytes()
        first, _, content = raw.partition(b"\r\n")
        envelope = json.loads(first.removeprefix(b"X-Envelope: "))
        message = BytesParser(policy=policy.default).parsebytes(content)
        assert isinstance(message, EmailMessage)  # noqa: S101 - what policy.default makes
        received_at = datetime.fromtimestamp(int(mail_id.partition(".")[0]) / 1_000_000, UTC)
        return CaughtMail(mail_id, received_at, envelope["from"], tuple(envelope["to"]), message, len(content))

    def raw(self, mail_id: str) -> bytes | None:
        """The mail byte for byte as the sender gave it."""
        if mail_id not in self.ids():
            return None
        return (self._new / mail_id).read_bytes().partition(b"\r\n")[2]

    def all(self) -> list[CaughtMail]:
        """Every mail, oldest first."""
        return [mail for mail_id in self.ids() if (mail := self.read(mail_id)) is not None]

    def clear(self) -> None:
        """Delete every mail."""
        for entry in self._new.iterdir():
            entry.unlink()

    def refuse(self, refusal: Refusal | None) -> None:
        """From the next mail on, refuse so; None takes mails again."""
        if refusal is None:
            self._refusal.unlink(missing_ok=True)
            return
        partial = self._refusal.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(refusal)))
        partial.replace(self._refusal)

    def next_refusal(self) -> Refusal | None:
        """How the mail at hand is to be refused, counted down."""
        try:
            refusal = Refusal(**json.loads(self._refusal.read_text()))
        except FileNotFoundError:
            return None
        if refusal.remaining is not None:
            left = refusal.remaining - 1
            self.refuse(Refusal(refusal.code, left) if left > 0 else None)
        return refusal
