"""Copper's traps, one test each, and what its shifting pages and silent deletes must not do to a load."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from dlt_pipelines.core.load import load
from dlt_pipelines.core.window import Window
from dlt_pipelines.doctor.checks import diagnose
from dlt_pipelines.errors import PermanentError
from dlt_pipelines.sources.copper import access, rows, searches
from dlt_pipelines.wire.messages import Answer, Retry
from foundation.settings import Company, Settings
from sandbox import SANDBOX_CREDENTIALS, Sandbox
from tests.dlt_pipelines.conftest import at, query

pytestmark = pytest.mark.usefixtures("unhurried")


@pytest.fixture
def company(company: Company) -> Company:
    """With two months of history, so that loads are quick."""
    return configured(company, start_date=date(2025, 8, 25))


def configured(company: Company, **changes: Any) -> Company:
    return company.model_copy(update={"copper": company.copper.model_copy(update=changes)})


def alive(settings: Settings, table: str, where: str = "true") -> list[tuple[Any, ...]]:
    return query(
        settings,
        f"select columns(c -> not starts_with(c, '_dlt')) from raw_copper.{table} where deleted_at is null"
        f" and {where} order by id",
    )


@pytest.mark.parametrize("body", ["{}", '{"user": [], "system": []}'])
def test_no_activity_type_at_all_is_not_believed(sandbox: Sandbox, company: Company, body: str) -> None:
    sandbox.fault("copper", "status", status=200, path="activity_types", body=body)
    with pytest.raises(PermanentError, match="expected at least one type"):
        load("copper", Settings(), company, tables={"activity_types"})


def test_activity_types_come_as_an_object_and_ids_collide_over_categories(
    sandbox: Sandbox, company: Company
) -> None:
    body = {"user": [{"id": 1, "name": "Call"}], "system": [{"id": 1, "name": "Email", "is_disabled": True}]}
    sandbox.fault("copper", "status", status=200, path="activity_types", body=json.dumps(body))
    load("copper", Settings(), company, tables={"activity_types"})
    rows = query(
        Settings(), "select category, id, name, is_disabled from raw_copper.activity_types order by 1"
    )
    assert rows == [("system", 1, "Email", True), ("user", 1, "Call", None)]


def test_details_are_text_object_or_nothing_and_are_not_kept(sandbox: Sandbox, company: Company) -> None:
    report = load("copper", Settings(), company, tables={"activities"})
    assert report.warnings == []
    found = query(
        Settings(),
        "select type_category, count(*) > 10, count(sender_email) > 10, count(phone_number) > 10 from"
        " raw_copper.activities where type_id in (6, 190711) group by 1 order by 1",
    )
    assert found == [("system", True, True, False), ("user", True, False, True)]
    columns = query(
        Settings(), "select column_name from information_schema.columns where table_schema = 'raw_copper'"
    )
    assert not {"details", "subject", "body"} & {name for (name,) in columns}


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("Outgoing call to Jane <script> (+13125550101) via JustCall", "13125550101"),
        ("Called them at 312-555-0101", "3125550101"),
        ("On 2025-10-27 10:15 for 00:05:31", None),
        ("room 12, order 4711", None),
        ("", None),
    ],
)
def test_phone_numbers_in_texts(text: str, digits: str | None) -> None:
    assert rows.phone_number(text) == digits


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("1/15/2018", "mdy", "2018-01-15"),
        ("15/1/2018", "dmy", "2018-01-15"),
        ("11/10/2018", "mdy", "2018-11-10"),
        ("11/10/2018", "dmy", "2018-10-11"),
        ("15/1/2018", "mdy", None),
        ("soon", "mdy", None),
    ],
)
def test_close_dates_are_read_in_the_configured_order(text: str, order: str, day: str | None) -> None:
    assert rows.close_date(text, order) == day


def test_the_wrong_order_of_dates_is_told_and_never_guessed_per_row(
    sandbox: Sandbox, company: Company
) -> None:
    right = load("copper", Settings(), company, tables={"opportunities"})
    assert right.warnings == []
    known = query(Settings(), "select count(*) from raw_copper.opportunities where close_date is not null")
    report = load(
        "copper",
        Settings(),
        configured(company, date_order="dmy"),
        tables={"opportunities"},
        window=Window(datetime(2025, 8, 1, tzinfo=UTC)),
    )
    assert any('set copper.date_order = "mdy"' in text for text in report.warnings), report.warnings
    assert (
        query(Settings(), "select count(*) from raw_copper.opportunities where close_date is not null")
        < known
    )


def test_custom_fields_hold_what_is_set_whatever_their_order(sandbox: Sandbox, company: Company) -> None:
    load("copper", Settings(), company, tables={"opportunities", "custom_fields", "custom_field_options"})
    values = [
        json.loads(text)
        for (text,) in query(Settings(), "select custom_fields from raw_copper.opportunities")
    ]
    assert {key for value in values for key in value} == {
        "7001",
        "7003",
    }  # a definition that nobody uses is in no row
    options = {
        key
        for (key,) in query(
            Settings(), "select id from raw_copper.custom_field_options where custom_field_id = 7001"
        )
    }
    assert {value["7001"] for value in values if "7001" in value} == options


def test_an_unknown_attribute_is_our_mistake_and_is_asked_once(sandbox: Sandbox, company: Company) -> None:
    body = {
        "success": False,
        "status": 422,
        "message": "Invalid input: Validation errors: Base: Unrecognized attributes specified: pageSize",
    }
    sandbox.fault("copper", "status", status=422, path="users/search", body=json.dumps(body))
    with pytest.raises(PermanentError, match="Unrecognized attributes specified: pageSize"):
        load("copper", Settings(), company, tables={"users"})
    assert len([call for call in sandbox.requests("copper") if call["status"] == 422]) == 1


def test_who_left_keeps_the_row(sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    load("copper", at(monkeypatch, sandbox, "2025-03-20T12:00:00Z"), company, tables={"users"})
    settings = at(monkeypatch, sandbox, "2025-04-10T12:00:00Z")
    load("copper", settings, company, tables={"users"})
    gone = query(settings, "select name, deleted_at from raw_copper.users where deleted_at is not null")
    assert gone == [("Ben Ashford", datetime(2025, 4, 10, 12, tzinfo=UTC))]
    assert query(settings, "select count(*) from raw_copper.users where deleted_at is null") == [(4,)]


def test_windows_end_where_a_load_from_nothing_ends(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """Back-dated, edited and deleted activities and opportunities over three weeks, by windows and by
    changes."""
    for day in ("06", "07", "10", "14", "20", "27"):
        settings = at(monkeypatch, sandbox, f"2025-10-{day}T12:00:00Z")
        load("copper", settings, company, tables={"activities", "opportunities"})
    gone = {
        t: query(settings, f"select count(*) from raw_copper.{t} where deleted_at is not null")[0][0]
        for t in ("activities", "opportunities")
    }
    assert gone["activities"] > 0 and gone["opportunities"] > 0
    assert (
        query(
            settings,
            "select count(*) from raw_copper.activities where date_created > activity_date + interval 1 day",
        )[0][0]
        > 5
    )
    walked = {table: alive(settings, table) for table in gone}
    monkeypatch.setenv("SCORELINE_HOME", str(tmp_path / "fresh"))
    load("copper", Settings(), company, tables={"activities", "opportunities"})
    assert {table: alive(Settings(), table) for table in gone} == walked


def test_every_run_asks_for_the_window_and_once_a_week_for_ninety_days(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = []
    for day in ("2025-10-20", "2025-10-21", "2025-10-28"):
        settings = at(monkeypatch, sandbox, f"{day}T12:00:00Z")
        rows.append(
            load("copper", settings, configured(company, activity_days=3), tables={"activities"})
            .tables["activities"]
            .rows_loaded
        )
    first, daily, weekly = rows
    assert 0 < daily < first / 5 and weekly > first


def test_a_search_that_would_not_reach_everything_is_split(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    tables = {"activities", "opportunities"}
    load("copper", Settings(), company, tables=tables)
    whole = {table: alive(Settings(), table) for table in tables}
    asked = len(sandbox.requests("copper"))
    monkeypatch.setattr(searches, "REACHABLE", 400)
    monkeypatch.setattr(searches, "PAGE", 50)
    monkeypatch.setenv("SCORELINE_HOME", str(tmp_path / "split"))
    load("copper", Settings(), company, tables=tables)
    assert {table: alive(Settings(), table) for table in tables} == whole
    assert len(sandbox.requests("copper")) > 2 * asked


def test_a_total_that_is_too_high_stops_nothing(sandbox: Sandbox, company: Company) -> None:
    """The header is an upper bound: a short page is doubted once, then believed."""
    sandbox.fault("copper", "empty_page", path="users/search")
    assert load("copper", Settings(), company, tables={"users"}).status == "ok"
    assert len([call for call in sandbox.requests("copper") if "users" in call["path"]]) == 2


def test_nothing_counts_as_deleted_because_a_page_was_short(sandbox: Sandbox, company: Company) -> None:
    load("copper", Settings(), company, tables={"activities"})
    before = alive(Settings(), "activities")
    # both tries of a page come without rows, in the first of the two walks
    sandbox.fault("copper", "empty_page", path="activities/search", skip=1, times=2)
    load(
        "copper",
        Settings(),
        company,
        tables={"activities"},
        window=Window(datetime(2025, 8, 25, 5, tzinfo=UTC)),
    )
    assert alive(Settings(), "activities") == before


def test_the_minute_is_waited_for_without_retry_after(sandbox: Sandbox, company: Company) -> None:
    sandbox.fault("copper", "status", status=429, path="pipelines", times=1)
    assert (
        load("copper", Settings(), company, tables={"pipelines", "pipeline_stages"})
        .tables["pipeline_stages"]
        .rows_total
        == 6
    )
    client = access.connect(Settings(), company)
    assert client
    judged = client.vendor.judge(Answer(429, {}, b"{}", "/users/search"))
    assert isinstance(judged, Retry) and judged.seconds == 60 and judged.everybody


def test_open_opportunities_are_kept_by_day(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    for moment in ("2025-10-20T12:00:00Z", "2025-10-21T12:00:00Z", "2025-10-22T03:00:00Z"):
        settings = at(monkeypatch, sandbox, moment)
        load("copper", settings, company, tables={"opportunity_stages", "opportunities"})
    # the last one was still the 21st in Chicago: it took the place of the morning's
    days = dict(
        query(settings, "select snapshot_date, count(*) from raw_copper.opportunity_stages group by 1")
    )
    assert set(days) == {date(2025, 10, 20), date(2025, 10, 21)} and min(days.values()) > 10
    now = query(
        settings, "select count(*) from raw_copper.opportunities where status = 'Open' and deleted_at is null"
    )[0][0]
    assert 0 < now <= days[date(2025, 10, 21)]


def test_the_doctor(sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    findings = diagnose(Settings(), company, ["copper"])
    assert [finding for finding in findings if finding.level in ("warn", "fail")] == []
    assert not any(secret in str(findings) for secret in SANDBOX_CREDENTIALS.values())
    wrong = configured(
        company,
        call_types=["Telephone"],
        email_types=["Brief"],
        stage_b_ids=[9],
        sale_type_field_id=8,
        wholesale_option_ids=[7],
    )
    wrong = wrong.model_copy(
        update={"company": wrong.company.model_copy(update={"time_zone": "Europe/Berlin"})}
    )
    found = {
        finding.check: finding
        for finding in diagnose(Settings(), wrong, ["copper"])
        if finding.level in ("warn", "fail")
    }
    assert set(found) == {
        "call_types",
        "email_types",
        "stage_b_ids",
        "sale_type_field_id",
        "wholesale_option_ids",
        "time zone",
    }
    assert all(finding.way_out for finding in found.values())
    sandbox.fault("copper", "status", status=403, path="activities/search")
    denied = {
        finding.check: finding
        for finding in diagnose(Settings(), company, ["copper"])
        if finding.level == "fail"
    }
    assert "administrator" in denied["activities"].way_out
    monkeypatch.setenv("COPPER_API_KEY", "canary-wrong-0003")
    refused = [finding for finding in diagnose(Settings(), company, ["copper"]) if finding.level == "fail"]
    assert "not accepted" in refused[0].detail and "canary" not in str(refused)
