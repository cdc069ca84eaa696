"""A client of the test's own vendor, and answers to give it."""

from __future__ import annotations

import random
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from dlt_pipelines.wire.budget import Budget, Limit
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.redaction import Redactor
from dlt_pipelines.wire.vendor import Vendor as Description
from tests.dlt_pipelines.conftest import Vendor, answer

SECRET = "canary-4f1c/9+secret"


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Back-off without the waiting; what a vendor asks for is still waited."""
    monkeypatch.setattr(random, "uniform", lambda low, high: 0.01)


def client(vendor: Vendor, **more: Any) -> Client:
    """A client with a secret. `more`: fields of the vendor's description."""
    description: dict[str, Any] = {
        "headers": {"Authorization": f"Bearer {SECRET}"},
        "budget": Budget({"": (Limit(100, 1),)}),
        "redact": Redactor([SECRET]),
        **more,
    }
    return Client(Description("Vendor", vendor.url, **description))


def replies(*answers: tuple[int, bytes] | tuple[int, bytes, dict[str, str]]) -> Any:
    """One answer per call; the last one again and again."""

    def reply(handler: BaseHTTPRequestHandler, number: int) -> None:
        status, body, *headers = answers[min(number, len(answers)) - 1]
        answer(handler, status, body, **(headers[0] if headers else {}))

    return reply
