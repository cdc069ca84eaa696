"""The daily digest by mail: only what is new since the recipient's last one, and no mail where nothing is.

The ledger keeps per recipient and day what the digest said (`news`) and what the recipient knows with it
(`known`). A day's digest is what differs from the newest `known` of an earlier day that reached the
recipient, or had nothing to say. So nothing is told twice, what a refused mail would have told is told the
next day, and a mail that is forced says what the day's first one said.

Where a number is not complete (its source is behind, somebody has not typed their part in), its line is
neither off track nor back.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from email.message import EmailMessage
from functools import cached_property

import sqlalchemy as sa

from foundation.calendar import local_date, parse_week
from foundation.settings import Company, Settings
from foundation.store.engine import upsert
from foundation.store.schema import digests
from foundation.warehouse import published_file
from reports.look.numbers import long_day, period_name
from reports.mails.base import frame, with_glyphs
from reports.mails.daily_digest.news import (
    PUBLISHED,
    Known,
    News,
    Observed,
    compare,
    observe,
    preheader,
    subject,
    tally,
)
from reports.mails.links import Links
from reports.post import message
from reports.post.ledger import key_of, ledger, sending_lock
from reports.post.outcome import DeliveryFailed, DeliveryReport
from reports.post.round import Mailing, Report, send
from reports.words.gate import Gate

MOST_LISTED = 20
"""Lines per heading; the page has them all."""


class DailyDigest(Report[News]):
    """A day's digest. It is composed on its own day, because it is about the present; later it can only be
    sent again, with the same news."""

    name = "daily_digest"
    keeps_what_it_tells = True

    def __init__(self, settings: Settings, company: Company, day: date) -> None:
        super().__init__(settings, company)
        self.day = day
        self.period = day.isoformat()
        self.today = local_date(settings.now(), company.zone)
        self.links = Links(settings, company)
        self._kept: Mapping[str, sa.RowMapping | None] = {}
        """Recipient -> their row of this very day."""
        self._readable = False
        """The published database could be read."""

    def check(self) -> None:
        if self.day > self.today:
            raise DeliveryFailed(f"{self.name} {self.day}: the day has not begun; today is {self.today}")

    @contextmanager
    def open(
        self, recipients: Mapping[str, set[str]], *, everybody: bool
    ) -> Iterator[Mapping[str, set[str]]]:
        with sending_lock(self.settings, "digests"), ledger(self.settings) as self._ledger:
            self._kept = {address: self._row(address) for address in recipients}
            if self.day < self.today and everybody and any(self._kept.values()):
                # sent again; who has subscribed since has had other digests
                recipients = {address: of for address, of in recipients.items() if self._kept[address]}
            yield recipients

    @cached_property
    def observed(self) -> Observed:
        found = observe(published_file(self.settings))
        self._readable = True
        return found

    def tell(self, recipient: str, sections: Collection[str], decision: Gate) -> News | None:
        if (row := self._kept[recipient]) is not None:
            return News(**json.loads(row["news"])) if row["news"] else None
        if self.day < self.today:
            raise DeliveryFailed("had no digest on that day, and later ones have told what was new then")
        base = self._baseline(recipient)
        known, since = (
            (Known(**json.loads(base["known"])), date.fromisoformat(base["day"])) if base else (None, None)
        )
        news, knows = compare(
            self.settings,
            self.company,
            self.day,
            self.observed,
            known,
            since,
            sections,
            recipient,
            self.links,
        )
        said = {
            "news": json.dumps(asdict(news)) if news else None,
            "known": json.dumps(asdict(knows)),
        }
        insert = upsert(self._ledger, digests).values(recipient=key_of(recipient), day=self.period, **said)
        self._ledger.execute(insert.on_conflict_do_update(index_elements=["recipient", "day"], set_=said))
        return news or None

    def compose(self, told: News, recipient: str, message_id: str) -> EmailMessage:
        values = {
            **frame(self.company, self.links, told.week),
            **asdict(told),
            "week_name": period_name(parse_week(told.week), "week"),
            "kind": "daily digest",
            "subject": subject(self.day, told),
            "heading": long_day(self.day),
            "preheader": preheader(told),
            "tally": with_glyphs(tally(told)),
            "most": MOST_LISTED,
        }
        return message.compose(
            self.settings, self.company, self.name, values, recipient=recipient, message_id=message_id
        )

    def remember(self, mailing: Mailing, held: Mapping[tuple[str, ...], str], *, everybody: bool) -> None:
        # one alert for all days, whichever of them began it
        if self.day < self.today or not everybody or None not in self._kept.values():
            return
        conditions = {
            ", ".join(sections) if self._readable else PUBLISHED: (
                f"The daily digest is held. {why} It goes out by itself after the day's next successful"
                " build; later the next day's digest tells what is new. Way out, if that does not help: run"
                " `scoreline doctor`, repair what it names (or the sections in company.toml), then run the"
                f" refresh and build jobs (or `{mailing.command}` afterwards)."
            )
            for sections, why in held.items()
        }
        mailing.remember(conditions, scope=f"{self.name}:held")

    def _row(self, recipient: str) -> sa.RowMapping | None:
        """The digest that a recipient has of this very day."""
        return self._first_that_counts(recipient, digests.c.day == self.period)

    def _baseline(self, recipient: str) -> sa.RowMapping | None:
        """The newest digest that a recipient has of an earlier day."""
        return self._first_that_counts(recipient, digests.c.day < self.period)

    def _first_that_counts(self, recipient: str, days: sa.ColumnElement[bool]) -> sa.RowMapping | None:
        """The newest of the rows whose mail the recipient has, or may have, or for which there was nothing to
        say. A row is written before its mail leaves."""
        query = sa.select(digests).where(digests.c.recipient == key_of(recipient), days)
        rows = list(self._ledger.execute(query.order_by(digests.c.day.desc())).mappings())
        settled = self.postman.settled
        return next(
            (
                row
                for row in rows
                if row["news"] is None or settled(self.name, row["day"], row["recipient"]) is not None
            ),
            None,
        )


def send_daily_digest(
    settings: Settings,
    company: Company,
    day: date,
    *,
    force: bool = False,
    only: Collection[str] | None = None,
) -> DeliveryReport:
    """Send a day's digest to those for whom something is new; see `round.send`."""
    return send(DailyDigest(settings, company, day), force=force, only=only)
