"""The kinds of failure. Each carries a stable code and never a value: exception text may name a child."""

from __future__ import annotations

from contracts.failure_codes import FailureCode


class PermanentError(Exception):
    """Trying again cannot help: the message goes to the dead letters (or to quarantine)."""

    def __init__(self, code: FailureCode) -> None:
        super().__init__(code)
        self.code: FailureCode = code


class TransientError(Exception):
    """Trying again may help: retried with backoff, then given up on."""

    def __init__(self, code: FailureCode) -> None:
        super().__init__(code)
        self.code: FailureCode = code


class InfrastructureError(Exception):
    """A part that everything needs is away (database, broker). Nothing is given up on: wait, then go on.

    `part` is a fixed name such as "database".
    """

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part
