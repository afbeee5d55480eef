"""Services whose inner parts raise exceptions full of personal data: `python -m tests.support.faulty <service>`.

Whatever leaks an exception's text (a log, an answer, a dead letter) leaks here.
"""

from __future__ import annotations

import importlib
import itertools
import sys
from collections.abc import Callable
from typing import Any

EVERY = 3
"""One call in three raises, so that most of the work still happens."""

FAULTS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "intake": (("services.intake.adapters.seal", "Sealer", "__call__"),),
    "redaction": (
        ("services.redaction.redactor", "Redactor", "redact"),
        ("services.redaction.adapters.vault", "Vault", "store"),
    ),
    "routing": (("services.routing.handlers", "RouteReferral", "_routed"),),
    "notify": (("services.notify.adapters.smtp", "SmtpChannel", "send"),),
}
"""Module, class and method by service: each sees personal data, or could."""


def failing(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method, raising an exception with its arguments in it every third time."""
    calls = itertools.count(1)

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if next(calls) % EVERY == 0:
            raise ValueError(f"injected: {args!r} {kwargs!r}")
        return method(*args, **kwargs)

    return wrapper


def main(service: str) -> None:
    """Run a service with its faults."""
    for module, owner, name in FAULTS[service]:
        target = getattr(importlib.import_module(module), owner)
        setattr(target, name, failing(getattr(target, name)))
    importlib.import_module(f"services.{service}.__main__").main("serve")


if __name__ == "__main__":
    main(sys.argv[1])
