"""Builds the redactor's lexicon: `python -m training.lexicon --narratives <folder of jsonl>`."""
