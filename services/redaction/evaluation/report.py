"""The figures as text for the terminal, as a Markdown report and as charts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from services.redaction.evaluation.held_out import HeldOut
from services.redaction.evaluation.scoring import Figures, Share


@dataclass(frozen=True, slots=True)
class Bar:
    """One figure beside its target; `at_most` turns the comparison round. A binding bar fails the run."""

    name: str
    share: Share
    target: float
    at_most: bool = False
    binding: bool = False

    @property
    def met(self) -> bool:
        """Whether the target is reached."""
        return self.share.value <= self.target if self.at_most else self.share.value >= self.target

    def row(self) -> str:
        """One line of the table."""
        low, high = self.share.interval()
        sign = "≤" if self.at_most else "≥"
        mark = "met" if self.met else "missed"
        figure = f"{self.share.value:.4f} | {low:.4f}–{high:.4f} | {self.share.hit}/{self.share.n}"
        return f"| {self.name} | {figure} | {sign} {self.target:.3f} | {mark} |"


HEAD = "| figure | measured | 95 % Wilson | cases | target | |\n|---|---|---|---|---|---|\n"


def dev_bars(figures: Figures) -> list[Bar]:
    """The hand-written development set."""
    label = figures.by_label
    return [
        Bar("dev: direct identifiers", figures.recall, 0.992),
        Bar("dev: documents with no direct leak", figures.leak_free, 0.92),
        Bar("dev: PERSON in the record", label["PERSON in record"], 0.998),
        Bar("dev: PERSON not in the record", label["PERSON not in record"], 0.98),
        Bar("dev: structured identifiers", label["structured identifiers"], 0.99),
        *(Bar(f"dev: {name}", label[name], 0.99) for name in ("PHONE", "EMAIL", "POSTCODE", "HANDLE")),
        *(Bar(f"dev: {name}", label[name], 0.97) for name in ("PLACE", "SCHOOL")),
        Bar("dev: over-redacted words", figures.over, 0.025, at_most=True),
        Bar("dev: must-keep phrases intact", figures.kept, 0.97),
    ]


def generated_bars(figures: Figures, quiet: Figures) -> list[Bar]:
    """The generated set and the paragraphs that name nobody."""
    label = figures.by_label
    return [
        Bar("generated: PERSON in the record", label["PERSON in record"], 0.999),
        Bar("generated: all PERSON mentions", label["PERSON"], 0.995, binding=True),
        Bar("generated: people not in the record", label["PERSON not in record"], 0.985, binding=True),
        Bar("generated: structured identifiers", label["structured identifiers"], 0.999, binding=True),
        *(Bar(f"generated: {name}", label[name], 0.999) for name in ("PHONE", "EMAIL", "POSTCODE")),
        Bar("generated: over-redacted words", figures.over, 0.03, at_most=True, binding=True),
        Bar("no identifier: over-redacted words", quiet.over, 0.03, at_most=True, binding=True),
    ]


def held_out_bars(held_out: HeldOut) -> list[Bar]:
    """Kinds of narratives that neither the network nor a word list nor a threshold had seen."""
    shares = held_out.whole
    return [
        Bar("kinds not trained on: direct identifiers", shares["recall"], 0.985),
        Bar("kinds not trained on: documents with no direct leak", shares["leak_free"], 0.85),
        Bar("kinds not trained on: over-redacted words", shares["over"], 0.03, at_most=True),
    ]


def gap(figures: Figures) -> tuple[float, str, str]:
    """Recall between the origin served best and the one served worst; words that are names are a kind apart."""
    shares = {name: share.value for name, share in figures.by_group.items() if name != "names that are words"}
    best, worst = max(shares, key=lambda n: shares[n]), min(shares, key=lambda n: shares[n])
    return shares[best] - shares[worst], best, worst


def ablation_rows(without: dict[str, Figures]) -> list[str]:
    """Recall, documents without a leak, over-redaction and phrases kept for each choice of layers."""
    return [
        f"| {name} | {f.recall.value:.4f} | {f.leak_free.value:.3f} | {f.over.value:.4f} | {f.kept.value:.3f} |"
        f" {sum(f.held.values())} |"
        for name, f in without.items()
    ]


@dataclass(frozen=True, slots=True)
class Table:
    """Everything measured in one run."""

    sets: dict[str, Figures]
    bars: list[Bar]
    ablation: list[str]
    baseline: dict[str, Figures]
    held_out: HeldOut

    def text(self) -> str:
        """The whole report in Markdown."""
        parts = ["## Figures beside their targets\n\n", HEAD, *(bar.row() + "\n" for bar in self.bars)]
        width, best, worst = gap(self.sets["generated"])
        parts.append(
            f"\nRecall gap between origins of names: {width * 100:.2f} points ({best} over {worst}), target ≤ 1.\n"
        )
        nasty = self.sets["nasty"]
        parts.append(f"Nasty cases: {nasty.recall.hit} of {nasty.recall.n} identifiers covered.\n")
        parts.append(f"Held on dev: {sum(self.sets['dev'].held.values())}.\n\n## By origin of names (generated)\n\n")
        parts.append("| origin | identifiers | people |\n|---|---|---|\n")
        generated = self.sets["generated"]
        for name, share in generated.by_group.items():
            parts.append(f"| {name} | {share.value:.4f} | {generated.person_by_group[name].value:.4f} |\n")
        parts.append(self.held_out.text())
        if self.ablation:
            parts.append(
                "\n## Layers (dev)\n\n| layers | recall | no leak | over | kept | held |\n|---|---|---|---|---|---|\n"
            )
            parts += [row + "\n" for row in self.ablation]
        if self.baseline:
            parts.append("\n## Presidio as it comes, over a blank pipeline\n\n| set | recall | over |\n|---|---|---|\n")
            parts += [f"| {n} | {f.recall.value:.4f} | {f.over.value:.4f} |\n" for n, f in self.baseline.items()]
        return "".join(parts)


BAR_WIDTH, BAR_HEIGHT, NAME_WIDTH = 300, 18, 230
"""Pixels of the charts."""


def chart(title: str, values: dict[str, float], low: float) -> str:
    """Horizontal bars from `low` to 1 as SVG."""
    rows = []
    for number, (name, value) in enumerate(values.items()):
        y = 30 + number * (BAR_HEIGHT + 6)
        width = max(0.0, (value - low) / (1 - low)) * BAR_WIDTH
        rows.append(
            f'<text x="{NAME_WIDTH - 8}" y="{y + 13}" text-anchor="end">{name}</text>'
            f'<rect x="{NAME_WIDTH}" y="{y}" width="{width:.1f}" height="{BAR_HEIGHT}" fill="#2a6f97"/>'
            f'<text x="{NAME_WIDTH + width + 6:.1f}" y="{y + 13}">{value:.3f}</text>'
        )
    height = 40 + len(values) * (BAR_HEIGHT + 6)
    size = f'width="{NAME_WIDTH + BAR_WIDTH + 70}" height="{height}"'
    style = 'font-family="sans-serif" font-size="12"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}><text x="8" y="18">{title}</text>'
    return head + "".join(rows) + "</svg>\n"


def write(table: Table, folder: Path) -> None:
    """evaluation.md and its two charts."""
    folder.mkdir(parents=True, exist_ok=True)
    generated = {name: share.value for name, share in table.sets["generated"].by_group.items()}
    labels = {name: share.value for name, share in sorted(table.sets["dev"].by_label.items())}
    (folder / "recall-by-origin.svg").write_text(
        chart("Recall by origin of names, generated set", generated, 0.9), "utf-8"
    )
    (folder / "recall-by-label.svg").write_text(chart("Recall by label, development set", labels, 0.8), "utf-8")
    head = "# How well the redactor does\n\nWritten by `make eval`. The set dev is 90 hand-written referrals.\n\n"
    charts = "\n![by label](recall-by-label.svg)\n\n![by origin](recall-by-origin.svg)\n"
    (folder / "evaluation.md").write_text(head + table.text() + charts, "utf-8")
