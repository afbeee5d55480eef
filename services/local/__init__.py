"""The embedded run: a real broker, a real PostgreSQL and a mail catcher on one machine, with nothing but Python."""
