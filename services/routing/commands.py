"""The commands `saferoute policy check | explain | test | mutate | table | record | replay`."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from contracts.decision import Decision
from contracts.derive_facts import open_facts
from contracts.policy.pack import Pack
from services.routing.check_report import check_as_json, show_check
from services.routing.domain.cases import run_cases
from services.routing.domain.decide import decide
from services.routing.domain.explain import explanation, in_words
from services.routing.domain.replay import RecordedDecision, Replay, replay
from services.routing.domain.soundness import check_pack, lint_templates
from services.routing.mutation_report import show_mutants
from services.routing.policy_input import (
    BAD_INPUT,
    MESSAGE_TEMPLATES,
    SHIPPED_PACK,
    Fault,
    InputFaultError,
    Line,
    SchoolPlace,
    documents_in,
    instant_from,
    pack_from,
    record_from,
    referral_from,
    schools_in,
    templates_in,
    text_from,
    written_to,
)
from services.routing.policy_table import as_html, as_markdown
from services.routing.recording import record_decisions
from services.routing.replay_report import write_changes, write_counts, write_csv

PolicyOption = Annotated[
    Path, typer.Option("--policy", metavar="DIR", help="The policy pack: a directory of YAML files.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]


class PageFormat(StrEnum):
    """What a decision table is written as."""

    MARKDOWN = "markdown"
    HTML = "html"


def register(app: typer.Typer) -> None:
    """Add the `policy` commands to `app`."""
    policy = typer.Typer(
        name="policy",
        help="Check, prove, explain, replay and print a policy pack.",
        no_args_is_help=True,
        pretty_exceptions_show_locals=False,
    )
    policy.command("check")(check)
    policy.command("explain")(explain)
    policy.command("test")(test)
    policy.command("mutate")(mutate)
    policy.command("table")(table)
    policy.command("record")(record_decisions)
    policy.command("replay")(replay_decisions)
    app.add_typer(policy)


def check(
    policy: PolicyOption = SHIPPED_PACK,
    today: Annotated[
        str | None, typer.Option(metavar="ISO-DATE", help="The day to check for; today if left out.")
    ] = None,
    templates: Annotated[
        Path, typer.Option(metavar="DIR", help="Message templates (*.j2) that the linter reads as well.")
    ] = MESSAGE_TEMPLATES,
    as_json: JsonOption = False,
) -> None:
    """Check a pack: its form, contacts, routes, ladders and texts, and prove it over every combination of facts."""
    begun = time.perf_counter()
    with _told_plainly():
        pack = pack_from(policy)
        day = _day_from(today, pack)
        found = check_pack(pack, day).with_further(lint_templates(templates_in(templates)))
    seconds = time.perf_counter() - begun
    if as_json:
        _print(json.dumps(check_as_json(pack, found, seconds), ensure_ascii=False))
    else:
        show_check(pack, found, seconds, Console())
    raise typer.Exit(1 if found.errors else 0)


def explain(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A referral as the API takes it, JSON lines, or '-'.")],
    policy: PolicyOption = SHIPPED_PACK,
    at: Annotated[
        str | None,
        typer.Option(
            "--at", metavar="ISO-INSTANT", help="When it arrives; without an offset the council's wall clock."
        ),
    ] = None,
    schools: Annotated[
        Path | None, typer.Option(metavar="CSV", help="A GIAS extract: school URN to district and phase.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say where a referral would go, how soon, and why. Nothing is sent or stored."""
    faults = 0
    with _told_plainly():
        pack = pack_from(policy)
        instant = instant_from(at, pack)
        register = {} if schools is None else schools_in(schools)
        for number, result in enumerate(_decisions(text_from(file), pack, instant, register), start=1):
            if isinstance(result, Fault):
                faults += 1
                typer.echo(f"{file}: line {result.number}: {result.message}", err=True)
            elif as_json:
                _print(json.dumps(explanation(result), ensure_ascii=False))
            else:
                _print(("\n" if number > 1 else "") + in_words(result, pack, instant))
    if faults:
        raise typer.Exit(BAD_INPUT)


def test(policy: PolicyOption = SHIPPED_PACK, as_json: JsonOption = False) -> None:
    """Run the pack's own test cases."""
    with _told_plainly():
        results = run_cases(pack_from(policy))
    failed = [one for one in results if one.mismatches]
    if as_json:
        told = {one.case.id: {m.field: [str(m.expected), str(m.got)] for m in one.mismatches} for one in failed}
        _print(json.dumps({"cases": len(results), "failed": told}))
    else:
        for one in failed:
            _print(f"FAILED {one.case.id}: {one.case.story}")
            for miss in one.mismatches:
                _print(f"  {miss.field}: expected {miss.expected}, got {miss.got}")
        _print(f"{len(results) - len(failed)} of {len(results)} cases pass")
    raise typer.Exit(1 if failed or not results else 0)


