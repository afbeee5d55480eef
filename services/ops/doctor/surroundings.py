"""What is reached over HTTP and SMTP, and the policy pack: services, mail server, contacts, rota."""

from __future__ import annotations

import asyncio
import datetime as dt
import smtplib
import ssl
from collections.abc import AsyncIterator, Iterator
from email.utils import parsedate_to_datetime

import httpx

from contracts.topics import SERVICES
from services.kit.clock import Clock
from services.kit.policy_files import PolicyPackError, load_pack
from services.kit.policy_pack import oldest_contact
from services.notify.domain.ladder import ladder_faults
from services.notify.settings import SmtpSettings
from services.ops.doctor.findings import Finding, clock, contacts, fault, not_named, ok, readiness, rota, warning
from services.ops.doctor.settings import DoctorSettings
from services.routing.domain.soundness import objections

PATIENCE_SECONDS = 10.0


async def look_at_services(settings: DoctorSettings, now: Clock) -> AsyncIterator[Finding]:
    """Findings about every service that is named."""
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as http:
        for service in SERVICES:
            if service not in settings.services:
                yield not_named(f"service/{service}", "SAFEROUTE_SERVICES")
                continue
            answer = await _answer(http, f"{settings.services[service]}/health/ready")
            failing = [] if answer is None else _failing(answer)
            yield readiness(service, None if answer is None else answer.status_code, failing)
            told = None if answer is None else _date(answer)
            if told is not None:
                yield clock(f"service/{service}/clock", _beyond_a_second(told - now()))


async def _answer(http: httpx.AsyncClient, url: str) -> httpx.Response | None:
    try:
        return await http.get(url)
    except (httpx.HTTPError, OSError):
        return None


def _failing(answer: httpx.Response) -> list[str]:
    """The parts that a service names as not answering; none where the answer is not its own."""
    try:
        checks = answer.json()["checks"]
        return [name for name, works in checks.items() if works is False and name.isidentifier()]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def _date(answer: httpx.Response) -> dt.datetime | None:
    try:
        return parsedate_to_datetime(answer.headers["date"])
    except (KeyError, ValueError):
        return None


def _beyond_a_second(difference: dt.timedelta) -> float:
    """HTTP tells whole seconds, cut off: up to one of them is no difference."""
    seconds = difference.total_seconds()
    return 0.0 if -1.5 < seconds < 0.5 else seconds


async def look_at_mail(settings: DoctorSettings) -> Finding:
    """Whether the mail server would take a message; none is sent."""
    if settings.smtp is None:
        return not_named("mail", "SAFEROUTE_SMTP__HOST")
    return await asyncio.to_thread(_mail, settings.smtp)


def _mail(smtp: SmtpSettings) -> Finding:
    """Connect, secure, sign in where that is asked for, say goodbye."""
    todo = "see the runbook mail-down: address, port, firewall, certificate, account"
    try:
        with smtplib.SMTP(smtp.host, smtp.port, timeout=PATIENCE_SECONDS) as server:
            if smtp.starttls:
                server.starttls(context=ssl.create_default_context(cafile=str(smtp.ca_file) if smtp.ca_file else None))
            if smtp.username is not None:
                word = smtp.password()
                server.login(smtp.username, word.get_secret_value() if word else "")
            server.noop()
    except (OSError, smtplib.SMTPException) as error:  # the text may repeat what the server said; its kind will do
        return fault("mail", f"the mail server does not take us ({type(error).__name__}): nobody would be told", todo)
    if not smtp.starttls:
        return warning("mail", "it answers, and mail goes there in the clear", "set SAFEROUTE_SMTP__STARTTLS=true")
    return ok("mail", "it answers, encrypted" + (" and signed in" if smtp.username else ""))


def look_at_policy(settings: DoctorSettings, now: dt.datetime) -> Iterator[Finding]:
    """Whether the pack can be used, proves what it must, has people at any hour and contacts that somebody verified."""
    if settings.policy_pack is None:
        yield not_named("policy", "SAFEROUTE_POLICY_PACK")
        return
    problems: tuple[str, ...] = ()
    try:
        pack = load_pack(settings.policy_pack)
    except PolicyPackError as error:
        problems = tuple(problem.in_words() for problem in error.problems)
    for words in problems:
        yield fault("policy", f"services refuse this pack: {words}", "mend it and run `policy check` (policy-pack)")
    if problems:
        return
    wrong = objections(pack, now.date())
    for words in wrong:
        yield fault("policy", f"services refuse this pack: {words}", "mend it and run `policy check` (policy-pack)")
    if not wrong:
        yield ok("policy", f"the pack {pack.name} {pack.version} is sound")
    yield from rota(ladder_faults(pack, now))
    yield contacts(oldest_contact(pack, now.date()), now.date())
