"""Published limits are kept, and used in full."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler

import pytest

from dlt_pipelines.errors import TransientError
from dlt_pipelines.wire.budget import Budget, Limit
from tests.dlt_pipelines.conftest import Vendor, answer
from tests.dlt_pipelines.wire.conftest import client, replies


class _Window:
    """What a vendor counts: the most requests in any window, and at the same time."""

    def __init__(self) -> None:
        self.arrivals: list[float] = []
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()

    def __call__(self, handler: BaseHTTPRequestHandler, number: int) -> None:
        with self.lock:
            self.arrivals.append(time.monotonic())
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        time.sleep(0.005)
        with self.lock:
            self.at_once -= 1
        answer(handler, 200, b"{}")

    def fullest(self, seconds: float) -> int:
        return max(
            sum(1 for other in self.arrivals if start <= other < start + seconds) for start in self.arrivals
        )


def test_the_budget_is_never_exceeded_and_is_used(vendor: Vendor) -> None:
    vendor.reply = window = _Window()
    subject = client(vendor, budget=Budget({"": (Limit(20, 0.5),)}))
    began = time.monotonic()
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda _: subject.get("/x"), range(90)))
    assert window.fullest(0.5) == 20  # never more, and as many as allowed
    # 90 requests need four waits of half a second whatever the client does
    assert time.monotonic() - began >= 2.0
    assert subject.budget.waited_seconds > 0


def test_one_at_a_time(vendor: Vendor) -> None:
    vendor.reply = window = _Window()
    one = Limit(1, 0)
    subject = client(vendor, budget=Budget({"": (Limit(100, 1),), "tickets": (one,)}))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: subject.get("/x", lane="tickets"), range(20)))
    assert window.most_at_once == 1


def test_lanes_share_limits_and_the_long_chain_goes_first(vendor: Vendor) -> None:
    vendor.reply = replies((200, b"{}"))
    shared = Limit(1, 0.05)
    subject = client(vendor, budget=Budget({"": (shared,), "search": (shared, Limit(1, 0.1))}))
    subject.get("/first")
    subject.budget.pause(0.5)  # all three queue up before any of them may go
    done: list[int] = []
    waiting = [
        threading.Thread(target=lambda rank=rank: (subject.get("/x", rank=rank), done.append(rank)))
        for rank in (5, 5, 0)
    ]
    for thread in waiting:
        thread.start()
    for thread in waiting:
        thread.join()
    assert done == [0, 5, 5]


def test_a_used_up_hour_is_transient_instead_of_an_hour_of_silence(vendor: Vendor) -> None:
    vendor.reply = replies((200, b"{}"))
    subject = client(vendor, budget=Budget({"": (Limit(1, 3600),)}))
    subject.get("/x")
    with pytest.raises(TransientError, match="Vendor: the request budget is used up for 3"):
        subject.get("/x")
