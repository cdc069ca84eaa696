"""The one HTTP client of all sources: rate budget, retries, time-outs, redaction, counters.

A source describes its vendor as data (`Budget` per lane, a `judge` for the vendor's own error bodies) and
then only calls `get`/`post`. urllib3 is used directly: it follows no redirect, reads no netrc and knows no
hidden retry, so credentials go to the configured host and nowhere else.

Retried, with jitter, at most `TRIES` times: 408, 425, 429, 5xx, time-outs, connections that break, bodies
that end early, and bodies that are no JSON (a proxy's HTML page). `Retry-After` (seconds or a date) is
honoured. Everything else is permanent.
"""

from __future__ import annotations

import copy
import email.utils
import functools
import heapq
import itertools
import json
import random
import ssl
import threading
import time
import urllib.parse
import urllib.request
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import certifi
import orjson
import urllib3

from dlt_pipelines.errors import Gone, PermanentError, SourceError, TransientError, Unexpected
from dlt_pipelines.wire.credentials import Redactor
from foundation import __version__

TRIES = 5
CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
LONGEST_WAIT = 600.0
"""A vendor that asks for a longer pause is left alone; the next run continues."""

_QUOTED = 10_000
"""Bytes of an answer from which an error text is cut."""
_USER_AGENT = f"scoreline/{__version__}"
_RETRIED = {408, 423, 425, 429, 477, 500, 502, 503, 504, 520, 521, 522, 523, 524, 598, 599}


@dataclass
class Limit:
    """At most `most` requests at once or ended within the last `seconds`. `Limit(1, 0)`: one request at a
    time.

    A request counts until `seconds` after its *answer*: it reached the vendor some time before that, so no
    window of the vendor's own can hold more than `most`, however long requests travel.
    """

    most: int
    seconds: float
    _busy: int = field(default=0, repr=False)
    _ended: deque[float] = field(default_factory=deque, repr=False)

    def room_in(self, now: float) -> float | None:
        """Seconds until there is room (0: now); None: not before a running request ends."""
        while self._ended and self._ended[0] <= now - self.seconds:
            self._ended.popleft()
        if self._busy + len(self._ended) < self.most:
            return 0.0
        return self._ended[0] + self.seconds - now if self._ended else None


class Budget:
    """A vendor's published limits, kept by design: every request takes a slot in its lane and waits until
    there is one.

    `lanes`: name -> the limits a request of that lane counts against; "" is the default lane. Limits may be
    shared by lanes.
    """

    def __init__(self, lanes: Mapping[str, tuple[Limit, ...]]) -> None:
        self._lanes = lanes
        self._ready = threading.Condition()
        self._waiting: list[tuple[int, int, str]] = []
        self._order = itertools.count()
        self._paused_until = 0.0
        self.waited_seconds = 0.0

    @contextmanager
    def slot(self, lane: str, rank: int) -> Iterator[None]:
        """Wait for a slot and hold it while the request runs. A lower `rank` goes first: the longest chain of
        pages sets the pace."""
        self._take(lane, rank)
        try:
            yield
        finally:
            with self._ready:
                for limit in self._lanes[lane]:
                    limit._busy -= 1
                    limit._ended.append(time.monotonic())
                self._ready.notify_all()

    def pause(self, seconds: float) -> None:
        """The vendor asked for quiet: no request of any lane starts for so long."""
        with self._ready:
            self._paused_until = max(self._paused_until, time.monotonic() + seconds)

    def waited(self, seconds: float) -> None:
        """Count a wait that happened elsewhere."""
        with self._ready:
            self.waited_seconds += seconds

    def _take(self, lane: str, rank: int) -> None:
        me = (rank, next(self._order), lane)
        began = time.monotonic()
        with self._ready:
            heapq.heappush(self._waiting, me)
            try:
                while (wait := self._my_turn_in(me)) != 0:
                    if wait is not None and wait > LONGEST_WAIT:
                        raise TransientError(
                            f"the request budget is used up for {wait:.0f} s; run again later"
                        )
                    self._ready.wait(wait)
                for limit in self._lanes[lane]:
                    limit._busy += 1
            finally:
                self._waiting.remove(me)
                heapq.heapify(self._waiting)
                self.waited_seconds += time.monotonic() - began
                self._ready.notify_all()

    def _my_turn_in(self, me: tuple[int, int, str]) -> float | None:
        now = time.monotonic()
        if self._paused_until > now:
            return self._paused_until - now
        for other in sorted(self._waiting):
            waits = [limit.room_in(now) for limit in self._lanes[other[2]]]
            known = [wait for wait in waits if wait is not None]
            if other == me:
                return None if len(known) < len(waits) else max(known, default=0.0)
            if not any(wait != 0 for wait in waits):
                return None  # someone before me can go and will wake me
        raise AssertionError("a waiting request is always in the list")


