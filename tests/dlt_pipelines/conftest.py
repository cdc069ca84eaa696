"""A home folder of its own per test, one sandbox for all, and a vendor of three lines for the client's
tests."""

from __future__ import annotations

import hashlib
import os
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dlt_pipelines.wire import client
from dlt_pipelines.wire.budget import Budget, Limit
from foundation.settings import PROJECT_ROOT, Company, Settings, load_company
from sandbox import SANDBOX_CREDENTIALS, Sandbox

AS_OF = "2025-10-27T12:00:00Z"


@pytest.fixture(autouse=True)
def apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No `.env`, no credentials and no home folder of the machine; the demo's clock."""
    for name in list(os.environ):
        if (
            name in SANDBOX_CREDENTIALS
            or name.endswith(("_BASE_URL", "_SOURCE_URL", "MONGODB_URL"))
            or name.startswith(("SANDBOX_", "SCORELINE_", "SMTP_", "STORE_"))
        ):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SCORELINE_ENV_FILE", os.devnull)
    monkeypatch.setenv("SCORELINE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SCORELINE_AS_OF", AS_OF)
    # what makes a hash of a credential safe is that it takes time, at each of hundreds of loads
    slow_hash = hashlib.scrypt
    monkeypatch.setattr(hashlib, "scrypt", lambda value, **how: slow_hash(value, **{**how, "n": 2}))


@pytest.fixture(scope="session")
def recent_company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """company.toml with eight weeks of history instead of years."""
    text = (PROJECT_ROOT / "company.toml").read_text(encoding="utf-8")
    file = tmp_path_factory.mktemp("recent") / "company.toml"
    file.write_text(
        re.sub(r"^(# )?start_date = \S+", "start_date = 2025-09-01", text, flags=re.M), encoding="utf-8"
    )
    return file


@pytest.fixture
def recent(recent_company: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sources begin in September: a load takes half as long, and older records would prove nothing more."""
    monkeypatch.setenv("SCORELINE_COMPANY_FILE", str(recent_company))


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
def company(settings: Settings) -> Company:
    return load_company(settings)


@pytest.fixture
def sandbox(unlimited_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """The sandbox with its clock at the demo's instant, no faults, and an environment that points at it."""
    unlimited_sandbox.clear_faults()
    unlimited_sandbox.set_clock(AS_OF)
    unlimited_sandbox.forget_requests()
    for name, value in unlimited_sandbox.environment.items():
        monkeypatch.setenv(name, value)
    yield unlimited_sandbox
    unlimited_sandbox.clear_faults()
    unlimited_sandbox.set_clock(AS_OF)


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox runs without limits here, so budgets over time need not be kept; limits of requests at once
    are."""
    of_time, open_pool, pause = Limit.room_in, client.open_pool, Budget.pause
    monkeypatch.setattr(Limit, "room_in", lambda self, now: 0.0 if self.seconds else of_time(self, now))
    monkeypatch.setattr(Budget, "pause", lambda self, seconds: pause(self, min(seconds, 0.02)))
    monkeypatch.setattr(random, "uniform", lambda low, high: 0.01)
    monkeypatch.setattr(client, "open_pool", lambda url, read: open_pool(url, connect=5.0, read=2.0))


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `homes.undisturbed` keeps its homes."""
    return tmp_path_factory.mktemp("pairs")


def at(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, instant: str) -> Settings:
    """Move both clocks."""
    sandbox.set_clock(instant)
    monkeypatch.setenv("SCORELINE_AS_OF", instant)
    return Settings()


def query(settings: Settings, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Rows of the warehouse."""
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as connection:
        return connection.execute(sql, list(values)).fetchall()


Reply = Callable[[BaseHTTPRequestHandler, int], None]


@dataclass
class Vendor:
    """A server that answers as a test says: `reply(handler, number of the call)`."""

    url: str
    seen: list[tuple[float, str, str, dict[str, str]]] = field(default_factory=list)
    reply: Reply = lambda handler, number: answer(handler, 200, b"{}")


def answer(handler: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    """Send a whole answer."""
    handler.send_response(status)
    for name, value in {
        "Content-Length": str(len(body)),
        "Content-Type": "application/json",
        **headers,
    }.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            self.rfile.read(length)
            with lock:
                served.seen.append((time.monotonic(), self.command, self.path, dict(self.headers)))
                number = len(served.seen)
            served.reply(self, number)

        do_POST = do_GET

        def log_message(self, *_: Any) -> None: ...

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """Broken connections are the point of some tests."""

    server = Server(("127.0.0.1", 0), Handler)
    served = Vendor(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield served
    server.shutdown()
    server.server_close()
