"""Delivers each mail once.

The ledger has a row for every mail, by report, period and recipient. A process that dies while a server takes
a mail leaves its row in `sending`. Nobody can know whether the server took it, so the mail is *uncertain* and
is only sent again with `--force`. Each mail has a lock: a second process waits for it and then finds the row,
so two processes never send the same mail.

A mail that the server refuses for now (4xx, no connection, silence before the last byte) is *pending*: the
next run retries it with the same Message-ID. Pauses grow from a minute to an hour; after a day the mail has
failed. A mail that the server refuses for good (5xx) has failed at once.

A message into a channel of Slack or Teams is delivered in the same way; its recipient is the channel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Literal

import sqlalchemy as sa

from foundation.settings import Settings
from foundation.store.engine import upsert
from foundation.store.schema import deliveries
from foundation.warehouse import utc
from reports.post.channels import CHANNELS, NAMES, SETTING
from reports.post.channels.card import Post
from reports.post.channels.webhook import Webhook
from reports.post.ledger import attempts_of, keep_room, key_of, ledger, newest_attempt, sending_lock, trouble
from reports.post.message import MailError, checked_address, message_id
from reports.post.outcome import DIED, Outcome
from reports.post.transport import Outbox, Refused, Unknown, transport

TRIED_FOR = timedelta(days=1)
"""How long to retry a mail that is refused for now."""
LONGEST_PAUSE = timedelta(hours=1)
"""The longest pause between two tries. The first one is a minute, each next one twice as long."""


class Postman:
    """Delivers mails and records them in the ledger."""

    def __init__(self, settings: Settings, sender: str) -> None:
        self.settings = settings
        self.sender = sender
        self._mail = transport(settings)

    def settled(
        self, report: str, period: str, recipient: str
    ) -> Literal["already_sent", "uncertain"] | None:
        """Return what the ledger says about a mail, before it is composed; None: send it."""
        # the lock waits for a mail that another process is sending just now: it is not uncertain, only not
        # settled yet
        with sending_lock(self.settings), ledger(self.settings) as connection:
            return self._settled(attempts_of(connection, report, period, key_of(recipient)))

    def newest(self, report: str, period: str) -> list[sa.RowMapping]:
        """Return the newest attempt of each recipient."""
        with sending_lock(self.settings), ledger(self.settings) as connection:
            query = sa.select(deliveries).where(
                deliveries.c.report == report, deliveries.c.period == period, newest_attempt()
            )
            return list(connection.execute(query.order_by(deliveries.c.recipient)).mappings())

    def last_before(self, report: str, period: str, recipient: str) -> datetime | None:
        """Return when the recipient got the report's newest mail about an earlier period; None: never.
        Periods sort as texts."""
        sent = sa.select(sa.func.max(deliveries.c.noted_at)).where(
            deliveries.c.report == report,
            deliveries.c.recipient == key_of(recipient),
            deliveries.c.state == "sent",
            deliveries.c.period < period,
        )
        with ledger(self.settings) as connection:
            by_period = sent.group_by(deliveries.c.period).order_by(deliveries.c.period.desc())
            noted = connection.execute(by_period).scalar()
        return datetime.fromisoformat(noted) if noted else None

    def deliver(
        self,
        report: str,
        period: str,
        recipient: str,
        make: Callable[[str], EmailMessage | Post],
        *,
        force: bool = False,
    ) -> Outcome:
        """Send one mail, unless the recipient has it already.

        Args:
            make: composes the message for a Message-ID.
            force: send although it was sent, or may have been.
        """
        key = key_of(recipient)
        with sending_lock(self.settings), ledger(self.settings) as connection:
            attempts = attempts_of(connection, report, period, key)
            settled = self._settled(attempts)
            if settled and not force:
                return Outcome(settled, (attempts[-1]["error"] or DIED) if settled == "uncertain" else "")
            last = attempts[-1] if attempts else None
            this = self._try(connection, report, period, key, last)
            message = None
            try:
                try:
                    message = make(this.message_id)
                    self._send(message, recipient, this)
                    outcome = Outcome("sent", message=message)
                except (MailError, Refused) as error:
                    outcome = Outcome("pending" if this.may_wait(error) else "failed", str(error))
                    this.pause = error.pause if isinstance(error, Refused) else timedelta()
                except Unknown as error:
                    outcome = Outcome("uncertain", str(error))
                this.note(outcome)
                return outcome
            except sa.exc.DBAPIError as error:
                why = trouble(self.settings, error)
                if this.handed_over:
                    return Outcome("uncertain", f"it may have been sent, but that could not be noted. {why}")
                return Outcome("failed", f"it was not sent, because that could not be noted. {why}")

    def _send(self, message: EmailMessage | Post, recipient: str, this: _Try) -> None:
        if isinstance(message, EmailMessage):
            self._mail.send(message, checked_address(recipient), this.name, this.hand_over)
        elif webhook := self._webhook(recipient):
            webhook.send(message, this.hand_over)
        else:
            outbox = Outbox(self.settings.outbox_dir)
            outbox.keep(bytes(message), this.name, ".json", this.hand_over)

    def _webhook(self, recipient: str) -> Webhook | None:
        """Return the webhook of a channel; None: it has none, or `recipient` is an address."""
        addresses = {
            "slack": self.settings.slack_webhook_url,
            "teams": self.settings.teams_webhook_url,
        }
        address = addresses.get(recipient)
        return Webhook(recipient, NAMES[recipient], address) if address else None

    def _way(self, recipient: str) -> str:
        """How mails and messages reach a recipient, as in the ledger."""
        if recipient not in CHANNELS:
            return self._mail.name
        return recipient if self._webhook(recipient) else Outbox.name

    def _try(
        self, connection: sa.Connection, report: str, period: str, key: str, last: sa.RowMapping | None
    ) -> _Try:
        # what was certainly not sent is retried with its own Message-ID; only force makes a new one
        again = last is not None and self._repeatable(last)
        attempt = last["attempt"] + (not again) if last is not None else 1
        now = self.settings.now()
        goes_on = last is not None and again and last["state"] == "pending"
        return _Try(
            connection,
            (
                last["message_id"]
                if last is not None and again
                else message_id("\n".join((report, period, key, str(attempt))), self.sender)
            ),
            (report, period, key, attempt),
            self._way(key),
            now,
            last["tries"] + 1 if last is not None and goes_on else 1,
            datetime.fromisoformat(last["first_tried_at"]) if last is not None and goes_on else now,
        )

    def assume(self, report: str, period: str, recipient: str, why: str) -> None:
        """Record a mail as uncertain: nobody knows whether it was sent."""
        with sending_lock(self.settings), ledger(self.settings) as connection:
            attempts = attempts_of(connection, report, period, key_of(recipient))
            if self._settled(attempts) is None:
                this = self._try(
                    connection, report, period, key_of(recipient), attempts[-1] if attempts else None
                )
                this.note(Outcome("uncertain", why))

    def _settled(self, attempts: list[sa.RowMapping]) -> Literal["already_sent", "uncertain"] | None:
        if attempts and attempts[-1]["state"] == "pending":
            return None  # also if an earlier attempt was sent: somebody forces it
        if any(row["state"] == "sent" for row in attempts):
            return "already_sent"
        return None if all(self._repeatable(row) for row in attempts) else "uncertain"

    def _repeatable(self, row: sa.RowMapping) -> bool:
        """Whether the mail was certainly not sent, or sending it again makes no second mail: an outbox file
        replaces itself."""
        return row["state"] in ("failed", "pending") or (
            row["state"] == "sending" and row["transport"] == self._way(row["recipient"]) == Outbox.name
        )


@dataclass
class _Try:
    """One try to deliver one mail, and its row in the ledger."""

    connection: sa.Connection
    message_id: str
    of: tuple[str, str, str, int]
    """Report, period, recipient, attempt."""
    transport: str
    now: datetime
    tries: int
    first_tried_at: datetime
    handed_over: bool = False
    """From now on, only the server's answer can say whether it was sent."""
    pause: timedelta = timedelta()
    """How long the server asks to wait before the next try."""

    @property
    def name(self) -> str:
        report, period, key, attempt = self.of
        return f"{report}-{period}-{key}" + (f"-{attempt}" if attempt > 1 else "")

    def may_wait(self, error: Exception) -> bool:
        return isinstance(error, Refused) and error.for_now and self.now - self.first_tried_at < TRIED_FOR

    def hand_over(self) -> None:
        self._write("sending", None, None)
        keep_room(self.connection)
        self.handed_over = True

    def note(self, outcome: Outcome) -> None:
        pause = max(self.pause, min(LONGEST_PAUSE, timedelta(minutes=2 ** min(self.tries - 1, 10))))
        self._write(
            outcome.state,
            outcome.reason or None,
            utc(self.now + pause) if outcome.state == "pending" else None,
        )

    def _write(self, state: str, error: str | None, next_try_at: str | None) -> None:
        report, period, recipient, attempt = self.of
        changing = {
            "state": state,
            "transport": self.transport,
            "noted_at": utc(self.now),
            "error": error,
            "tries": self.tries,
            "first_tried_at": utc(self.first_tried_at),
            "next_try_at": next_try_at,
        }
        mail = {"report": report, "period": period, "recipient": recipient, "attempt": attempt}
        insert = upsert(self.connection, deliveries).values(message_id=self.message_id, **mail, **changing)
        self.connection.execute(insert.on_conflict_do_update(index_elements=["message_id"], set_=changing))


def called(report: str, period: str) -> tuple[str, str]:
    """Return the name of a period of a report for people, and the command that sends it by hand."""
    words, options = {
        "weekly_scorecard": ("weekly scorecard {}", "--week {}"),
        "daily_digest": ("daily digest of {}", "--report daily_digest --day {}"),
        "friday_preview": ("Friday preview of {}", "--report friday_preview --week {}"),
    }[report]
    return words.format(period), f"scoreline send {options.format(period)}"


def way_out(recipient: str) -> str:
    """Return what to do about a mail or message that was refused for good."""
    if recipient in CHANNELS:
        return f"create a webhook for the channel in {NAMES[recipient]} and set {SETTING[recipient]}"
    return "correct the address in company.toml or ask whoever runs the mail server"