@dataclass
class Counters:
    """What a client did, for run metadata."""

    requests: int = 0
    retries: int = 0


@dataclass(frozen=True)
class Answer:
    """One answer of a vendor, before it is judged."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    path: str
    redact: Redactor = field(default_factory=Redactor)

    def json(self) -> Any:
        """The parsed body; None where it is no JSON."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return _leniently(self.body)

    @property
    def start(self) -> str:
        """The first characters without secrets, for an error text."""
        return self.redact.cut(self.body[:_QUOTED].decode("utf-8", "replace"), 200) or "an empty body"


def _leniently(body: bytes) -> Any:
    """JSON that only a strict reader refuses: half an emoji, a byte in another encoding, a number beyond all
    bounds. One such value must not make the whole answer unreadable; what it becomes in a column is up to
    `records`. None: it is no JSON to anybody.
    """
    try:
        # int() refuses very long texts of digits
        return json.loads(
            body.decode("utf-8", "replace"),
            strict=False,
            parse_int=lambda text: int(text) if len(text) < 4000 else text,
        )
    except (ValueError, RecursionError):
        return None


@dataclass(frozen=True)
class Retry:
    """A judgement: try again, after `seconds` if the vendor named them. `everybody`: hold the other requests
    back too."""

    text: str
    seconds: float | None = None
    everybody: bool = False


Judge = Callable[[Answer], "Retry | SourceError | None"]
"""A vendor's reading of an answer: try again, stop with this error, or None: it is as the status says."""


Complaint = Callable[[Any], "str | None"]


