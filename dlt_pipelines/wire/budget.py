"""Rate limits: delay each request so that a vendor's published limits are never exceeded."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from dlt_pipelines.errors import TransientError

LONGEST_WAIT = 600.0
"""Seconds. If a vendor asks for a longer pause, the run ends and the next one continues."""


@dataclass
class Limit:
    """At most `most` requests that run now or ended within the last `seconds`. `Limit(1, 0)`: one at a time.

    A request counts until `seconds` after its *answer*. It reached the vendor before the answer left, so no
    window that the vendor measures holds more than `most` requests, however long they travel.
    """

    most: int
    seconds: float
    _busy: int = field(default=0, repr=False)
    _ended: deque[float] = field(default_factory=deque, repr=False)

    def room_in(self, now: float) -> float | None:
        """Seconds until there is room (0: now); None: when a running request ends."""
        while self._ended and self._ended[0] <= now - self.seconds:
            self._ended.popleft()
        if self._busy + len(self._ended) < self.most:
            return 0.0
        return self._ended[0] + self.seconds - now if self._ended else None


class Budget:
    """The limits of one vendor: every request waits for a slot in its lane.

    `lanes`: name -> the limits that a request of that lane counts against; "" is the default lane. Lanes may
    share limits. Without `lanes`: one request at a time.
    """

    def __init__(self, lanes: Mapping[str, tuple[Limit, ...]] | None = None) -> None:
        self.lanes = lanes or {"": (Limit(1, 0),)}
        self._ready = threading.Condition()
        self._waiting: list[tuple[int, int, str]] = []
        self._order = itertools.count()
        self._paused_until = 0.0
        self.waited_seconds = 0.0

    @contextmanager
    def slot(self, lane: str, rank: int) -> Iterator[None]:
        """Wait for a slot and hold it while the request runs. A lower `rank` goes first: give it to the
        longest chain of pages, which decides how long a load takes."""
        self._take(lane, rank)
        try:
            yield
        finally:
            with self._ready:
                for limit in self.lanes[lane]:
                    limit._busy -= 1
                    limit._ended.append(time.monotonic())
                self._ready.notify_all()

    def pause(self, seconds: float) -> None:
        """Start no request of any lane for `seconds`: the vendor asked for a pause."""
        with self._ready:
            self._paused_until = max(self._paused_until, time.monotonic() + seconds)

    def waited(self, seconds: float) -> None:
        """Add a wait that happened elsewhere to `waited_seconds`."""
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
                for limit in self.lanes[lane]:
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
            waits = [limit.room_in(now) for limit in self.lanes[other[2]]]
            known = [wait for wait in waits if wait is not None]
            if other == me:
                return None if len(known) < len(waits) else max(known, default=0.0)
            if not any(wait != 0 for wait in waits):
                return None  # someone before me can go and will wake me
        raise AssertionError("a waiting request is always in the list")
