"""What is wrong with a running container, seen from the engine and from inside. No fault is an empty list."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.support.docker import inspect, run

NEEDS_FILE_CAPABILITY = {"caddy": ["CAP_NET_BIND_SERVICE", "NET_BIND_SERVICE"]}
"""The one exception: the public image's binary is not executed without it. The process itself has none."""
MANY_PIDS = 1_000
SECRETS = "/run/secrets/"
LOOK_INSIDE = (
    "id -u; grep -E '^(CapEff|CapPrm|NoNewPrivs):' /proc/self/status; touch /probe 2>/dev/null && echo WRITABLE; true"
)
"""Run in the container as its own user: who it is, what it may do, whether its root can be written."""


def faults(container: Mapping[str, Any], service: str, secret_values: Mapping[str, str]) -> list[str]:
    """Everything that is not as it should be. `secret_values` must be in no environment, argument, label or layer."""
    host = container["HostConfig"]
    found = []
    if container["Config"]["User"] in ("", "0", "root", "0:0"):
        found.append("runs as root")
    if not host["ReadonlyRootfs"]:
        found.append("root file system is writable")
    if "ALL" not in (host["CapDrop"] or []):
        found.append("keeps capabilities")
    if not set(host["CapAdd"] or []) <= set(NEEDS_FILE_CAPABILITY.get(service, [])):
        found.append("adds capabilities")
    if not any(option.startswith("no-new-privileges") for option in host["SecurityOpt"] or []):
        found.append("may gain privileges")
    if host["Privileged"] or host["PidMode"] or host["IpcMode"] == "host" or host["NetworkMode"] == "host":
        found.append("shares the host")
    if not host["Memory"] or not 0 < (host["PidsLimit"] or 0) <= MANY_PIDS:
        found.append("has no limit of memory or processes")
    if not host.get("Init"):
        found.append("has no init that reaps processes")
    if host["RestartPolicy"]["Name"] != "unless-stopped":
        found.append("does not come back after a crash")
    if container["State"].get("Health", {}).get("Status") != "healthy":
        found.append("has no healthcheck, or is not healthy")
    if any("docker.sock" in mount["Source"] for mount in container["Mounts"]):
        found.append("reaches the engine")
    return found + _inside(container["Id"]) + _spilt(container, secret_values)


def _inside(container: str) -> list[str]:
    """What the kernel says of a process in the container."""
    said = run(["docker", "exec", container, "sh", "-c", LOOK_INSIDE]).split()
    found = []
    if said[0] == "0":
        found.append("its processes are root's")
    if any(int(said[said.index(name) + 1], 16) for name in ("CapEff:", "CapPrm:")):
        found.append("its processes have capabilities")
    if said[said.index("NoNewPrivs:") + 1] != "1":
        found.append("its processes may gain privileges")
    if "WRITABLE" in said:
        found.append("its processes can write the root file system")
    return found


def _spilt(container: Mapping[str, Any], secret_values: Mapping[str, str]) -> list[str]:
    """Secrets where they must not be: in what the engine shows of the container, or in its image's history."""
    image = container["Image"]
    shown = json.dumps([container, inspect(image)]) + run(["docker", "history", "--no-trunc", image])
    return [f"shows the secret {name}" for name, value in secret_values.items() if value and value in shown]


def published(container: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Address and port on the host of everything published."""
    ports = container["NetworkSettings"]["Ports"] or {}
    return {(one["HostIp"], one["HostPort"]) for bound in ports.values() for one in bound or []}


def secrets_of(container: Mapping[str, Any]) -> set[str]:
    """The secret files that are mounted into a container."""
    places = [one["Destination"] for one in container["Mounts"]]
    return {place.removeprefix(SECRETS) for place in places if place.startswith(SECRETS)}