class Client:
    """A vendor's API under one base address.

    Args:
        label: the vendor's name in error texts.
        base_url: all paths are below it.
        headers: sent with each request; hold the credentials.
        query: sent with each request in the query string, for vendors that want their key there.
        authorise: headers asked for at each request, for tokens that run out (`Bearer.headers`).
        discreet: answers may hold other people's secrets; no error quotes one that was a success.
        patience: seconds to wait before the second try, about; each further wait is twice as long.
        way_out: what a person can do when the credentials are refused.
        place: "sandbox" or "account", so that their data never mix.
        outdated: path -> what helps where the vendor has ended the version of the API that the path is asked
        in; told at 404 and 410. unauthorised: what to do at 401 before giving up; True: try once more (an
        expired token was renewed, a zone found again).
    """

    def __init__(
        self,
        label: str,
        base_url: str,
        *,
        headers: Mapping[str, str],
        budget: Budget,
        redact: Redactor,
        query: Mapping[str, str] | None = None,
        authorise: Callable[[], Mapping[str, str]] = dict,
        judge: Judge = lambda _: None,
        unauthorised: Callable[[], bool] | None = None,
        read_seconds: float = READ_SECONDS,
        patience: float = 1.0,
        discreet: bool = False,
        way_out: str = "",
        place: str = "account",
        outdated: Callable[[str], str] = lambda path: "",
    ) -> None:
        self.place = place
        self.label, self.base_url, self.budget, self.redact = label, base_url.rstrip("/"), budget, redact
        self.counters = Counters()
        self._headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": _USER_AGENT,
            **headers,
        }
        self._query = urllib.parse.urlencode(query or {})
        self._authorise = authorise
        self._judge, self._unauthorised, self._way_out, self._patience = (
            judge,
            unauthorised,
            way_out,
            patience,
        )
        self._discreet, self._outdated = discreet, outdated
        self._pool = _pool(self.base_url, urllib3.Timeout(connect=CONNECT_SECONDS, read=read_seconds))
        self._remembered: dict[str, Any] = {}
        self._stopped: Exception | None = None
        self._told_at: datetime | None = None
        self.facts: dict[str, Any] = {}
        """What a source's `connect()` learned and its resources need."""
        self._count = threading.Lock()
        self._once = threading.Lock()

    def get(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        lane: str = "",
        rank: int = 5,
        complaint: Complaint = lambda _: None,
    ) -> Any:
        """GET `path` and parse the JSON answer. `complaint`: what is wrong with an answer that contradicts
        itself; it is asked again."""
        query = urllib.parse.urlencode({k: v for k, v in (params or {}).items() if v is not None}, safe=",")
        return self._call("GET", f"{path}?{query}" if query else path, None, lane, rank, complaint)

    def get_once(self, path: str, *, lane: str = "", complaint: Complaint = lambda _: None) -> Any:
        """Like `get`, but a second call for the same path answers from memory."""
        with self._once:
            if path not in self._remembered:
                self._remembered[path] = self.get(path, lane=lane, complaint=complaint)
            return self._remembered[path]

    def post(
        self, path: str, json: Any, *, lane: str = "", rank: int = 5, complaint: Complaint = lambda _: None
    ) -> Any:
        """POST a JSON body to `path` and parse the JSON answer. Used for reading only, so it is retried like
        a GET."""
        return self._call("POST", path, orjson.dumps(json), lane, rank, complaint)

    def form(
        self, path: str, fields: Mapping[str, str], *, lane: str = "", complaint: Complaint = lambda _: None
    ) -> Any:
        """POST an HTML form to `path` (sign-ins and token requests) and parse the JSON answer."""
        kind = "application/x-www-form-urlencoded"
        return self._call("POST", path, urllib.parse.urlencode(fields).encode(), lane, 5, complaint, kind)

    def anew(self) -> Client:
        """The same for another run: shares the budget and what was learned, and forgets why the last run
        stopped."""
        other = copy.copy(self)
        other.counters, other._stopped, other._told_at = Counters(), None, None
        return other

    def clock(self) -> datetime | None:
        """What the vendor's clock said in the first answer of this run, UTC; None where it says nothing.

        Before the first answer the host is asked for nothing but its headers, without credentials.
        """
        if self._told_at is None:
            parts = urllib.parse.urlsplit(self.base_url)
            with suppress(urllib3.exceptions.HTTPError):
                root = f"{parts.scheme}://{parts.netloc}/"
                timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=CONNECT_SECONDS)
                answer = self._pool.request(
                    "HEAD",
                    root,
                    headers={"User-Agent": _USER_AGENT},
                    timeout=timeout,
                    retries=False,
                    redirect=False,
                )
                self._told_at = told_at(answer.headers)
        return self._told_at

    def stop(self, error: Exception) -> None:
        """Another thread met `error` and the run ends: every further request raises it instead of asking the
        vendor."""
        self._stopped = self._stopped or error

    def _call(
        self,
        method: str,
        path: str,
        body: bytes | None,
        lane: str,
        rank: int,
        complaint: Complaint,
        kind: str = "application/json",
    ) -> Any:
        if "://" in path.partition("?")[0] or path.startswith("//"):
            raise PermanentError(
                self.redact(
                    f"{self.label}: refused to send credentials to {path}, which is not below {self.base_url}"
                )
            )
        renewed = False
        tries = 0
        while True:
            if self._stopped:
                raise self._stopped
            try:
                with self.budget.slot(lane, rank):
                    answer = self._send(method, path, body, kind)
            except TransientError as error:  # the budget's own: the vendor's hour is used up
                raise TransientError(f"{self.label}: {error}") from None
            except urllib3.exceptions.HTTPError as error:
                verdict: Retry | SourceError = Retry(f"{type(error).__name__}: {error}")
            else:
                if answer.status == 401 and not renewed and self._unauthorised and self._unauthorised():
                    renewed = True
                    continue
                judged = self._judge(answer) or self._by_status(answer)
                if judged is None:
                    parsed = answer.json()
                    if parsed is None:
                        start = f"{len(answer.body)} bytes" if self._discreet else repr(answer.start)
                        judged = Retry(
                            f"no JSON but {start} ({answer.headers.get('content-type', 'no content type')})"
                        )
                    elif wrong := complaint(parsed):
                        judged = Retry(wrong)
                    else:
                        return parsed
                verdict = judged
            if isinstance(verdict, SourceError):
                text = self.redact(f"{self.label}: {method} {path.partition('?')[0]}: {verdict}")
                raise type(verdict)(text) from None
            tries += 1
            wait = (
                verdict.seconds
                if verdict.seconds is not None
                else min(30.0, 0.5 * 2**tries) * self._patience * random.uniform(0.5, 1.0)
            )
            if tries >= TRIES or wait > LONGEST_WAIT:
                asked = f"it asks to wait {wait:.0f} s" if wait > LONGEST_WAIT else f"{tries} tries"
                raise TransientError(
                    self.redact(
                        f"{self.label}: {method} {path.partition('?')[0]}: {verdict.text} ({asked}). Run it"
                        " again later."
                    )
                ) from None
            with self._count:
                self.counters.retries += 1
            if verdict.everybody:
                self.budget.pause(wait)  # waited for in the queue, by all requests
            else:
                self.budget.waited(wait)
                time.sleep(wait)

    def _send(self, method: str, path: str, body: bytes | None, kind: str) -> Answer:
        headers = {
            **self._headers,
            **({"Content-Type": kind} if body is not None else {}),
            **self._authorise(),
        }
        with self._count:
            self.counters.requests += 1
        url = f"{self.base_url}/{path.lstrip('/')}"
        if self._query:
            url += f"{'&' if '?' in url else '?'}{self._query}"
        response = self._pool.request(method, url, body=body, headers=headers, retries=False, redirect=False)
        self._told_at = self._told_at or told_at(response.headers)
        return Answer(response.status, response.headers, response.data, path, self.redact)

    def _by_status(self, answer: Answer) -> Retry | SourceError | None:
        status = answer.status
        if 200 <= status < 300:
            return None
        if status in _RETRIED or status >= 500:
            return Retry(
                f"answers {status}: {answer.start}", retry_after(answer.headers), everybody=status == 429
            )
        ways = {
            401: f"the credentials are not accepted (401). {self._way_out}",
            403: f"the credentials may not read this (403): {answer.start}. {self._way_out}",
        }
        if status in (400, 404, 410, 422):
            told = (
                f"not found (404): {answer.start}" if status == 404 else f"answers {status}: {answer.start}"
            )
            hint = self._outdated(answer.path) if status in (404, 410) else ""
            return Gone(f"{told}. {hint}" if hint else told)
        if 300 <= status < 400:
            return PermanentError(
                f"redirects ({status}) to {answer.headers.get('location', 'nowhere')}; set the right base"
                " address"
            )
        return PermanentError(ways.get(status, f"answers {status}: {answer.start}"))


