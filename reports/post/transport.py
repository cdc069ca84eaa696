"""Sends a mail to the mail server, or writes it to the outbox.

If `SMTP_URL` is set, mails go there: `smtps://user:password@host:port`, or `smtp://...`, which uses STARTTLS
if it has a user, or if asked (`?starttls=1`). Otherwise they become `.eml` files in the outbox folder.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from email.utils import parseaddr
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import ClassVar, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from foundation.atomic import write_atomically
from foundation.settings import Settings
from foundation.settings.types import is_loopback
from reports.engine.markup import plain
from reports.post.outcome import DeliveryFailed

SMTP_TIMEOUT = 30.0
"""Seconds to wait for one answer of the server."""


class Refused(Exception):
    """The mail was certainly not sent. `for_now`: a later retry may help. `pause`: how long to wait at
    least."""

    def __init__(self, text: str, *, for_now: bool = False, pause: timedelta = timedelta()) -> None:
        super().__init__(text)
        self.for_now = for_now
        self.pause = pause


class Unknown(Exception):
    """The connection broke after the message's last byte and before the server answered."""


@dataclass(frozen=True)
class Outbox:
    """Files for a mail program or a person to pick up."""

    folder: Path
    name: ClassVar[str] = "outbox"

    def send(self, message: EmailMessage, address: str, name: str, intend: Callable[[], None]) -> None:
        self.keep(message.as_bytes(), name, ".eml", intend)

    def keep(self, data: bytes, name: str, ending: str, intend: Callable[[], None]) -> None:
        """Write the mail to a file with a name derived from it."""
        intend()
        try:
            write_atomically(self.folder / _file_name(name, ending), data)
        except OSError as error:
            raise Refused(f"{self.folder}: {error.strerror}") from None


def _file_name(name: str, ending: str) -> str:
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "._-@+") else "-" for c in name)
    # names that had to be changed or cut could be equal; their digest keeps them apart
    return (
        f"{safe[:150]}-{sha256(name.encode()).hexdigest()[:8]}{ending}"
        if safe != name or len(safe) > 150
        else f"{safe}{ending}"
    )


def _for_now(error: Exception) -> bool:
    """Whether a later retry may help: the server says so (4xx), or did not answer."""
    if isinstance(error, smtplib.SMTPResponseException):
        return not 500 <= error.smtp_code < 600
    # smtplib's exceptions are OSErrors too; all but this one are about what the server cannot do
    return isinstance(error, smtplib.SMTPServerDisconnected) or (
        isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException)
    )


def _dots_doubled(data: bytes) -> bytes:
    """Return a message as SMTP sends it: a line that begins with a dot gets a second dot."""
    return re.sub(rb"(?m)^\.", b"..", data) + (b"" if data.endswith(b"\r\n") else b"\r\n")


@dataclass(frozen=True)
class Smtp:
    host: str
    port: int
    user: str | None
    password: str | None = field(repr=False)
    tls: Literal["", "tls", "starttls"]
    name: ClassVar[str] = "smtp"

    def send(self, message: EmailMessage, address: str, name: str, intend: Callable[[], None]) -> None:
        server = self._signed_in()
        try:
            self._hand_over(server, message, address, intend)
        except BaseException:
            # without QUIT: in the middle of a message the server would take it for text
            server.close()
            raise
        with suppress(OSError, smtplib.SMTPException):
            server.quit()

    def try_out(self) -> None:
        """Connect, sign in and leave.

        Raises:
            Refused: one of these failed.
        """
        with suppress(OSError, smtplib.SMTPException):
            self._signed_in().quit()

    def _signed_in(self) -> smtplib.SMTP:
        try:
            return self._open()
        except (OSError, smtplib.SMTPException, ValueError) as error:
            text = f"the mail server {self.host}:{self.port} could not be used: {self._told(error)}"
            raise Refused(text, for_now=_for_now(error)) from None

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
                raise Refused("the mail server takes no addresses with letters beyond ASCII")
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
            raise Unknown(
                f"the connection broke while the mail server was taking the mail: {self._told(error)}"
            ) from None
        refusal = smtplib.SMTPResponseException(code, answer)
        if 400 <= code < 600:
            raise Refused(f"the mail server refused: {self._told(refusal)}", for_now=_for_now(refusal))
        if code != 250:
            raise Unknown(
                f"the mail server gave an answer to the mail that is not SMTP: {self._told(refusal)}"
            )

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        """Raise `Refused` for whatever fails before the message's last byte: the mail was certainly not
        sent."""
        try:
            yield
        except smtplib.SMTPResponseException as error:
            raise Refused(f"the mail server refused: {self._told(error)}", for_now=_for_now(error)) from None
        except (OSError, ValueError) as error:
            raise Refused(
                f"the mail server {self.host}:{self.port} broke off: {self._told(error)}",
                for_now=_for_now(error),
            ) from None

    def _told(self, error: object) -> str:
        """Return the server's own words, redacted."""
        if isinstance(error, smtplib.SMTPResponseException):
            error = f"{error.smtp_code} {self._told(error.smtp_error)}"
        text = error.decode(errors="replace") if isinstance(error, bytes) else str(error)
        for secret in (self.password, self.user):
            if secret:
                text = text.replace(secret, "…")
        return plain(text, 200)


def transport(settings: Settings) -> Smtp | Outbox:
    if settings.smtp_url is None:
        return Outbox(settings.outbox_dir)
    way_out = (
        "SMTP_URL: expected smtp://user:password@host:port or smtps://...; "
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
    asked = parse_qs(parts.query).get("starttls", [""])[-1]
    user = unquote(parts.username) if parts.username else None
    # a password never leaves this machine unencrypted
    must_encrypt = user is not None and not is_loopback(host)
    if must_encrypt and parts.scheme == "smtp" and asked in ("0", "false"):
        raise DeliveryFailed(
            "SMTP_URL: with ?starttls=0 the password would travel unencrypted; remove it, or use smtps://"
        )
    starttls = must_encrypt or asked not in ("0", "false", "")
    tls: Literal["", "tls", "starttls"] = "tls" if parts.scheme == "smtps" else "starttls" if starttls else ""
    password = unquote(parts.password) if parts.password else None
    return Smtp(host, port or {"tls": 465, "starttls": 587, "": 25}[tls], user, password, tls)
