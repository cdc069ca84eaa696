"""The one HTTP client of all sources: budget, retries, time-outs, redaction, counters.

A source describes its vendor (`Vendor`) and then only calls `get` and `post`.

Retried with jitter, at most `TRIES` times: 408, 425, 429, 5xx, time-outs, broken connections, bodies that end
early, and bodies that are not JSON (a proxy's HTML page). `Retry-After` (seconds or a date) is honoured.
Everything else is permanent.
"""

from __future__ import annotations

import copy
import logging
import random
import threading
import time
import urllib.parse
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Generic

import orjson
import urllib3
from typing_extensions import TypeVar

from dlt_pipelines.errors import Gone, PermanentError, SourceError, TransientError
from dlt_pipelines.wire.budget import LONGEST_WAIT
from dlt_pipelines.wire.connection import Connection, Counters
from dlt_pipelines.wire.messages import Answer, Request, Retry, retry_after, sent_at
from dlt_pipelines.wire.paging import Complaint, no_complaint
from dlt_pipelines.wire.transport import CONNECT_SECONDS, USER_AGENT, open_pool
from dlt_pipelines.wire.vendor import Vendor
from foundation.progress import tell

log = logging.getLogger(__name__)

TRIES = 5

_RETRIED = {408, 423, 425, 429, 477, 500, 502, 503, 504, 520, 521, 522, 523, 524, 598, 599}

FactsT = TypeVar("FactsT", covariant=True, default=object)


