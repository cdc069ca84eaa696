"""The tables of the store. A change here needs a migration in `migrations/versions/`; a test compares both.

Instants and numbers are kept as text, so that they are exact and the same in SQLite and Postgres. Instants
sort as text.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa


class Instant(sa.TypeDecorator[datetime]):
    """An instant as `2025-10-27T12:00:00.000000Z`."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> datetime | None:
        return datetime.fromisoformat(value) if value else None


class Day(sa.TypeDecorator[date]):
    """A day as `2025-10-27`."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else value.isoformat()

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> date | None:
        return date.fromisoformat(value) if value else None


class Exact(sa.TypeDecorator[Decimal]):
    """A number as it was typed: `1250.50` keeps its zero."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else f"{value:f}"

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


metadata = sa.MetaData()


def _sequence() -> sa.Column[int]:
    """The order in which rows were written; never used twice."""
    return sa.Column(
        "sequence", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
    )


def _who_and_when() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("entered_at", Instant, nullable=False),
        sa.Column("entered_by", sa.Text, nullable=False),
        sa.Column("idempotency_key", sa.Text, nullable=False, unique=True),
    )


entries = sa.Table(
    "entries",
    metadata,
    _sequence(),
    sa.Column("metric", sa.Text, nullable=False),  # a line or a metric, as in manual_entries/*.csv
    sa.Column("person", sa.Text),  # a person_key; null: nobody's
    sa.Column("period", sa.Text, nullable=False),  # 2025-W43, or a day of it
    sa.Column("value", Exact, nullable=False),
    sa.Column("note", sa.Text),
    sa.Column("reason", sa.Text),  # why an earlier number was corrected
    *_who_and_when(),
    sa.Column("corrects", sa.ForeignKey("entries.sequence")),
    sa.Index("entries_of", "metric", "person", "period"),
    sqlite_autoincrement=True,
)

goals = sa.Table(
    "goals",
    metadata,
    _sequence(),
    sa.Column("line_id", sa.Text, nullable=False),
    sa.Column("valid_from", Day, nullable=False),  # until the next goal of the line begins
    sa.Column("operator", sa.Text, nullable=False),
    sa.Column("target", Exact, nullable=False),
    sa.Column("target_2", Exact),
    sa.Column("band", Exact),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("per", sa.Text),
    sa.Column("tolerance", Exact),
    *_who_and_when(),
    sa.Index("goals_of", "line_id", "valid_from"),
    sqlite_autoincrement=True,
)

# in the three tables below, the highest version of a key counts; the others are its trail
normals = sa.Table(
    "normals",
    metadata,
    _sequence(),
    sa.Column("line_id", sa.Text, nullable=False),
    sa.Column("starts_on", Day, nullable=False),  # Monday of the first week that is like the new ones
    sa.Column("version", sa.Integer, nullable=False),  # 1, 2, ...
    sa.Column("is_withdrawn", sa.Boolean, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    *_who_and_when(),
    sa.UniqueConstraint("line_id", "starts_on", "version"),
    sqlite_autoincrement=True,
)

notes = sa.Table(
    "notes",
    metadata,
    _sequence(),
    sa.Column("line_id", sa.Text, nullable=False),
    sa.Column("period_start", Day, nullable=False),  # first day of the week, month or quarter
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("text", sa.Text, nullable=False),  # empty: taken back
    *_who_and_when(),
    sa.UniqueConstraint("line_id", "period_start", "version"),
    sqlite_autoincrement=True,
)

actions = sa.Table(
    "actions",
    metadata,
    _sequence(),
    sa.Column("action_id", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("line_id", sa.Text, nullable=False),
    sa.Column("period_start", Day, nullable=False),  # of the period in which it was begun
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),  # a person_key of people.csv
    sa.Column("due_on", Day, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    *_who_and_when(),
    sa.UniqueConstraint("action_id", "version"),
    sa.CheckConstraint("state in ('open', 'done', 'dropped')", name="actions_state"),
    sa.Index("actions_of", "line_id"),
    sqlite_autoincrement=True,
)

audit = sa.Table(
    "audit",
    metadata,
    _sequence(),
    sa.Column("at", Instant, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),  # signed_in, typed, set_goal, fetched, made_token, ...
    sa.Column("subject", sa.Text),  # the line, page or token that it concerns
    sa.Column("details", sa.JSON, nullable=False),
    sa.Index("audit_at", "at"),
    sqlite_autoincrement=True,
)

# who has which mail, what the operator has been told, and what each digest said; `reports/post/ledger.py`
deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("message_id", sa.Text, primary_key=True),
    sa.Column("report", sa.Text, nullable=False),
    sa.Column("period", sa.Text, nullable=False),
    sa.Column("recipient", sa.Text, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),  # 2 and more: sent again by force
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("transport", sa.Text, nullable=False),  # smtp | outbox
    sa.Column("noted_at", sa.Text, nullable=False),  # when the state was noted, by the reports' clock
    sa.Column("error", sa.Text),
    sa.Column("tries", sa.Integer, nullable=False),  # since first_tried_at
    sa.Column("first_tried_at", sa.Text, nullable=False),  # the day of a pending mail begins here
    sa.Column("next_try_at", sa.Text),  # of a pending mail
    sa.UniqueConstraint("report", "period", "recipient", "attempt"),
    sa.CheckConstraint(
        "state in ('sending', 'sent', 'pending', 'uncertain', 'failed')", name="deliveries_state"
    ),
)

alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("since", sa.Text, nullable=False),  # first seen; in the alert's period, so a retry is the same
    sa.Column("told", sa.Integer, nullable=False, server_default="0"),
    sa.Column("ended_at", sa.Text),  # it is over, and the operator has not been told yet
)

digests = sa.Table(
    "digests",
    metadata,
    sa.Column("recipient", sa.Text, primary_key=True),
    sa.Column("day", sa.Text, primary_key=True),
    sa.Column("news", sa.Text),  # JSON: what the mail says; null: nothing to say
    sa.Column("known", sa.Text, nullable=False),  # JSON: what the recipient knows with it
)

sign_in_links = sa.Table(
    "sign_in_links",
    metadata,
    _sequence(),
    sa.Column("hash", sa.Text, unique=True),  # null: the address is unknown, the request only counts
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("client", sa.Text, nullable=False),  # network address of whoever asked
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("used_at", Instant),
    sa.Index("sign_in_links_address", "address", "asked_at"),
    sa.Index("sign_in_links_client", "client", "asked_at"),
    sqlite_autoincrement=True,
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("hash", sa.Text, primary_key=True),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("method", sa.Text, nullable=False),  # mail | oidc | proxy
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("seen_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Index("sessions_address", "address"),
)

tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("token_id", sa.Text, primary_key=True),
    sa.Column("hash", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False, server_default="api"),  # api | link: part of an address
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Column("used_at", Instant),  # last time
    sa.Column("revoked_at", Instant),
    sa.Column("revoked_by", sa.Text),
)

subscription_choices = sa.Table(
    "subscription_choices",
    metadata,
    sa.Column("address", sa.Text, primary_key=True),
    sa.Column("report", sa.Text, primary_key=True),
    sa.Column("wanted", sa.Boolean, nullable=False),
    sa.Column("weekday", sa.Integer),  # 0: Monday; null: the day on which it is due
    sa.Column("chosen_at", Instant, nullable=False),
)
