"""Measures the redactor: `python -m services.redaction.evaluation`. Not part of the running service."""
