"""The vault: one data key a referral, one ciphertext a revision."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE data_key (
            referral_id text PRIMARY KEY,
            key_id      text NOT NULL,
            wrapped_key bytea NOT NULL,
            created_at  timestamptz NOT NULL,
            erased_at   timestamptz
        )
        """
    )
    op.execute(
        """
        CREATE TABLE vault (
            referral_id text NOT NULL REFERENCES data_key,
            revision    integer NOT NULL,
            ciphertext  bytea NOT NULL,
            stored_at   timestamptz NOT NULL,
            PRIMARY KEY (referral_id, revision)
        )
        """
    )
