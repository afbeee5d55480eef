"""Mail over SMTP: one recipient a message, connections kept for the next one, every failure told apart."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections import deque
from email.message import EmailMessage
from typing import Final

import aiosmtplib

from services.notify.domain.mail import Mail
from services.notify.domain.retry import Accepted, Outcome, Refused, Unavailable
from services.notify.settings import SmtpSettings

IDLE_SECONDS = 5.0
"""A connection unused for longer is closed by us: servers close idle ones and the next message would find out."""

MAX_IDLE = 16
"""Connections kept: as many as there are lanes of the delivery worker."""

PERMANENT = 500
"""Replies from here on are final (RFC 5321, 4.2.1)."""

SHUTTING_DOWN: Final = 421
"""The server closes the connection, whatever was asked."""


class SmtpChannel:
    """Sends mail through one server. Never raises for what the server or the network does."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._idle: deque[tuple[aiosmtplib.SMTP, float]] = deque()

    async def send(self, mail: Mail) -> Outcome:
        """Send one message. A kept connection that turns out to be dead is replaced once, before anything was sent."""
        message = _written(mail, self._settings.sender)
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                client = await self._greeted()
        except (TimeoutError, OSError, aiosmtplib.SMTPException):
            return Unavailable(channel_down=True)
        talk = _Conversation(client, self._settings.sender, mail.to, message)
        outcome: Outcome
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                outcome = await talk.run()
        except (TimeoutError, OSError, aiosmtplib.SMTPException):
            outcome = Unavailable(channel_down=True, maybe_delivered=talk.handing_over)
        if isinstance(outcome, Unavailable):
            client.close()
        else:
            self._keep(client)
        return outcome

    async def close(self) -> None:
        """Say goodbye on every kept connection."""
        while self._idle:
            client, _ = self._idle.pop()
            with contextlib.suppress(TimeoutError, OSError, aiosmtplib.SMTPException):
                await client.quit(timeout=1.0)
            client.close()

    async def _greeted(self) -> aiosmtplib.SMTP:
        """A connection that answers: a kept one, or a new one."""
        while self._idle:
            client, since = self._idle.pop()
            if time.monotonic() - since < IDLE_SECONDS and client.is_connected:
                with contextlib.suppress(OSError, aiosmtplib.SMTPException):
                    await client.rset()
                    return client
            client.close()
        return await self._connect()

    async def _connect(self) -> aiosmtplib.SMTP:
        smtp = self._settings
        client = aiosmtplib.SMTP(
            hostname=smtp.host,
            port=smtp.port,
            start_tls=smtp.starttls,
            tls_context=_tls(smtp) if smtp.starttls else None,
            timeout=smtp.timeout_seconds,
            local_hostname="saferoute.invalid",
        )
        await client.connect()
        password = smtp.password()
        if smtp.username is not None and password is not None:
            await client.login(smtp.username, password.get_secret_value())
        return client

    def _keep(self, client: aiosmtplib.SMTP) -> None:
        if len(self._idle) < MAX_IDLE:
            self._idle.append((client, time.monotonic()))
        else:
            client.close()


class _Conversation:
    """MAIL, RCPT, DATA. `handing_over` says that the message was on its way: a lost answer then means nothing."""

    def __init__(self, client: aiosmtplib.SMTP, sender: str, to: str, message: bytes) -> None:
        self._client = client
        self._sender = sender
        self._to = to
        self._message = message
        self.handing_over = False

    async def run(self) -> Outcome:
        """The server's word on this message."""
        try:
            await self._client.mail(self._sender)
        except aiosmtplib.SMTPSenderRefused:
            return Unavailable(channel_down=True)  # our own address is refused: the channel is set up wrongly
        try:
            await self._client.rcpt(self._to)
        except aiosmtplib.SMTPRecipientRefused as error:
            return Refused("notify.recipient_refused") if error.code >= PERMANENT else _later(error.code)
        self.handing_over = True
        try:
            await self._client.data(self._message)
        except aiosmtplib.SMTPDataError as error:
            self.handing_over = False
            return Refused("notify.message_refused") if error.code >= PERMANENT else _later(error.code)
        return Accepted()


def _later(code: int) -> Unavailable:
    return Unavailable(channel_down=code == SHUTTING_DOWN)


def _tls(settings: SmtpSettings) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(settings.ca_file) if settings.ca_file else None)


def _written(mail: Mail, sender: str) -> bytes:
    """The message as bytes. Its Message-ID follows from the delivery, so mail programs fold a second copy away."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = mail.to
    message["Subject"] = mail.subject
    message["Date"] = mail.date
    message["Message-ID"] = f"<{mail.message_id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if mail.urgent:
        message["Importance"] = "high"
        message["X-Priority"] = "1"
    if mail.maybe_duplicate:
        message["X-Saferoute-Possible-Duplicate"] = "yes"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message.as_bytes()
