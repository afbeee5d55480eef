"""Referrals as routed, notifications with their clocks, deliveries, status events, staff accounts, inbox, outbox."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = (
    "CREATE TABLE inbox (event_id text PRIMARY KEY, received_at timestamptz NOT NULL)",
    """CREATE TABLE outbox (
        id bigserial PRIMARY KEY, topic text NOT NULL, key bytea, value bytea NOT NULL, headers text NOT NULL
    )""",
    # What routing said last of a referral: decision, facts and narrative are de-identified JSON of the contracts.
    """CREATE TABLE referrals (
        referral_id text PRIMARY KEY,
        reference text NOT NULL,
        revision integer NOT NULL,
        stage text NOT NULL CHECK (stage IN ('alert', 'held', 'full')),
        received_at timestamptz NOT NULL,
        routed_at timestamptz NOT NULL,
        facts jsonb NOT NULL,
        decision jsonb NOT NULL,
        narrative jsonb,
        narrative_revision integer,
        traceparent text
    )""",
    """CREATE TABLE notifications (
        id uuid PRIMARY KEY,
        referral_id text NOT NULL REFERENCES referrals,
        reference text NOT NULL,
        destination text NOT NULL,
        area text,
        state text NOT NULL CHECK (state IN ('open', 'acknowledged', 'copied', 'moved')),
        round integer NOT NULL,
        revision integer NOT NULL,
        urgency text NOT NULL CHECK (urgency IN ('immediate', 'urgent', 'same_day', 'routine')),
        ack_due_at timestamptz NOT NULL,
        told_at timestamptz NOT NULL,
        escalation_level integer NOT NULL,
        next_escalation_at timestamptz,
        sent_at timestamptz,
        acknowledged_at timestamptz,
        acknowledged_by uuid,
        transfer_to text,
        transfer_reason text,
        UNIQUE (referral_id, destination),
        CHECK ((state = 'acknowledged') <= (acknowledged_at IS NOT NULL)),
        CHECK ((state = 'open') = (next_escalation_at IS NOT NULL))
    )""",
    "CREATE INDEX notifications_due ON notifications (next_escalation_at) WHERE state = 'open'",
    "CREATE INDEX notifications_reference ON notifications (reference)",
    "CREATE INDEX notifications_team ON notifications (destination, ack_due_at)",
    """CREATE TABLE deliveries (
        id uuid PRIMARY KEY,
        notification_id uuid NOT NULL REFERENCES notifications,
        round integer NOT NULL,
        purpose text NOT NULL,
        level integer NOT NULL,
        channel text NOT NULL,
        address text NOT NULL,
        rank integer NOT NULL,
        state text NOT NULL CHECK (state IN ('due', 'attempting', 'accepted', 'failed', 'cancelled')),
        attempts integer NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL,
        next_attempt_at timestamptz NOT NULL,
        lease_until timestamptz,
        maybe_delivered boolean NOT NULL DEFAULT false,
        accepted_at timestamptz,
        failure_code text
    )""",
    """CREATE INDEX deliveries_due ON deliveries (channel, rank DESC, next_attempt_at)
        WHERE state IN ('due', 'attempting')""",
    "CREATE INDEX deliveries_of ON deliveries (notification_id)",
    # Every status event that was ever emitted, so that what a wiped broker lost can be said again.
    """CREATE TABLE status_events (
        id bigserial PRIMARY KEY,
        event_id text NOT NULL UNIQUE,
        referral_id text NOT NULL,
        topic text NOT NULL,
        key bytea,
        value bytea NOT NULL,
        headers text NOT NULL
    )""",
    "CREATE INDEX status_events_of ON status_events (referral_id)",
    """CREATE TABLE staff_accounts (
        id uuid PRIMARY KEY,
        name_id text NOT NULL UNIQUE,
        role text NOT NULL,
        token_hash bytea NOT NULL UNIQUE,
        created_at timestamptz NOT NULL,
        disabled_at timestamptz
    )""",
    """CREATE TABLE staff_destinations (
        account_id uuid NOT NULL REFERENCES staff_accounts,
        destination text NOT NULL,
        PRIMARY KEY (account_id, destination)
    )""",
)


def upgrade() -> None:
    """Create the tables."""
    for statement in STATEMENTS:
        op.execute(statement)
