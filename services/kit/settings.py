"""What every service can be told. Secrets come from files, never from the environment's values."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
KafkaProtocol = Literal["PLAINTEXT", "SASL_SSL"]


class KafkaSettings(BaseSettings):
    """How to reach Kafka. SASL_SSL uses SCRAM-SHA-512 with a password read from a file."""

    bootstrap_servers: str = "127.0.0.1:9092"
    protocol: KafkaProtocol = "PLAINTEXT"
    username: str = ""
    password_file: Path | None = None
    ca_file: Path | None = None
    start_deadline_seconds: float = Field(120.0, gt=0)
    """How long a service waits for Kafka at its start before it exits with 1; intake waits for ever."""

    def password(self) -> SecretStr:
        return SecretStr(self.password_file.read_text().strip() if self.password_file else "")


class DatabaseSettings(BaseSettings):
    """How to reach this service's own PostgreSQL database. `dsn_file` holds a libpq URL with its password."""

    dsn_file: Path
    pool_size: int = Field(16, ge=1, le=200)
    command_timeout_seconds: float = Field(5.0, gt=0)
    """Past this a statement counts as lost and the caller is told to come back: a paused server must not hang us."""

    def dsn(self) -> str:
        return self.dsn_file.read_text().strip()


class HttpSettings(BaseSettings):
    """Where the service's HTTP door is."""

    host: str = "127.0.0.1"
    port: int = 8000


class ServiceSettings(BaseSettings):
    """The settings that all services share; each service has one subclass.

    Environment variables: `SAFEROUTE_` and two underscores between levels, e.g.
    `SAFEROUTE_KAFKA__BOOTSTRAP_SERVERS`.
    """

    model_config = SettingsConfigDict(
        env_prefix="SAFEROUTE_", env_nested_delimiter="__", extra="ignore", hide_input_in_errors=True
    )

    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    http: HttpSettings = Field(default_factory=HttpSettings)
    log_level: LogLevel = "INFO"
    otlp_endpoint: str | None = None
    """Where traces go (OTLP over HTTP); None keeps them in the process."""
