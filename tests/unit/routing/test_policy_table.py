"""The decision tables in the documentation are what the packs say."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from contracts.policy import Pack
from services.routing.policy_table import as_html, as_markdown
from tests.unit.routing.packs import KENT, NORTHMERE, with_rules

DOCS = Path(__file__).parents[3] / "docs" / "policy"


@pytest.mark.parametrize("pack", [KENT, NORTHMERE], ids=lambda pack: pack.name)
def test_the_tables_in_the_documentation_are_what_the_pack_says(pack: Pack) -> None:
    remedy = f"run: saferoute policy table --policy services/routing/policies/{pack.name} --output docs/policy/…"
    assert (DOCS / f"{pack.name}.md").read_text() == as_markdown(pack), remedy
    assert (DOCS / f"{pack.name}.html").read_text() == as_html(pack), remedy


def test_every_rule_stands_in_the_table_with_its_sentence_and_source() -> None:
    rows = [line for line in as_markdown(KENT).splitlines() if line.startswith("| ")]
    for rule in KENT.rules:
        (row,) = [one for one in rows if one.startswith(f"| {rule.id} |")]
        assert rule.sentence in row
        assert rule.source.document in row


def test_a_bar_in_a_sentence_does_not_break_the_table() -> None:
    barred = with_rules(KENT, **{"130_any_other": {"sentence": "This | that <b>"}})
    assert "This \\| that" in as_markdown(barred)
    assert "This | that &lt;b&gt;" in as_html(barred)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cells: list[int] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("meta", "br"):
            self.open.append(tag)
        if tag == "tr":
            self.cells.append(0)
        if tag in ("td", "th"):
            self.cells[-1] += 1

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_well_formed() -> None:
    tags = _Tags()
    tags.feed(as_html(KENT))
    assert tags.open == []
    assert all(tags.cells)
