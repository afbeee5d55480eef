"""Rules and dashboards speak of metrics that exist, every alert is tested to fire and to be silent and leads to a
runbook, and every query parses."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

from contracts.topics import SERVICES
from services.kit.policy_pack import process_metrics

ROOT = Path(__file__).parents[3]
OBSERVABILITY = ROOT / "deploy" / "observability"
RULES = sorted((OBSERVABILITY / "rules").glob("*.yml"))
TESTS = sorted((OBSERVABILITY / "tests").glob("*.yml"))
DASHBOARDS = sorted((OBSERVABILITY / "grafana" / "dashboards").glob("*.json"))
METRIC = re.compile(r"\b(?:saferoute|process|python)_[a-z_]+")
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",), "info": ("_info",)}


def exposed() -> set[str]:
    """The name of every sample that the four services may expose."""
    for service in SERVICES:
        importlib.import_module(f"services.{service}.app")
    process_metrics()
    return {family.name + suffix for family in REGISTRY.collect() for suffix in SUFFIXES.get(str(family.type), ("",))}


def alerts() -> list[dict[str, Any]]:
    documents = [yaml.safe_load(path.read_text()) for path in RULES]
    return [rule for document in documents for group in document["groups"] for rule in group["rules"]]


def queries() -> Iterator[tuple[str, str]]:
    """Where a dashboard's query stands, and the query with Grafana's own interval filled in."""
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel.get("targets", ()):
                yield f"{path.name}: {panel['title']}", target["expr"].replace("$__rate_interval", "1m")


@pytest.fixture(scope="module")
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None and os.environ.get("REQUIRE_PROMTOOL") == "1":
        pytest.fail("REQUIRE_PROMTOOL=1 and no promtool on the PATH")
    if found is None:
        pytest.skip("no promtool on the PATH (Debian: apt install prometheus)")
    return found


def checked(promtool: str, *words: str) -> None:
    done = subprocess.run([promtool, *words], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_metric_of_a_rule_is_exposed() -> None:
    named = {name for rule in alerts() for name in METRIC.findall(rule["expr"] + rule["annotations"]["summary"])}
    assert named
    assert named <= exposed()


def test_every_metric_of_a_dashboard_is_exposed() -> None:
    named = {name for _, query in queries() for name in METRIC.findall(query)}
    assert named
    assert named <= exposed()


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_an_alert_says_how_bad_what_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert rule["annotations"]["summary"].endswith((".", "?"))
    assert (ROOT / rule["annotations"]["runbook_url"]).is_file()


def test_every_alert_is_tested_to_fire_and_to_be_silent() -> None:
    cases = [
        case for path in TESTS for test in yaml.safe_load(path.read_text())["tests"] for case in test["alert_rule_test"]
    ]
    names = {rule["alert"] for rule in alerts()}
    assert {case["alertname"] for case in cases} == names
    assert {case["alertname"] for case in cases if case["exp_alerts"]} == names
    assert {case["alertname"] for case in cases if not case["exp_alerts"]} == names


def test_rules_and_scrape_configuration_are_what_prometheus_reads(promtool: str) -> None:
    checked(promtool, "check", "rules", *map(str, RULES))
    checked(promtool, "check", "config", str(OBSERVABILITY / "prometheus.yml"))


def test_alerts_fire_when_they_must_and_only_then(promtool: str) -> None:
    checked(promtool, "test", "rules", *map(str, TESTS))


def test_every_query_of_a_dashboard_parses(promtool: str, tmp_path: Path) -> None:
    rules = [{"record": f"query:{number}", "expr": query} for number, (_, query) in enumerate(queries())]
    file = tmp_path / "queries.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    checked(promtool, "check", "rules", str(file))


def test_prometheus_scrapes_each_service_under_its_own_name() -> None:
    config = yaml.safe_load((OBSERVABILITY / "prometheus.yml").read_text())
    jobs = {job["job_name"]: job["dns_sd_configs"][0]["names"] for job in config["scrape_configs"]}
    assert jobs == {service: [service] for service in SERVICES}


def test_dashboards_ask_the_provisioned_source_and_have_ids_of_their_own() -> None:
    sources = yaml.safe_load((OBSERVABILITY / "grafana/provisioning/datasources/prometheus.yml").read_text())
    [source] = sources["datasources"]
    boards = [json.loads(path.read_text()) for path in DASHBOARDS]
    assert len({board["uid"] for board in boards}) == len(boards)
    for board in boards:
        shown = [panel for panel in board["panels"] if panel["type"] != "row"]
        assert all(panel["datasource"]["uid"] == source["uid"] and panel["description"] for panel in shown)
        assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
