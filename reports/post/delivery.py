"""Handing mails over, once each.

A ledger (SQLite) knows every mail by report, period and recipient. Its row is committed right before the
message's last byte goes to the server and settled right after. A process that dies between the two leaves the
row in `sending`: nobody can know whether the server took the mail, so it is *uncertain* and is not sent again
unless somebody forces it. A lock around each mail makes a second process wait and then find the row, so two
processes never send the same mail.

A mail that the server refuses for now (4xx, no connection, silence before the last byte) is *pending*: the
next run tries it again under its own Message-ID. Pauses grow from a minute to an hour; after a day it has
failed. What the server refuses for good (5xx) has failed at once.

Where `SMTP_URL` is set, mails go there: `smtp://user:password@host:port` (add `?starttls=1` for STARTTLS) or
`smtps://...`. Otherwise they become `.eml` files in the outbox folder.
"""

from __future__ import annotations

import os
import re
import smtplib
import sqlite3
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import parseaddr
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from filelock import FileLock

from foundation.atomic import write_atomically
from foundation.settings import Settings
from foundation.warehouse import backups, utc
from reports.engine.markup import plain
from reports.look.numbers import plural
from reports.post.message import MailError, checked_address, message_id
from reports.words.gate import Gate

SMTP_TIMEOUT = 30.0
"""Seconds that the server may take for one answer."""

TRIED_FOR = timedelta(days=1)
"""How long a mail that is refused for now is tried again."""
LONGEST_PAUSE = timedelta(hours=1)
"""Between two tries; the first pause is a minute, each next one twice as long."""

State = Literal["sent", "already_sent", "pending", "uncertain", "failed"]


class DeliveryFailed(Exception):
    """Mails did not leave; the text names every recipient and why. `report` has what did.

    `remembered`: the ledger's alerts say all of it, so the operator hears of it without anybody else's help.
    """

    def __init__(self, text: str, report: DeliveryReport | None = None, *, remembered: bool = False) -> None:
        super().__init__(text)
        self.report = report
        self.remembered = remembered


class LedgerLost(DeliveryFailed):
    """The ledger is gone or damaged. `scoreline new-ledger` replaces it."""


class _Refused(Exception):
    """The mail certainly did not leave. `for_now`: trying again later may help."""

    def __init__(self, text: str, *, for_now: bool = False) -> None:
        super().__init__(text)
        self.for_now = for_now


class _Unknown(Exception):
    """The connection broke after the message's last byte and before the server answered."""


DIED = "a run ended while the mail server was taking the mail"
"""Why a mail is uncertain whose row says no more than that it was on its way."""


@dataclass(frozen=True)
class Outcome:
    """What became of one mail. `reason` where it was not sent; `message` where it was sent just now."""

    state: State
    reason: str = ""
    message: EmailMessage | None = None


@dataclass
class DeliveryReport:
    """What one run did, by recipient."""

    gate: Gate
    sent: list[str] = field(default_factory=list)
    already_sent: list[str] = field(default_factory=list)
    pending: dict[str, str] = field(default_factory=dict)
    """Recipient -> why the server refuses it for now; it is tried again."""
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
            (len(self.pending), "pending (tried again for a day)"),
            (len(self.uncertain), "uncertain (force sends again)"),
            (len(self.failed), "failed"),
        ):
            if count:
                parts.append(f"{count} {words}")
        return ", ".join(parts)


# plain types and texts, so that the rows can be copied into any other database; instants are ISO 8601 in UTC
_TABLES = (
    """
create table if not exists deliveries (
    message_id text primary key,
    report text not null,
    period text not null,
    recipient text not null,
    attempt integer not null,         -- 2 and more: sent again by force
    state text not null check (state in ('sending', 'sent', 'pending', 'uncertain', 'failed')),
    transport text not null,          -- smtp | outbox
    noted_at text not null,           -- when the state was noted, by the reports' clock
    error text,
    tries integer not null,           -- since first_tried_at
    first_tried_at text not null,     -- the day of a pending mail begins here
    next_try_at text,                 -- of a pending mail
    unique (report, period, recipient, attempt)
)""",
    """
create table if not exists alerts (
    scope text not null,
    key text not null,
    text text not null,
    since text not null,              -- when it was first seen: part of the alert's period, so that a retry is the same mail
    told integer not null default 0,
    ended_at text,                    -- it is over, and the operator has not been told yet
    primary key (scope, key)
)""",
    """
create table if not exists digests (
    recipient text not null,
    day text not null,
    news text,                        -- JSON: what the mail says; null: nothing to say
    known text not null,              -- JSON: what the recipient knows with it, the baseline of later days
    primary key (recipient, day)
)""",
)

