"""Notify's commands: staff accounts, and messages to look at before anybody gets one."""

from __future__ import annotations

import asyncio
import datetime as dt
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, get_args

import asyncpg
import typer

from contracts.decision import Urgency
from services.kit.clock import system_clock
from services.kit.database import OUTAGES
from services.kit.errors import InfrastructureError
from services.kit.policy_pack import load_pack
from services.notify.adapters import staff as accounts
from services.notify.adapters.templates import MailTemplates
from services.notify.domain.ladder import phones_to_ring
from services.notify.domain.mail import context_of
from services.notify.domain.model import Notification, Purpose, notification_id
from services.notify.domain.permissions import ROLES, Role


async def provision_staff(dsn: str, name_id: str, destinations: Sequence[str], role: Role) -> str:
    """Make or renew a staff account; answers its bearer token, which is kept nowhere.

    Raises:
        InfrastructureError: the database does not answer.
    """
    away = False
    try:
        connection = await asyncpg.connect(dsn)
        try:
            async with connection.transaction():
                return await accounts.provision(connection, name_id, destinations, role, system_clock())
        finally:
            await connection.close()
    except OUTAGES:
        away = True
    if away:
        raise InfrastructureError("database")
    raise AssertionError("unreachable")


def preview(policy_pack: Path, purpose: Purpose, urgency: Urgency, language: str) -> str:
    """A message as it would be written now, with an invented reference: subject, then plain text."""
    pack, now = load_pack(policy_pack), system_clock()
    place = pack.council.emergency_destination
    example = Notification(
        id=notification_id("preview", place),
        referral_id="preview",
        reference="KR-7F3K-9QX",
        destination=place,
        area=None,
        state="open",
        round=1,
        revision=2,
        urgency=urgency,
        ack_due_at=now + dt.timedelta(hours=1),
        told_at=now,
    )
    context = context_of(
        example,
        purpose,
        1 if purpose in ("remind", "deputy", "manager", "ring") else 0,
        ring=phones_to_ring(example, now, pack) if purpose == "ring" else (),
        embargo=False,
        maybe_duplicate=False,
        test=False,
        public_url="https://saferoute.example.org",
        pack=pack,
        now=now,
    )
    mail = MailTemplates(language).write(context, to="desk@council.example", message_id=uuid.uuid4(), date=now)
    return f"Subject: {mail.subject}\n\n{mail.text}"


def register(app: typer.Typer) -> None:
    """Add `staff create` and `mail preview`."""
    staff = typer.Typer(help="Accounts of those who answer referrals.", no_args_is_help=True)
    mail = typer.Typer(help="What notify writes.", no_args_is_help=True)

    @staff.command("create")
    def create(
        name_id: Annotated[str, typer.Argument(help="The account's id in the council's directory.")],
        dsn_file: Annotated[Path, typer.Option(help="File with notify's database URL.")],
        destination: Annotated[list[str], typer.Option(help="A team; may be repeated.")],
        role: Annotated[str, typer.Option(help=f"One of {', '.join(ROLES)}.")] = "caseworker",
    ) -> None:
        """Make or renew an account and show its token, this once."""
        chosen = next((one for one in ROLES if one == role), None)
        if chosen is None:
            raise typer.BadParameter(f"role is one of {', '.join(ROLES)}")
        typer.echo(asyncio.run(provision_staff(dsn_file.read_text().strip(), name_id, destination, chosen)))

    @mail.command("preview")
    def show(
        policy_pack: Annotated[Path, typer.Option(help="Directory of the policy pack.")],
        purpose: Annotated[str, typer.Option(help=f"One of {', '.join(get_args(Purpose))}.")] = "notice",
        urgency: Annotated[str, typer.Option(help=f"One of {', '.join(get_args(Urgency))}.")] = "urgent",
        language: str = "en",
    ) -> None:
        """Show a message as it would be written now."""
        what: Purpose | None = next((one for one in get_args(Purpose) if one == purpose), None)
        how: Urgency | None = next((one for one in get_args(Urgency) if one == urgency), None)
        if what is None or how is None:
            raise typer.BadParameter("purpose or urgency is not one of those listed by --help")
        typer.echo(preview(policy_pack, what, how, language))

    app.add_typer(staff, name="staff")
    app.add_typer(mail, name="mail")
