"""The secrets of a deployment as files, each readable by the one container user that needs it and by nobody else.

Made once, never overwritten; rotated one kind at a time. What a file is for stands in deploy/README.md.
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from contracts.access import PRINCIPALS
from contracts.topics import SEALED_RETENTION_DAYS
from services.intake.adapters.files import new_fingerprint_key
from services.kit.sealing import KeyFileError, generate_key_pair, load_private_ring, load_public
from services.ops.certificates import Pair, issued_by, names_of, new_authority, new_server
from services.redaction.adapters.vault import KeyEncryptionKey, VaultKeys

Owner = Literal["service", "kafka", "postgres", "proxy", "nobody", "everybody"]
Kind = Literal["sealing", "fingerprint", "vault", "kafka-passwords", "databases", "certificates", "smtp", "grafana"]
Rotatable = Literal["sealing", "kafka-passwords", "databases", "certificates"]

PASSWORD_BYTES = 32
"""256 random bits, written in letters, digits, - and _: they stand in URLs as they are."""
DAY_SECONDS = 86_400
KAFKA_HOSTS = ("kafka", "kafka-1", "kafka-2", "kafka-3", "localhost", "127.0.0.1")
"""The broker's names in compose, alone or as a cluster of three."""
STATEFUL = ("intake", "redaction", "notify")

FILES: Mapping[Kind, Mapping[str, Owner]] = {
    "sealing": {
        "sealing_public.json": "everybody",
        "sealing_private.json": "service",
        "sealing_previous.json": "service",
    },
    "fingerprint": {"fingerprint.key": "service"},
    "vault": {"vault.json": "service"},
    "kafka-passwords": {f"kafka_{name}": "service" for name in PRINCIPALS},
    "databases": {
        **{f"{service}.dsn": "service" for service in STATEFUL},
        "postgres_admin.dsn": "service",
        "postgres_password": "postgres",
    },
    "certificates": {
        "ca.crt": "everybody",
        "ca.key": "nobody",
        "kafka.pem": "kafka",
        "edge.crt": "proxy",
        "edge.key": "proxy",
    },
    "smtp": {"smtp_password": "service"},
    "grafana": {"grafana_password": "service"},
}
"""Every file, by what it belongs to, and the user that reads it."""
IRREPLACEABLE: tuple[Kind, ...] = ("sealing", "fingerprint", "vault")
"""Made with the folder or never: a new one beside old data could open none of it."""


class SecretFilesError(Exception):
    """A folder that cannot be used as it is. Names files, never content."""


@dataclass(frozen=True, slots=True)
class Users:
    """User ids in the containers. `nobody` is whoever runs init.sh."""

    service: int
    kafka: int
    postgres: int
    proxy: int
    nobody: int

    def of(self, owner: Owner) -> int:
        match owner:
            case "service":
                return self.service
            case "kafka":
                return self.kafka
            case "postgres":
                return self.postgres
            case "proxy":
                return self.proxy
            case "nobody" | "everybody":
                return self.nobody


