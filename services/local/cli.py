"""The command `saferoute`. Each room brings its own commands; this one joins them.

Only the room of the command that was typed is loaded: nobody waits for Presidio to ask about a policy.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping

import typer

ROOMS: Mapping[str, str] = {
    "up": "services.local.commands",
    "demo": "services.local.commands",
    "redact": "services.redaction.commands",
    "vault": "services.redaction.vault_commands",
    "policy": "services.routing.commands",
    "clients": "services.intake.commands",
    "staff": "services.notify.commands",
    "mail": "services.notify.commands",
    "dead-letters": "services.ops.dead_letters",
    "doctor": "services.ops.doctor.commands",
    "kafka": "services.ops.commands",
    "databases": "services.ops.commands",
    "secrets": "services.ops.commands",
}
"""Command -> the module whose `register` adds it."""


def build(typed: str | None = None) -> typer.Typer:
    """The command line: the room of the command `typed`, or all rooms where that is none of ours."""
    app = typer.Typer(
        name="saferoute",
        help="Schools' safeguarding concerns, redacted, routed and answered for.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,  # its tracebacks show local variables, which may hold personal data
    )

    @app.callback()
    def saferoute() -> None:
        """Schools' safeguarding concerns, redacted, routed and answered for."""

    wanted = ROOMS.get(typed or "")
    for room in [wanted] if wanted else dict.fromkeys(ROOMS.values()):
        importlib.import_module(room).register(app)
    return app


def main() -> None:
    """Entry point of the console script."""
    build(sys.argv[1] if len(sys.argv) > 1 else None)()
