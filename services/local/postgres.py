"""A real PostgreSQL on loopback from a PyPI package: one database and one role a service, passwords, fsync on."""

import json
import os
import re
import secrets
import shutil
import signal
import subprocess
from pathlib import Path

import psutil

from services.local.postgres_binaries import ACCOUNT, PostgresUnavailableError, binaries, let_in
from services.local.processes import LOOPBACK, Child, Program, free_port
from services.local.run_directory import Part, wait_gone

SUPERUSER = "postgres"
"""The database superuser; services never get it."""

MAX_CONNECTIONS = 200
"""Four services in several processes each with a pool of ten, twice over while one is replaced, and room for tests."""

START_TIMEOUT = 60.0
"""Seconds from fork to the first answer; measured 0.1, and crash recovery after kill -9 takes longer."""

STOP_GRACE = 20.0
"""Seconds for a fast shutdown (sessions are broken off, data written) before kill -9; measured 0.1."""

COMMAND_TIMEOUT = 60.0
"""Seconds for initdb or one statement; measured 0.4 and 0.05."""

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",  # TCP with a password is the only door
    "max_connections": str(MAX_CONNECTIONS),
    "password_encryption": "scram-sha-256",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A failed statement or its parameters and details would put personal data into the log.
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}
"""Server settings, given on the command line so that they hold for data of an earlier run too."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


class EmbeddedPostgres(Part):
    """One server in a run directory, which keeps its data and passwords until `wipe`.

    `with EmbeddedPostgres(run_dir) as postgres:` starts and stops it. The port stays the same over restarts of one
    object. Works as an ordinary user, and as root by dropping to ACCOUNT.
    """

    name = "PostgreSQL"

    def __init__(self, run_dir: Path) -> None:
        super().__init__(run_dir)
        self._data = (run_dir / "data").absolute()
        self._secrets = run_dir / "passwords.json"
        self.log = run_dir / "postgres.log"
        self._port = free_port()
        self._account = ACCOUNT if os.geteuid() == 0 else None
        self._bin = binaries()
        settings = {**SETTINGS, "port": str(self._port)}
        argv = [str(self._bin / "postgres"), "-D", str(self._data)]
        argv += [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        program = Program(
            self.name,
            tuple(argv),
            self.log,
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},  # nothing of ours, PG* variables least of all
            account=self._account,
            death_signal=signal.SIGINT,  # its fast shutdown; SIGTERM would wait for the sessions
        )
        self._child = Child(program, run_dir / "postgres.pid")

    @property
    def port(self) -> int:
        """The loopback port; the same after a restart."""
        return self._port

    @property
    def pid(self) -> int:
        """The postmaster's process id."""
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether the postmaster exists."""
        return self._child.running

    def start(self) -> None:
        """Set it up if the directory is empty, start it and wait until it answers. Raises PostgresUnavailableError."""
        if not self.running:
            self._set_up()
            if self._account is not None:  # each time: others tighten the folders above us now and then
                let_in(self._account, self._bin, [self._data])
            self._clear_stale_lock()
        self._child.start()
        self._child.wait_until(self.answers, START_TIMEOUT, PostgresUnavailableError)

    def stop(self) -> None:
        """A fast shutdown: sessions are broken off, transactions rolled back, everything committed is on disk."""
        self._child.stop(signal.SIGINT, STOP_GRACE)

    def kill(self) -> None:
        """kill -9 of the server and all its processes, as when the machine fails. Committed data survives."""
        self._child.kill()

    def pause(self) -> None:
        """SIGSTOP: connections stay open and nothing answers."""
        self._child.pause()

    def resume(self) -> None:
        """SIGCONT."""
        self._child.resume()

    def restart(self) -> None:
        """Stop and start on the same port with the same data."""
        self.stop()
        self.start()

    def wipe(self) -> None:
        """Delete all databases, roles and passwords. Raises PostgresUnavailableError while the server runs."""
        if self.running:
            raise PostgresUnavailableError("stop the server before its data is deleted")
        shutil.rmtree(self._data, ignore_errors=True)
        self._secrets.unlink(missing_ok=True)

    def answers(self) -> bool:
        """Whether the server accepts connections now."""
        command = [str(self._bin / "pg_isready"), "-q", "-h", LOOPBACK, "-p", str(self._port), "-t", "2"]
        return subprocess.run(command, check=False, env={"PATH": os.defpath}).returncode == 0

    def create_database(self, name: str, owner: str) -> str:
        """One database owned by one role that may enter no other; returns its DSN. Twice is as good as once.

        Both names are lower-case identifiers. Raises PostgresUnavailableError.
        """
        for word in (name, owner):
            if not _NAME.fullmatch(word):
                raise PostgresUnavailableError(f"{word!r} is not a lower-case identifier")
        passwords = self._passwords()
        password = passwords["roles"].setdefault(owner, secrets.token_urlsafe(24))
        passwords["owners"][name] = owner
        self._keep(passwords)
        self._execute(_DATABASE_SQL.format(name=name, owner=owner, password=password))
        return self.dsn(name)

    def dsn(self, name: str) -> str:
        """`postgresql://owner:password@127.0.0.1:port/name`. Raises PostgresUnavailableError for an unknown name."""
        passwords = self._passwords()
        owner = passwords["owners"].get(name)
        if owner is None:
            raise PostgresUnavailableError(f"there is no database {name!r}; create_database makes one")
        return f"postgresql://{owner}:{passwords['roles'][owner]}@{LOOPBACK}:{self._port}/{name}"

    def superuser_dsn(self, name: str = SUPERUSER) -> str:
        """For tests and tools that look at a whole server; no service gets it."""
        return f"postgresql://{SUPERUSER}:{self._passwords()['roles'][SUPERUSER]}@{LOOPBACK}:{self._port}/{name}"

    def resident_bytes(self) -> int:
        """Resident memory of all its processes; shared buffers count once for each process that touched them."""
        return self._child.resident_bytes()

    def _set_up(self) -> None:
        if (self._data / "PG_VERSION").exists() and self._secrets.exists():
            return
        shutil.rmtree(self._data, ignore_errors=True)  # an initdb that was broken off
        self._data.mkdir(parents=True, mode=0o700)
        password = secrets.token_urlsafe(24)
        password_file = self._data.with_name("initdb-password")
        password_file.touch(mode=0o600)
        password_file.write_text(password)
        if self._account is not None:
            let_in(self._account, self._bin, [self._data, password_file])
        try:
            self._initdb(password_file)
        finally:
            password_file.unlink()
        self._keep({"roles": {SUPERUSER: password}, "owners": {}})

    def _initdb(self, password_file: Path) -> None:
        command = [str(self._bin / "initdb"), "-D", str(self._data), "-U", SUPERUSER, "--auth=scram-sha-256"]
        command += [f"--pwfile={password_file.absolute()}", "--encoding=UTF8", "--no-instructions"]
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
        done = _finished(command, env=environment, account=self._account)
        if done.returncode != 0:
            raise PostgresUnavailableError(f"initdb failed: {(done.stdout + done.stderr)[-800:]}")

    def _clear_stale_lock(self) -> None:
        """After kill -9 of a whole run: end what still works on this data, then remove the lock that names a process.

        The run directory is locked by us, so nobody else may run on it; without this a process of another program
        that got the old number would keep the server from starting.
        """
        lock = self._data / "postmaster.pid"
        if not lock.exists():
            return
        orphans = [process for process in psutil.process_iter(["name", "cwd"]) if self._works_here(process)]
        for orphan in orphans:
            orphan.kill()
        wait_gone(orphans, STOP_GRACE)
        lock.unlink(missing_ok=True)

    def _works_here(self, process: psutil.Process) -> bool:
        return bool(process.info["name"] == "postgres" and process.info["cwd"] == str(self._data))

    def _execute(self, sql: str) -> None:
        environment = {"PATH": os.defpath, "PGPASSWORD": self._passwords()["roles"][SUPERUSER]}
        command = [str(self._bin / "psql"), "-h", LOOPBACK, "-p", str(self._port), "-U", SUPERUSER, "-d", SUPERUSER]
        done = _finished([*command, "-X", "-q", "-v", "ON_ERROR_STOP=1"], sql=sql, env=environment)
        if done.returncode != 0:
            raise PostgresUnavailableError(f"PostgreSQL refused a statement: {done.stderr.strip()[-400:]}")

    def _passwords(self) -> dict[str, dict[str, str]]:
        try:
            passwords: dict[str, dict[str, str]] = json.loads(self._secrets.read_text())
        except FileNotFoundError:
            raise PostgresUnavailableError("PostgreSQL was never started in this run directory") from None
        return passwords

    def _keep(self, passwords: dict[str, dict[str, str]]) -> None:
        partial = self._secrets.with_suffix(".partial")
        partial.touch(mode=0o600)
        partial.write_text(json.dumps(passwords))
        partial.replace(self._secrets)


_DATABASE_SQL = """\
SELECT 'CREATE ROLE "{owner}" LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{owner}') \\gexec
ALTER ROLE "{owner}" PASSWORD '{password}';
SELECT 'CREATE DATABASE "{name}" OWNER "{owner}"'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{name}') \\gexec
REVOKE ALL ON DATABASE "{name}" FROM PUBLIC;
"""
"""psql script: a role and its database, made only if missing; nobody but the owner may connect."""


def _finished(
    command: list[str], *, env: dict[str, str], sql: str = "", account: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's programs to its end, as `account` if there is one to drop to."""
    try:
        return subprocess.run(
            command,
            input=sql,
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT,
            check=False,
            user=account,
            group=account,
            extra_groups=[] if account else None,
            cwd="/",
            env=env,
        )
    except (subprocess.TimeoutExpired, OSError) as failure:
        raise PostgresUnavailableError(f"{Path(command[0]).name} did not end well ({type(failure).__name__})") from None
