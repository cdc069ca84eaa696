"""Confirmed normals, notes, actions, and tokens that are part of an address."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _sequence() -> sa.Column[int]:
    return sa.Column(
        "sequence", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
    )


def _who_and_when() -> list[sa.Column[str]]:
    return [
        sa.Column("entered_at", sa.Text, nullable=False),
        sa.Column("entered_by", sa.Text, nullable=False),
        sa.Column("idempotency_key", sa.Text, nullable=False, unique=True),
    ]


def upgrade() -> None:
    op.create_table(
        "normals",
        _sequence(),
        sa.Column("line_id", sa.Text, nullable=False),
        sa.Column("starts_on", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("is_withdrawn", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        *_who_and_when(),
        sa.UniqueConstraint("line_id", "starts_on", "version"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "notes",
        _sequence(),
        sa.Column("line_id", sa.Text, nullable=False),
        sa.Column("period_start", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        *_who_and_when(),
        sa.UniqueConstraint("line_id", "period_start", "version"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "actions",
        _sequence(),
        sa.Column("action_id", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("line_id", sa.Text, nullable=False),
        sa.Column("period_start", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("due_on", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        *_who_and_when(),
        sa.UniqueConstraint("action_id", "version"),
        sa.CheckConstraint("state in ('open', 'done', 'dropped')", name="actions_state"),
        sqlite_autoincrement=True,
    )
    op.create_index("actions_of", "actions", ["line_id"])
    op.add_column("tokens", sa.Column("kind", sa.Text, nullable=False, server_default="api"))