class SecretFiles:
    """The folder of a deployment's secrets. `hosts` are the names and addresses that clients use for the proxy."""

    def __init__(self, folder: Path, users: Users, hosts: tuple[str, ...], postgres_host: str = "postgres") -> None:
        self._folder = folder
        self._users = users
        self._hosts = hosts
        self._postgres_host = postgres_host

    def make(self) -> list[str]:
        """Make every kind that is missing, touch none that is there; answers the files made.

        Raises SecretFilesError: some files of a kind are there and some are missing, or a key is missing beside others.
        """
        kinds = [kind for kind in FILES if not self._present(kind)]
        if lost := [
            name for kind in kinds if kind in IRREPLACEABLE and len(kinds) < len(FILES) for name in FILES[kind]
        ]:
            raise SecretFilesError(f"{', '.join(lost)} missing beside other secrets: restore from your backup")
        made = []
        for kind in kinds:
            for name, text in self._fresh(kind).items():
                self._write(name, text)
                made.append(name)
        if "sealing" in kinds:
            os.utime(self._folder / "sealing_previous.json", (0, 0))
        return made

    def rotate(self, kind: Rotatable, *, force: bool = False) -> list[str]:
        """Replace what of `kind` can be replaced in a running deployment; answers the files replaced.

        Raises SecretFilesError: there is nothing to replace, or a sealing key that boxes on the topic may still need.
        """
        if not self._present(kind):
            raise SecretFilesError(f"there is no {kind} to rotate yet")
        if kind == "sealing":
            self._undo_half_a_rotation()
            if not force:
                self._refuse_early_sealing()
        texts = self._fresh(kind)
        match kind:
            case "sealing":  # in this order: wherever it stops, what intake seals with has its private half in a file
                texts = {
                    "sealing_previous.json": self._read("sealing_private.json"),
                    "sealing_private.json": texts["sealing_private.json"],
                    "sealing_public.json": texts["sealing_public.json"],
                }
            case "databases":
                names = [f"{service}.dsn" for service in STATEFUL]
                texts = {name: _with_password(self._read(name), _password()) for name in names}
            case "certificates":
                texts = self._renewed(texts)
            case "kafka-passwords":
                pass
        for name, text in texts.items():
            self._write(name, text)
        return list(texts)

    def put(self, name: str, text: str) -> None:
        """Set a file to what somebody brought: the council's certificate, its mail server's password.

        Raises SecretFilesError: no such file belongs to a deployment, or nothing was brought, or what is no vault key:
        a command that failed before a pipe must not cost a key.
        """
        if name not in {file for files in FILES.values() for file in files}:
            raise SecretFilesError(f"{name} is no file of a deployment")
        if not text.strip() and name not in FILES["smtp"]:
            raise SecretFilesError(f"nothing came on standard input: {name} stays as it is")
        if name in FILES["sealing"] or name in FILES["fingerprint"]:
            raise SecretFilesError(f"{name} is made and rotated here; copy it back as a file from your backup")
        self._write(name, text)

    def _present(self, kind: Kind) -> bool:
        there = [name for name in FILES[kind] if (self._folder / name).exists()]
        missing = [name for name in FILES[kind] if name not in there]
        if there and missing:
            raise SecretFilesError(f"{', '.join(missing)} missing beside {', '.join(there)}: restore from your backup")
        return bool(there)

    def _fresh(self, kind: Kind) -> dict[str, str]:
        match kind:
            case "sealing":
                public, private = generate_key_pair()
                _, unused = generate_key_pair()
                return {"sealing_public.json": public, "sealing_private.json": private, "sealing_previous.json": unused}
            case "fingerprint":
                return {"fingerprint.key": new_fingerprint_key()}
            case "vault":
                return {"vault.json": KeyEncryptionKey.generate(f"vault-{secrets.token_hex(4)}").text()}
            case "kafka-passwords":
                return {name: _password() for name in FILES[kind]}
            case "databases":
                admin = _password()
                urls = {f"{service}.dsn": self._url(service, _password(), service) for service in STATEFUL}
                admin_url = self._url("postgres", admin, "postgres")
                return {**urls, "postgres_admin.dsn": admin_url, "postgres_password": admin}
            case "certificates":
                return self._certificates(new_authority(_now()), self._hosts)
            case "smtp":
                return {"smtp_password": ""}
            case "grafana":
                return {"grafana_password": _password()}

    def _certificates(self, authority: Pair, hosts: tuple[str, ...]) -> dict[str, str]:
        kafka, edge = new_server(authority, KAFKA_HOSTS, _now(), peer=True), new_server(authority, hosts, _now())
        return {
            "ca.crt": authority.certificate,
            "ca.key": authority.key,
            "kafka.pem": kafka.key + kafka.certificate,
            "edge.crt": edge.certificate,
            "edge.key": edge.key,
        }

    def _renewed(self, _texts: dict[str, str]) -> dict[str, str]:
        """New server certificates of the same authority; the council's own certificate stays."""
        authority = Pair(self._read("ca.crt"), self._read("ca.key"))
        edge = self._read("edge.crt")
        texts = self._certificates(authority, names_of(edge))
        kept = {"ca.crt", "ca.key"} | (set() if issued_by(edge, authority.certificate) else {"edge.crt", "edge.key"})
        return {name: text for name, text in texts.items() if name not in kept}

    def _refuse_early_sealing(self) -> None:
        age_days = (time.time() - (self._folder / "sealing_previous.json").stat().st_mtime) / DAY_SECONDS
        if age_days < SEALED_RETENTION_DAYS:
            raise SecretFilesError(
                f"the sealing key was rotated {age_days:.1f} days ago: the key before it may still be needed for "
                f"{SEALED_RETENTION_DAYS - age_days:.1f} days (--force destroys it now)"
            )

    def _undo_half_a_rotation(self) -> None:
        """A rotation that stopped before its last file: the new private key was never used, the one before is back."""
        public = load_public(self._folder / "sealing_public.json").key_id
        if public in load_private_ring([self._folder / "sealing_private.json"]).key_ids:
            return
        if public not in load_private_ring([self._folder / "sealing_previous.json"]).key_ids:
            raise SecretFilesError("sealing_public.json has no private half here: restore all three from your backup")
        self._write("sealing_private.json", self._read("sealing_previous.json"))

    def _url(self, role: str, password: str, database: str) -> str:
        return f"postgresql://{role}:{password}@{self._postgres_host}:5432/{database}"

    def _read(self, name: str) -> str:
        return (self._folder / name).read_text()

    def _write(self, name: str, text: str) -> None:
        """Put a whole file in its place at once: no reader ever sees half of it or finds it readable by others."""
        owner = next(files[name] for files in FILES.values() if name in files)
        part = self._folder / f".{name}.new"
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            user = self._users.of(owner)
            if user != os.geteuid():
                os.fchown(file.fileno(), user, user)
            os.fchmod(file.fileno(), 0o444 if owner == "everybody" else 0o400)
            file.flush()
            os.fsync(file.fileno())
        if name in FILES["vault"]:
            self._refuse_no_vault_key(part)
        part.replace(self._folder / name)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _refuse_no_vault_key(self, part: Path) -> None:
        """Before it takes the place of the only copy of a key."""
        try:
            VaultKeys.load(part)
        except KeyFileError:
            part.unlink()
            raise SecretFilesError("what came is no vault key file: vault.json stays as it is") from None


def _with_password(url: str, password: str) -> str:
    """The same address, role and options: they may be a council's own server's."""
    parts = urlsplit(url.strip())
    at = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username}:{password}@{at}"))


def _password() -> str:
    return secrets.token_urlsafe(PASSWORD_BYTES)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
