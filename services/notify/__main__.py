"""`python -m services.notify serve|migrate`."""

from __future__ import annotations

import sys
from pathlib import Path

from services.kit.policy_pack import PolicyPackError
from services.kit.serve import serve
from services.notify.adapters.templates import TemplateFaultError
from services.notify.app import create_app
from services.notify.settings import NotifySettings

MIGRATIONS = Path(__file__).parent / "migrations"


def main(verb: str) -> None:
    """Run one verb with the settings of the environment."""
    settings = NotifySettings()
    match verb:
        case "serve":
            _serve(settings)
        case "migrate":
            from services.kit.migrations import migrate  # noqa: PLC0415 - a running service never loads Alembic

            migrate(settings.database.dsn(), MIGRATIONS)
        case _:
            sys.exit("usage: python -m services.notify serve|migrate")


def _serve(settings: NotifySettings) -> None:
    fault = None
    try:
        serve(lambda fatal: create_app(settings, fatal), settings.http)
    except (PolicyPackError, TemplateFaultError) as error:
        fault = str(error)  # words about policy and templates only: no personal data is near them
    if fault is not None:
        sys.exit(f"notify does not start:\n{fault}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