def mutate(
    policy: PolicyOption = SHIPPED_PACK,
    numbering: Annotated[
        bool, typer.Option(help="Count a swap as caught because the numbers of the rules no longer grow.")
    ] = True,
) -> None:
    """Make every small mistake in a pack's rules and count those that check or test cases notice."""
    with _told_plainly():
        pack = pack_from(policy)
        enough = show_mutants(pack, _day_from(None, pack), Console(), numbering=numbering)
    raise typer.Exit(0 if enough else 1)


def table(
    policy: PolicyOption = SHIPPED_PACK,
    page: Annotated[PageFormat, typer.Option("--format", help="The kind of page.")] = PageFormat.MARKDOWN,
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the page here.")] = None,
    compare: Annotated[
        Path | None, typer.Option("--check", metavar="FILE", help="Fail where FILE is not this page.")
    ] = None,
) -> None:
    """Print the pack as a decision table."""
    with _told_plainly():
        pack = pack_from(policy)
        text = as_markdown(pack) if page is PageFormat.MARKDOWN else as_html(pack)
        if compare is not None:
            same = text_from(str(compare)) == text
            _print(f"{compare.name} {'is' if same else 'is not'} what the pack says")
            raise typer.Exit(0 if same else 1)
        if output is None:
            _print(text)
            return
        with written_to(output) as stream:
            stream.write(text)


def replay_decisions(
    policy: Annotated[Path, typer.Option("--policy", metavar="DIR", help="The pack to try.")],
    decisions: Annotated[
        str, typer.Argument(metavar="[FILE]", help="Recorded decisions as JSON lines, or '-' for standard input.")
    ] = "-",
    since: Annotated[
        str | None, typer.Option(metavar="ISO-INSTANT", help="Leave out what was routed before this instant.")
    ] = None,
    csv_file: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write every change to FILE.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Say which past decisions would be others under a new pack, by rule and destination."""
    faults: list[Fault] = []
    with _told_plainly():
        pack = pack_from(policy)
        start = None if since is None else instant_from(since, pack)
        result = replay(_records(text_from(decisions), faults), pack, since=start)
    for fault in faults:
        typer.echo(f"{decisions}: line {fault.number}: {fault.message}", err=True)
    if csv_file is not None:
        with _told_plainly(), written_to(csv_file) as stream:
            write_csv(result, stream)
    if as_json:
        _print(json.dumps(_replay_as_json(result)))
    else:
        console = Console(soft_wrap=False)
        write_counts(result, pack, console)
        write_changes(result, console)
    if faults:
        raise typer.Exit(BAD_INPUT)


class _told_plainly:  # noqa: N801  # reads as a phrase: with _told_plainly()
    """Turns a fault of the input into one plain message and exit code 2."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, InputFaultError):
            typer.echo(str(error), err=True)
            raise typer.Exit(BAD_INPUT) from None


def _print(text: str) -> None:
    typer.echo(text)


def _day_from(today: str | None, pack: Pack) -> dt.date:
    return instant_from(today, pack).astimezone(pack.zone).date()


def _decisions(
    text: str, pack: Pack, at: dt.datetime, schools: Mapping[str, SchoolPlace]
) -> Iterator[Decision | Fault]:
    """The decision of each referral, as the services would make it at `at`."""
    for document in documents_in(text):
        referral = referral_from(document) if isinstance(document, Line) else document
        if isinstance(referral, Fault):
            yield referral
            continue
        place = schools.get(referral.school.urn, SchoolPlace(None, None))
        facts = open_facts(
            referral,
            at=at,
            district=place.district,
            phase=place.phase,
            districts=pack.districts,
            council_la=pack.council.la_code,
        )
        yield decide(facts, at, pack)


def _records(text: str, faults: list[Fault]) -> Iterator[RecordedDecision]:
    for document in documents_in(text):
        record = record_from(document) if isinstance(document, Line) else document
        if isinstance(record, Fault):
            faults.append(record)
        else:
            yield record


def _replay_as_json(result: Replay) -> dict[str, object]:
    def pairs(counted: Counter[tuple[str, str]]) -> list[dict[str, object]]:
        return [{"from": before, "to": after, "count": count} for (before, after), count in counted.most_common()]

    return {
        "tried": result.tried,
        "changed": len(result.changes),
        "destinations": pairs(result.by_destination()),
        "urgencies": pairs(result.by_urgency()),
        "rules": dict(result.by_rule()),
    }
