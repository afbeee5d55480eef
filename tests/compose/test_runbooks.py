"""Every block of a runbook that is marked `sh run` does what it says, on a deployment that has the symptom.

The blocks of one page run in one shell, in their order, as somebody types them at night; afterwards `doctor` finds no
fault, and a referral posted before and one posted after reach somebody.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.compose.deployment import DEPLOY, ROOT, SECOND, Deployment, body_of_sample
from tests.support.chaos_load import URN
from tests.support.docker import CommandFailedError, run

RUNBOOKS = DEPLOY / "runbooks"
BLOCK = re.compile(r"^```sh run\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHELL = """
set -euo pipefail
dc() { docker compose -f deploy/compose.yaml "$@" </dev/stdin; }
"""
PAGE_SECONDS = 540.0
SETTLED_SECONDS = 240.0
"""What a broker lost with its data is published again after two minutes."""
SAMPLE = ROOT / "examples" / "referrals" / "05-level-four-neglect-twins.json"

POISON = """
import asyncio
from aiokafka import AIOKafkaProducer
from services.kit.broker import client_options
from services.kit.settings import ServiceSettings

async def main():
    producer = AIOKafkaProducer(**client_options(ServiceSettings().kafka))
    await producer.start()
    await producer.send_and_wait("referral.redacted.v1", b"not an event", b"poison")
    await producer.stop()

asyncio.run(main())
"""


def blocks(page: str) -> list[str]:
    """The commands of a runbook that are run, in order."""
    return BLOCK.findall((RUNBOOKS / page).read_text())


@pytest.fixture(scope="module")
def operated(deployment: Deployment) -> Iterator[Deployment]:
    """One of these tests alone, of the same images: its keys are changed, its data is thrown away and restored."""
    assert deployment.api_key
    one = Deployment(Path(tempfile.mkdtemp(prefix="saferoute-operated-")))
    try:
        one.write_settings()
        one.script("init.sh")
        one.up()
        one.provision()
        yield one
    finally:
        one.down()


@pytest.fixture(scope="module")
def typed(operated: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Runs shell text in the repository's root, as an operator of this deployment."""
    folder = tmp_path_factory.mktemp("operator")

    def run_text(text: str, **variables: str) -> str:
        environment = {
            **operated.environment,
            "COMPOSE_ENV_FILES": str(operated.settings),
            "COMPOSE_PROFILES": "demo",
            "SAFEROUTE_SECRETS": str(operated.secrets),
            "BACKUP": str(folder / "backup"),
            "ERASURES": str(folder / "erasures.txt"),
            "VERSION": SECOND,
            **variables,
        }
        command = ["bash", "-c", f"cd '{ROOT}'\n{SHELL}{text}"]
        return run(command, env=environment, stdin="", timeout=PAGE_SECONDS)

    return run_text


def post(deployment: Deployment, key: str) -> dict[str, str]:
    """One referral, accepted; answers its receipt."""
    body = body_of_sample(SAMPLE)
    body["school"]["urn"] = URN
    body.pop("source", None)
    with deployment.client() as client:
        answer = client.post("/v1/referrals", json=body, headers={"Idempotency-Key": key})
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    receipt: dict[str, str] = answer.json()
    return receipt


def plant_nothing(_deployment: Deployment, _typed: Callable[..., str]) -> None:
    """The page is about something that is not a fault."""


def plant_killed(service: str) -> Callable[[Deployment, Callable[..., str]], None]:
    """A container that died and stays down, as one that the engine gave up on."""

    def kill(_deployment: Deployment, typed: Callable[..., str]) -> None:
        typed(f"docker kill $(dc ps --quiet {service}) >/dev/null")

    return kill


def plant_poison(_deployment: Deployment, typed: Callable[..., str]) -> None:
    """A record that no service can decode, written by whoever may write there."""
    typed(f"dc run --rm --no-deps -T --entrypoint python ops -c '{POISON}'")


PAGES: dict[str, Callable[[Deployment, Callable[..., str]], None]] = {
    "README.md": plant_nothing,
    "start.md": plant_nothing,
    "service-down.md": plant_killed("notify"),
    "redaction-stopped.md": plant_killed("redaction"),
    "lag.md": plant_nothing,
    "disk-full.md": plant_killed("postgres"),
    "broker-loss.md": plant_killed("kafka"),
    "stalled-referrals.md": plant_nothing,
    "unanswered.md": plant_nothing,
    "mail-down.md": plant_killed("mail"),
    "policy-pack.md": plant_nothing,
    "dead-letter-replay.md": plant_poison,
    "erasure-request.md": plant_nothing,
    "backup-and-restore.md": plant_nothing,
    "key-rotation.md": plant_nothing,
    "upgrade.md": plant_nothing,
}
"""Every runbook, in the order in which they are run, with how its symptom is brought about."""


def test_every_runbook_has_commands_that_are_run() -> None:
    assert {path.name for path in RUNBOOKS.glob("*.md")} == set(PAGES)
    assert all(blocks(page) for page in PAGES)


@pytest.fixture
def referrals(operated: Deployment, request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """A referral that was told before, and after the page's commands: one more, and both are told."""
    before = post(operated, f"{request.node.name}-before")
    assert operated.untold({before["id"]}) == set()
    yield before
    after = post(operated, f"{request.node.name}-after")
    assert operated.untold({before["id"], after["id"]}, SETTLED_SECONDS) == set()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_runbook_end_its_symptom(
    operated: Deployment,
    typed: Callable[..., str],
    referrals: dict[str, str],
    page: str,
    figure: Callable[[str, object], None],
) -> None:
    PAGES[page](operated, typed)
    typed("\n".join(blocks(page)), REFERENCE=referrals["reference"])
    figure(f"runbook {page}: command blocks run", len(blocks(page)))
    try:
        typed("dc run --rm doctor")
    except CommandFailedError as failure:
        pytest.fail(str(failure))


def test_what_is_erased_comes_back_from_no_backup(operated: Deployment, typed: Callable[..., str]) -> None:
    """The journal of erasures, replayed by the restore's own commands, closes what the backup still held."""
    [backup, *_] = blocks("backup-and-restore.md")
    receipt = post(operated, "erased-and-restored")
    assert operated.untold({receipt["id"]}) == set()
    typed(backup)
    typed("\n".join(blocks("erasure-request.md")), REFERENCE=receipt["reference"])
    typed("\n".join(blocks("backup-and-restore.md")[2:]))
    query = "SELECT octet_length(wrapped_key), erased_at IS NOT NULL FROM data_key WHERE referral_id = :'id'"
    kept = typed(f'dc exec -T postgres psql -U postgres -d redaction -At -v id={receipt["id"]} <<< "{query}"')
    assert kept.strip() == "0|t"


def test_secrets_after_rotation_are_readable_by_their_owners_alone(operated: Deployment) -> None:
    modes = {path.name: path.stat().st_mode & 0o777 for path in Path(operated.secrets).iterdir()}
    assert modes
    assert all(mode in (0o400, 0o444) for mode in modes.values())
