"""The mail catcher: real SMTP in, nothing out. Every mail stays on this machine, in a maildir, with a page to read it.

`python -m services.local.mail_catcher --smtp-port 2525 --http-port 8025 --maildir mails [--fail-first 3]`
"""

import argparse
import asyncio
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.local.mail_page import MailPage
from services.local.mail_store import PERMANENT, TEMPORARY, CaughtMail, MailStore, Refusal
from services.local.processes import CODE_ROOT, LOOPBACK, Child, Program, accepts_connections, free_port
from services.local.run_directory import Part, PartError

START_TIMEOUT = 30.0
"""Seconds from fork to both ports answering; measured 0.6."""

SIZE_LIMIT = 10 * 1024 * 1024
"""Bytes a mail; announced in EHLO. Ours have a few kilobytes."""


class MailCatcherError(PartError):
    """The mail catcher could not be started. The message ends with the end of its log."""


class MailCatcher(Part):
    """The mail catcher as a part of the embedded run, in a process of its own. Mails stay in the run directory."""

    name = "mail catcher"

    def __init__(self, run_dir: Path, *, smtp_port: int | None = None, http_port: int | None = None) -> None:
        super().__init__(run_dir)
        self.smtp_port = smtp_port or free_port()
        self.http_port = http_port or free_port()
        self.store = MailStore(run_dir / "mails")
        self.log = run_dir / "mail-catcher.log"
        argv = [sys.executable, "-m", "services.local.mail_catcher", "--maildir", str(self.store.path.absolute())]
        argv += ["--smtp-port", str(self.smtp_port), "--http-port", str(self.http_port)]
        self._child = Child(Program(self.name, tuple(argv), self.log, cwd=CODE_ROOT), run_dir / "mail-catcher.pid")

    @property
    def url(self) -> str:
        """The page; `/api/messages` under it is the JSON."""
        return f"http://{LOOPBACK}:{self.http_port}"

    @property
    def smtp_host(self) -> str:
        """Where it takes mails."""
        return LOOPBACK

    @property
    def running(self) -> bool:
        """Whether its process exists."""
        return self._child.running

    def start(self) -> None:
        """Start it and wait until it takes mails and shows its page. Raises MailCatcherError."""
        self._child.start()
        self._child.wait_until(self.answers, START_TIMEOUT, MailCatcherError)

    def stop(self) -> None:
        """The server is gone: senders get 'connection refused'. Mails stay."""
        self._child.stop()

    def kill(self) -> None:
        """kill -9. A mail that was answered with 250 is on disk."""
        self._child.kill()

    def pause(self) -> None:
        """SIGSTOP: connections stay open and nothing answers."""
        self._child.pause()

    def resume(self) -> None:
        """SIGCONT."""
        self._child.resume()

    def messages(self) -> list[CaughtMail]:
        """Every mail caught so far, oldest first; works while the server is down."""
        return self.store.all()

    def clear(self) -> None:
        """Delete every mail."""
        self.store.clear()

    def tempfail(self, count: int | None = None) -> None:
        """Answer the next `count` mails (None = all until `accept`) with 451, try again later."""
        self.store.refuse(Refusal(TEMPORARY, count))

    def reject(self, count: int | None = None) -> None:
        """Answer the next `count` mails (None = all until `accept`) with 550, do not try again."""
        self.store.refuse(Refusal(PERMANENT, count))

    def accept(self) -> None:
        """Take mails again."""
        self.store.refuse(None)

    def answers(self) -> bool:
        """Whether both doors are open."""
        if not accepts_connections(self.smtp_port):
            return False
        try:
            with urllib.request.urlopen(f"{self.url}/health/ready", timeout=2) as answer:  # noqa: S310 - loopback http
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def resident_bytes(self) -> int:
        """Resident memory of its process."""
        return self._child.resident_bytes()


class _Catch:
    """aiosmtpd handler: every recipient is fine, every mail is stored unless it is to be refused."""

    def __init__(self, store: MailStore) -> None:
        self._store = store

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        refusal = self._store.next_refusal()
        if refusal is not None:
            return f"{refusal.code} refused, as the mail catcher was told to"
        content = envelope.original_content or b""
        recipients = [str(recipient) for recipient in envelope.rcpt_tos]
        received_at = datetime.now(UTC)
        mail_id = await asyncio.to_thread(self._store.add, received_at, envelope.mail_from or "", recipients, content)
        return f"250 caught as {mail_id}"


async def serve(store: MailStore, smtp_port: int, http_port: int) -> None:
    """Both servers until SIGTERM or SIGINT."""
    handler = _Catch(store)
    smtp = await asyncio.get_running_loop().create_server(
        lambda: SMTP(
            handler,
            hostname="localhost",
            ident="Saferoute mail catcher",
            data_size_limit=SIZE_LIMIT,
            enable_SMTPUTF8=True,
        ),
        LOOPBACK,
        smtp_port,
    )
    page = uvicorn.Config(MailPage(store).app(), host=LOOPBACK, port=http_port, log_level="warning", access_log=False)
    async with smtp:
        await uvicorn.Server(page).serve()


def main() -> None:
    """Command line of the process."""
    parser = argparse.ArgumentParser(prog="python -m services.local.mail_catcher")
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--maildir", type=Path, required=True)
    parser.add_argument("--fail-first", type=int, default=0, metavar="N", help="answer the first N mails with 451")
    options = parser.parse_args()
    store = MailStore(options.maildir)
    if options.fail_first > 0:
        store.refuse(Refusal(TEMPORARY, options.fail_first))
    asyncio.run(serve(store, options.smtp_port, options.http_port))


if __name__ == "__main__":
    main()