def told_at(headers: Mapping[str, str]) -> datetime | None:
    """The instant at which an answer was sent, by the vendor's clock (`Date`, and `Age` where a cache
    answered); None without one."""
    age = headers.get("age") or "0"
    try:
        sent = email.utils.parsedate_to_datetime(headers.get("date") or "")
        return sent.astimezone(UTC) + timedelta(seconds=int(age) if age.isdigit() else 0)
    except (ValueError, OverflowError):
        return None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a `Retry-After` header (seconds or HTTP date) asks for; None without one."""
    value = headers.get("retry-after")
    if not value:
        return None
    with suppress(ValueError):
        return max(0.0, float(value))
    try:
        until = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return seconds_until(until.timestamp(), headers)


def seconds_until(instant: float, headers: Mapping[str, str]) -> float:
    """Seconds until an instant (since 1970) that an answer names, by the clock of whoever sent it: ours may
    be another one."""
    return max(0.0, instant - (told_at(headers) or datetime.now(UTC)).timestamp())


@functools.cache
def _tls() -> ssl.SSLContext:
    """The machine's certificate authorities and certifi's; reading them takes a tenth of a second, so once a
    process."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _pool(base_url: str, timeout: urllib3.Timeout) -> urllib3.PoolManager:
    options: dict[str, Any] = {"timeout": timeout, "maxsize": 32, "ssl_context": _tls(), "retries": False}
    parts = urllib.parse.urlsplit(base_url)
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy and not urllib.request.proxy_bypass(parts.hostname or ""):
        return urllib3.ProxyManager(proxy, **options)
    return urllib3.PoolManager(**options)


def post_once(url: str) -> Answer:
    """POST nothing to a whole address, once: no retry and no redirect, for what is good one time only.

    Raises:
        urllib3.exceptions.HTTPError: no answer came, or not all of it.
    """
    headers = {"Content-Length": "0", "User-Agent": _USER_AGENT}
    pool = _pool(url, urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS))
    response = pool.request("POST", url, body=b"", headers=headers, retries=False, redirect=False)
    return Answer(response.status, response.headers, response.data, urllib.parse.urlsplit(url).path)


Page = TypeVar("Page")


