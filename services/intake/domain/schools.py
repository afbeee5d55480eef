"""The register of schools, as far as intake asks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from contracts.derive_facts import fold_district


@dataclass(frozen=True, slots=True)
class RegisteredSchool:
    """Where a school is and of which phase, as Get Information About Schools writes it."""

    district: str | None
    phase: str | None


@dataclass(frozen=True)
class SchoolsRegister:
    """Schools by URN. An empty register is one that nobody imported: it knows no school and doubts none."""

    by_urn: Mapping[str, RegisteredSchool] = field(default_factory=dict)

    def find(self, urn: str) -> RegisteredSchool | None:
        return self.by_urn.get(urn)

    def doubts(self, urn: str) -> bool:
        """Whether the register says that there is no such school."""
        return bool(self.by_urn) and urn not in self.by_urn

    @cached_property
    def districts(self) -> frozenset[str]:
        """Folded names of every district it mentions."""
        return frozenset(fold_district(school.district) for school in self.by_urn.values() if school.district)
