"""`python -m services.redaction serve|migrate|vault ...`."""

from __future__ import annotations

import sys

from services.kit.serve import serve
from services.redaction.app import MIGRATIONS, create_app
from services.redaction.settings import RedactionSettings


def main(verb: str) -> None:
    """Run one verb with the settings of the environment."""
    if verb == "vault":
        from services.redaction.vault_commands import main as vault  # noqa: PLC0415 - a running service needs none of it

        vault()
    settings = RedactionSettings()
    match verb:
        case "serve":
            serve(lambda fatal: create_app(settings, fatal), settings.http)
        case "migrate":
            from services.kit.migrations import migrate  # noqa: PLC0415 - a running service never loads Alembic

            migrate(settings.database.dsn(), MIGRATIONS)
        case _:
            sys.exit("usage: python -m services.redaction serve|migrate|vault ...")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
