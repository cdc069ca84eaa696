"""What all vendors of the sandbox share: the call and the answer, the clock, the limits, the faults on
request and the log.

A vendor is one module with the names of `Vendor`. It knows its wire contract and reads `World.view()`; it
knows nothing of HTTP servers, of other vendors, or of how the company's life came about.
"""

from __future__ import annotations

import bisect
import dataclasses
import re
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import orjson

from sandbox.engine.store import Store, View, to_ms


@dataclass(frozen=True)
class Call:
    """One request as a vendor sees it: `path` without the vendor's prefix, header names in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base_url: str
    raw_query: str = ""
    """The query as it came, for vendors that mind how it is encoded."""

    def json(self) -> Any:
        """The body as JSON; an empty body is {}.

        Raises:
            ValueError: the body is no JSON.
        """
        return orjson.loads(self.body) if self.body else {}


@dataclass
class Answer:
    """An answer: `body` is bytes, or anything that becomes JSON; None is an empty body."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json;charset=utf-8"

    def content(self) -> bytes:
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else orjson.dumps(self.body)


class Vendor(Protocol):
    """The shape of a vendor's module."""

    CREDENTIALS: dict[str, str]
    """Environment name -> the value that this vendor of the sandbox accepts."""

    OPEN_PATHS: str
    """Regular expression of the paths that need no credentials; empty: none."""

    ROWS: tuple[str, ...]
    """Keys under which a page holds its rows (the `empty_page` fault empties them)."""

    async def handle(self, world: World, call: Call) -> Answer:
        """Answer one call by the vendor's wire contract."""

    def refuse(self, world: World, call: Call, status: int) -> Answer:
        """The vendor's own body for an error status (401, 403, 429, 5xx)."""


class Clock:
    """The sandbox's clock: fixed at an instant, or real time if none is given."""

    def __init__(self, as_of: datetime | None) -> None:
        self.as_of = as_of

    def now(self) -> datetime:
        return (self.as_of or datetime.now(UTC)).astimezone(UTC)


class Limiter:
    """A rolling window of real time: at most `limit` calls in any `seconds`."""

    def __init__(self, limit: int, seconds: float) -> None:
        self.limit, self.seconds = limit, seconds
        self._calls: deque[float] = deque()

    def used(self) -> int:
        horizon = time.monotonic() - self.seconds
        while self._calls and self._calls[0] <= horizon:
            self._calls.popleft()
        return len(self._calls)

    def take(self) -> bool:
        """Count one call; False when the window is full (a refused call is not counted)."""
        if self.used() >= self.limit:
            return False
        self._calls.append(time.monotonic())
        return True


@dataclass
class Limits:
    """Published limits; the defaults are those of the smallest plan. `enforced=False` serves everything at
    once."""

    enforced: bool = True
    hubspot_burst: int = 100
    hubspot_search: int = 5
    autotask_hourly: int = 10_000
    autotask_threads: int = 3
    copper: int = 180
    justcall_hourly: int = 1_800
    justcall_burst: int = 30


ACTING = (
    "status", "wrong_key", "timeout", "reset", "truncated", "html", "empty_page", "repeated_page", "duplicates",
    "field_type", "field_gone", "field_new", "tick",
)  # fmt: skip
"""Kinds that answer a call in the place of the vendor, or spoil the vendor's answer."""

SWITCHES = ("missing_scopes", "hide_non_billable", "search_lag", "day_filters")
"""Kinds that a vendor asks for while it answers; they last until they are cleared."""


@dataclass
class Fault:
    """One fault on request; see `faults.py` for what each kind does."""

    source: str
    kind: str
    path: str = ""
    within: str = ""
    times: int | None = None
    skip: int = 0
    status: int = 500
    body: Any = None
    retry_after: str | None = None
    seconds: float = 30.0
    scopes: list[str] = dataclasses.field(default_factory=list)
    field: str = ""
    value: Any = None

    def __post_init__(self) -> None:
        if self.kind not in ACTING + SWITCHES:
            raise ValueError(f"unknown kind {self.kind!r}; there are {', '.join(ACTING + SWITCHES)}")
        re.compile(self.path)
        re.compile(self.within)

    def matches(self, source: str, path: str, asked: str = "") -> bool:
        return (
            self.source in (source, "*")
            and bool(re.search(self.path, path))
            and bool(re.search(self.within, asked))
        )


class Faults:
    """The faults that are switched on now."""

    def __init__(self) -> None:
        self.active: list[Fault] = []

    def take(self, source: str, path: str, asked: str = "") -> Fault | None:
        """The first acting fault for this call (`asked`: its query and body); counts it down and drops it
        when it is used up."""
        for fault in self.active:
            if fault.kind in ACTING and fault.matches(source, path, asked):
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self.active.remove(fault)
                return fault
        return None

    def switch(self, source: str, kind: str, path: str = "") -> Fault | None:
        """Return the switch of that kind, if it is on."""
        return next(
            (fault for fault in self.active if fault.kind == kind and fault.matches(source, path)), None
        )


@dataclass
class World:
    """Everything that an answer may depend on."""

    store: Store
    clock: Clock
    seed: int
    company: str
    limits: Limits = field(default_factory=Limits)
    faults: Faults = field(default_factory=Faults)
    databases: dict[str, str] = field(default_factory=dict)
    """Environment name -> address of the company's own databases."""
    last_pages: dict[tuple[Vendor, str], bytes] = field(default_factory=dict)
    """The newest answer per vendor and path, for faults that send it again."""
    memory: dict[str, Any] = field(default_factory=dict)
    """What vendors remember of their callers: tokens that are used up, claims that were made."""
    log: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=200_000))

    def __post_init__(self) -> None:
        self.instants = self.store.instants()
        self._views: dict[int, View] = {}
        self._limiters: dict[str, Limiter] = {}
        self.in_flight: dict[str, int] = {}
        self.calls = 0

    def open(self, vendor: str) -> None:
        """Let the company write its records for that vendor, unless it has."""
        if self.store.open(vendor):
            self.instants = self.store.instants()
            self._views.clear()

    def view(self, lag_seconds: float = 0.0) -> View:
        """The store at the clock (less a lag). Views are kept until something changes, so a page costs no
        more than its rows."""
        now = to_ms(self.clock.now()) - round(lag_seconds * 1000)
        epoch = bisect.bisect_right(self.instants, now)
        if epoch not in self._views:
            if len(self._views) >= 4:
                self._views.pop(next(iter(self._views)))
            self._views[epoch] = View(self.store, now)
        return self._views[epoch]

    def limiter(self, name: str, limit: int, seconds: float) -> Limiter:
        if name not in self._limiters:
            self._limiters[name] = Limiter(limit, seconds)
        return self._limiters[name]
