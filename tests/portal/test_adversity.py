"""200 people post at once while the portal's process is killed: what was acknowledged is stored, once. On
SQLite and on Postgres."""

from __future__ import annotations

import hmac
import http.client
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Lock
from urllib.parse import urlencode

import pytest
import uvicorn
from pydantic import SecretStr

from foundation.settings import Settings
from foundation.store import begin, read
from foundation.store.audit import audit_records
from foundation.store.entries import all_entries
from foundation.store.sign_in import start_session
from portal.app import create_app
from tests.portal.conftest import with_access
from tests.support.postgres import Postgres
from tests.support.smtp import free_port

TRAFFIC = "marketing.website_traffic"
PEOPLE = 200
PATIENCE = 300
"""Seconds; on a busy machine it takes long, but only what hangs takes longer."""
ROLE = f"""
[[access.roles]]
name = "many"
people = ["*@many.example"]
sections = ["marketing"]
types = ["{TRAFFIC}"]
"""


def serve(environment: dict[str, str], port: int) -> None:
    os.environ.clear()
    os.environ.update(environment)
    app = create_app(Settings(), f"http://127.0.0.1:{port}")
    uvicorn.run(app, port=port, log_level="error", access_log=False)


@contextmanager
def portal(settings: Settings, port: int) -> Iterator[BaseProcess]:
    """The portal as a process of its own, forked from one that has imported it: importing takes seconds."""
    environment = {
        **os.environ,
        "SCORELINE_HOME": str(settings.home),
        "SCORELINE_AS_OF": settings.now().isoformat(),
        "SCORELINE_COMPANY_FILE": str(settings.company_file),
        "SCORELINE_ENV_FILE": os.devnull,
        **({"STORE_URL": settings.store_url.get_secret_value()} if settings.store_url else {}),
    }
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    process = context.Process(target=serve, args=(environment, port))
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


def post(port: int, secret: str, value: int) -> int:
    """Send a number as a page's form does; the status of the answer."""
    fields = {
        "form_token": hmac.new(secret.encode(), b"form", sha256).hexdigest(),
        "line": TRAFFIC, "person": "", "period": "2025-W44", "value": value, "reason": "mine", "key": f"phone-{value:06}",
    }  # fmt: skip
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "origin": f"http://127.0.0.1:{port}",
            "cookie": f"scoreline={secret}",
        }
        connection.request("POST", "/numbers", urlencode(fields), headers)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize("where", ["sqlite", "postgres"])
def test_200_people_post_at_once_and_the_portal_is_killed(
    settings: Settings, tmp_path: Path, where: str, request: pytest.FixtureRequest
) -> None:
    if where == "postgres":
        server: Postgres = request.getfixturevalue("postgres_server")
        url = server.new_database().replace("postgresql:", "postgresql+psycopg:")
        settings.store_path.unlink()
        settings = settings.model_copy(update={"store_url": SecretStr(url)})
    settings = with_access(settings, tmp_path, ROLE)
    with begin(settings) as connection:
        now = datetime.now(UTC)
        people = [
            start_session(connection, address=f"p{n}@many.example", method="mail", now=now)
            for n in range(PEOPLE)
        ]
    port, lock = free_port(), Lock()
    acknowledged: list[int] = []
    give_up = time.monotonic() + PATIENCE

    def one(n: int) -> None:
        while time.monotonic() < give_up:
            try:
                status = post(port, people[n], n)
            except (OSError, http.client.HTTPException):
                time.sleep(0.2)  # a client without an answer sends the same form again
                continue
            assert status == 303, status
            with lock:
                acknowledged.append(n)
            return

    with ThreadPoolExecutor(PEOPLE) as pool:
        with portal(settings, port) as process:
            waiting = [pool.submit(one, n) for n in range(PEOPLE)]
            while len(acknowledged) < 20 and time.monotonic() < give_up:
                time.sleep(0.01)
            process.kill()
            process.join()
            assert process.exitcode == -signal.SIGKILL
            before = list(acknowledged)
        with read(settings) as connection:
            kept = {int(entry.value) for entry in all_entries(connection)}
        assert 20 <= len(before) < PEOPLE and set(before) <= kept, "acknowledged, and gone with the process"
        with portal(settings, port):
            for future in waiting:
                future.result(PATIENCE)
    with read(settings) as connection:
        entries = all_entries(connection)
        noted = [one.who for one in audit_records(connection, most=1000) if one.subject == TRAFFIC]
    assert sorted(int(entry.value) for entry in entries) == list(range(PEOPLE)), "each is there, once"
    assert sorted(acknowledged) == list(range(PEOPLE))
    assert {entry.entered_by for entry in entries} == set(noted) and len(noted) == PEOPLE
    # each names the one before it: nobody wrote between the look and the number
    assert [entry.corrects for entry in entries[1:]] == [entry.sequence for entry in entries[:-1]]
