"""How a message into a channel leaves: one POST to its incoming webhook.

A webhook knows no key that would make a second request harmless. So everything up to the last byte may be
tried again, and after it only what the server says counts. Whoever knows the address can post there: no
error names more of it than its host.
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
"""Seconds that the server may take for one answer."""
LONGEST_WAIT = timedelta(hours=1)
"""A server that asks for a longer pause is asked again after this."""
_MOST_READ = 4_000
"""Bytes of an answer."""
_NOBODY_KNOWS = frozenset({408, 502, 504})
"""A gateway says that it heard nothing: what is behind it may have taken the message."""


@dataclass(frozen=True)
class Webhook:
    """The incoming webhook of a channel. `name`: `slack` or `teams`; `title`: as people call it."""

    name: str
    title: str
    address: SecretStr

    def send(self, post: Post, intend: Callable[[], None]) -> None:
        """Hand a message over. `intend` is called right before its last byte.

        Raises:
            Refused: it certainly was not taken.
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
        """A connection on which all but the last byte is sent."""
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
        # Teams' older webhooks say no with 200
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
        """Another's words, without what only we may know."""
        address = self.address.get_secret_value()
        parts = urlsplit(address)
        text = str(error)
        for secret in (address, f"{parts.path}?{parts.query}", parts.path, parts.query):
            if len(secret) > 1:
                text = text.replace(secret, "…")
        return plain(text, 200)
