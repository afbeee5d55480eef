"""A small trained network that reads a narrative with its record and marks what identifies somebody."""

from services.redaction.tagger.tagger import Tagger, TaggerSpan, Tagging, TokenScores

__all__ = ["Tagger", "TaggerSpan", "Tagging", "TokenScores"]
