"""Intake's doors to PostgreSQL and to files."""
