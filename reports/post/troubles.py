"""Mails and alerts that did not arrive, or may not have: for the data health page and the doctor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args

import sqlalchemy as sa

from foundation.settings import ReportName, Settings
from foundation.store.engine import name_of
from foundation.store.schema import deliveries
from reports.engine.markup import plain
from reports.look.numbers import capital
from reports.post.alerts import untold
from reports.post.delivery import called, way_out
from reports.post.ledger import ledger, newest_attempt, sending_lock
from reports.post.outcome import DIED, DeliveryFailed

SHOWN_FOR = timedelta(days=14)
"""How long mails that failed, or may not have arrived, are shown."""


@dataclass(frozen=True)
class Trouble:
    """A mail or an alert that did not arrive, or may not have, or a ledger that cannot be used."""

    what: str
    about: str
    since: datetime | None
    why: str
    way_out: str


def troubles(settings: Settings) -> list[Trouble]:
    """Return the mails and alerts that did not arrive, or may not have."""
    try:
        return [*_untold(settings), *_undelivered(settings)]
    except DeliveryFailed as error:
        return [Trouble("Ledger of deliveries", name_of(settings), None, str(error), "See the text.")]


def _untold(settings: Settings) -> Iterator[Trouble]:
    for one in untold(settings):
        why = one.why or "nobody has tried yet"
        yield Trouble(
            "Untold alert",
            plain(one.text, 600),
            one.since,
            plain(why, 300),
            "It is tried again by itself until it is told.",
        )


def _undelivered(settings: Settings) -> Iterator[Trouble]:
    with (
        sending_lock(settings),
        ledger(settings) as connection,
    ):  # with the lock: a mail that is being sent just now is not uncertain
        rewritten = sa.and_(deliveries.c.state == "sending", deliveries.c.transport == "outbox")
        query = sa.select(deliveries).where(deliveries.c.state != "sent", ~rewritten, newest_attempt())
        rows = list(
            connection.execute(query.order_by(deliveries.c.first_tried_at, deliveries.c.recipient)).mappings()
        )
    for row in rows:
        since = datetime.fromisoformat(row["first_tried_at"])
        state = "uncertain" if row["state"] == "sending" else row["state"]
        if state != "pending" and settings.now() - since > SHOWN_FOR:
            continue
        if row["report"] in get_args(ReportName):
            about = f"{row['report'].replace('_', ' ')} {row['period']} to {row['recipient']}"
            command, do = called(row["report"], row["period"])[1], way_out(row["recipient"])
            answer = {
                "pending": f"Tried again at {row['next_try_at']} while Dagster runs (`scoreline ui`).",
                "uncertain": f"Ask them, then `{command} --force --only {row['recipient']}`.",
                "failed": f"{capital(do)}, then `{command}`.",
            }[state]
        elif state == "uncertain":  # an alert that waits or failed is untold: see above
            about, answer = (
                f"{row['report']} to the operator",
                "Not sent again. This page and `scoreline doctor` say what is still wrong.",
            )
        else:
            continue
        yield Trouble(
            f"{state.capitalize()} mail",
            plain(about, 300),
            since,
            plain(row["error"] or DIED, 300),
            plain(answer, 300),
        )
