"""What every request and answer passes: the address that was asked, where a change comes from, how large it
is, and the headers that keep a browser from doing more with an answer than show it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

from reports.look.document import policy

LARGEST_BODY = 256 * 1024
"""Bytes of a request."""
READS = frozenset({"GET", "HEAD", "OPTIONS"})

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

HEADERS = {
    "content-security-policy": f"{policy(served=True)}; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}


class _TooLarge(Exception):
    """The request has more bytes than it may have."""


class Guard:
    """`origins`: the addresses under which the portal may be opened, such as `http://127.0.0.1:8600`.
    `failed`: what is answered where nobody expected an error."""

    def __init__(self, app: App, origins: frozenset[str], failed: Callable[[Scope, Exception], App]) -> None:
        self.app = app
        self.failed = failed
        self.origins = origins
        self.hosts = {urlsplit(origin).netloc for origin in origins}
        self.headers = dict(HEADERS)
        if any(origin.startswith("https://") for origin in origins):
            self.headers["strict-transport-security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        asked = Headers(scope=scope)
        started = False

        async def answer(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
            await send(message)

        read = 0

        async def limited() -> MutableMapping[str, Any]:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > LARGEST_BODY:
                raise _TooLarge
            return message

        if refusal := self._refusal(scope, asked):
            await refusal(scope, receive, answer)
            return
        try:
            await self.app(scope, limited, answer)
        except _TooLarge:
            if not started:
                await _too_large(scope, receive, answer)
        except Exception as error:
            if started:
                raise
            await self.failed(scope, error)(scope, receive, answer)

    def _refusal(self, scope: Scope, asked: Headers) -> App | None:
        if asked.get("host", "") not in self.hosts:
            known = " or ".join(sorted(self.origins))
            return PlainTextResponse(f"Open the portal at {known} (access.portal_url in company.toml).", 421)
        length = asked.get("content-length", "0")
        if not length.isdecimal() or int(length) > LARGEST_BODY:
            return _too_large
        # programs have no cookies that a foreign page could use
        if scope["method"] in READS or asked.get("authorization", "").startswith("Bearer "):
            return None
        if not self._is_own(asked):
            return PlainTextResponse("This form was not sent from the portal. Open the page again.", 403)
        return None

    def _is_own(self, asked: Headers) -> bool:
        """Whether a change comes from a page of the portal, as the browser says."""
        if asked.get("sec-fetch-site", "same-origin") != "same-origin":
            return False
        origin = asked.get("origin")
        if origin is None:
            address = urlsplit(asked.get("referer", ""))
            origin = f"{address.scheme}://{address.netloc}"
        return origin in self.origins


_too_large = PlainTextResponse(f"The request is too large, at most {LARGEST_BODY // 1024} KB.", 413)
