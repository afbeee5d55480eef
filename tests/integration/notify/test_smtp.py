"""What mail servers do to us, each told apart: refused, later, gone, silent, encrypted."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from services.local.processes import free_port
from services.notify.adapters.smtp import SmtpChannel
from services.notify.domain.mail import Mail
from services.notify.domain.retry import Accepted, Refused, Unavailable
from services.notify.settings import SmtpSettings
from tests.integration.notify.certificate import self_signed

MAIL = Mail(
    to="desk@kent.example",
    subject="[Saferoute] URGENT KR-7F3K-9QX: respond by 14:30",
    text="A line.\n.A line that begins with a dot.\n",
    html="<p>A line.</p>\n",
    message_id="00000000-0000-5000-8000-000000000001",
    date=dt.datetime(2026, 6, 3, 11, 0, tzinfo=dt.UTC),
    urgent=True,
    maybe_duplicate=False,
)


class Behaviour:
    """A mail server that answers what the test says."""

    def __init__(self) -> None:
        self.sender = self.recipient = self.data = "250 fine"
        self.hang_on_data = False
        self.taken: list[bytes] = []
        self.sessions: set[Session] = set()

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.sessions.add(session)
        envelope.mail_from = address
        return self.sender

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.taken.append(envelope.original_content or b"")
        if self.hang_on_data:
            await asyncio.sleep(30)
        return self.data


class Server:
    """One aiosmtpd server on loopback."""

    def __init__(self, **options: Any) -> None:
        self.behaviour, self.port, self._options = Behaviour(), free_port(), options
        self._transports: list[asyncio.BaseTransport] = []
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, "127.0.0.1", self.port)

    def _protocol(self) -> SMTP:
        outer = self

        class Remembered(SMTP):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                outer._transports.append(transport)
                super().connection_made(transport)

        return Remembered(self.behaviour, hostname="mail.example", **self._options)

    def drop_connections(self) -> None:
        for transport in self._transports:
            transport.close()

    async def stop(self) -> None:
        self.drop_connections()
        if self._server is not None:
            self._server.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def channel(server: Server) -> AsyncIterator[SmtpChannel]:
    made = SmtpChannel(SmtpSettings(port=server.port, starttls=False, timeout_seconds=1.0))
    yield made
    await made.close()


async def test_a_message_arrives_whole(server: Server, channel: SmtpChannel) -> None:
    assert await channel.send(MAIL) == Accepted()
    [content] = server.behaviour.taken
    assert b"Message-ID: <00000000-0000-5000-8000-000000000001@example.org>" in content
    assert b"Auto-Submitted: auto-generated" in content
    assert b"\r\n.A line that begins with a dot.\r\n" in content
    assert b"Subject: [Saferoute] URGENT KR-7F3K-9QX: respond by 14:30" in content


async def test_connections_are_kept_for_the_next_message(server: Server, channel: SmtpChannel) -> None:
    for _ in range(5):
        assert await channel.send(MAIL) == Accepted()
    assert len(server.behaviour.sessions) == 1


async def test_a_kept_connection_that_died_is_replaced_without_losing_a_try(
    server: Server, channel: SmtpChannel
) -> None:
    await channel.send(MAIL)
    server.drop_connections()
    await asyncio.sleep(0.05)
    assert await channel.send(MAIL) == Accepted()


@pytest.mark.parametrize(
    ("step", "reply", "outcome"),
    [
        ("recipient", "550 no such mailbox", Refused("notify.recipient_refused")),
        ("recipient", "450 mailbox busy", Unavailable(channel_down=False)),
        ("recipient", "421 shutting down", Unavailable(channel_down=True)),
        ("data", "554 content refused", Refused("notify.message_refused")),
        ("data", "451 try later", Unavailable(channel_down=False)),
        ("sender", "550 sender refused", Unavailable(channel_down=True)),
        ("sender", "451 greylisted", Unavailable(channel_down=True)),
    ],
)
async def test_answers_are_told_apart(
    server: Server, channel: SmtpChannel, step: str, reply: str, outcome: object
) -> None:
    setattr(server.behaviour, step, reply)
    assert await channel.send(MAIL) == outcome
    setattr(server.behaviour, step, "250 fine")
    assert await channel.send(MAIL) == Accepted()


async def test_nobody_listening_means_the_channel_is_down() -> None:
    channel = SmtpChannel(SmtpSettings(port=free_port(), starttls=False, timeout_seconds=1.0))
    assert await channel.send(MAIL) == Unavailable(channel_down=True)


async def test_silence_after_the_message_means_that_it_may_have_arrived(server: Server, channel: SmtpChannel) -> None:
    server.behaviour.hang_on_data = True
    assert await channel.send(MAIL) == Unavailable(channel_down=True, maybe_delivered=True)


async def test_a_server_without_tls_gets_nothing_where_tls_is_asked_for(server: Server) -> None:
    channel = SmtpChannel(SmtpSettings(port=server.port, starttls=True, timeout_seconds=1.0))
    assert await channel.send(MAIL) == Unavailable(channel_down=True)
    assert server.behaviour.taken == []


async def test_signing_in_over_tls(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def authenticate(
        _server: object, _session: object, _envelope: object, _way: object, data: LoginPassword
    ) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"saferoute", b"right"))

    server = Server(tls_context=context, require_starttls=True, authenticator=authenticate, auth_required=True)
    await server.start()
    for password, outcome in (("right\n", Accepted()), ("wrong\n", Unavailable(channel_down=True))):
        password_file = tmp_path / "password"
        password_file.write_text(password)
        settings = SmtpSettings(
            host="localhost",
            port=server.port,
            ca_file=certificate,
            username="saferoute",
            password_file=password_file,
            timeout_seconds=2.0,
        )
        channel = SmtpChannel(settings)
        assert await channel.send(MAIL) == outcome
        await channel.close()
    stranger = SmtpChannel(SmtpSettings(host="localhost", port=server.port, timeout_seconds=2.0))
    assert await stranger.send(MAIL) == Unavailable(channel_down=True)
    await server.stop()
