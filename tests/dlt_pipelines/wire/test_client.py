"""The client against a real server on loopback: retries, waits, redaction."""

from __future__ import annotations

import email.utils
import json
import logging
import socket
import struct
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from dlt_pipelines.errors import PermanentError, TransientError
from dlt_pipelines.wire.client import TRIES
from dlt_pipelines.wire.paging import expect
from dlt_pipelines.wire.redaction import HIDDEN, redacted_logs
from tests.dlt_pipelines.conftest import Vendor, answer
from tests.dlt_pipelines.wire.conftest import SECRET, client, replies


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
    assert len(vendor.seen) == TRIES


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
    with pytest.raises(TransientError, match="not JSON but"):
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
