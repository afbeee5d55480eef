"""Redaction's outside: Presidio, the vault, the key file."""
