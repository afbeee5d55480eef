"""The parts under test, and a run that can be killed from outside."""

from tests.support.embedded import _session_mail_catcher, kafka, mail_catcher, postgres

__all__ = ["_session_mail_catcher", "kafka", "mail_catcher", "postgres"]