# a ledger from before mails could be pending: every row stays, and an operator who knows that a mail is held
# is not told again
_UPGRADE = (
    "alter table deliveries rename to deliveries_before",
    *_TABLES,
    """
insert into deliveries
select message_id, report, period, recipient, attempt, state, transport, noted_at, error, 1, noted_at, null from deliveries_before""",
    """
insert into alerts (scope, key, text, since, told)
select replace(report, '_held', '') || ':' || period || ':held', 'held',
    'Scoreline held the ' || replace(report, '_held', '') || ' ' || period || '.', noted_at, 1
from deliveries_before where report in ('weekly_scorecard_held', 'friday_preview_held') and state = 'sent' and attempt = 1""",
    "drop table deliveries_before",
)


@contextmanager
def ledger(settings: Settings) -> Iterator[sqlite3.Connection]:
    """The open ledger; each statement commits by itself and is on disk when it returns.

    Raises:
        DeliveryFailed: the file can't be used, or it is gone while what it should know of is still there.
        Nothing is sent without it.
    """
    path = settings.deliveries_path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)  # it holds addresses
        with closing(sqlite3.connect(path, isolation_level=None, timeout=SMTP_TIMEOUT)) as connection:
            connection.row_factory = sqlite3.Row
            connection.execute("pragma synchronous = full")
            # the journal keeps its place on the disk: where the row of a mail was noted, the server's answer
            # can be noted too
            connection.execute("pragma journal_mode = persist")
            columns = _columns(connection)
            if not columns and (traces := _traces(settings)):
                raise LedgerLost(
                    f"{path} is missing or empty, but {traces}. Nothing was sent, because this file remembers"
                    f" who has which mail. {_NEW_LEDGER}"
                )
            if columns and "next_try_at" not in columns:
                _upgrade(connection)
            for table in _TABLES:
                connection.execute(table)
            yield connection
    except OSError as error:
        raise DeliveryFailed(
            f"{path}: {error.strerror}. Nothing was sent. Make it readable and writable, then run it again."
        ) from None
    except sqlite3.Error as error:
        raise (LedgerLost if _damaged(error) else DeliveryFailed)(f"{path}: {_way_out(error)}") from None


def _columns(connection: sqlite3.Connection) -> set[str]:
    return {row["name"] for row in connection.execute("pragma table_info(deliveries)")}


def _upgrade(connection: sqlite3.Connection) -> None:
    connection.execute("begin immediate")
    try:
        if "next_try_at" not in _columns(connection):  # another process may have been faster
            for statement in _UPGRADE:
                connection.execute(statement)
        connection.execute("commit")
    except sqlite3.Error:
        with suppress(sqlite3.Error):
            connection.execute("rollback")
        raise


def _traces(settings: Settings) -> str:
    """What says that mails have been sent from this home before; nothing where none have."""
    if next(settings.outbox_dir.glob("*.eml"), None):
        return f"{settings.outbox_dir} holds mails"
    # the site's first build makes the ledger before its first page
    if (settings.site_dir / "index.html").exists():
        return f"the site in {settings.site_dir} has been built"
    copies = [folder for folder in backups(settings) if (folder / settings.deliveries_path.name).exists()]
    return f"the backup {copies[-1]} has one" if copies else ""


# never the copy of a backup as it is: what was sent since would be sent again
_NEW_LEDGER = (
    "Way out: `scoreline new-ledger` brings back the newest backup's, or starts an empty one, and sends"
    " nothing again that is due now."
)


