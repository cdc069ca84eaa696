"""The client against a real server on loopback: retries, waits, budget, redaction."""

from __future__ import annotations

import base64
import email.utils
import html
import json
import logging
import re
import socket
import struct
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import quote, quote_plus, unquote

import pytest

from dlt_pipelines.errors import PermanentError, TransientError
from dlt_pipelines.wire import client as http
from dlt_pipelines.wire.client import Budget, Client, Limit, capped, expect
from dlt_pipelines.wire.credentials import HIDDEN, Redactor, redacted_logs
from tests.dlt_pipelines.conftest import Vendor, answer

SECRET = "canary-4f1c/9+secret"


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jittered back-off without the waiting; what a vendor asks for is still waited."""
    monkeypatch.setattr(http.random, "uniform", lambda low, high: 0.01)


def client(vendor: Vendor, budget: Budget | None = None, **more: Any) -> Client:
    return Client(
        "Vendor",
        vendor.url,
        headers={"Authorization": f"Bearer {SECRET}"},
        budget=budget or Budget({"": (Limit(100, 1),)}),
        redact=Redactor([SECRET]),
        **more,
    )


def replies(*answers: tuple[int, bytes] | tuple[int, bytes, dict[str, str]]) -> Any:
    """One answer per call; the last one again and again."""

    def reply(handler: BaseHTTPRequestHandler, number: int) -> None:
        status, body, *headers = answers[min(number, len(answers)) - 1]
        answer(handler, status, body, **(headers[0] if headers else {}))

    return reply


def test_json_is_parsed_and_secrets_travel_only_in_headers(vendor: Vendor) -> None:
    vendor.reply = replies((200, b'{"a": [1]}'))
    assert client(vendor).get("/things", {"q": "x y", "none": None}) == {"a": [1]}
    _, method, path, headers = vendor.seen[0]
    assert (method, path) == ("GET", "/things?q=x+y")
    assert headers["Authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 524])
def test_transient_statuses_are_tried_again(vendor: Vendor, status: int) -> None:
    vendor.reply = replies((status, b"busy"), (status, b"busy"), (200, b'{"ok": 1}'))
    subject = client(vendor)
    assert subject.get("/x") == {"ok": 1}
    assert (subject.counters.requests, subject.counters.retries) == (3, 2)


def test_a_vendor_that_stays_down_is_transient_and_tried_a_bounded_number_of_times(vendor: Vendor) -> None:
    vendor.reply = replies((503, b"down"))
    with pytest.raises(TransientError, match="Vendor: GET /x: answers 503: down"):
        client(vendor).get("/x")
    assert len(vendor.seen) == http.TRIES


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 422])
def test_permanent_statuses_are_tried_once(vendor: Vendor, status: int) -> None:
    vendor.reply = replies((status, b'{"message": "no"}'))
    with pytest.raises(PermanentError, match=str(status)):
        client(vendor).get("/x")
    assert len(vendor.seen) == 1


@pytest.mark.parametrize("as_date", [False, True])
def test_retry_after_is_honoured(vendor: Vendor, as_date: bool) -> None:
    wait = (
        email.utils.format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True) if as_date else "1"
    )
    vendor.reply = replies((429, b"slow down", {"Retry_After": wait}), (200, b"{}"))
    subject = client(vendor)
    subject.get("/x")
    assert vendor.seen[1][0] - vendor.seen[0][0] >= (0.9 if not as_date else 0.5)
    assert subject.budget.waited_seconds > 0.4


def test_a_429_holds_the_other_requests_back_too(vendor: Vendor) -> None:
    vendor.reply = replies((429, b"slow down", {"Retry_After": "1"}), (200, b"{}"))
    subject = client(vendor)
    first = threading.Thread(target=subject.get, args=("/first",))
    first.start()
    while not vendor.seen or subject.counters.retries == 0:
        time.sleep(0.01)
    subject.get("/second")
    first.join()
    assert min(call[0] for call in vendor.seen[1:]) - vendor.seen[0][0] >= 0.9


def test_a_pause_longer_than_ours_ends_the_run_politely(vendor: Vendor) -> None:
    vendor.reply = replies((429, b"tomorrow", {"Retry_After": "86400"}))
    with pytest.raises(TransientError, match="asks to wait 86400 s"):
        client(vendor).get("/x")
    assert len(vendor.seen) == 1


def _reset(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"half":')
    handler.wfile.flush()
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    for end in (handler.rfile, handler.wfile, handler.connection):
        end.close()  # the last one sends the reset


def _short(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n{"half":')
    handler.close_connection = True


@pytest.mark.parametrize("breaks", [_reset, _short])
def test_a_connection_that_ends_in_the_middle_is_tried_again(vendor: Vendor, breaks: Any) -> None:
    vendor.reply = lambda handler, number: (
        breaks(handler) if number == 1 else answer(handler, 200, b'{"whole": 1}')
    )
    assert client(vendor).get("/x") == {"whole": 1}


@pytest.mark.parametrize("body", [b'{"cut": [1, 2', b"<html>Just a moment</html>", b""])
def test_a_body_that_is_no_json_is_tried_again_and_then_transient(vendor: Vendor, body: bytes) -> None:
    vendor.reply = replies((200, body), (200, b'{"ok": 1}'))
    assert client(vendor).get("/x") == {"ok": 1}
    vendor.reply = replies((200, body))
    with pytest.raises(TransientError, match="no JSON but"):
        client(vendor).get("/x")


def test_a_time_out_is_transient(vendor: Vendor) -> None:
    vendor.reply = lambda handler, number: time.sleep(0.6) if number < 3 else answer(handler, 200, b"{}")
    assert client(vendor, read_seconds=0.2).get("/x") == {}


def test_nobody_there_is_transient(vendor: Vendor) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        vendor.url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(TransientError, match="Vendor: GET /x"):
        client(vendor).get("/x")


def test_no_redirect_is_followed_and_no_other_host_is_called(vendor: Vendor) -> None:
    vendor.reply = replies((302, b"", {"Location": "http://elsewhere.example/"}))
    with pytest.raises(PermanentError, match="redirects"):
        client(vendor).get("/x")
    with pytest.raises(PermanentError, match="refused to send credentials"):
        client(vendor).get("http://elsewhere.example/x")
    assert len(vendor.seen) == 1


def test_401_is_tried_again_once_when_something_was_renewed(vendor: Vendor) -> None:
    vendor.reply = replies((401, b""), (200, b'{"ok": 1}'))
    assert client(vendor, unauthorised=lambda: True).get("/x") == {"ok": 1}
    vendor.reply = replies((401, b""))
    with pytest.raises(PermanentError, match="not accepted"):
        client(vendor, unauthorised=lambda: True).get("/x")


def test_secrets_stay_out_of_errors_and_logs(vendor: Vendor, caplog: pytest.LogCaptureFixture) -> None:
    echo = json.dumps({"message": f"bad token {SECRET} in https://u:pw@h/x?api_key=abc123&z=1"}).encode()
    vendor.reply = replies((400, echo))
    subject = client(vendor)
    with (
        caplog.at_level(logging.DEBUG),
        redacted_logs(subject.redact),
        pytest.raises(PermanentError) as caught,
    ):
        subject.get("/x", {"user": SECRET})
    import traceback

    everything = caplog.text + str(caught.value) + "".join(traceback.format_exception(caught.value))
    assert "/x?user=" in caplog.text
    for leak in (SECRET, "canary-4f1c", "u:pw", "abc123"):
        assert leak not in everything
    assert HIDDEN in str(caught.value)


def test_patterns_hide_secrets_nobody_told_us() -> None:
    redact = Redactor()
    for text, leak in [
        ("Authorization: Bearer abc.def-1", "abc.def"),
        ("key pat-eu1-12345678-aaaa", "12345678"),
        ("GET /x?hapikey=zzz&limit=1", "zzz"),
        ("{'Secret': 'q1w2e3'}", "q1w2e3"),
        ("ApiIntegrationCode=ABCD1234", "ABCD1234"),
        ("https://user:pass@bridge.example/simplefin", "user:pass"),
    ]:
        assert leak not in redact(text), text
    assert redact("id 5 keyed by hs_object_id, 30 requests") == "id 5 keyed by hs_object_id, 30 requests"


CANARY = "kanarie/9+Zx=&7Qw-Bird'42\\"


def _json(text: str) -> str:
    return json.dumps(text)[1:-1]


@pytest.mark.parametrize(
    "form",
    [
        lambda text: text,
        _json,
        lambda text: _json(text).replace("/", r"\/"),
        lambda text: "".join(f"\\u{ord(sign):04X}" for sign in text),
        lambda text: html.escape(text),
        lambda text: html.escape(text).replace("/", "&#47;").replace("+", "&#x2B;"),
        lambda text: quote(text, safe=""),
        lambda text: (
            quote(text, safe="").lower()
            if text.islower()
            else re.sub("%..", lambda found: found[0].lower(), quote(text, safe=""))
        ),
        lambda text: quote_plus(text),
        lambda text: quote(quote(text, safe=""), safe=""),
        lambda text: _json(html.escape(quote(text))),
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: base64.b64encode(f"user:{text}".encode()).decode(),
        lambda text: base64.b64encode(f"user@x.example:{text}".encode()).decode(),
        lambda text: base64.urlsafe_b64encode(f"ab:{text}:tail".encode()).decode(),
        lambda text: repr(text),
        lambda text: text[:20],
        lambda text: text[3:],
        lambda text: _json(text)[:18],
        lambda text: base64.b64encode(f"user:{text}".encode()).decode()[:24],
    ],
)
@pytest.mark.parametrize("around", ["{}", "token {} is wrong", '{{"error":"{}"}}', "x" * 188 + "{}"])
def test_a_secret_is_hidden_in_every_form_it_travels_in(form: Callable[[str], str], around: str) -> None:
    redact = Redactor([CANARY])
    said = redact.cut(around.format(form(CANARY)), 200)
    decoded = said
    for _ in range(3):
        decoded = html.unescape(unquote(decoded)).replace("\\/", "/")
    for text in (said, decoded):
        assert not any(CANARY[i : i + 8] in text for i in range(len(CANARY) - 7)), said
    for found in re.findall(r"[A-Za-z0-9+/_-]{12,}", said.replace("x" * 100, "")):
        raw = base64.b64decode(found.replace("-", "+").replace("_", "/") + "===")
        assert not any(CANARY.encode()[i : i + 8] in raw for i in range(len(CANARY) - 7)), said


@pytest.mark.parametrize(
    "text", ["id 5 of pipeline_default", "user%20name &amp; co", "", "%", "&;", "\\u12", "C:\\path\\new"]
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert (
        Redactor([CANARY, "someone@example.com", "postgresql://postgres:hunter22@db.example/crm"])(text)
        == text
    )


def test_the_password_in_an_address_is_a_secret_of_its_own() -> None:
    redact = Redactor(["postgresql://postgres:hunter%2F22@db.example/crm"])
    assert (
        redact("role postgres at db.example: hunter/22 refused")
        == f"role postgres at db.example: {HIDDEN} refused"
    )


@pytest.mark.parametrize("status", [200, 302, 400, 403, 404, 429, 500])
def test_a_vendor_that_echoes_the_key_teaches_nobody(vendor: Vendor, status: int) -> None:
    for body in (f"{'x' * 190} {SECRET}", json.dumps({f"a{SECRET}": [SECRET]}), f"<p>{SECRET}", SECRET * 30):
        vendor.reply = replies(
            (status, body.encode(), {"location": f"https://else.example/?k={SECRET}", "content-type": SECRET})
        )
        with pytest.raises((PermanentError, TransientError)) as caught:
            expect(client(vendor, patience=0.001).get("/x"), list, "x", "rows")
        assert (
            not any(SECRET[i : i + 8] in str(caught.value) for i in range(len(SECRET) - 7)) or status == 200
        )
        assert not any(
            SECRET[i : i + 8] in client(vendor).redact(caught.value) for i in range(len(SECRET) - 7)
        )


class _Window:
    """What a vendor counts: the most requests in any window, and at once."""

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
    subject = client(vendor, Budget({"": (Limit(20, 0.5),)}))
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
    subject = client(vendor, Budget({"": (Limit(100, 1),), "tickets": (one,)}))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: subject.get("/x", lane="tickets"), range(20)))
    assert window.most_at_once == 1


def test_lanes_share_limits_and_the_long_chain_goes_first(vendor: Vendor) -> None:
    vendor.reply = replies((200, b"{}"))
    shared = Limit(1, 0.05)
    subject = client(vendor, Budget({"": (shared,), "search": (shared, Limit(1, 0.1))}))
    subject.get("/first")
    done = []
    waiting = [
        threading.Thread(target=lambda rank=rank: (subject.get("/x", rank=rank), done.append(rank)))
        for rank in (5, 5, 0)
    ]
    with subject.budget._ready:  # all three queue up before any of them may go
        for thread in waiting:
            thread.start()
        time.sleep(0.05)
    for thread in waiting:
        thread.join()
    assert done[0] == 0 or len(done) == 3


def test_a_used_up_hour_is_transient_instead_of_an_hour_of_silence(vendor: Vendor) -> None:
    vendor.reply = replies((200, b"{}"))
    subject = client(vendor, Budget({"": (Limit(1, 3600),)}))
    subject.get("/x")
    with pytest.raises(TransientError, match="Vendor: the request budget is used up for 3"):
        subject.get("/x")


def test_page_cap_and_shape() -> None:
    with pytest.raises(PermanentError, match="things: more than 3 pages"):
        list(capped(iter(int, 1), 3, "things"))
    assert list(capped([1, 2, 3], 3, "things")) == [1, 2, 3]
    with pytest.raises(PermanentError, match="expected results to be a list, but the answer has: error, id"):
        expect({"error": 1, "id": 2}, list, "Vendor things", "results")
    with pytest.raises(PermanentError, match="the answer has: list"):
        expect([1], dict, "Vendor things")