class Client(Connection, Generic[FactsT]):
    """Talks to one vendor.

    Args:
        vendor: the API to ask, and how.
        facts: the source's own typed object: what it knows about its connection, and learns on the way.
        counters: shared with other clients of the same source, such as the one that fetches tokens.
    """

    def __init__(self, vendor: Vendor, facts: FactsT | None = None, counters: Counters | None = None) -> None:
        super().__init__(place=vendor.place, redact=vendor.redact, counters=counters or Counters())
        self.vendor, self.budget = vendor, vendor.budget
        self.facts: FactsT = facts  # type: ignore[assignment]  # None only where no facts are declared
        self._pool = open_pool(vendor.base_url, read=vendor.read_seconds)
        self._remembered: dict[str, Any] = {}
        self._stopped: Exception | None = None
        self._sent_at: datetime | None = None
        self._count = threading.Lock()
        self._once = threading.Lock()

    def get(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        lane: str = "",
        rank: int = 5,
        complaint: Complaint = no_complaint,
    ) -> Any:
        """GET `path` and parse the JSON answer. `rank`: see `Budget.slot`. `complaint`: returns what is wrong
        with an answer that contradicts itself; such an answer is retried."""
        query = urllib.parse.urlencode({k: v for k, v in (params or {}).items() if v is not None}, safe=",")
        return self._call(self._request("GET", f"{path}?{query}" if query else path), lane, rank, complaint)

    def get_once(self, path: str, *, lane: str = "", complaint: Complaint = no_complaint) -> Any:
        """Like `get`, but a second call for the same path answers from memory."""
        with self._once:
            if path not in self._remembered:
                self._remembered[path] = self.get(path, lane=lane, complaint=complaint)
            return self._remembered[path]

    def post(
        self, path: str, json: Any, *, lane: str = "", rank: int = 5, complaint: Complaint = no_complaint
    ) -> Any:
        """POST a JSON body to `path` and parse the JSON answer. Reads only, so it is retried like a GET."""
        request = self._request("POST", path, orjson.dumps(json), "application/json")
        return self._call(request, lane, rank, complaint)

    def form(
        self, path: str, fields: Mapping[str, str], *, lane: str = "", complaint: Complaint = no_complaint
    ) -> Any:
        """POST an HTML form to `path` (sign-ins and token requests) and parse the JSON answer."""
        body = urllib.parse.urlencode(fields).encode()
        request = self._request("POST", path, body, "application/x-www-form-urlencoded")
        return self._call(request, lane, 5, complaint)

    def again(self) -> Client[FactsT]:
        """Return this client for another run: it shares the budget and the facts, and forgets why the last
        run stopped."""
        other = copy.copy(self)
        other.counters, other._stopped, other._sent_at = Counters(), None, None
        return other

    @property
    def waited_seconds(self) -> float:
        return self.budget.waited_seconds

    def clock(self) -> datetime | None:
        """Return the time (UTC) in the first answer of this run, by the vendor's clock; None if the answer
        has none.

        Before the first answer, the host is asked for its headers only, without credentials.
        """
        if self._sent_at is None:
            parts = urllib.parse.urlsplit(self.vendor.base_url)
            with suppress(urllib3.exceptions.HTTPError):
                answer = self._pool.request(
                    "HEAD",
                    f"{parts.scheme}://{parts.netloc}/",
                    headers={"User-Agent": USER_AGENT},
                    timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=CONNECT_SECONDS),
                    retries=False,
                    redirect=False,
                )
                self._sent_at = sent_at(answer.headers)
        return self._sent_at

    def stop(self, error: Exception) -> None:
        self._stopped = self._stopped or error

    def _request(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> Request:
        if "://" in path.partition("?")[0] or path.startswith("//"):
            refused = f"refused to send credentials to {path}, which is not below {self.vendor.base_url}"
            raise PermanentError(self.redact(f"{self.vendor.label}: {refused}"))
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": USER_AGENT,
            **self.vendor.headers,
            **({"Content-Type": kind} if kind else {}),
        }
        return Request(method, self.vendor.base_url, path, headers, body)

    def _call(self, request: Request, lane: str, rank: int, complaint: Complaint) -> Any:
        """Send a request, with retries, and return the parsed answer."""
        for tries in range(1, TRIES + 1):
            try:
                answer = self._exchange(request, lane, rank)
            except urllib3.exceptions.HTTPError as error:
                verdict: Retry | SourceError = Retry(f"{type(error).__name__}: {error}")
            else:
                judged = self.vendor.judge(answer) or self._by_status(answer)
                if judged is None:
                    parsed = answer.json()
                    if parsed is None:
                        judged = self._not_json(answer)
                    elif wrong := complaint(parsed):
                        judged = Retry(wrong)
                    else:
                        return parsed
                verdict = judged
            if isinstance(verdict, SourceError):
                raise type(verdict)(self._about(request, str(verdict))) from None
            self._wait(request, verdict, tries)
        raise AssertionError("the last try returns or raises")

    def _exchange(self, request: Request, lane: str, rank: int) -> Answer:
        """Send the signed request and return its answer; the second answer if signing takes two."""
        flow = self.vendor.auth.flow(request)
        signed = next(flow)
        while True:
            answer = self._send(signed, lane, rank)
            try:
                signed = flow.send(answer)
            except StopIteration:
                return answer

    def _send(self, request: Request, lane: str, rank: int) -> Answer:
        if self._stopped:
            raise self._stopped
        url = f"{request.base_url}/{request.path.lstrip('/')}"
        if self.vendor.query:
            url += f"{'&' if '?' in url else '?'}{urllib.parse.urlencode(self.vendor.query)}"
        try:
            with self.budget.slot(lane, rank):
                with self._count:
                    self.counters.requests += 1
                    tell(f"{self.vendor.label} requests", self.counters.requests)
                response = self._pool.request(
                    request.method,
                    url,
                    body=request.body,
                    headers=request.headers,
                    retries=False,
                    redirect=False,
                )
        except TransientError as error:  # the budget's own: the vendor's hour is used up
            raise TransientError(f"{self.vendor.label}: {error}") from None
        self._sent_at = self._sent_at or sent_at(response.headers)
        return Answer(response.status, response.headers, response.data, request.path, self.redact)

    def _wait(self, request: Request, retry: Retry, tries: int) -> None:
        """Wait before the next try.

        Raises:
            TransientError: all tries are used, or the vendor asks for a longer wait than `LONGEST_WAIT`.
        """
        backoff = min(30.0, 0.5 * 2**tries) * self.vendor.patience * random.uniform(0.5, 1.0)
        wait = backoff if retry.seconds is None else retry.seconds
        if tries >= TRIES or wait > LONGEST_WAIT:
            asked = f"it asks to wait {wait:.0f} s" if wait > LONGEST_WAIT else f"{tries} tries"
            raise TransientError(self._about(request, f"{retry.text} ({asked}). Run it again later."))
        with self._count:
            self.counters.retries += 1
        if retry.everybody:
            self.budget.pause(wait)  # all requests wait in the queue
        else:
            self.budget.waited(wait)
            time.sleep(wait)

    def _about(self, request: Request, text: str) -> str:
        return self.redact(f"{self.vendor.label}: {request.name}: {text}")

    def _not_json(self, answer: Answer) -> Retry:
        # a broken answer may hold records, and errors are published: its text stays in the log
        if not self.vendor.discreet:
            log.info("%s: not JSON: %s", self.vendor.label, answer.start)
        if answer.body.strip() == b"null":
            return Retry("the answer is null, expected an object or a list")
        return Retry(
            f"not JSON but {len(answer.body)} bytes ({answer.headers.get('content-type', 'no content type')})"
        )

    def _by_status(self, answer: Answer) -> Retry | SourceError | None:
        status, says = answer.status, f"answers {answer.status}: {answer.start}"
        if 200 <= status < 300:
            return None
        if status in _RETRIED or status >= 500:
            return Retry(says, retry_after(answer.headers), everybody=status == 429)
        if 300 <= status < 400:
            location = answer.headers.get("location", "nowhere")
            return PermanentError(f"redirects ({status}) to {location}; set the right base address")
        match status:
            case 400 | 422:
                return Gone(says)
            case 404 | 410:
                text = f"not found (404): {answer.start}" if status == 404 else says
                hint = self.vendor.outdated(answer.path)
                return Gone(f"{text}. {hint}" if hint else text)
            case 401:
                return PermanentError(f"the credentials are not accepted (401). {self.vendor.way_out}")
            case 403:
                return PermanentError(
                    f"the credentials may not read this (403): {answer.start}. {self.vendor.way_out}"
                )
            case _:
                return PermanentError(says)
