"""Trains the tagger that services/redaction/tagger runs."""
