"""`saferoute policy …` as people and programs use it; bad input is named by line and field and never repeated."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from services.routing.commands import register
from services.routing.policy_input import BAD_INPUT
from tests.unit.routing.packs import PACKS
from tests.unit.routing.test_replay import record

SECRET = "Quillfeather"


def run(*arguments: str, given: str | bytes | None = None) -> Result:
    app = typer.Typer()
    register(app)
    return CliRunner().invoke(app, ["policy", *arguments], input=given)


def referral(**concern: Any) -> dict[str, Any]:
    return {
        "source": {"system": "arbor", "record_id": "INC-1", "version": 1},
        "school": {"urn": "118500", "la_code": "886", "district": "Swale", "name": f"{SECRET} School"},
        "referrer": {"name": SECRET, "role": "DSL", "email": "dsl@school.example"},
        "learners": [
            {"role": "subject", "legal_surname": SECRET, "date_of_birth": "2012-04-03", "home_la": "886"},
        ],
        "concern": {"narrative": f"About {SECRET}.", "support_level": 2, "imagery_involved": "no", **concern},
        "agreement": {"sought": True, "given": True},
    }


def explained(*referrals: dict[str, Any], at: str = "2026-11-20T10:00:00Z") -> list[dict[str, Any]]:
    result = run("explain", "-", "--at", at, "--json", given="\n".join(map(json.dumps, referrals)))
    assert result.exit_code == 0, result.output
    assert SECRET not in result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_explain_gives_the_decision_as_json() -> None:
    (told,) = explained(
        {**referral(immediate_danger=True), "police": {"investigation_live": True}}, at="2026-11-20T22:00:00Z"
    )
    assert list(told)[:9] == [
        "destination", "urgency", "area", "embargo", "acknowledge_by", "advice", "phone", "rules", "policy",
    ]  # fmt: skip
    assert told["destination"] == "front_door"
    assert told["urgency"] == "immediate"
    assert told["area"] == "east"
    assert told["embargo"] is True
    assert told["acknowledge_by"] == "2026-11-20T22:15:00Z"
    assert told["phone"] == "03000 419 191"
    assert {"call_999", "call_front_door", "embargo"} <= set(told["advice"])
    assert set(told["rules"][0]) == {"id", "sentence", "source"}
    assert set(told["policy"]) == {"name", "version", "hash"}


def test_explain_takes_json_lines_lists_and_one_referral_over_many_lines() -> None:
    many = explained(referral(), referral(support_level=4), referral(online=True))
    assert [one["urgency"] for one in many] == ["routine", "urgent", "routine"]
    listed = run("explain", "-", "--json", given=json.dumps([referral(), referral()]))
    assert len(listed.stdout.splitlines()) == 2
    pretty = run("explain", "-", "--json", given=json.dumps(referral(), indent=2))
    assert json.loads(pretty.stdout)["destination"] == "area_safeguarding_adviser"


def test_explain_says_it_in_words_with_sources(tmp_path: Path) -> None:
    file = tmp_path / "referral.json"
    file.write_text(json.dumps(referral(online=True, categories=["grooming"])))
    result = run("explain", str(file), "--at", "2026-11-20T16:45")
    assert result.exit_code == 0
    assert "Integrated Front Door, urgently (East Kent)" in result.stdout
    assert "Friday 20 November 2026, 17:45 GMT" in result.stdout
    assert "The number to ring at 16:45: 03000 411 111" in result.stdout
    assert "100-online-grooming" in result.stdout
    assert "002_47a665683b94fea1.txt" in result.stdout
    assert SECRET not in result.output


def test_the_register_of_schools_gives_the_district(tmp_path: Path) -> None:
    register = tmp_path / "schools.csv"
    register.write_bytes("URN,DistrictAdministrative (name),Name\n118500,Dover,Caf\xe9 School\n".encode("cp1252"))
    result = run("explain", "-", "--json", "--schools", str(register), given=json.dumps(referral()))
    assert json.loads(result.stdout)["area"] == "south"
    register.write_text("Name\nDover\n")
    refused = run("explain", "-", "--schools", str(register), given=json.dumps(referral()))
    assert refused.exit_code == BAD_INPUT
    assert "give a GIAS extract" in refused.stderr


def test_an_instant_without_an_offset_is_of_the_councils_clock() -> None:
    (told,) = explained(referral(immediate_danger=True), at="2026-07-06T16:45")
    assert told["acknowledge_by"] == "2026-07-06T16:00:00Z"
    assert told["phone"] == "03000 411 111"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "nothing in it"),
        (" []\n", 1, "nothing in it"),
        ("{\n \"school\": {,\n}", 2, "not JSON at column"),
        (f'{{"school": "{SECRET}"', 1, "not JSON"),
        (f'"{SECRET}"', 1, "/: "),
        ("[" * 100_000, 1, "nests too deeply"),
        (json.dumps(referral()) + "\n{oops}\n", 2, "not JSON"),
        (json.dumps(referral()) + f'\n{{"school": {{"urn": "1", "colour": "{SECRET}"}}}}', 2, "/school/colour"),
        (json.dumps(referral(support_level=SECRET)), 1, "/concern/support_level"),
        (json.dumps(referral(categories=[SECRET])), 1, "/concern/categories/0"),
        (json.dumps({**referral(), "referrer": {"name": SECRET}}), 1, "/referrer: give the referrer's email or phone"),
    ],
)  # fmt: skip
def test_bad_input_is_named_by_line_and_field_and_not_repeated(text: str, line: int, words: str) -> None:
    result = run("explain", "-", "--json", given=text)
    assert result.exit_code == BAD_INPUT
    assert f"line {line}: " in result.stderr
    assert words in result.stderr
    assert SECRET not in result.output


KEYS = ["school", "urn", "referrer", "email", "learners", "concern", "narrative", "categories", "support_level",
        "agreement", "police", "date_of_birth", "contacts", "strange"]  # fmt: skip
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=3),
    st.just(SECRET),
    st.just(f"{SECRET}\ud800"),
)
DOCUMENTS = st.recursive(
    VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
)


@settings(max_examples=40, deadline=None)
@given(st.lists(DOCUMENTS, max_size=3))
def test_whatever_is_given_nothing_breaks_and_nothing_is_repeated(documents: list[object]) -> None:
    result = run("explain", "-", given="\n".join(map(json.dumps, documents)))
    assert result.exit_code in (0, BAD_INPUT), result.exception
    assert SECRET not in result.output


def test_good_lines_are_explained_beside_bad_ones() -> None:
    result = run("explain", "-", "--json", given="\n".join([json.dumps(referral()), "{}", json.dumps(referral())]))
    assert result.exit_code == BAD_INPUT
    assert len(result.stdout.splitlines()) == 2
    assert "line 2: /school: Field required" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("explain", "nowhere.json"), "there is no such file"),
        (("explain", "."), "this is a directory"),
        (("explain", "-", "--at", "tomorrow"), "give the instant as ISO 8601"),
        (("explain", "-", "--at", "0001-01-01T00:00:00Z"), "give the instant as ISO 8601"),
        (("explain", "-", "--at", "9999-12-31T23:59:59Z"), "give the instant as ISO 8601"),
        (("table", "--output", "nowhere/page.md"), "the file cannot be written"),
        (("replay", "--policy", str(PACKS / "kent"), "--csv", "nowhere/changes.csv"), "the file cannot be written"),
        (("check", "--policy", "nowhere"), "give the directory of a pack"),
        (("check", "--today", "soon"), "give the instant as ISO 8601"),
    ],
)
def test_what_cannot_be_read_says_what_to_do(arguments: tuple[str, ...], words: str) -> None:
    result = run(*arguments, given="{}")
    assert result.exit_code == BAD_INPUT
    assert words in result.stderr


def test_a_file_that_is_not_text_is_refused() -> None:
    result = run("explain", "-", given=b"\xff\xfe\x00")
    assert result.exit_code == BAD_INPUT
    assert "not UTF-8" in result.stderr


def test_check_prints_the_proof_and_passes() -> None:
    result = run("check", "--today", "2026-11-21")
    assert result.exit_code == 0
    told = " ".join(result.stdout.split())
    assert "24,244,231,392,460,800 combinations of facts" in told
    assert "every one has exactly one primary destination" in told
    assert "8 of 8 guarantees proved; 0 errors" in told


def test_check_as_json_has_the_figures() -> None:
    told = json.loads(run("check", "--today", "2026-11-21", "--json").stdout)
    assert told["errors"] == []
    assert told["space"]["without_destination"] == 0
    assert told["seconds"] < 10
    assert sum(rule["primary"] for rule in told["rules"].values()) == told["space"]["combinations"]


def test_check_fails_on_a_pack_with_a_hole(tmp_path: Path) -> None:
    shutil.copytree(PACKS / "northmere", tmp_path / "pack")
    rules = tmp_path / "pack" / "rules.yaml"
    rules.write_text(rules.read_text().replace("fallback: true", "fallback: true\n    when: [{online: true}]", 1))
    result = run("check", "--policy", str(tmp_path / "pack"), "--today", "2026-11-21")
    assert result.exit_code == 1
    assert "combinations of facts have no destination" in " ".join(result.stdout.split())


def test_check_reads_the_message_templates_as_well(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "mail.txt.j2").write_text("{{ reference }}\nAbout {{ child_name }} on Instagram.\n")
    result = run("check", "--today", "2026-11-21", "--templates", str(tmp_path), "--json")
    assert result.exit_code == 1
    found = [(one["where"], one["message"].split(":")[0]) for one in json.loads(result.stdout)["errors"]]
    assert found == [("template en/mail.txt.j2", "line 2")] * 2


@pytest.mark.parametrize("pack", ["kent", "northmere"])
def test_the_packs_own_cases_pass_and_a_changed_rule_fails_them(pack: str, tmp_path: Path) -> None:
    assert run("test", "--policy", str(PACKS / pack)).exit_code == 0
    shutil.copytree(PACKS / pack, tmp_path / pack)
    rules = tmp_path / pack / "rules.yaml"
    rules.write_text(rules.read_text().replace("urgency: urgent", "urgency: same_day", 1))
    result = run("test", "--policy", str(tmp_path / pack))
    assert result.exit_code == 1
    assert "FAILED" in result.stdout


def test_replay_tells_what_would_change(tmp_path: Path) -> None:
    decisions = tmp_path / "decisions.jsonl"
    decisions.write_text("\n".join(record(number=number).model_dump_json() for number in range(3)))
    changes = tmp_path / "changes.csv"
    result = run("replay", str(decisions), "--policy", str(PACKS / "northmere"), "--csv", str(changes))
    assert result.exit_code == 0
    assert "3 decisions tried under northmere 1" in result.stdout
    assert "3 would change" in result.stdout
    assert len(changes.read_text().splitlines()) == 4
    told = json.loads(run("replay", str(decisions), "--policy", str(PACKS / "northmere"), "--json", "--since",
                          "2026-11-20T11:00:00Z").stdout)  # fmt: skip
    assert told["tried"] == 2
    assert told["destinations"] == [{"from": "front_door", "to": "hub", "count": 2}]


def test_replay_names_a_line_that_is_no_decision() -> None:
    result = run("replay", "--policy", str(PACKS / "kent"), given=record().model_dump_json() + '\n{"facts": {}}\n')
    assert result.exit_code == BAD_INPUT
    assert "1 decisions tried" in result.stdout
    assert "line 2: /referral_id: Field required" in result.stderr


def test_mutate_counts_what_the_cases_would_notice() -> None:
    result = run("mutate", "--policy", str(PACKS / "northmere"))
    assert "mutants caught" in result.stdout
