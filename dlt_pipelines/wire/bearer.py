"""How requests are signed, and how access tokens are renewed.

`Auth.flow` works as httpx's `Auth.auth_flow` does: it receives a request, yields it signed, receives the
answer, and may yield the request once more, signed again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator

from dlt_pipelines.errors import PermanentError
from dlt_pipelines.wire.messages import Answer, Request
from dlt_pipelines.wire.redaction import Redactor

Flow = Generator[Request, Answer, None]


class Auth:
    """Sends requests as they are: their headers already hold the credentials, or none are needed."""

    def flow(self, request: Request) -> Flow:
        """One exchange. Runs in the thread of the request; several run at once."""
        yield request


class Bearer(Auth):
    """An access token: fetched at the first request, again shortly before it expires, and when the vendor
    answers 401.

    Args:
        fetch: asks the vendor; returns the token and the seconds it is valid.
        redact: learns every token.
        header, prefix: how the token is sent.
    """

    def __init__(
        self,
        fetch: Callable[[], tuple[str, float]],
        redact: Redactor,
        *,
        header: str = "Authorization",
        prefix: str = "Bearer ",
    ) -> None:
        self._fetch, self._redact, self._header, self._prefix = fetch, redact, header, prefix
        self._lock = threading.Lock()
        self._token, self._valid_until = "", 0.0
        self._unproven = False
        self._error: PermanentError | None = None

    def flow(self, request: Request) -> Flow:
        """Sign with the current token; after a 401, sign once more with another token."""
        token = self._current()
        request.headers[self._header] = f"{self._prefix}{token}"
        answer = yield request
        if answer.status == 401 and self._replaced(token):
            request.headers[self._header] = f"{self._prefix}{self._current()}"
            answer = yield request
        if answer.status != 401:
            self._unproven = False

    def _current(self) -> str:
        with self._lock:
            if time.monotonic() > self._valid_until - 60:
                self._renew()
            return self._token

    def _replaced(self, refused: str) -> bool:
        """Whether there is another token than the refused one. Another thread may have fetched it already. A
        token that replaced a refused one must work once before it is replaced too."""
        with self._lock:
            if self._token == refused:
                if self._unproven:
                    return False
                self._renew()
                self._unproven = True
            return True

    def _renew(self) -> None:
        if self._error:  # tables are read in parallel: a wrong key is tried once, not once per table
            raise self._error
        try:
            self._token, seconds = self._fetch()
        except PermanentError as error:
            self._error = error
            raise
        self._redact.learn(self._token)
        self._valid_until = time.monotonic() + max(seconds, 120.0)
