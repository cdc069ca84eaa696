"""Which mails are due, who does not have theirs yet, and how late a mail may still go out.

The weekly scorecard is due from Monday 07:00 until the next one is; a digest on its own day; a preview from
noon of the week's last working day until the week ends. A mail that was due while nothing ran, or that was
held, goes out after the next successful build in that time. Later it is only sent by hand: the next digest
has the news of a missed one, and the weekly scorecard what the preview would have said.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import get_args

import sqlalchemy as sa

from foundation.calendar import local_date, parse_week, week_end_instant, week_label, week_start
from foundation.settings import Company, ReportName, Settings
from foundation.store.schema import alerts, deliveries
from foundation.warehouse import published_file, utc
from foundation.working_days import day_off, is_last_working_day
from reports.engine.queries import connect
from reports.look.numbers import plural
from reports.post.alerts import remember
from reports.post.delivery import TRIED_FOR, Postman
from reports.post.ledger import ledger, sending_lock
from reports.post.round import Mailing, subscribers

WEEKLY_AT, DIGEST_AT, PREVIEW_AT = time(7), time(7, 30), time(12)
"""Local times: on Monday, on working days, on the week's last working day."""


@dataclass(frozen=True)
class Due:
    """A period of a report that should be with its recipients by now."""

    report: ReportName
    first: date
    """The day, or the week's Monday."""
    at: datetime
    """Since when."""
    needs: datetime
    """A build as of this instant (UTC) or later has its numbers."""

    @property
    def period(self) -> str:
        """The period as the ledger of deliveries writes it."""
        return self.first.isoformat() if self.report == "daily_digest" else week_label(self.first)


def due(settings: Settings, company: Company) -> list[Due]:
    """Return what should be with its recipients by now, and may still go out.

    Raises:
        SettingsError: holidays.csv can't be read.
    """
    now, zone = settings.now(), company.zone
    today = local_date(now, zone)

    def local(day: date, at: time = time()) -> datetime:
        return datetime.combine(day, at, zone)

    monday = week_start(today)
    # until Monday, 07:00, the mail of the previous Monday may still go out
    sent_on = monday if now >= local(monday, WEEKLY_AT) else monday - timedelta(days=7)
    week = sent_on - timedelta(days=7)
    found = [Due("weekly_scorecard", week, local(sent_on, WEEKLY_AT), week_end_instant(week, zone))]
    if now >= local(today, DIGEST_AT) and day_off(settings, today) is None:
        found.append(Due("daily_digest", today, local(today, DIGEST_AT), local(today)))
    last = next(
        (day for day in (monday + timedelta(days=i) for i in range(7)) if is_last_working_day(settings, day)),
        None,
    )
    if last is not None and now >= local(last, PREVIEW_AT):
        found.append(Due("friday_preview", monday, local(last, PREVIEW_AT), local(today)))
    return found


def first_day(report: str, period: str) -> date:
    """Return the first day of a period from its name in the ledger."""
    return date.fromisoformat(period) if report == "daily_digest" else parse_week(period)


def may_still_go(settings: Settings, company: Company, report: str, period: str) -> bool:
    """Whether a mail about this period still makes sense: a scorecard of any week that has ended; a digest or
    preview only while it is due."""
    today = local_date(settings.now(), company.zone)
    return {"daily_digest": period == today.isoformat(), "friday_preview": period == week_label(today)}.get(
        report, True
    )


def built_as_of(settings: Settings) -> datetime | None:
    """Return the clock (UTC) of the published build; None: nothing is published."""
    try:
        with closing(connect(published_file(settings))) as connection:
            row = connection.execute("select as_of from published.marts.dim_build").fetchone()
    except LookupError:
        return None
    return row[0] if row else None


def to_send(
    settings: Settings, company: Company, report: ReportName, period: str, *, untried: bool, failed: bool
) -> dict[str, int]:
    """Return the subscribers to send a mail to now -> the number of earlier tries.

    Args:
        untried: also those for whom nobody has tried yet; of the others, those whose pending mail is to be
        tried again now. failed: also those to whom it could not be sent at all.

    Raises:
        DeliveryFailed: the ledger can't be used.
        SiteError: a subscription names a page that does not exist.
    """
    postman, now = Postman(settings, company.mail.sender), settings.now()
    rows = {row["recipient"]: row for row in postman.newest(report, period)}
    found = {}
    for address in subscribers(settings, company, report, period):
        row = rows.get(address.strip().lower())
        if row is None:
            wanted = untried
        elif row["state"] == "pending":
            wanted = datetime.fromisoformat(row["next_try_at"]) <= now and not has_waited_enough(
                settings, company, row
            )
        else:
            wanted = failed and postman.settled(report, period, address) is None
        if wanted:
            found[address] = row["tries"] if row is not None else 0
    return found


def pending(settings: Settings) -> list[sa.RowMapping]:
    """Return the rows of mails that wait for their next try, the oldest first. Alerts have their own
    schedule.

    Raises:
        DeliveryFailed: the ledger can't be used.
    """
    waiting = sa.select(deliveries).where(
        deliveries.c.state == "pending", deliveries.c.report.not_in(["alert", "recovery"])
    )
    with ledger(settings) as connection:
        return list(connection.execute(waiting.order_by(deliveries.c.first_tried_at)).mappings())


def has_waited_enough(settings: Settings, company: Company, row: sa.RowMapping) -> bool:
    """Return whether the retries of a pending mail have ended: after a day, or when it is not due."""
    waited = settings.now() - datetime.fromisoformat(row["first_tried_at"])
    return waited >= TRIED_FOR or not may_still_go(settings, company, row["report"], row["period"])


def remember_undelivered(settings: Settings, company: Company) -> None:
    """Mark pending mails as failed when their retries have ended, and turn what failed or is uncertain into
    alerts, also if the run that should have done so was killed.

    Raises:
        DeliveryFailed: the ledger can't be used.
    """
    over = [row for row in pending(settings) if has_waited_enough(settings, company, row)]
    with sending_lock(settings), ledger(settings) as connection:
        for row in over:
            connection.execute(
                sa.update(deliveries)
                .where(deliveries.c.message_id == row["message_id"], deliveries.c.state == "pending")
                .values(
                    state="failed",
                    next_try_at=None,
                    noted_at=utc(settings.now()),
                    error=f"{row['error']} (tried {plural(row['tries'], 'time')})",
                )
            )
    for mailing in unheard_of(settings, company):
        remember(settings, mailing.conditions(), mailing.scope)


def unheard_of(settings: Settings, company: Company) -> list[Mailing]:
    """Return recent periods with failed or uncertain mails that no alert mentions.

    Raises:
        DeliveryFailed: the ledger can't be used.
    """
    with (
        sending_lock(settings),
        ledger(settings) as connection,
    ):  # with the lock: a mail that is being sent just now is not uncertain
        unsure = sa.or_(
            deliveries.c.state.in_(["failed", "uncertain"]),
            sa.and_(deliveries.c.state == "sending", deliveries.c.transport != "outbox"),
        )
        periods = connection.execute(
            sa.select(deliveries.c.report, deliveries.c.period)
            .where(deliveries.c.noted_at >= utc(settings.now() - 2 * TRIED_FOR), unsure)
            .distinct()
        ).tuples()
        mails = [(report, period) for report, period in periods if report in get_args(ReportName)]
        known = {tuple(row) for row in connection.execute(sa.select(alerts.c.scope, alerts.c.key))}
    mailings = [Mailing(settings, company, report, period) for report, period in mails]
    return [one for one in mailings if any((one.scope, key) not in known for key in one.conditions())]
