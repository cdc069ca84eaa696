"""Handing mails over, once each.

A ledger (SQLite) knows every mail by report, period and recipient. Its row is committed right before the message itself goes to
the server and settled right after. A process that dies between the two leaves the row in `sending`: nobody can know whether the
server took the mail, so it is *uncertain* and is not sent again unless somebody forces it. A lock around each mail makes a second
process wait and then find the row, so two processes never send the same mail.

Where `SMTP_URL` is set, mails go there: `smtp://user:password@host:port` (add `?starttls=1` for STARTTLS) or `smtps://...`.
Otherwise they become `.eml` files in the outbox folder.
"""

from __future__ import annotations

import smtplib
import sqlite3
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import parseaddr
from hashlib import sha256
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from filelock import FileLock

from foundation.settings import Settings
from foundation.warehouse import utc
from reports.files import write_atomically
from reports.fmt import plural
from reports.gate import Gate
from reports.mail import MailError, checked_address, message_id
from reports.markup import plain

SMTP_TIMEOUT = 30.0
"""Seconds that the server may take for one answer."""

State = Literal["sent", "already_sent", "uncertain", "failed"]


class DeliveryFailed(Exception):
    """Mails did not leave; the text names every recipient and why. `report` has what did."""

    def __init__(self, text: str, report: DeliveryReport | None = None) -> None:
        super().__init__(text)
        self.report = report


class _Refused(Exception):
    """The mail certainly did not leave."""


class _Unknown(Exception):
    """The connection broke after the message went out and before the server answered."""


@dataclass(frozen=True)
class Outcome:
    """What became of one mail. `reason` where it failed or is uncertain; `message` where it was sent just now."""

    state: State
    reason: str = ""
    message: EmailMessage | None = None


@dataclass
class DeliveryReport:
    """What one run did, by recipient."""

    gate: Gate
    sent: list[str] = field(default_factory=list)
    already_sent: list[str] = field(default_factory=list)
    uncertain: list[str] = field(default_factory=list)
    """May or may not have it: a run died, or the connection broke, while the server was taking the mail."""
    failed: dict[str, str] = field(default_factory=dict)
    """Recipient -> why."""
    held: list[str] = field(default_factory=list)
    """Would have got it, if the gate had not held it."""
    nothing: list[str] = field(default_factory=list)
    """There is nothing to say to them: no mail, and the period is settled."""

    def summary(self) -> str:
        """`sent to 3, 1 had it already`"""
        parts = [f"gate {self.gate.decision}", f"sent to {len(self.sent)}"]
        for count, words in (
            (len(self.already_sent), "had it already"),
            (len(self.nothing), "nothing to say"),
            (len(self.held), "held"),
            (len(self.uncertain), "uncertain (force sends again)"),
            (len(self.failed), "failed"),
        ):
            if count:
                parts.append(f"{count} {words}")
        return ", ".join(parts)


_DDL = """
create table if not exists deliveries (
    message_id text primary key,
    report text not null,
    period text not null,
    recipient text not null,
    attempt integer not null,         -- 2 and more: sent again by force
    state text not null check (state in ('sending', 'sent', 'failed')),
    transport text not null,          -- smtp | outbox
    noted_at text not null,           -- when the state was noted, by the reports' clock
    error text,
    unique (report, period, recipient, attempt)
);
create table if not exists alerts (
    scope text not null,
    key text not null,
    text text not null,
    since text not null,              -- when it was first seen: part of the alert's period, so that a retry is the same mail
    told integer not null default 0,
    ended_at text,                    -- it is over, and the operator has not been told yet
    primary key (scope, key)
);
create table if not exists digests (
    recipient text not null,
    day text not null,
    news text,                        -- JSON: what the mail says; null: nothing to say
    known text not null,              -- JSON: what the recipient knows with it, the baseline of later days
    primary key (recipient, day)
);
"""


@contextmanager
def ledger(settings: Settings) -> Iterator[sqlite3.Connection]:
    """The open ledger; each statement commits by itself and is on disk when it returns.

    Raises:
        DeliveryFailed: the file is no ledger of ours. Nothing is sent without it.
    """
    path = settings.deliveries_path
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=SMTP_TIMEOUT)) as connection:
            connection.row_factory = sqlite3.Row
            connection.execute("pragma synchronous = full")
            connection.executescript(_DDL)
            yield connection
    except sqlite3.DatabaseError as error:
        raise DeliveryFailed(
            f"{path}: {error}. Nothing was sent, because this file remembers who has which mail. Restore it, or move it away to start anew."
        ) from None


