"""Begin: entries, goals, audit, deliveries, alerts, digests, and the portal's sign-in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _sequence() -> sa.Column[int]:
    return sa.Column(
        "sequence", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
    )


def upgrade() -> None:
    op.create_table(
        "entries",
        _sequence(),
        sa.Column("metric", sa.Text, nullable=False),
        sa.Column("person", sa.Text),
        sa.Column("period", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("note", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("entered_at", sa.Text, nullable=False),
        sa.Column("entered_by", sa.Text, nullable=False),
        sa.Column("idempotency_key", sa.Text, nullable=False, unique=True),
        sa.Column("corrects", sa.BigInteger().with_variant(sa.Integer, "sqlite")),
        sa.ForeignKeyConstraint(["corrects"], ["entries.sequence"]),
        sqlite_autoincrement=True,
    )
    op.create_index("entries_of", "entries", ["metric", "person", "period"])
    op.create_table(
        "goals",
        _sequence(),
        sa.Column("line_id", sa.Text, nullable=False),
        sa.Column("valid_from", sa.Text, nullable=False),
        sa.Column("operator", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("target_2", sa.Text),
        sa.Column("band", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("per", sa.Text),
        sa.Column("tolerance", sa.Text),
        sa.Column("entered_at", sa.Text, nullable=False),
        sa.Column("entered_by", sa.Text, nullable=False),
        sa.Column("idempotency_key", sa.Text, nullable=False, unique=True),
        sqlite_autoincrement=True,
    )
    op.create_index("goals_of", "goals", ["line_id", "valid_from"])
    op.create_table(
        "audit",
        _sequence(),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text),
        sa.Column("details", sa.JSON, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("audit_at", "audit", ["at"])
    op.create_table(
        "deliveries",
        sa.Column("message_id", sa.Text, primary_key=True),
        sa.Column("report", sa.Text, nullable=False),
        sa.Column("period", sa.Text, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("transport", sa.Text, nullable=False),
        sa.Column("noted_at", sa.Text, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("first_tried_at", sa.Text, nullable=False),
        sa.Column("next_try_at", sa.Text),
        sa.UniqueConstraint("report", "period", "recipient", "attempt"),
        sa.CheckConstraint(
            "state in ('sending', 'sent', 'pending', 'uncertain', 'failed')", name="deliveries_state"
        ),
    )
    op.create_table(
        "alerts",
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("since", sa.Text, nullable=False),
        sa.Column("told", sa.Integer, nullable=False, server_default="0"),
        sa.Column("ended_at", sa.Text),
    )
    op.create_table(
        "digests",
        sa.Column("recipient", sa.Text, primary_key=True),
        sa.Column("day", sa.Text, primary_key=True),
        sa.Column("news", sa.Text),
        sa.Column("known", sa.Text, nullable=False),
    )
    op.create_table(
        "sign_in_links",
        _sequence(),
        sa.Column("hash", sa.Text, unique=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("client", sa.Text, nullable=False),
        sa.Column("asked_at", sa.Text, nullable=False),
        sa.Column("used_at", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_index("sign_in_links_address", "sign_in_links", ["address", "asked_at"])
    op.create_index("sign_in_links_client", "sign_in_links", ["client", "asked_at"])
    op.create_table(
        "sessions",
        sa.Column("hash", sa.Text, primary_key=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("started_at", sa.Text, nullable=False),
        sa.Column("seen_at", sa.Text, nullable=False),
        sa.Column("ended_at", sa.Text),
    )
    op.create_index("sessions_address", "sessions", ["address"])
    op.create_table(
        "tokens",
        sa.Column("token_id", sa.Text, primary_key=True),
        sa.Column("hash", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("used_at", sa.Text),
        sa.Column("revoked_at", sa.Text),
        sa.Column("revoked_by", sa.Text),
    )
    op.create_table(
        "subscription_choices",
        sa.Column("address", sa.Text, primary_key=True),
        sa.Column("report", sa.Text, primary_key=True),
        sa.Column("wanted", sa.Boolean, nullable=False),
        sa.Column("weekday", sa.Integer),
        sa.Column("chosen_at", sa.Text, nullable=False),
    )
