"""`python -m services.routing serve`."""

from __future__ import annotations

import sys

from services.kit.serve import serve
from services.routing.app import create_app
from services.routing.settings import RoutingSettings


def main(verb: str) -> None:
    """Run one verb with the settings of the environment."""
    settings = RoutingSettings()
    match verb:
        case "serve":
            serve(lambda fatal: create_app(settings, fatal), settings.http)
        case _:
            sys.exit("usage: python -m services.routing serve")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
