"""`saferoute doctor` against the whole system: nothing wrong where nothing is, and each planted fault found by name."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from typer.testing import CliRunner

from contracts.topics import DEAD_LETTERS
from services.kit.clock import system_clock
from services.kit.sealing import generate_key_pair, write_private_file
from services.local.cli import build
from services.local.processes import free_port
from services.local.stack import Stack
from services.ops.broker import Broker
from services.ops.broker_plan import SetTopic
from services.ops.doctor.commands import examine
from services.ops.doctor.findings import Report
from services.ops.doctor.settings import DoctorSettings, of_run
from tests.support.stack import Client, eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

Change = Callable[[DoctorSettings, Path, Stack], DoctorSettings]


def told(report: Report, level: str = "fault") -> dict[str, str]:
    """What was found at a level, by check."""
    return {one.check: one.means for one in report.findings if one.level == level}


LEFT_BEHIND = {"kafka/dead-letters", "intake/ledger", "notify/unanswered"}
"""What other tests of the same system leave: poison, referrals of just now, notifications that nobody acknowledges."""


def run_of(stack: Stack) -> DoctorSettings:
    return of_run(stack.deployment.run_dir)


async def test_a_system_that_works_has_no_fault_and_the_trial_broker_and_mail_catcher_are_warned_of(
    stack: Stack,
) -> None:
    report = await examine(run_of(stack))
    assert told(report) == {}
    assert report.exit_code == 0
    assert set(told(report, "warning")) <= {"kafka/access", "mail", "kafka/auto-create"} | LEFT_BEHIND
    checks = {one.check for one in report.findings}
    assert {"keys/vault", "keys/sealing-pair", "database/intake/role", "database/notify/migrations"} <= checks
    assert {"kafka/topics", "kafka/auto-create", "policy/rota", "policy/contacts", "service/routing"} <= checks


def _copied(path: Path | None, folder: Path, mode: int) -> Path:
    assert path is not None
    shutil.copy(path, folder / path.name)
    (folder / path.name).chmod(mode)
    return folder / path.name


def readable_vault_key(settings: DoctorSettings, folder: Path, _stack: Stack) -> DoctorSettings:
    return settings.model_copy(update={"vault_key_file": _copied(settings.vault_key_file, folder, 0o444)})


def lost_vault_key(settings: DoctorSettings, folder: Path, _stack: Stack) -> DoctorSettings:
    return settings.model_copy(update={"vault_key_file": folder / "gone.json"})


def typed_fingerprint_key(settings: DoctorSettings, folder: Path, _stack: Stack) -> DoctorSettings:
    write_private_file(folder / "fingerprint.key", "0123456789abcdef" * 4)
    return settings.model_copy(update={"fingerprint_key_file": folder / "fingerprint.key"})


def foreign_public_key(settings: DoctorSettings, folder: Path, _stack: Stack) -> DoctorSettings:
    (folder / "public.json").write_text(generate_key_pair()[0])
    return settings.model_copy(update={"sealing_key_file": folder / "public.json"})


def superuser(settings: DoctorSettings, folder: Path, stack: Stack) -> DoctorSettings:
    (folder / "dsn").write_text(stack.postgres.superuser_dsn("intake"))
    return settings.model_copy(update={"databases": {**settings.databases, "intake": folder / "dsn"}})


def wrong_password(settings: DoctorSettings, folder: Path, stack: Stack) -> DoctorSettings:
    (folder / "dsn").write_text(stack.postgres.dsn("intake").replace("://intake:", "://intake:x"))
    return settings.model_copy(update={"databases": {**settings.databases, "intake": folder / "dsn"}})


def empty_database(settings: DoctorSettings, folder: Path, stack: Stack) -> DoctorSettings:
    (folder / "dsn").write_text(stack.postgres.create_database("doctor_empty", "doctor_empty"))
    return settings.model_copy(update={"databases": {**settings.databases, "notify": folder / "dsn"}})


def no_mail_server(settings: DoctorSettings, _folder: Path, _stack: Stack) -> DoctorSettings:
    assert settings.smtp is not None
    return settings.model_copy(update={"smtp": settings.smtp.model_copy(update={"port": free_port()})})


def dead_service(settings: DoctorSettings, _folder: Path, _stack: Stack) -> DoctorSettings:
    gone = {**settings.services, "routing": f"http://127.0.0.1:{free_port()}"}
    return settings.model_copy(update={"services": gone})


def dead_broker(settings: DoctorSettings, _folder: Path, _stack: Stack) -> DoctorSettings:
    nowhere = settings.kafka.model_copy(update={"bootstrap_servers": f"127.0.0.1:{free_port()}"})
    return settings.model_copy(update={"kafka": nowhere})


def more_replicas_wanted(settings: DoctorSettings, _folder: Path, _stack: Stack) -> DoctorSettings:
    return settings.model_copy(update={"topic_min_insync": 2})


def empty_rota(settings: DoctorSettings, folder: Path, _stack: Stack) -> DoctorSettings:
    assert settings.policy_pack is not None
    shutil.copytree(settings.policy_pack, folder / "pack")
    file = folder / "pack" / "destinations.yaml"
    file.write_text(file.read_text().replace("role: duty", "role: deputy"))
    return settings.model_copy(update={"policy_pack": folder / "pack"})


def broken_pack(settings: DoctorSettings, folder: Path, _stack: Stack) -> DoctorSettings:
    (folder / "pack").mkdir()
    (folder / "pack" / "pack.yaml").write_text("name: [")
    return settings.model_copy(update={"policy_pack": folder / "pack"})


PLANTED: dict[Change, tuple[str, str]] = {
    readable_vault_key: ("keys/vault", "vault.json mode 0444, must be 0400 or 0600"),
    lost_vault_key: ("keys/vault", "gone.json cannot be read"),
    typed_fingerprint_key: ("keys/fingerprint", "fingerprint.key is an example, not a random key"),
    foreign_public_key: ("keys/sealing-pair", "redaction has no private key for what intake seals"),
    superuser: ("database/intake/role", "the role of intake is superuser"),
    wrong_password: ("database/intake", "does not let intake in (InvalidPasswordError)"),
    empty_database: ("database/notify/migrations", "the database stands at revision none, the code expects 0001"),
    no_mail_server: ("mail", "the mail server does not take us (ConnectionRefusedError)"),
    dead_service: ("service/routing", "no replica answers"),
    dead_broker: ("kafka", "the cluster refuses or does not answer"),
    more_replicas_wanted: ("kafka/topics", "min.insync.replicas=2"),
    empty_rota: ("policy/rota", "nobody on duty has a mail address"),
    broken_pack: ("policy", "this is not YAML"),
}


@pytest.mark.parametrize("plant", PLANTED, ids=lambda one: one.__name__)
async def test_a_planted_fault_is_found_by_name_and_alone(stack: Stack, tmp_path: Path, plant: Change) -> None:
    check, words = PLANTED[plant]
    report = await examine(plant(run_of(stack), tmp_path, stack))
    faults = told(report)
    assert words in faults[check]
    assert set(faults) <= {check, "policy"}
    assert report.exit_code == 1
    assert all(one.todo for one in report.findings if one.level != "ok")


async def test_a_topic_that_somebody_changed_is_found(stack: Stack) -> None:
    broker = Broker(run_of(stack).kafka)
    await asyncio.to_thread(broker.change, [SetTopic("referral.received.v1", {"retention.ms": "60000"})], {})
    try:
        faults = told(await examine(run_of(stack)))
        assert "set retention.ms=604800000 on topic referral.received.v1" in faults["kafka/topics"]
    finally:
        await asyncio.to_thread(broker.change, [SetTopic("referral.received.v1", {"retention.ms": "604800000"})], {})


async def test_an_old_database_revision_and_a_wrong_clock_are_found(stack: Stack) -> None:
    connection = await asyncpg.connect(stack.postgres.dsn("redaction"))
    newest = await connection.fetchval("SELECT version_num FROM alembic_version")
    await connection.execute("UPDATE alembic_version SET version_num = '0000'")
    try:
        report = await examine(run_of(stack), lambda: system_clock() + dt.timedelta(minutes=5))
    finally:
        await connection.execute("UPDATE alembic_version SET version_num = $1", newest)
        await connection.close()
    faults = told(report)
    assert "stands at revision 0000" in faults["database/redaction/migrations"]
    assert "its clock is 300 s behind this machine's" in faults["database/intake/clock"]
    assert "behind" in faults["service/notify/clock"]


async def test_a_referral_that_stands_still_is_found_without_saying_whose(stack: Stack, client: Client) -> None:
    connection = await asyncpg.connect(stack.postgres.dsn("intake"))
    body = json.loads((Path("examples/referrals") / "05-level-four-neglect-twins.json").read_text())
    accepted = (await client.post(body)).json()
    await client.reaches(accepted["id"], "notified")

    async def settled() -> bool:
        return not await connection.fetchval(
            "SELECT count(*) FROM open_emission WHERE referral_id = $1", accepted["id"]
        )

    await eventually(settled)
    await connection.execute(
        """INSERT INTO open_emission (referral_id, revision, event_id, topic, key, value, headers, emissions,
                                      next_emission_at)
           VALUES ($1, 1, 'planted', 'referral.received.v1', '', '', '{}', 3, now() + interval '1 day')""",
        accepted["id"],
    )
    await connection.execute(
        "UPDATE referral SET received_at = now() - interval '1 hour' WHERE id = $1", accepted["id"]
    )
    try:
        report = await examine(run_of(stack))
    finally:
        await connection.execute("DELETE FROM open_emission WHERE event_id = 'planted'")
        await connection.close()
    assert "the oldest for 60 minutes: nobody was told" in told(report)["intake/ledger"]
    assert accepted["id"] not in str(report)
    assert accepted["reference"] not in str(report)


async def test_a_dead_letter_that_waits_is_found_without_its_content(stack: Stack) -> None:
    letter = next(one for one in DEAD_LETTERS if one.service == "notify")
    producer = AIOKafkaProducer(bootstrap_servers=stack.bootstrap_servers)
    await producer.start()
    headers = [("dl_topic", letter.source.name.encode()), ("dl_failure_code", b"handler.permanent")]
    await producer.send_and_wait(letter.name, b"Jamie Example", b"k", headers=headers)
    await producer.stop()
    report = await examine(run_of(stack))
    assert any(letter.name in one.means and "handler.permanent" in one.means for one in report.findings)
    assert "Jamie" not in str(report)


async def test_what_is_not_named_is_said_to_be_unseen(stack: Stack) -> None:
    report = await examine(DoctorSettings(kafka=run_of(stack).kafka))
    unseen = told(report, "warning")
    assert {"keys/vault", "database/intake", "service/notify", "mail", "policy"} <= set(unseen)
    assert unseen["policy"] == "not looked at"


async def test_the_command_tells_machines_the_same_and_ends_with_its_verdict(stack: Stack, tmp_path: Path) -> None:
    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(build("doctor"), ["doctor", *words])
        return done.exit_code, done.output

    folder = str(stack.deployment.run_dir)
    code, page = await asyncio.to_thread(run, "--run-dir", folder)
    assert code == 0, page
    assert "0 faults" in page
    code, text = await asyncio.to_thread(run, "--run-dir", folder, "--json")
    answer = json.loads(text)
    assert answer["verdict"].startswith("0 faults")
    assert {"level", "check", "means", "todo"} == set(answer["findings"][0])
    code, page = await asyncio.to_thread(run, "--run-dir", str(tmp_path))
    assert (code, "holds no run" in page) == (2, True)
