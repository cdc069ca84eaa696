"""Access tokens are fetched when needed, renewed when they expire or are refused, and no more often."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from dlt_pipelines.errors import PermanentError
from dlt_pipelines.wire.bearer import Bearer
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.redaction import HIDDEN, Redactor
from tests.dlt_pipelines.conftest import Vendor, answer
from tests.dlt_pipelines.wire.conftest import client


class Tokens:
    """token-1, token-2, ..., each valid for `seconds`."""

    def __init__(self, seconds: float = 3600.0) -> None:
        self.seconds, self.fetched = seconds, 0

    def __call__(self) -> tuple[str, float]:
        self.fetched += 1
        return f"token-{self.fetched}", self.seconds


def accepting(vendor: Vendor, *tokens: str) -> None:
    """The vendor answers 401 to all but these tokens."""

    def reply(handler: BaseHTTPRequestHandler, number: int) -> None:
        token = handler.headers["Authorization"].removeprefix("Bearer ")
        answer(handler, 200 if token in tokens else 401, b"{}")

    vendor.reply = reply


def signed(vendor: Vendor, tokens: Tokens) -> Client:
    redact = Redactor()
    return client(vendor, auth=Bearer(tokens, redact), redact=redact)


def sent(vendor: Vendor) -> Iterator[str]:
    return (headers["Authorization"].removeprefix("Bearer ") for *_, headers in vendor.seen)


def test_one_token_serves_many_requests_and_is_hidden(vendor: Vendor) -> None:
    accepting(vendor, "token-1")
    tokens = Tokens()
    subject = signed(vendor, tokens)
    assert tokens.fetched == 0, "nothing is fetched before it is needed"
    for _ in range(3):
        subject.get("/x")
    assert tokens.fetched == 1
    assert subject.redact("failed with token-1") == f"failed with {HIDDEN}"


def test_a_refused_token_is_replaced_once(vendor: Vendor) -> None:
    accepting(vendor, "token-2", "token-3")
    tokens = Tokens()
    subject = signed(vendor, tokens)
    assert subject.get("/x") == {}
    assert list(sent(vendor)) == ["token-1", "token-2"]
    accepting(vendor, "token-3")
    assert subject.get("/x") == {}, "one that worked may end too"
    assert list(sent(vendor)) == ["token-1", "token-2", "token-2", "token-3"]


def test_a_replacement_that_never_worked_is_not_replaced(vendor: Vendor) -> None:
    accepting(vendor)
    tokens = Tokens()
    subject = signed(vendor, tokens)
    for _ in range(2):
        with pytest.raises(PermanentError, match="not accepted"):
            subject.get("/x")
    assert list(sent(vendor)) == ["token-1", "token-2", "token-2"]


def test_a_token_that_expires_soon_is_replaced_before(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = itertools.count(start=0.0, step=100.0)
    monkeypatch.setattr("dlt_pipelines.wire.bearer.time.monotonic", lambda: next(clock))
    accepting(vendor, *(f"token-{number}" for number in range(1, 9)))
    subject = signed(vendor, Tokens(seconds=300.0))
    for _ in range(3):
        subject.get("/x")
    assert len(set(sent(vendor))) > 1


def test_a_wrong_key_is_tried_once(vendor: Vendor) -> None:
    calls: list[int] = []

    def refuse() -> tuple[str, float]:
        calls.append(1)
        raise PermanentError("wrong key")

    subject = client(vendor, auth=Bearer(refuse, Redactor()))
    for _ in range(2):
        with pytest.raises(PermanentError, match="wrong key"):
            subject.get("/x")
    assert len(calls) == 1 and vendor.seen == []
