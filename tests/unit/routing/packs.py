"""The shipped packs, the facts that Hypothesis may draw, and packs that differ in one thing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

import services.routing
from contracts.facts import OpenFacts
from contracts.policy import Pack
from contracts.policy.conditions import SCALAR_FACTS, SET_FACTS
from services.kit.policy_files import load_pack

PACKS = Path(services.routing.__file__).parent / "policies"
KENT = load_pack(PACKS / "kent")
NORTHMERE = load_pack(PACKS / "northmere")

DISTRICTS = (None, "Canterbury", "Ashford", "Dartford", "Maidstone", "Medway")
HOME_LAS = (None, "886", "990", "887")


def _facts(drawn: dict[str, Any]) -> OpenFacts:
    if drawn["support_level"] == "unknown":
        drawn["support_level"] = None
    return OpenFacts(**drawn)


def any_facts() -> st.SearchStrategy[OpenFacts]:
    """Every combination of open facts, as a referral could have them."""
    scalars = {
        fact: st.sampled_from(values) for fact, values in SCALAR_FACTS.items() if fact not in ("residence", "area")
    }
    sets = {
        fact: st.lists(st.sampled_from(members), unique=True, max_size=4).map(tuple)
        for fact, members in SET_FACTS.items()
    }
    places = {"district": st.sampled_from(DISTRICTS), "home_la": st.sampled_from(HOME_LAS)}
    return st.fixed_dictionaries({**scalars, **sets, **places}).map(_facts)


def with_rules(pack: Pack, **changes: Mapping[str, object]) -> Pack:
    """`pack` with fields of some rules changed; the key is the rule's id with underscores."""
    content = pack.model_dump()
    for rule in content["rules"]:
        rule.update(changes.get(rule["id"].replace("-", "_"), {}))
    return Pack.model_validate({**content, "hash": f"changed-{sorted(changes.items())}"})


def with_part(pack: Pack, part: str, number: int, **changes: object) -> Pack:
    """`pack` with fields of one entry of a list changed."""
    content = pack.model_dump()
    content[part][number].update(changes)
    return Pack.model_validate({**content, "hash": f"changed-{part}-{number}-{sorted(changes)}"})
