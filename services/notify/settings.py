"""What notify can be told."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from services.kit.settings import DatabaseSettings, ServiceSettings


class SmtpSettings(BaseSettings):
    """The mail server that takes our messages. Without `username` nobody signs in (a relay that knows us by address).

    `sender` is the From address. Nobody reads its mailbox, and every message says so.
    """

    host: str = "127.0.0.1"
    port: int = Field(25, ge=1, le=65_535)
    starttls: bool = True
    ca_file: Path | None = None
    username: str | None = None
    password_file: Path | None = None
    sender: str = "saferoute@example.org"
    timeout_seconds: float = Field(15.0, gt=0, le=20.0)
    """For one whole conversation. Below the lease of a delivery (see handlers), so that a slow server is not raced."""

    def password(self) -> SecretStr | None:
        return SecretStr(self.password_file.read_text().strip()) if self.password_file else None


class NotifySettings(ServiceSettings):
    """Notify keeps notifications and their clocks, and writes mail."""

    database: DatabaseSettings
    policy_pack: Path
    policy_reload_seconds: float = Field(5.0, gt=0)
    smtp: SmtpSettings = Field(default_factory=SmtpSettings)
    public_url: str = "http://127.0.0.1:8000"
    """Where staff reach this service; links in mail begin with it."""
    sweep_seconds: float = Field(1.0, gt=0)
    """How often due escalations are looked for."""
    language: str = Field("en", pattern=r"^[a-z]{2}$")
    """The folder of templates that mail is written from."""
