"""Which mails people want, and on which day. company.toml says what they may have."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from foundation.store.engine import upsert
from foundation.store.schema import subscription_choices


@dataclass(frozen=True)
class SubscriptionChoice:
    """What somebody chose for a report that they subscribe to."""

    address: str
    report: str
    wanted: bool
    weekday: int | None
    """0: Monday, as `date.weekday()`; None: the day on which it is due."""
    chosen_at: datetime


def choose_subscription(
    connection: sa.Connection,
    *,
    address: str,
    report: str,
    wanted: bool,
    chosen_at: datetime,
    weekday: int | None = None,
) -> None:
    """Keep what somebody chose, in place of their earlier choice."""
    row = {
        "address": address.strip().lower(),
        "report": report,
        "wanted": wanted,
        "weekday": weekday,
        "chosen_at": chosen_at,
    }
    insert = upsert(connection, subscription_choices).values(row)
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["address", "report"],
            set_={name: insert.excluded[name] for name in ("wanted", "weekday", "chosen_at")},
        )
    )


def subscription_choice_of(connection: sa.Connection, address: str) -> dict[str, SubscriptionChoice]:
    """Report -> what the person chose."""
    return {
        choice.report: choice
        for choice in _found(connection, subscription_choices.c.address == address.strip().lower())
    }


def subscription_choices_for(connection: sa.Connection, report: str) -> dict[str, SubscriptionChoice]:
    """Address -> what was chosen for a report."""
    return {choice.address: choice for choice in _found(connection, subscription_choices.c.report == report)}


def _found(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> list[SubscriptionChoice]:
    return [
        SubscriptionChoice(**row)
        for row in connection.execute(sa.select(subscription_choices).where(*where)).mappings()
    ]
