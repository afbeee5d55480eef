"""What four services need on disk before they start: keys, databases, accounts, and an environment each.

Everything lives in the run directory and survives it, so that a second run goes on where the first one ended.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from contracts.topics import DEAD_LETTERS, SERVICES, TOPICS, Service
from services.intake.adapters.files import new_fingerprint_key
from services.intake.commands import provision_client
from services.kit.migrations import migrate
from services.kit.sealing import generate_key_pair, write_private_file
from services.local.postgres import EmbeddedPostgres
from services.local.processes import LOOPBACK, free_port
from services.local.topics import TopicSpec
from services.notify.commands import provision_staff
from services.ops.doctor.settings import RUN_FILE
from services.redaction.adapters.vault import KeyEncryptionKey

CODE = Path(__file__).parents[1]
POLICY_PACK = CODE / "routing" / "policies" / "kent"
STATEFUL: tuple[Service, ...] = ("intake", "redaction", "notify")
CLIENT_ID = "local-mis"
STAFF_ID = "local-duty"
DESTINATIONS = ("front_door", "online_safety_team", "area_safeguarding_adviser", "lado")


def topic_specs() -> list[TopicSpec]:
    """Every topic of the registry, dead letters with the retention of their source."""
    specs = [TopicSpec(topic.name, topic.partitions, topic.retention_ms) for topic in TOPICS]
    return specs + [TopicSpec(letter.name, 1, letter.source.retention_ms) for letter in DEAD_LETTERS]


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where notify hands its mail."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Accounts:
    """Secrets of this run's client and staff: shown once, kept in files that only their owner reads."""

    api_key: str
    staff_token: str


@dataclass
class Deployment:
    """Files and settings of one embedded run. `overrides` are further environment variables by service."""

    run_dir: Path
    bootstrap_servers: str
    postgres: EmbeddedPostgres
    mailbox: Mailbox
    urns: tuple[str, ...] = ()
    schools_register: Path | None = None
    log_level: str = "INFO"
    overrides: Mapping[Service, Mapping[str, str]] = field(default_factory=dict)
    ports: dict[Service, int] = field(default_factory=lambda: {service: free_port() for service in SERVICES})

    @property
    def keys(self) -> Path:
        return self.run_dir / "keys"

    def url(self, service: Service) -> str:
        return f"http://{LOOPBACK}:{self.ports[service]}"

    def prepare(self) -> Accounts:
        """Make what is missing: keys, databases at their newest revision, a client and a member of staff."""
        self.keys.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._make_keys()
        for service in STATEFUL:
            dsn = self.postgres.create_database(service, service)
            self._write_secret(f"{service}.dsn", dsn)
            migrate(dsn, CODE / service / "migrations")
        self._tell_doctor()
        return self._accounts()

    def _make_keys(self) -> None:
        if not (self.keys / "sealing.private.json").exists():
            public, private = generate_key_pair()
            (self.keys / "sealing.public.json").write_text(public)
            write_private_file(self.keys / "sealing.private.json", private)
        if not (self.keys / "fingerprint.key").exists():
            write_private_file(self.keys / "fingerprint.key", new_fingerprint_key())
        if not (self.keys / "vault.json").exists():
            KeyEncryptionKey.generate("local-1").save(self.keys / "vault.json")

    def _write_secret(self, name: str, text: str) -> None:
        """Replace a secret that changes from run to run (ports do)."""
        path = self.keys / name
        path.unlink(missing_ok=True)
        write_private_file(path, text)

    def _tell_doctor(self) -> None:
        """Leave where `saferoute doctor --run-dir` finds what to look at."""
        look = {
            "kafka": {"bootstrap_servers": self.bootstrap_servers},
            "databases": {service: str(self.keys / f"{service}.dsn") for service in STATEFUL},
            "services": {service: self.url(service) for service in SERVICES},
            "sealing_key_file": str(self.keys / "sealing.public.json"),
            "sealing_private_keys": [str(self.keys / "sealing.private.json")],
            "fingerprint_key_file": str(self.keys / "fingerprint.key"),
            "vault_key_file": str(self.keys / "vault.json"),
            "policy_pack": str(POLICY_PACK),
            "smtp": {"host": self.mailbox.host, "port": self.mailbox.port, "starttls": False},
        }
        path = self.run_dir / RUN_FILE
        path.unlink(missing_ok=True)
        write_private_file(path, json.dumps(look, indent=2))

    def _accounts(self) -> Accounts:
        path = self.keys / "accounts.json"
        if path.exists():
            return Accounts(**json.loads(path.read_text()))
        accounts = Accounts(
            api_key=asyncio.run(provision_client(self.postgres.dsn("intake"), CLIENT_ID, self.urns, "live")),
            staff_token=asyncio.run(provision_staff(self.postgres.dsn("notify"), STAFF_ID, DESTINATIONS, "caseworker")),
        )
        write_private_file(path, json.dumps({"api_key": accounts.api_key, "staff_token": accounts.staff_token}))
        return accounts

    def command(self, service: Service) -> tuple[str, ...]:
        """The command line of a service."""
        return (sys.executable, "-m", f"services.{service}", "serve")

    def environment(self, service: Service) -> dict[str, str]:
        """The environment of a service: nothing of ours but a path, everything it is told by name."""
        own = {
            "PATH": os.environ.get("PATH", os.defpath),
            "PYTHONUNBUFFERED": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "SAFEROUTE_KAFKA__BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "SAFEROUTE_HTTP__PORT": str(self.ports[service]),
            "SAFEROUTE_LOG_LEVEL": self.log_level,
        }
        return own | self._settings(service) | dict(self.overrides.get(service, {}))

    def _settings(self, service: Service) -> dict[str, str]:
        database = {"SAFEROUTE_DATABASE__DSN_FILE": str(self.keys / f"{service}.dsn")}
        policy = {"SAFEROUTE_POLICY_PACK": str(POLICY_PACK)}
        match service:
            case "intake":
                register = {"SAFEROUTE_SCHOOLS_REGISTER": str(self.schools_register)} if self.schools_register else {}
                return (
                    database
                    | policy
                    | register
                    | {
                        "SAFEROUTE_SEALING_KEY_FILE": str(self.keys / "sealing.public.json"),
                        "SAFEROUTE_FINGERPRINT_KEY_FILE": str(self.keys / "fingerprint.key"),
                    }
                )
            case "redaction":
                return database | {
                    "SAFEROUTE_SEALING_PRIVATE_KEYS": json.dumps([str(self.keys / "sealing.private.json")]),
                    "SAFEROUTE_VAULT_KEY_FILE": str(self.keys / "vault.json"),
                }
            case "routing":
                return policy
            case "notify":
                return (
                    database
                    | policy
                    | {
                        "SAFEROUTE_SMTP__HOST": self.mailbox.host,
                        "SAFEROUTE_SMTP__PORT": str(self.mailbox.port),
                        "SAFEROUTE_SMTP__STARTTLS": "false",
                        "SAFEROUTE_SMTP__SENDER": "saferoute@council.example",
                        "SAFEROUTE_PUBLIC_URL": self.url("notify"),
                    }
                )
