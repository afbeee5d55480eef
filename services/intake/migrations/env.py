"""Alembic's door to intake's database."""

from services.kit.migrations import run_migrations_online

run_migrations_online()
