"""Alembic's entry: run notify's revisions under the shared advisory lock."""

from services.kit.migrations import run_migrations_online

run_migrations_online()
