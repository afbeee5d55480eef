"""Alembic's door to redaction's database."""

from services.kit.database import run_migrations_online

run_migrations_online()