def capped(pages: Iterable[Page], most: int, what: str) -> Iterator[Page]:
    """Pass pages through and stop a paginator that never ends.

    Raises:
        PermanentError: more than `most` pages.
    """
    for number, page in enumerate(pages, 1):
        if number > most:
            raise PermanentError(
                f"{what}: more than {most} pages; the vendor's paging seems stuck. Report it with this text."
            )
        yield page


def listed(pages: Callable[[], Iterable[Page]], what: str, most: int = 100_000) -> Iterator[Page]:
    """Pages of a listing, at most `most` of them. A page token may expire on the way: when a page after the
    first is refused, the listing begins again, once. Rows that come twice are merged by their key.

    Raises:
        PermanentError: paging seems stuck, or a page is refused in the second try too.
    """
    for attempt in (1, 2):
        number = 0
        try:
            for page in capped(pages(), most, what):
                number += 1
                yield page
            return
        except Gone:
            if number == 0 or attempt == 2:
                raise


def once(complaint: Complaint) -> Complaint:
    """A complaint about something that is odd but may be true: made once; an answer that comes the same way
    again is believed."""
    made = False

    def doubt(answer: Any) -> str | None:
        nonlocal made
        if made:
            return None
        wrong = complaint(answer)
        made = wrong is not None
        return wrong

    return doubt


class Bearer:
    """An access token: fetched when first needed, again shortly before it runs out, and when the vendor
    refuses it.

    Args:
        fetch: asks the vendor; returns the token and the seconds for which it is good.
        redact: learns every token.
        header, prefix: how the token travels.

    Give `headers` to `Client(authorise=)` and `renew` to `Client(unauthorised=)`.
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
        self._lock, self._used = threading.Lock(), threading.local()
        self._token, self._good_until = "", 0.0
        self._refused: PermanentError | None = None

    def headers(self) -> dict[str, str]:
        """The header of a request made now."""
        with self._lock:
            if time.monotonic() > self._good_until - 60:
                self._renew()
            self._used.token = self._token
            return {self._header: f"{self._prefix}{self._token}"}

    def renew(self) -> bool:
        """The vendor refused the token of this thread: fetch another one, unless another thread has. True:
        try once more."""
        with self._lock:
            if getattr(self._used, "token", self._token) == self._token:
                self._renew()
        return True

    def _renew(self) -> None:
        if (
            self._refused
        ):  # tables are read side by side: a wrong key is tried once, not once for each of them
            raise self._refused
        try:
            self._token, seconds = self._fetch()
        except PermanentError as error:
            self._refused = error
            raise
        self._redact.learn(self._token)
        self._good_until = time.monotonic() + max(seconds, 120.0)


def expect(answer: Any, kind: type | tuple[type, ...], what: str, *keys: str) -> Any:
    """`answer[keys...]`, checked to be a `kind`.

    Raises:
        Unexpected: the answer has another shape; says what was expected and what came.
    """
    value = answer
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, kind):
        kinds = " or ".join(k.__name__ for k in (kind if isinstance(kind, tuple) else (kind,)))
        came = ", ".join(map(str, answer)) if isinstance(answer, dict) else type(answer).__name__
        where = ".".join(keys) or "the answer"
        raise Unexpected(
            f"{what}: expected {where} to be a {kinds}, but the answer has: {came[:200] or 'nothing'}"
        )
    return value


def entries(
    answer: Any, what: str, *keys: str, beside: Collection[str] | None = None
) -> list[dict[str, Any]]:
    """The objects in the list at `answer[keys...]`.

    Args:
        answer: an answer, or an object inside of one.
        what: named in the error.
        keys: where the list is; without them the answer is the list.
        beside: the vendor leaves the list out (or writes null) when it is empty; then nothing but these
            fields may be beside it. None: the list is always there.

    Raises:
        Unexpected: the answer has another shape. What nobody knows is never an empty list. The text holds
        names only.
    """
    holder = answer
    for key in keys[:-1]:
        holder = holder.get(key) if isinstance(holder, dict) else None
    if (
        beside is not None
        and isinstance(holder, dict)
        and holder.get(keys[-1]) is None
        and holder.keys() - {keys[-1]} <= set(beside)
    ):
        return []
    found: list[dict[str, Any]] = expect(holder, list, what, *keys[-1:])
    if strange := next((type(one).__name__ for one in found if not isinstance(one, dict)), None):
        raise Unexpected(
            f"{what}: expected every entry of {'.'.join(keys) or 'the answer'} to be an object, got {strange}"
        )
    return found
