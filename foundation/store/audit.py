"""Who did what: signed in, typed, set, fetched a confidential page, made a token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from foundation.store.schema import audit


@dataclass(frozen=True)
class AuditRecord:
    """Something that somebody did."""

    sequence: int
    at: datetime
    who: str
    action: str
    subject: str | None
    details: Mapping[str, Any]


def record(
    connection: sa.Connection,
    *,
    at: datetime,
    who: str,
    action: str,
    subject: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Record what somebody did, in the transaction of what they did: both are committed, or neither.

    Args:
        at: the real time.
        details: as JSON; no secrets.
    """
    row = {"at": at, "who": who, "action": action, "subject": subject, "details": dict(details or {})}
    connection.execute(sa.insert(audit).values(row))


def audit_records(
    connection: sa.Connection, *, most: int = 100, before: int | None = None
) -> list[AuditRecord]:
    """The newest records first; `before`: those before a sequence number, for the next page."""
    query = sa.select(audit).order_by(audit.c.sequence.desc()).limit(most)
    if before is not None:
        query = query.where(audit.c.sequence < before)
    return [AuditRecord(**row) for row in connection.execute(query).mappings()]