def sending_lock(settings: Settings, name: str = "sending") -> FileLock:
    """One process at a time; the operating system frees it when its process dies, however it dies."""
    settings.deliveries_path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(settings.deliveries_path.with_suffix(f".{name}.lock"))


class Postman:
    """Delivers mails and keeps the ledger."""

    def __init__(self, settings: Settings, sender: str) -> None:
        self.settings = settings
        self.sender = sender
        self._transport: _Smtp | _Outbox = _transport(settings)

    def settled(self, report: str, period: str, recipient: str) -> Literal["already_sent", "uncertain"] | None:
        """What the ledger says about a mail before anybody makes it; None: it is to be sent."""
        # the lock waits for a mail that another process is sending just now: it is not uncertain, only not settled yet
        with sending_lock(self.settings), ledger(self.settings) as connection:
            return self._settled(_attempts(connection, report, period, _key(recipient)))

    def last_before(self, report: str, period: str, recipient: str) -> datetime | None:
        """When the recipient got the report's newest mail about an earlier period. Periods sort as texts."""
        with ledger(self.settings) as connection:
            (noted,) = connection.execute(
                "select max(noted_at) from deliveries where report = ? and recipient = ? and state = 'sent' and period = "
                "(select max(period) from deliveries where report = ? and recipient = ? and state = 'sent' and period < ?)",
                [report, _key(recipient), report, _key(recipient), period],
            ).fetchone()
        return datetime.fromisoformat(noted) if noted else None

    def deliver(self, report: str, period: str, recipient: str, make: Callable[[str], EmailMessage], *, force: bool = False) -> Outcome:
        """Send one mail, unless the recipient has it already.

        Args:
            make: composes the message for a Message-ID.
            force: send although it was sent, or may have been.
        """
        key = _key(recipient)
        with sending_lock(self.settings), ledger(self.settings) as connection:
            attempts = _attempts(connection, report, period, key)
            settled = self._settled(attempts)
            if settled and not force:
                return Outcome(settled, "an earlier run ended while the server was taking the mail" if settled == "uncertain" else "")
            last = attempts[-1] if attempts else None
            # what certainly did not leave is tried again under its own Message-ID; only force makes a new one
            attempt = 1 if last is None else last["attempt"] + (not self._repeatable(last))
            mid = message_id("\n".join((report, period, key, str(attempt))), self.sender)

            def note(state: str, error: str | None = None) -> None:
                connection.execute(
                    "insert into deliveries values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (message_id) do update "
                    "set state = excluded.state, transport = excluded.transport, noted_at = excluded.noted_at, error = excluded.error",
                    [mid, report, period, key, attempt, state, self._transport.name, utc(self.settings.now()), error],
                )

            try:
                address = checked_address(recipient)
                message = make(mid)
                name = f"{report}-{period}-{key}" + (f"-{attempt}" if attempt > 1 else "")
                self._transport.send(message, address, name, lambda: note("sending"))
            except (MailError, _Refused) as error:
                note("failed", str(error))
                return Outcome("failed", str(error))
            except _Unknown as error:
                return Outcome("uncertain", str(error))
            note("sent")
            return Outcome("sent", message=message)

    def _settled(self, attempts: list[sqlite3.Row]) -> Literal["already_sent", "uncertain"] | None:
        if any(row["state"] == "sent" for row in attempts):
            return "already_sent"
        return None if all(self._repeatable(row) for row in attempts) else "uncertain"

    def _repeatable(self, row: sqlite3.Row) -> bool:
        """It certainly did not leave, or writing it again makes no second mail: an outbox file is replaced by itself."""
        return row["state"] == "failed" or (row["state"] == "sending" and row["transport"] == self._transport.name == "outbox")


def _key(recipient: str) -> str:
    return recipient.strip().lower()


def _attempts(connection: sqlite3.Connection, report: str, period: str, recipient: str) -> list[sqlite3.Row]:
    return connection.execute(
        "select * from deliveries where report = ? and period = ? and recipient = ? order by attempt", [report, period, recipient]
    ).fetchall()


@dataclass(frozen=True)
class _Outbox:
    """Files for a mail program or a person to pick up."""

    folder: Path
    name: str = "outbox"

    def send(self, message: EmailMessage, address: str, name: str, intend: Callable[[], None]) -> None:
        data = message.as_bytes()
        intend()
        try:
            write_atomically(self.folder / _file_name(name), data)
        except OSError as error:
            raise _Refused(f"{self.folder}: {error.strerror}") from None


