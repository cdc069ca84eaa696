"""Sends a message into a channel: one POST to its incoming webhook.

A webhook has no idempotency key, so a second request is a second message. Everything up to the last byte may
be retried; after it only the server's answer counts. Anyone who knows the address can post, so errors name
only its host.
"""

from __future__ import annotations

import http.client
import re
import ssl
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from pydantic import SecretStr

from foundation import __version__
from reports.engine.markup import plain
from reports.post.channels.card import Post
from reports.post.transport import Refused, Unknown

TIMEOUT = 30.0
"""Seconds to wait for one answer of the server."""
LONGEST_WAIT = timedelta(hours=1)
"""A server that asks for a longer pause is retried after this."""
_MOST_READ = 4_000
"""The most bytes of an answer to read."""
_NOBODY_KNOWS = frozenset({408, 502, 504})
"""Statuses of a gateway that got no answer: the server behind it may have taken the message."""


@dataclass(frozen=True)
class Webhook:
    """The incoming webhook of a channel. `name`: `slack` or `teams`; `title`: its name for people."""

    name: str
    title: str
    address: SecretStr

    def send(self, post: Post, intend: Callable[[], None]) -> None:
        """Send a message. Calls `intend` right before its last byte.

        Raises:
            Refused: the server certainly did not take it.
            Unknown: nobody knows.
        """
        data = bytes(post)
        host = urlsplit(self.address.get_secret_value()).hostname
        try:
            connection = self._begun(data)
        except (OSError, http.client.HTTPException) as error:
            raise Refused(
                f"{self.title} ({host}) could not be reached: {self._told(error)}", for_now=True
            ) from None
        with closing(connection):
            intend()
            try:
                connection.send(data[-1:])
                answer = connection.getresponse()
                body = answer.read(_MOST_READ).decode("utf-8", "replace")
            except (OSError, http.client.HTTPException) as error:
                raise Unknown(
                    f"the connection broke while {self.title} was taking the message: {self._told(error)}"
                ) from None
        self._judge(answer.status, body, answer.headers.get("retry-after", ""))

    def _begun(self, data: bytes) -> http.client.HTTPConnection:
        """Return a connection on which all but the last byte has been sent."""
        parts = urlsplit(self.address.get_secret_value())
        host, port = parts.hostname or "", parts.port
        connection: http.client.HTTPConnection = (
            http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=ssl.create_default_context())
            if parts.scheme == "https"
            else http.client.HTTPConnection(host, port, timeout=TIMEOUT)
        )
        try:
            connection.putrequest("POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
            for name, value in (
                ("content-type", "application/json; charset=utf-8"),
                ("content-length", str(len(data))),
                ("user-agent", f"scoreline/{__version__}"),
            ):
                connection.putheader(name, value)
            connection.endheaders()
            connection.send(data[:-1])
        except BaseException:
            connection.close()
            raise
        return connection

    def _judge(self, status: int, body: str, retry_after: str) -> None:
        """
        Raises:
            Refused, Unknown: what the answer says.
        """
        said = f"{status} {self._told(body)}".strip()
        # Teams' older webhooks refuse with status 200
        if found := re.search(r"failed with error(?:.*?HTTP error (\d{3}))?", body, re.S):
            status = int(found[1] or 400)
        if 200 <= status < 300:
            return
        if status in _NOBODY_KNOWS:
            raise Unknown(f"{self.title} does not say whether it took the message: {said}")
        pause = timedelta(seconds=int(retry_after)) if re.fullmatch(r"\d{1,9}", retry_after) else timedelta()
        for_now = status == 429 or status >= 500
        raise Refused(f"{self.title} refused: {said}", for_now=for_now, pause=min(pause, LONGEST_WAIT))

    def _told(self, error: object) -> str:
        """Return an error's text, redacted."""
        address = self.address.get_secret_value()
        parts = urlsplit(address)
        text = str(error)
        for secret in (address, f"{parts.path}?{parts.query}", parts.path, parts.query):
            if len(secret) > 1:
                text = text.replace(secret, "…")
        return plain(text, 200)
