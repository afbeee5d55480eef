"""What schemas do not say of the Kubernetes manifests: no privilege, no token, nothing open that was not named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.access import PRINCIPALS
from contracts.topics import PARTITIONS, SERVICES

KUBERNETES = Path(__file__).parents[3] / "deploy" / "kubernetes"
BASE = KUBERNETES / "base"


def documents() -> list[dict[str, Any]]:
    kustomization = yaml.safe_load((BASE / "kustomization.yaml").read_text())
    texts = [(BASE / name).read_text() for name in kustomization["resources"]]
    return [document for text in texts for document in yaml.safe_load_all(text) if document]


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in documents() if one["kind"] == kind}


def pods() -> dict[str, dict[str, Any]]:
    """Pod templates of every Deployment and Job, by its name."""
    return {name: one["spec"]["template"] for kind in ("Deployment", "Job") for name, one in of_kind(kind).items()}


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"]]


def secret_of(pod: dict[str, Any]) -> set[str]:
    return {one["secret"]["secretName"] for one in pod["spec"]["volumes"] if "secret" in one}


@pytest.mark.parametrize("name", pods())
def test_a_pod_has_no_privilege_and_no_token(name: str) -> None:
    spec = pods()[name]["spec"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] == 10001
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    assert spec["serviceAccountName"] in of_kind("ServiceAccount")
    assert spec["enableServiceLinks"] is False, "variables of other services would be read as settings"
    for one in containers(pods()[name]):
        assert one["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert one["resources"]["limits"]["memory"]
        assert one["resources"]["requests"]["cpu"]


def test_the_namespace_enforces_the_restricted_standard() -> None:
    assert of_kind("Namespace")["saferoute"]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_each_service_has_probes_a_budget_and_never_more_replicas_than_partitions() -> None:
    deployments = of_kind("Deployment")
    assert (
        set(deployments)
        == set(SERVICES)
        == set(of_kind("PodDisruptionBudget"))
        == set(of_kind("HorizontalPodAutoscaler"))
    )
    for name, one in deployments.items():
        [container] = one["spec"]["template"]["spec"]["containers"]
        assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"
        assert container["livenessProbe"]["httpGet"]["path"] == "/health/live", "an outage elsewhere must not kill it"
        assert of_kind("HorizontalPodAutoscaler")[name]["spec"]["maxReplicas"] <= PARTITIONS
        assert one["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_a_pod_gets_the_secrets_of_its_own_service_alone_and_none_as_a_variable() -> None:
    for name, pod in pods().items():
        assert secret_of(pod) == {f"saferoute-{name.removeprefix('migrate-')}"}
        for one in containers(pod):
            assert all("valueFrom" not in variable for variable in one.get("env", ()))
            assert all("secretRef" not in source for source in one.get("envFrom", ()))


def test_only_redaction_knows_of_private_keys() -> None:
    for name, pod in pods().items():
        named = {variable["name"] for one in containers(pod) for variable in one.get("env", ())}
        private = {"SAFEROUTE_SEALING_PRIVATE_KEYS", "SAFEROUTE_VAULT_KEY_FILE"} & named
        assert bool(private) == (name in ("redaction", "migrate-redaction"))


def test_every_service_signs_in_to_kafka_as_itself() -> None:
    for name in SERVICES:
        [container] = of_kind("Deployment")[name]["spec"]["template"]["spec"]["containers"]
        variables = {one["name"]: one["value"] for one in container["env"]}
        assert variables["SAFEROUTE_KAFKA__USERNAME"] == name
        assert name in PRINCIPALS


def test_everything_is_denied_but_what_is_named() -> None:
    policies = {name: one["spec"] for name, one in of_kind("NetworkPolicy").items()}
    assert policies["default-deny"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for name, spec in policies.items():
        for rule in (*spec.get("ingress", ()), *spec.get("egress", ())):
            assert rule.get("from") or rule.get("to"), f"{name} lets everybody through"
            assert rule["ports"], f"{name} opens every port"
    assert policies["mail"]["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "notify"}
    routing = pods()["routing"]["metadata"]["labels"]
    assert "saferoute/database" not in routing


def test_the_overlay_changes_every_address_that_the_base_leaves_to_it() -> None:
    overlay = (KUBERNETES / "overlays" / "example" / "kustomization.yaml").read_text()
    base = (BASE / "network.yaml").read_text()
    for one in ("kafka", "database", "mail"):
        assert f"{{kind: NetworkPolicy, name: {one}}}" in overlay
    assert base.count("192.0.2.") == 3
    assert "192.0.2." not in overlay
