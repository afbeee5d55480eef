"""`python -m services.intake serve|migrate`."""

from __future__ import annotations

import sys

from services.intake.app import MIGRATIONS, create_app
from services.intake.settings import IntakeSettings
from services.kit.migrations import migrate
from services.kit.serve import serve


def main(verb: str) -> None:
    """Run one verb with the settings of the environment."""
    settings = IntakeSettings()
    match verb:
        case "serve":
            serve(lambda fatal: create_app(settings, fatal), settings.http)
        case "migrate":
            migrate(settings.database.dsn(), MIGRATIONS)
        case _:
            sys.exit("usage: python -m services.intake serve|migrate")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
