"""The ledger: referrals, what was answered, what is not settled yet, API clients, inbox, outbox.

No column holds anything of the personal part in the clear: records, bodies and idempotency keys are keyed
fingerprints, and `open_emission.value` carries the sealed box only until notify has taken the referral over.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = (
    """CREATE TABLE api_client (
        id text PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
        urns text[] NOT NULL CHECK (cardinality(urns) > 0),
        created_at timestamptz NOT NULL
    )""",
    """CREATE TABLE api_key (
        prefix text PRIMARY KEY,
        client_id text NOT NULL REFERENCES api_client,
        secret_sha256 bytea NOT NULL CHECK (octet_length(secret_sha256) = 32),
        mode text NOT NULL CHECK (mode IN ('live', 'test')),
        created_at timestamptz NOT NULL,
        revoked_at timestamptz
    )""",
    """CREATE TABLE referral (
        id text PRIMARY KEY CHECK (id ~ '^[0-9a-f]{32}$'),
        reference text NOT NULL UNIQUE,
        client_id text NOT NULL REFERENCES api_client,
        test boolean NOT NULL,
        record_fingerprint bytea,
        record_version bigint,
        body_fingerprint bytea NOT NULL,
        answer text NOT NULL,
        revision integer NOT NULL,
        state text NOT NULL,
        progress jsonb NOT NULL,
        received_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        settled_at timestamptz,
        UNIQUE (client_id, record_fingerprint)
    )""",
    "CREATE INDEX referral_changes ON referral (client_id, updated_at, id)",
    # One row an Idempotency-Key: what it was answered, for which body.
    """CREATE TABLE idempotency_key (
        client_id text NOT NULL REFERENCES api_client,
        key_fingerprint bytea NOT NULL,
        body_fingerprint bytea NOT NULL,
        answer text NOT NULL,
        expires_at timestamptz NOT NULL,
        PRIMARY KEY (client_id, key_fingerprint)
    )""",
    "CREATE INDEX idempotency_key_expiry ON idempotency_key (expires_at)",
    # The current revision's event, as it was first published, until notify has taken it over.
    """CREATE TABLE open_emission (
        referral_id text PRIMARY KEY REFERENCES referral,
        revision integer NOT NULL,
        event_id text NOT NULL,
        topic text NOT NULL,
        key bytea NOT NULL,
        value bytea NOT NULL,
        headers text NOT NULL,
        emissions integer NOT NULL,
        next_emission_at timestamptz NOT NULL
    )""",
    "CREATE INDEX open_emission_due ON open_emission (next_emission_at)",
    """CREATE TABLE timeline (
        id bigserial PRIMARY KEY,
        referral_id text NOT NULL REFERENCES referral,
        revision integer NOT NULL,
        event text NOT NULL,
        at timestamptz NOT NULL,
        destination text
    )""",
    "CREATE INDEX timeline_of ON timeline (referral_id, at, id)",
    "CREATE TABLE inbox (event_id text PRIMARY KEY, received_at timestamptz NOT NULL)",
    """CREATE TABLE outbox (
        id bigserial PRIMARY KEY, topic text NOT NULL, key bytea, value bytea NOT NULL, headers text NOT NULL
    )""",
    # Re-emission asks whether a referral's event still waits here.
    "CREATE INDEX outbox_key ON outbox (key)",
)


def upgrade() -> None:
    """Create the tables."""
    for statement in STATEMENTS:
        op.execute(statement)
