"""Faults on request, the clock, the log and the process itself."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from sandbox import SANDBOX_CREDENTIALS, Sandbox, SandboxError, running_sandbox
from tests.support.wire import EVERYTHING, Wire

ACCOUNT = "/account-info/v3/details"


def test_a_status_hits_as_often_as_asked(sandbox: Sandbox, wire: Wire) -> None:
    sandbox.fault("hubspot", "status", status=503, times=2, skip=1)
    assert [wire.get(ACCOUNT).status_code for _ in range(5)] == [200, 503, 503, 200, 200]


def test_a_fault_hits_the_paths_and_the_source_it_is_for(sandbox: Sandbox, wire: Wire) -> None:
    sandbox.fault("hubspot", "status", path=r"/objects/calls$", status=500)
    assert wire.get("/crm/v3/objects/calls").status_code == 500
    assert wire.get("/crm/v3/objects/deals").status_code == 200
    assert wire.entity("Tickets/query/count", json={"Filter": EVERYTHING}).status_code == 200
    sandbox.fault("*", "status", status=502)
    assert wire.entity("Tickets/query/count", json={"Filter": EVERYTHING}).status_code == 502
    sandbox.clear_faults("*")
    assert wire.get("/crm/v3/objects/calls").status_code == 500
    sandbox.clear_faults()
    assert wire.get("/crm/v3/objects/calls").status_code == 200


def test_errors_have_the_vendors_own_bodies(sandbox: Sandbox, wire: Wire) -> None:
    sandbox.fault("*", "status", status=429, retry_after="3", times=2)
    answer = wire.get(ACCOUNT)
    assert answer.json()["policyName"] == "TEN_SECONDLY_ROLLING" and answer.headers["Retry-After"] == "3"
    assert isinstance(wire.entity("Tickets/1", "GET").json()["errors"][0], str)
    sandbox.fault("*", "wrong_key")
    zone = requests.get(
        f"{wire.url}/autotask/atservicesrest/v1.0/zoneInformation",
        params={"user": SANDBOX_CREDENTIALS["AUTOTASK_USERNAME"]},
    )
    assert zone.status_code == 200
    assert wire.get(ACCOUNT).json()["category"] == "INVALID_AUTHENTICATION"
    refused = wire.entity("Tickets/1", "GET")
    assert (refused.status_code, refused.text) == (401, "")
    sandbox.clear_faults()
    sandbox.fault("hubspot", "status", status=500, body={"message": "own words"})
    assert wire.get(ACCOUNT).json() == {"message": "own words"}


def test_a_time_out(sandbox: Sandbox, wire: Wire) -> None:
    sandbox.fault("hubspot", "timeout", seconds=60, times=1)
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.get(f"{wire.url}/hubspot{ACCOUNT}", headers=wire.hubspot_headers, timeout=0.3)
    assert wire.get(ACCOUNT).status_code == 200


def test_a_connection_that_ends_in_the_middle_of_a_body(sandbox: Sandbox, wire: Wire) -> None:
    sandbox.fault("hubspot", "reset", times=1)
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)):
        wire.get("/crm/v3/objects/contacts", limit=100)
    assert len(wire.get("/crm/v3/objects/contacts", limit=100).json()["results"]) == 100


def test_broken_bodies(sandbox: Sandbox, wire: Wire) -> None:
    sandbox.fault("hubspot", "truncated", times=1)
    broken = wire.get("/crm/v3/objects/contacts", limit=100)
    assert broken.status_code == 200 and broken.text.startswith('{"results"')
    with pytest.raises(requests.exceptions.JSONDecodeError):
        broken.json()
    sandbox.fault("autotask", "html", times=1)
    page = wire.entity("Tickets/1", "GET")
    assert (
        page.status_code == 200
        and page.headers["Content-Type"].startswith("text/html")
        and "<html" in page.text
    )


def test_an_empty_page_keeps_its_paging(sandbox: Sandbox, wire: Wire) -> None:
    sandbox.fault("*", "empty_page", times=2)
    page = wire.get("/crm/v3/objects/contacts", limit=100).json()
    assert page["results"] == [] and "next" in page["paging"]
    rows = wire.entity("Tickets/query", json={"Filter": EVERYTHING}).json()
    assert rows["items"] == [] and rows["pageDetails"]["nextPageUrl"]


def test_controls_say_what_is_wrong(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="unknown kind 'gremlin'"):
        sandbox.fault("hubspot", "gremlin")
    with pytest.raises(SandboxError, match="unknown source 'hubspto'"):
        sandbox.fault("hubspto", "html")
    with pytest.raises(SandboxError, match="time zone"):
        sandbox.set_clock("2025-10-28T12:00:00")


def test_the_log_counts_calls_and_holds_no_secret(sandbox: Sandbox, wire: Wire) -> None:
    wire.get(ACCOUNT, secret="in the query")
    wire.entity("Tickets/query", json={"Filter": EVERYTHING})
    sandbox.fault("hubspot", "status", status=500, times=1)
    wire.get(ACCOUNT)
    log = sandbox.requests()
    assert [(entry["source"], entry["method"], entry["path"], entry["status"]) for entry in log] == [
        ("hubspot", "GET", ACCOUNT, 200),
        ("autotask", "POST", "/ATServicesRest/V1.0/Tickets/query", 200),
        ("hubspot", "GET", ACCOUNT, 500),
    ]
    assert abs(log[-1]["time"] - time.time()) < 600
    assert not any(value in str(log) for value in [*SANDBOX_CREDENTIALS.values(), "in the query"])
    assert len(sandbox.requests("autotask")) == 1


def test_the_clock_moves_both_vendors(sandbox: Sandbox, wire: Wire) -> None:
    calls, entries = len(wire.objects("calls", "hs_timestamp")), len(wire.query("TimeEntries"))
    sandbox.set_clock("2025-11-03T12:00:00Z")
    assert sandbox.about()["as_of"] == "2025-11-03T12:00:00Z"
    assert len(wire.objects("calls", "hs_timestamp")) > calls and len(wire.query("TimeEntries")) > entries
    sandbox.set_clock(None)
    assert sandbox.about()["clock_stands_still"] is False


def test_it_listens_on_loopback_only_and_ends_with_the_block() -> None:
    with running_sandbox("2025-10-27T12:00:00Z", limits=False) as running:
        found = re.fullmatch(r"http://127\.0\.0\.1:(\d+)", running.url)
        assert found
        port = int(found[1])
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    program = (
        "import time\nfrom sandbox import running_sandbox\nwith running_sandbox('2025-10-27T12:00:00Z') as"
        " s:\n    print(s.url, flush=True)\n    time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    port = int(parent.stdout.readline().rsplit(":", 1)[1])
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return
        time.sleep(0.05)
    pytest.fail("the sandbox outlives the process that started it")


def test_a_taken_port_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with (
            pytest.raises(SandboxError, match="did not start"),
            running_sandbox("2025-10-27T12:00:00Z", port=taken.getsockname()[1]),
        ):
            pass
