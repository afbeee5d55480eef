"""Who may do what. Which notifications somebody sees is a matter of destinations, and kept apart from this."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Final, Literal, get_args

Role = Literal["viewer", "caseworker", "reviewer", "manager", "auditor", "administrator"]
Permission = Literal["read", "acknowledge", "transfer"]

ROLES: Final[tuple[Role, ...]] = get_args(Role)

PERMISSIONS: Final[dict[Role, frozenset[Permission]]] = {
    "viewer": frozenset({"read"}),
    "caseworker": frozenset({"read", "acknowledge", "transfer"}),
    "reviewer": frozenset({"read", "acknowledge", "transfer"}),
    "manager": frozenset({"read", "acknowledge", "transfer"}),
    "auditor": frozenset({"read"}),
    "administrator": frozenset(),
}
"""An administrator keeps accounts and reads no case."""


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody who is signed in. `destinations` are the teams they belong to."""

    id: uuid.UUID
    role: Role
    destinations: frozenset[str]

    def may(self, permission: Permission) -> bool:
        return permission in PERMISSIONS[self.role]
