"""Reading a pack: faults are named by file, line and key, values are not repeated, nothing is guessed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

import services.routing
from services.kit import policy_files
from services.kit.policy_files import PolicyPackError, Problem, load_pack

PACKS = Path(services.routing.__file__).parent / "policies"
SECRET = "Quillfeather"


@pytest.fixture
def pack_directory(tmp_path: Path) -> Path:
    directory = tmp_path / "northmere"
    shutil.copytree(PACKS / "northmere", directory)
    return directory


def problems_after(directory: Path, file: str, old: str, new: str) -> tuple[Problem, ...]:
    text = (directory / file).read_text()
    assert old in text
    (directory / file).write_text(text.replace(old, new, 1))
    with pytest.raises(PolicyPackError) as caught:
        load_pack(directory)
    assert SECRET not in str(caught.value)
    return caught.value.problems


def line_of(directory: Path, file: str, words: str) -> int:
    return (directory / file).read_text().split(words)[0].count("\n") + 1


@pytest.mark.parametrize("name", sorted(path.name for path in PACKS.iterdir() if path.is_dir()))
def test_every_shipped_pack_can_be_read(name: str) -> None:
    pack = load_pack(PACKS / name)
    assert pack.name == name
    assert len(pack.hash) == 64


@pytest.mark.parametrize("name", ["kent", "northmere"])
def test_a_pack_reads_the_same_without_libyaml(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = load_pack(PACKS / name)
    monkeypatch.setattr(policy_files, "_LOADER", yaml.SafeLoader)
    assert load_pack(PACKS / name) == quick


def test_the_hash_is_of_what_decides_and_not_of_test_cases(pack_directory: Path) -> None:
    before = load_pack(pack_directory).hash
    rules = pack_directory / "rules.yaml"
    rules.write_text(rules.read_text().replace("story: An allegation at level 1.", "story: Another story."))
    assert load_pack(pack_directory).hash == before
    rules.write_text(rules.read_text().replace("urgency: routine\n", "urgency: same_day\n", 1))
    assert load_pack(pack_directory).hash != before


def test_a_wrong_value_is_named_by_file_line_and_key(pack_directory: Path) -> None:
    (problem,) = problems_after(pack_directory, "rules.yaml", "fgm: [suspected, at_risk, known]", f"fgm: [{SECRET}]")
    assert problem.file == "rules.yaml"
    assert problem.line == line_of(pack_directory, "rules.yaml", f"fgm: [{SECRET}]")
    assert problem.key == "rules.2.when.2.fgm.0"


def test_a_misspelt_condition_is_refused_and_does_not_widen_a_rule(pack_directory: Path) -> None:
    (problem,) = problems_after(pack_directory, "rules.yaml", "{immediate_danger: true}", "{imediate_danger: true}")
    assert problem.key == "rules.0.when.0.imediate_danger"
    assert problem.line == line_of(pack_directory, "rules.yaml", "{imediate_danger")


def test_an_unknown_destination_is_named_where_it_is_named(pack_directory: Path) -> None:
    (problem,) = problems_after(
        pack_directory, "rules.yaml", "destination: hub\n    urgency: urgent", "destination: hubb\n    urgency: urgent"
    )
    assert problem.line == line_of(pack_directory, "rules.yaml", "destination: hubb")
    assert "no destination is called hubb" in problem.message


def test_an_unknown_advice_block_and_a_repeated_id_are_refused(pack_directory: Path) -> None:
    (problem,) = problems_after(pack_directory, "rules.yaml", "advice: wait_for_police", "advice: wait_for_police_")
    assert problem.key == "rules.4.advice.0"
    (repeated,) = problems_after(pack_directory, "rules.yaml", "code: ring_hub", "code: keep_confidential")
    assert repeated.message == "advice has the same id twice"


def test_a_key_in_two_files_or_twice_in_one_is_refused(pack_directory: Path) -> None:
    (pack_directory / "zz.yaml").write_text("rules: []\n")
    with pytest.raises(PolicyPackError, match=r"zz.yaml:1: rules: stands already in rules.yaml:"):
        load_pack(pack_directory)
    (pack_directory / "zz.yaml").write_text("letters: []\nletters: []\n")
    with pytest.raises(PolicyPackError, match=r"zz.yaml:2: letters: stands already in zz.yaml:1"):
        load_pack(pack_directory)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"letters: [{SECRET}\n", "not YAML"),
        (f"- {SECRET}\n", "holds fields"),
        ("letters: &a []\nmore: *a\n", "anchors and aliases"),
        (f"letters: {'[' * 40}{']' * 40}\n", "nests too deeply"),
        ("letters: \x00\n", "not YAML"),
        (f"letters: !!python/name:{SECRET[:7]}\n", "tags"),
    ],
)
def test_what_is_no_pack_file_is_refused_with_its_line(pack_directory: Path, text: str, words: str) -> None:
    (pack_directory / "zz.yaml").write_text(text)
    with pytest.raises(PolicyPackError, match=words) as caught:
        load_pack(pack_directory)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_file_that_is_not_utf_8_or_too_large_is_refused(pack_directory: Path) -> None:
    (pack_directory / "zz.yaml").write_bytes(b"letters: []\n# caf\xe9\n")
    with pytest.raises(PolicyPackError, match=r"zz\.yaml:2: the file is not UTF-8"):
        load_pack(pack_directory)
    (pack_directory / "zz.yaml").write_text("#" * 1_100_000)
    with pytest.raises(PolicyPackError, match="larger than a pack can be"):
        load_pack(pack_directory)


def test_no_and_times_and_dates_are_what_they_say(pack_directory: Path) -> None:
    rules = pack_directory / "rules.yaml"
    rules.write_text(rules.read_text().replace("fgm: [suspected, at_risk, known]", "imagery_involved: no", 1))
    assert load_pack(pack_directory).rules[2].when[2].imagery_involved == ("no",)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("Europe/London", "Mars/Phobos", "office_hours.timezone"),
        ("Europe/London", "../../etc/passwd", "office_hours.timezone"),
        ("country: GB", "country: ZZ", "office_hours.country"),
        ("subdivision: ENG", "subdivision: MOON", "office_hours.country"),
    ],
)
def test_a_time_zone_or_country_that_nobody_knows_is_refused(
    pack_directory: Path, old: str, new: str, key: str
) -> None:
    (problem,) = problems_after(pack_directory, "pack.yaml", old, new)
    assert (problem.file, problem.key) == ("pack.yaml", key)


def test_a_case_without_an_offset_is_refused(pack_directory: Path) -> None:
    (problem,) = problems_after(pack_directory, "rules.yaml", '"2026-11-20T16:45:00Z"', '"2026-11-20T16:45:00"')
    assert problem.key == "tests.0.at"


def test_a_directory_without_a_pack_says_what_to_give(tmp_path: Path) -> None:
    for directory in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(PolicyPackError, match="give the directory of a pack"):
            load_pack(directory)


@pytest.mark.parametrize(
    ("old", "new", "key", "words"),
    [
        ("wait: 10 minutes", "wait: 0 minutes", "clocks.0.wait.amount", "greater than or equal to 1"),
        ("wait: 10 minutes", "wait: 5 hours", "clocks.0.wait", "slower than that of urgent"),
        ("wait: 10 minutes", "wait: 1 office hour", "clocks.0.wait", "must run at any hour"),
        ("wait: 6 office hours", "wait: 3 working days", "clocks.2.wait", "slower than that of routine"),
        ("verified_on:", "valid_form: 2026-01-01\nverified_on:", "valid_form", "unknown field"),
    ],
)
def test_what_nobody_can_mean_is_refused_where_it_stands(
    pack_directory: Path, old: str, new: str, key: str, words: str
) -> None:
    (problem,) = problems_after(pack_directory, "pack.yaml", old, new)
    assert problem.line == line_of(pack_directory, "pack.yaml", new.splitlines()[0])
    assert problem.key == key
    assert words in problem.message


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("destinations.yaml", "in_hours: 03000 411 111", "in_hours: ask at the desk", "no phone number"),
        ("destinations.yaml", "lado-duty@kent.example", "lado-duty.kent.example", "no e-mail address"),
        ("destinations.yaml", "address: 07700 900103", "address: the manager", "no number"),
        (
            "destinations.yaml",
            "valid_from: 2018-10-01",
            "valid_from: 2018-10-01\n    valid_to: 2017-10-01",
            "never hold",
        ),
        ("pack.yaml", "[Ashford, Dover", "[Ashford, thanet, Dover", "districts has the same id twice"),
    ],
)
def test_a_contact_or_a_place_that_cannot_be_right_is_refused(
    tmp_path: Path, file: str, old: str, new: str, words: str
) -> None:
    directory = tmp_path / "kent"
    shutil.copytree(PACKS / "kent", directory)
    problems = problems_after(directory, file, old, new)
    assert all(problem.file == file and problem.line > 1 for problem in problems)
    assert any(words in problem.message for problem in problems)
