"""The shared runtime on a real Kafka and a real PostgreSQL, with control arms that must be caught."""
