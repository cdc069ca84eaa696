"""JustCall's traps, one test each: pages from 0, two clocks, annotations that come later, limits in
headers."""

from __future__ import annotations

import json
import time
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from dlt_pipelines.core.load import load
from dlt_pipelines.core.window import Window
from dlt_pipelines.doctor.checks import diagnose
from dlt_pipelines.errors import TransientError
from dlt_pipelines.sources import justcall
from foundation.settings import Company, Settings
from sandbox import SANDBOX_CREDENTIALS, Sandbox
from tests.dlt_pipelines.conftest import Vendor, answer, at, query

pytestmark = pytest.mark.usefixtures("unhurried")


def configured(company: Company, **changes: Any) -> Company:
    return company.model_copy(update={"justcall": company.justcall.model_copy(update=changes)})


def calls(settings: Settings, where: str = "true") -> list[tuple[Any, ...]]:
    return query(
        settings,
        f"select columns(c -> not starts_with(c, '_dlt')) from raw_justcall.calls where {where} order by id",
    )


def test_what_is_asked(vendor: Vendor, company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """The raw key pair, page 0 first, rising ids, the documented names of the filters, and nothing that needs
    an add-on."""
    user = {"id": 1, "name": "Ann", "email": "ann@acme.example", "role": "Agent", "timezone": "UTC"}

    def reply(handler: Any, number: int) -> None:
        rows = [user] if "/users" in handler.path else []
        answer(handler, 200, json.dumps({"status": "success", "count": len(rows), "data": rows}).encode())

    vendor.reply = reply
    monkeypatch.setenv("JUSTCALL_API_KEY", "key-canary")
    monkeypatch.setenv("JUSTCALL_API_SECRET", "secret-canary")
    monkeypatch.setenv("JUSTCALL_BASE_URL", vendor.url)
    load(
        "justcall",
        Settings(),
        configured(company, sales_dialer=False),
        window=Window(datetime(2025, 10, 20, 5, tzinfo=UTC)),
    )
    asked = {
        urlsplit(path).path: {k: v[0] for k, v in parse_qs(urlsplit(path).query).items()}
        for _, _, path, _ in vendor.seen
    }
    assert asked == {
        "/v2.1/users": {"page": "0", "per_page": "100", "order": "asc"},
        "/v2.1/calls": {
            "page": "0",
            "per_page": "100",
            "order": "asc",
            "sort": "id",
            # a day wider on both sides
            "from_datetime": "2025-10-19 00:00:00",
            "to_datetime": "2025-10-28 23:59:59",
        },
    }
    assert {headers["Authorization"] for *_, headers in vendor.seen} == {"key-canary:secret-canary"}


def test_the_newest_calls_are_on_page_zero_and_are_not_missed(sandbox: Sandbox, company: Company) -> None:
    report = load("justcall", Settings(), company, tables={"calls"})
    assert report.tables["calls"].rows_total > 1_000
    first, newest = query(Settings(), "select min(called_at), max(called_at) from raw_justcall.calls")[0]
    assert first < datetime(2024, 7, 9, tzinfo=UTC) and newest > datetime(2025, 10, 24, tzinfo=UTC)


def test_utc_and_the_account_s_clock_are_kept_apart(sandbox: Sandbox, company: Company) -> None:
    load("justcall", Settings(), company, tables={"calls"})
    evening = query(
        Settings(),
        "select count(*), bool_and(cast(timezone('America/Chicago', called_at) as date) = call_user_date),"
        " bool_and(cast(timezone('UTC', called_at) as date) = call_date) from raw_justcall.calls where"
        " call_date > call_user_date",
    )[0]
    assert evening[0] > 10 and evening[1:] == (True, True)


def test_no_hour_is_lost_at_the_edges_of_windows(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """Nine days of daily runs with the shortest window, just before and after midnight in either zone, and a
    load from nothing."""
    short = configured(company, days=1)
    for hour, day in ((4, 14), (6, 15), (1, 16), (23, 17), (4, 21), (5, 22), (0, 23)):
        settings = at(monkeypatch, sandbox, f"2025-10-{day}T{hour:02d}:30:00Z")
        load("justcall", settings, short, tables={"calls"})
    settings = at(monkeypatch, sandbox, "2025-10-27T12:00:00Z")
    load("justcall", settings, short, tables={"calls"})
    ids = [row[0] for row in calls(settings)]
    monkeypatch.setenv("SCORELINE_HOME", str(tmp_path / "fresh"))
    load("justcall", Settings(), company, tables={"calls"})
    assert ids == [row[0] for row in calls(Settings())]


def test_what_is_filled_in_later_is_seen(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    recent = configured(company, start_date=date(2025, 10, 1))
    early = at(
        monkeypatch, sandbox, "2025-10-13T17:00:00Z"
    )  # an hour after a call was answered, before its agent said how it went
    load("justcall", early, recent, tables={"calls"})
    before = dict(query(early, "select id, disposition from raw_justcall.calls"))
    later = at(monkeypatch, sandbox, "2025-10-20T12:00:00Z")
    load("justcall", later, recent, tables={"calls"})
    after = dict(query(later, "select id, disposition from raw_justcall.calls"))
    assert any(after[key] != before[key] for key in before)
    monkeypatch.setenv("SCORELINE_HOME", str(tmp_path / "fresh"))
    load("justcall", Settings(), recent, tables={"calls"})
    assert calls(later) == calls(Settings())


def test_calls_of_nobody_and_empty_durations_are_kept(sandbox: Sandbox, company: Company) -> None:
    report = load("justcall", Settings(), company, tables={"calls"})
    assert report.warnings == []
    found = query(
        Settings(),
        "select count(*) filter (agent_id is null), count(*) filter (conversation_time is null), "
        "count(distinct type) > count(distinct lower(type)) from raw_justcall.calls",
    )[0]
    assert found[0] > 50 and found[1] > 10 and found[2]


def test_neither_recordings_nor_notes_are_stored(sandbox: Sandbox, company: Company) -> None:
    load("justcall", Settings(), company)
    columns = query(
        Settings(), "select column_name from information_schema.columns where table_schema = 'raw_justcall'"
    )
    assert not {"recording", "notes", "contact_email", "voicemail_transcription"} & {
        name for (name,) in columns
    }
    assert not any(
        b"recordings.justcall.example" in file.read_bytes()
        for file in Settings().home.rglob("*")
        if file.is_file()
    )


def test_an_error_in_a_200_is_no_empty_page(sandbox: Sandbox, company: Company) -> None:
    sandbox.fault(
        "justcall",
        "status",
        status=200,
        path="v2.1/calls",
        body='{"status": "error", "message": "try again"}',
        times=1,
    )
    assert load("justcall", Settings(), company, tables={"calls"}).tables["calls"].rows_total > 1_000
    sandbox.fault(
        "justcall",
        "status",
        status=200,
        path="v2.1/calls",
        body='{"status": "error", "message": "try again"}',
    )
    with pytest.raises(TransientError, match="try again"):
        load("justcall", Settings(), company, tables={"calls"})


def test_the_dialer_is_kept_apart_and_read_only_if_wanted(sandbox: Sandbox, company: Company) -> None:
    report = load("justcall", Settings(), configured(company, sales_dialer=False))
    assert report.tables["sales_dialer_calls"].rows_total == 0
    assert not any("sales_dialer" in call["path"] for call in sandbox.requests("justcall"))
    report = load("justcall", Settings(), company)
    assert report.tables["sales_dialer_calls"].rows_total == 6
    ours = (
        "select count(*) from raw_justcall.sales_dialer_calls where id in (select id from raw_justcall.calls)"
    )
    assert query(Settings(), ours) == [(0,)]
    sandbox.fault("justcall", "status", status=403, path="sales_dialer")
    report = load("justcall", Settings(), company)
    assert any("sales_dialer_calls is not available" in text for text in report.warnings)


def test_who_left_keeps_the_row(sandbox: Sandbox, company: Company) -> None:
    load("justcall", Settings(), company, tables={"users"})
    left = {
        "id": 3301,
        "name": "Maya Torres",
        "email": "maya.torres@cedar-ridge.example",
        "role": "Agent",
        "timezone": "America/Chicago",
    }
    sandbox.fault(
        "justcall",
        "status",
        status=200,
        path="v2.1/users",
        body=json.dumps({"status": "success", "data": [left]}),
    )
    load("justcall", Settings(), company, tables={"users"})
    rows = query(Settings(), "select id, deleted_at is not null from raw_justcall.users order by id")
    assert rows == [(3301, False), (3302, True), (3303, True), (3304, True)]


@pytest.mark.parametrize(
    ("headers", "low", "high"),
    [
        ({}, 60, 60),
        ({"retry-after": "7"}, 7, 7),
        (
            {
                "X-Rate-Limit-Remaining": "5",
                "X-Rate-Limit-Burst-Remaining": "0",
                "X-Rate-Limit-Burst-Reset": "+20",
            },
            18,
            20,
        ),
        (
            {
                "X-Rate-Limit-Remaining": "0",
                "X-Rate-Limit-Reset": "+900",
                "X-Rate-Limit-Burst-Remaining": "3",
            },
            895,
            900,
        ),
        ({"X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": "soon"}, 60, 60),
    ],
)
def test_how_long_a_used_up_limit_is_waited_for(headers: dict[str, str], low: float, high: float) -> None:
    told = {
        name: str(int(time.time()) + int(value)) if value.startswith("+") else value
        for name, value in headers.items()
    }
    assert low <= justcall.until_room(told) <= high


def test_the_doctor(sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    findings = diagnose(Settings(), company, ["justcall"])
    assert [finding for finding in findings if finding.level in ("warn", "fail")] == []
    assert not any(secret in str(findings) for secret in SANDBOX_CREDENTIALS.values())
    sandbox.fault("justcall", "status", status=403, path="sales_dialer")
    denied = {
        finding.check: finding
        for finding in diagnose(Settings(), company, ["justcall"])
        if finding.level == "fail"
    }
    assert "justcall.sales_dialer = false" in denied["sales dialer"].way_out
    monkeypatch.setenv("JUSTCALL_API_SECRET", "canary-wrong-0004")
    refused = [finding for finding in diagnose(Settings(), company, ["justcall"]) if finding.level == "fail"]
    assert "not accepted" in refused[0].detail and "canary" not in str(refused)
