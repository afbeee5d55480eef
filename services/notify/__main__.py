"""`python -m services.notify serve|migrate`."""

from __future__ import annotations

import sys
from pathlib import Path

from services.kit.serve import serve
from services.notify.app import create_app
from services.notify.settings import NotifySettings

MIGRATIONS = Path(__file__).parent / "migrations"


def main(verb: str) -> None:
    """Run one verb with the settings of the environment."""
    settings = NotifySettings()
    match verb:
        case "serve":
            serve(lambda fatal: create_app(settings, fatal), settings.http)
        case "migrate":
            from services.kit.migrations import migrate  # noqa: PLC0415 - a running service never loads Alembic

            migrate(settings.database.dsn(), MIGRATIONS)
        case _:
            sys.exit("usage: python -m services.notify serve|migrate")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