def _damaged(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT"))


def _way_out(error: sqlite3.Error) -> str:
    """What is wrong with the ledger and what to do; nothing that would send a mail twice."""
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith("SQLITE_FULL"):
        return (
            f"{error}. A mail on its way may have been sent. Make room on the disk, then run it again: nobody"
            " gets a mail twice."
        )
    if _damaged(error):
        return f"{error}. Nothing was sent, because this file remembers who has which mail. {_NEW_LEDGER}"
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return (
            f"{error}. Another program holds it open: close it there, then run it again. Nobody gets a mail"
            " twice."
        )
    return (
        f"{error}. A mail on its way may have been sent. Check that the disk has room and that the file and"
        " its folder can be written, then run it again: nobody gets a mail twice."
    )


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

    def settled(
        self, report: str, period: str, recipient: str
    ) -> Literal["already_sent", "uncertain"] | None:
        """What the ledger says about a mail before anybody makes it; None: it is to be sent."""
        # the lock waits for a mail that another process is sending just now: it is not uncertain, only not
        # settled yet
        with sending_lock(self.settings), ledger(self.settings) as connection:
            return self._settled(_attempts(connection, report, period, key_of(recipient)))

    def newest(self, report: str, period: str) -> list[sqlite3.Row]:
        """The newest attempt of each recipient."""
        with sending_lock(self.settings), ledger(self.settings) as connection:
            return connection.execute(
                "select * from deliveries as d where report = ? and period = ? and attempt = (select"
                " max(attempt) from deliveries where report = d.report and period = d.period and recipient ="
                " d.recipient) order by recipient",
                [report, period],
            ).fetchall()

    def last_before(self, report: str, period: str, recipient: str) -> datetime | None:
        """When the recipient got the report's newest mail about an earlier period. Periods sort as texts."""
        with ledger(self.settings) as connection:
            (noted,) = connection.execute(
                "select max(noted_at) from deliveries where report = ? and recipient = ? and state = 'sent'"
                " and period = (select max(period) from deliveries where report = ? and recipient = ? and"
                " state = 'sent' and period < ?)",
                [report, key_of(recipient), report, key_of(recipient), period],
            ).fetchone()
        return datetime.fromisoformat(noted) if noted else None

    def deliver(
        self,
        report: str,
        period: str,
        recipient: str,
        make: Callable[[str], EmailMessage],
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
            attempts = _attempts(connection, report, period, key)
            settled = self._settled(attempts)
            if settled and not force:
                return Outcome(settled, (attempts[-1]["error"] or DIED) if settled == "uncertain" else "")
            last = attempts[-1] if attempts else None
            this = self._try(connection, report, period, key, last)
            message = None
            try:
                try:
                    message = make(this.message_id)
                    self._transport.send(message, checked_address(recipient), this.name, this.hand_over)
                    outcome = Outcome("sent", message=message)
                except (MailError, _Refused) as error:
                    outcome = Outcome("pending" if this.may_wait(error) else "failed", str(error))
                except _Unknown as error:
                    outcome = Outcome("uncertain", str(error))
                this.note(outcome)
                return outcome
            except sqlite3.Error as error:
                trouble = f"{self.settings.deliveries_path}: {_way_out(error)}"
                if this.handed_over:
                    return Outcome(
                        "uncertain", f"it may have been sent, but that could not be noted. {trouble}"
                    )
                return Outcome("failed", f"it was not sent, because that could not be noted. {trouble}")

    def _try(
        self, connection: sqlite3.Connection, report: str, period: str, key: str, last: sqlite3.Row | None
    ) -> _Try:
        # what certainly did not leave is tried again under its own Message-ID; only force makes a new one
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
            self._transport.name,
            now,
            last["tries"] + 1 if last is not None and goes_on else 1,
            datetime.fromisoformat(last["first_tried_at"]) if last is not None and goes_on else now,
        )

    def assume(self, report: str, period: str, recipient: str, why: str) -> None:
        """Count a mail as uncertain that nobody knows anything of."""
        with sending_lock(self.settings), ledger(self.settings) as connection:
            attempts = _attempts(connection, report, period, key_of(recipient))
            if self._settled(attempts) is None:
                this = self._try(
                    connection, report, period, key_of(recipient), attempts[-1] if attempts else None
                )
                this.note(Outcome("uncertain", why))

    def _settled(self, attempts: list[sqlite3.Row]) -> Literal["already_sent", "uncertain"] | None:
        if attempts and attempts[-1]["state"] == "pending":
            return None  # also where an earlier one was sent: somebody forces it
        if any(row["state"] == "sent" for row in attempts):
            return "already_sent"
        return None if all(self._repeatable(row) for row in attempts) else "uncertain"

    def _repeatable(self, row: sqlite3.Row) -> bool:
        """It certainly did not leave, or writing it again makes no second mail: an outbox file is replaced by
        itself."""
        return row["state"] in ("failed", "pending") or (
            row["state"] == "sending" and row["transport"] == self._transport.name == "outbox"
        )


@dataclass
class _Try:
    """One try to deliver one mail, and its row in the ledger."""

    connection: sqlite3.Connection
    message_id: str
    of: tuple[str, str, str, int]
    """Report, period, recipient, attempt."""
    transport: str
    now: datetime
    tries: int
    first_tried_at: datetime
    handed_over: bool = False
    """From now on nobody can know whether it leaves, unless the server answers."""

    @property
    def name(self) -> str:
        report, period, key, attempt = self.of
        return f"{report}-{period}-{key}" + (f"-{attempt}" if attempt > 1 else "")

    def may_wait(self, error: Exception) -> bool:
        return isinstance(error, _Refused) and error.for_now and self.now - self.first_tried_at < TRIED_FOR

    def hand_over(self) -> None:
        self._write("sending", None, None)
        self.handed_over = True

    def note(self, outcome: Outcome) -> None:
        pause = min(LONGEST_PAUSE, timedelta(minutes=2 ** min(self.tries - 1, 10)))
        self._write(
            outcome.state,
            outcome.reason or None,
            utc(self.now + pause) if outcome.state == "pending" else None,
        )

    def _write(self, state: str, error: str | None, next_try_at: str | None) -> None:
        self.connection.execute(
            "insert into deliveries values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (message_id) do update set "
            "state = excluded.state, transport = excluded.transport, noted_at = excluded.noted_at, error = excluded.error, "
            "tries = excluded.tries, first_tried_at = excluded.first_tried_at, next_try_at = excluded.next_try_at",
            [
                self.message_id, *self.of, state, self.transport, utc(self.now), error,
                self.tries, utc(self.first_tried_at), next_try_at,
            ],
        )  # fmt: skip


def key_of(recipient: str) -> str:
    """A recipient as the ledger knows them."""
    return recipient.strip().lower()


def _attempts(connection: sqlite3.Connection, report: str, period: str, recipient: str) -> list[sqlite3.Row]:
    return connection.execute(
        "select * from deliveries where report = ? and period = ? and recipient = ? order by attempt",
        [report, period, recipient],
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
    return (
        f"{safe[:150]}-{sha256(name.encode()).hexdigest()[:8]}.eml"
        if safe != name or len(safe) > 150
        else f"{safe}.eml"
    )


def _for_now(error: Exception) -> bool:
    """Trying again later may help: the server said so (4xx), or there was none to say anything."""
    if isinstance(error, smtplib.SMTPResponseException):
        return not 500 <= error.smtp_code < 600
    # smtplib's exceptions are OSErrors too; all but this one are about what the server can't do
    return isinstance(error, smtplib.SMTPServerDisconnected) or (
        isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException)
    )


def _dots_doubled(data: bytes) -> bytes:
    """A message as it stands between DATA and the dot that ends it."""
    return re.sub(rb"(?m)^\.", b"..", data) + (b"" if data.endswith(b"\r\n") else b"\r\n")


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
            text = f"the mail server {self.host}:{self.port} could not be used: {self._told(error)}"
            raise _Refused(text, for_now=_for_now(error)) from None
        try:
            self._hand_over(server, message, address, intend)
        except BaseException:
            # without a word: in the middle of a message the server would take QUIT for its text
            server.close()
            raise
        with suppress(OSError, smtplib.SMTPException):
            server.quit()

    def _open(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self.tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=SMTP_TIMEOUT, context=context
            )
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

    def _hand_over(
        self, server: smtplib.SMTP, message: EmailMessage, address: str, intend: Callable[[], None]
    ) -> None:
        data = message.as_bytes()
        options = []
        if not address.isascii():
            if not server.has_extn("smtputf8"):
                raise _Refused("the mail server takes no addresses with letters beyond ASCII")
            options = ["SMTPUTF8"]
        with self._refusals():
            for step in (
                partial(server.mail, parseaddr(str(message["From"]))[1], options),
                partial(server.rcpt, address),
                partial(server.docmd, "DATA"),
            ):
                code, answer = step()
                if code not in (250, 251, 354):
                    raise smtplib.SMTPResponseException(code, answer)
            server.send(_dots_doubled(data))
            intend()
            server.send(b".\r\n")
        try:
            code, answer = server.getreply()
        except OSError as error:
            raise _Unknown(
                f"the connection broke while the mail server was taking the mail: {self._told(error)}"
            ) from None
        refusal = smtplib.SMTPResponseException(code, answer)
        if 400 <= code < 600:
            raise _Refused(f"the mail server refused: {self._told(refusal)}", for_now=_for_now(refusal))
        if code != 250:
            raise _Unknown(
                f"the mail server gave an answer to the mail that is not SMTP: {self._told(refusal)}"
            )

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        """What goes wrong up to the message's last byte: it certainly did not leave."""
        try:
            yield
        except smtplib.SMTPResponseException as error:
            raise _Refused(f"the mail server refused: {self._told(error)}", for_now=_for_now(error)) from None
        except (OSError, ValueError) as error:
            raise _Refused(
                f"the mail server {self.host}:{self.port} broke off: {self._told(error)}",
                for_now=_for_now(error),
            ) from None

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


def failure_text(report: str, period: str, failed: Mapping[str, str]) -> str:
    """`weekly_scorecard 2025-W43: 2 mails did not leave. a@x: refused ...`"""
    return f"{report} {period}: {plural(len(failed), 'mail')} did not leave. " + " | ".join(
        f"{who}: {why}" for who, why in failed.items()
    )


def called(report: str, period: str) -> tuple[str, str]:
    """What people call a period of a report, and the command that sends it by hand."""
    words, options = {
        "weekly_scorecard": ("weekly scorecard {}", "--week {}"),
        "daily_digest": ("daily digest of {}", "--report daily_digest --day {}"),
        "friday_preview": ("Friday preview of {}", "--report friday_preview --week {}"),
    }[report]
    return words.format(period), f"scoreline send {options.format(period)}"
