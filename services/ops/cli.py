"""The commands of the operations image. Only the room of the command that was typed is loaded."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping

import typer

ROOMS: Mapping[str, str] = {
    "kafka": "services.ops.commands",
    "databases": "services.ops.commands",
    "secrets": "services.ops.commands",
    "dead-letters": "services.ops.dead_letters",
    "doctor": "services.ops.doctor.commands",
    "clients": "services.intake.commands",
    "staff": "services.notify.commands",
    "mail": "services.notify.commands",
    "policy": "services.routing.commands",
}
"""Command -> the module whose `register` adds it."""


def build(typed: str | None = None) -> typer.Typer:
    """The command line: the room of the command `typed`, or all rooms where that is none of ours."""
    app = typer.Typer(
        name="saferoute-ops",
        help="Provision and look after a Saferoute deployment.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,  # its tracebacks show local variables, which may hold secrets
    )

    @app.callback()
    def operations() -> None:
        """Provision and look after a Saferoute deployment."""

    wanted = ROOMS.get(typed or "")
    for room in [wanted] if wanted else dict.fromkeys(ROOMS.values()):
        importlib.import_module(room).register(app)
    return app


def main() -> None:
    """Run the command that was typed."""
    build(sys.argv[1] if len(sys.argv) > 1 else None)()