def _file_name(name: str) -> str:
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "._-@+") else "-" for c in name)
    # names that had to be changed or cut could meet; their digest keeps them apart
    return f"{safe[:150]}-{sha256(name.encode()).hexdigest()[:8]}.eml" if safe != name or len(safe) > 150 else f"{safe}.eml"


@dataclass(frozen=True)
class _Smtp:
    host: str
    port: int
    user: str | None
    password: str | None = field(repr=False)
    tls: Literal["", "tls", "starttls"]
    name: str = "smtp"

    def send(self, message: EmailMessage, address: str, name: str, intend: Callable[[], None]) -> None:
        try:
            server = self._open()
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise _Refused(f"the mail server {self.host}:{self.port} could not be used: {self._told(error)}") from None
        try:
            self._hand_over(server, message, address, intend)
        finally:
            with suppress(OSError, smtplib.SMTPException):
                server.quit()

    def _open(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self.tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=SMTP_TIMEOUT, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=SMTP_TIMEOUT)
        try:
            server.ehlo_or_helo_if_needed()
            if self.tls == "starttls":
                server.starttls(context=context)
                server.ehlo()
            if self.user is not None:
                server.login(self.user, self.password or "")
        except BaseException:
            server.close()
            raise
        return server

    def _hand_over(self, server: smtplib.SMTP, message: EmailMessage, address: str, intend: Callable[[], None]) -> None:
        data = message.as_bytes()
        options = []
        if not address.isascii():
            if not server.has_extn("smtputf8"):
                raise _Refused("the mail server takes no addresses with letters beyond ASCII")
            options = ["SMTPUTF8"]
        try:
            for code, answer in (server.mail(parseaddr(str(message["From"]))[1], options), server.rcpt(address)):
                if code not in (250, 251):
                    raise _Refused(f"the mail server refused: {code} {self._told(answer)}")
        except (OSError, smtplib.SMTPException) as error:
            raise _Refused(f"the mail server {self.host}:{self.port} broke off: {self._told(error)}") from None
        intend()
        try:
            code, answer = server.data(data)
        except smtplib.SMTPDataError as error:  # it did not even want to see the message
            raise _Refused(f"the mail server refused: {error.smtp_code} {self._told(error.smtp_error)}") from None
        except (OSError, smtplib.SMTPException) as error:
            raise _Unknown(f"the connection broke while the mail server was taking the mail: {self._told(error)}") from None
        if code != 250:
            raise _Refused(f"the mail server refused: {code} {self._told(answer)}")

    def _told(self, error: object) -> str:
        """The server's own words, without what only we may know."""
        if isinstance(error, smtplib.SMTPResponseException):
            error = f"{error.smtp_code} {self._told(error.smtp_error)}"
        text = error.decode(errors="replace") if isinstance(error, bytes) else str(error)
        for secret in (self.password, self.user):
            if secret:
                text = text.replace(secret, "…")
        return plain(text, 200)


def _transport(settings: Settings) -> _Smtp | _Outbox:
    if settings.smtp_url is None:
        return _Outbox(settings.outbox_dir)
    way_out = (
        "SMTP_URL: expected smtp://user:password@host:port, smtps://... or smtp://...?starttls=1; "
        "write % and @ in a password as %25 and %40"
    )
    try:
        parts = urlsplit(settings.smtp_url.get_secret_value())
        port = parts.port
        host = parts.hostname
    except ValueError:
        raise DeliveryFailed(way_out) from None
    if parts.scheme not in ("smtp", "smtps") or not host:
        raise DeliveryFailed(way_out)
    starttls = parse_qs(parts.query).get("starttls", ["0"])[-1] not in ("0", "false", "")
    tls: Literal["", "tls", "starttls"] = "tls" if parts.scheme == "smtps" else "starttls" if starttls else ""
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    return _Smtp(host, port or {"tls": 465, "starttls": 587, "": 25}[tls], user, password, tls)


def failure_text(report: str, period: str, failed: dict[str, str]) -> str:
    """`weekly_scorecard 2025-W43: 2 mails did not leave. a@x: refused ...`"""
    return f"{report} {period}: {plural(len(failed), 'mail')} did not leave. " + " | ".join(f"{who}: {why}" for who, why in failed.items())
