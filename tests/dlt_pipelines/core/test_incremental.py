"""Later runs fetch only what changed, and end with what a full load at the same instant would have."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from dlt_pipelines.core.load import load
from dlt_pipelines.core.window import Window
from dlt_pipelines.sources import hubspot
from foundation.settings import Company, Settings
from sandbox import Sandbox, running_sandbox
from tests.dlt_pipelines.conftest import AS_OF, at, query

PUBLISHED = hubspot.BURST, hubspot.SEARCHES
# the tables that a full load at one instant cannot show as they were: snapshots, and links of records that
# are gone
LIKE_A_FULL_LOAD = {
    "hubspot": [
        "contacts",
        "companies",
        "deals",
        "deal_history",
        "calls",
        "meetings",
        "notes",
        "tasks",
        "emails",
        "owners",
        "deal_pipelines",
        "deal_stages",
        "call_outcomes",
        "lists",
        "account",
        "forms",
        "form_submissions",
        "marketing_mails",
    ],
    "autotask": [
        "tickets",
        "time_entries",
        "resources",
        "companies",
        "billing_codes",
        "picklists",
        "account",
    ],
}


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubspot, "BURST", (10_000, 10.0))
    monkeypatch.setattr(hubspot, "SEARCHES", (1_000, 1.0))


def living(settings: Settings, source: str, table: str) -> set[tuple[Any, ...]]:
    """Rows that the vendor still has, without the columns that tell when we looked."""
    names = [
        name
        for (name,) in query(
            settings,
            "select column_name from information_schema.columns where table_schema = ? and table_name = ? and"
            " not starts_with(column_name, '_dlt') and column_name not in ('archived_at', 'last_seen_at')"
            " order by 1",
            f"raw_{source}",
            table,
        )
    ]
    gone = (
        " where deleted_at is null"
        if "deleted_at" in names
        else " where not archived"
        if "archived" in names
        else ""
    )
    return set(query(settings, f"select {', '.join(names)} from raw_{source}.{table}{gone}"))


@pytest.mark.slow
def test_weeks_of_changes_end_like_a_full_load(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    # a daily step, a month without a run (so the weekly list is due), a daily step
    steps = ["2025-09-15T12:00:00Z", "2025-09-16T05:30:00Z", "2025-10-28T12:00:00Z", "2025-10-29T12:00:00Z"]
    requests = []
    for step in steps:
        settings = at(monkeypatch, sandbox, step)
        requests.append({source: load(source, settings, company).requests for source in LIKE_A_FULL_LOAD})
    assert requests[1]["hubspot"] < requests[0]["hubspot"] / 2  # only what changed
    assert requests[1]["autotask"] < requests[0]["autotask"]
    monkeypatch.setenv("SCORELINE_HOME", str(tmp_path / "full"))
    full = at(monkeypatch, sandbox, steps[-1])
    for source, tables in LIKE_A_FULL_LOAD.items():
        load(source, full, company)
        for table in tables:
            assert living(settings, source, table) == living(full, source, table), (source, table)
    # links of every record that still exists
    links = (
        "select * exclude (_dlt_id, _dlt_load_id) from raw_hubspot.associations where from_type <> 'contact'"
        " and from_id in (select id from raw_hubspot.calls where not archived union select id from"
        " raw_hubspot.meetings where not archived union select id from raw_hubspot.tasks where not archived"
        " union select id from raw_hubspot.deals where not archived)"
    )
    assert set(query(settings, links)) == set(query(full, links))
    # something was deleted in each vendor on the way, and its rows are still there
    assert query(
        settings, "select count(*) > 0 from raw_hubspot.calls where archived and archived_at is not null"
    ) == [(True,)]
    assert query(
        settings,
        "select count(*) > 0 from raw_autotask.tickets where deleted_at is not null and title is not null",
    ) == [(True,)]
    snapshots = query(
        settings, "select snapshot_date, count(*) from raw_hubspot.list_members group by 1 order by 1"
    )
    assert len(snapshots) == len(steps)
    assert len({count for _, count in snapshots}) > 1  # members came or went


def test_complete_through_and_the_ledger(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = at(monkeypatch, sandbox, "2025-10-20T12:00:00Z")
    load("hubspot", settings, company, tables={"deals", "owners"})
    settings = at(monkeypatch, sandbox, "2025-10-21T12:00:00Z")
    report = load("hubspot", settings, company, tables={"deals", "owners"})
    assert report.complete_through == datetime.fromisoformat(
        "2025-10-21T11:40:00Z"
    )  # the search index lags behind
    rows = dict(query(settings, "select table_name, max(complete_through) from ledger.loads group by 1"))
    assert set(rows) == {"deals", "owners"}
    assert rows["owners"] == datetime.fromisoformat("2025-10-21T12:00:00Z")


def test_a_backfill_pulls_a_window_again_and_moves_no_cursor(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    import duckdb

    settings = at(monkeypatch, sandbox, AS_OF)
    tables = {"hubspot": "calls", "autotask": "tickets"}
    happened = {"hubspot": "hs_timestamp", "autotask": "create_date"}
    since, until = (
        datetime.fromisoformat("2025-10-13T05:00:00Z"),
        datetime.fromisoformat("2025-10-20T05:00:00Z"),
    )
    for source, table in tables.items():
        load(source, settings, company, tables={table})
        before = living(settings, source, table)
        through = query(settings, "select complete_through from ledger.loads where source = ?", source)
        with duckdb.connect(str(settings.warehouse_path)) as connection:
            window = f"where {happened[source]} between ? and ?"
            lost = connection.execute(f"delete from raw_{source}.{table} {window}", [since, until]).fetchall()
        assert lost[0][0] > 20
        report = load(source, settings, company, tables={table}, window=Window(since, until))
        assert lost[0][0] <= report.tables[table].rows_loaded < len(before) / 2
        assert living(settings, source, table) == before
        assert (
            query(settings, "select distinct complete_through from ledger.loads where source = ?", source)
            == through
        )
    later = at(monkeypatch, sandbox, "2025-10-28T12:00:00Z")
    assert load("hubspot", later, company, tables={"calls"}).tables["calls"].rows_loaded < 200


def test_a_start_date_leaves_the_past_alone(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = at(monkeypatch, sandbox, AS_OF)
    start = datetime.fromisoformat("2025-09-01").date()
    short = company.model_copy(
        update={
            "hubspot": company.hubspot.model_copy(update={"start_date": start}),
            "autotask": company.autotask.model_copy(update={"start_date": start}),
        }
    )
    load("hubspot", settings, short, tables={"calls", "contacts"})
    load("autotask", settings, short, tables={"time_entries"})
    local = "2025-09-01 05:00:00+00"
    calls = (
        f"select min(greatest(hs_timestamp, updated_at)) >= '{local}' from raw_hubspot.calls where not"
        " archived"
    )
    assert query(settings, calls) == [(True,)]
    assert query(settings, f"select min(created_at) < '{local}' from raw_hubspot.contacts") == [
        (True,)
    ]  # what calls point at
    assert query(
        settings, f"select distinct table_name from ledger.loads where complete_from = '{local}' order by 1"
    ) == [
        ("calls",),
        ("time_entries",),
    ]
    assert query(
        settings, "select count(*) > 50, min(date_worked) >= '2025-06-01' from raw_autotask.time_entries"
    ) == [(True, True)]


def test_associations_alone_bring_the_records_they_belong_to(sandbox: Sandbox, company: Company) -> None:
    settings = Settings()
    report = load("hubspot", settings, company, tables={"associations"})
    assert set(report.tables) == {"associations"}
    assert report.tables["associations"].rows_total > 1000
    ledger = query(settings, "select distinct table_name from ledger.loads")
    assert ledger == [("associations",)]


def test_the_search_walks_past_its_cap(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_sandbox(as_of=AS_OF, company="sales", limits=False) as large:
        for name, value in large.environment.items():
            monkeypatch.setenv(name, value)
        report = load(
            "hubspot",
            Settings(),
            company,
            tables={"companies"},
            window=Window(datetime.fromisoformat("2000-01-01T00:00:00Z")),
        )
        assert report.tables["companies"].rows_total == report.tables["companies"].rows_loaded == 17_781
        searches = [call for call in large.requests("hubspot") if call["path"].endswith("/companies/search")]
        assert len(searches) == 17_781 // 200 + 1


@pytest.mark.slow
def test_the_vendors_limits_are_never_hit(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubspot, "BURST", PUBLISHED[0])
    monkeypatch.setattr(hubspot, "SEARCHES", PUBLISHED[1])
    with running_sandbox(as_of="2025-10-20T12:00:00Z") as strict:
        for name, value in strict.environment.items():
            monkeypatch.setenv(name, value)
        settings = at(monkeypatch, strict, "2025-10-20T12:00:00Z")
        # one budget for both: they follow each other within the window, which two runs of a schedule do not
        client = hubspot.connect(settings, company)
        assert client
        load("hubspot", settings, company, tables={"contacts", "calls", "tasks"}, client=client)
        load("autotask", settings, company)
        settings = at(monkeypatch, strict, "2025-10-21T12:00:00Z")
        load("hubspot", settings, company, client=client.again())
        load("autotask", settings, company)
        calls = strict.requests()
        assert len(calls) > 150
        assert [call for call in calls if call["status"] not in (200, 207)] == []


def test_a_sweep_judges_only_the_window_it_swept(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    import duckdb

    settings = at(monkeypatch, sandbox, "2025-10-20T12:00:00Z")
    load("hubspot", settings, company, tables={"calls"})  # an earlier setting: from the beginning on
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        for key, day in (("1", "2025-10-13"), ("2", "2025-08-13")):
            instants = ", ".join(
                f"timestamptz '{day} 12:00:00+00' as {column}"
                for column in ("created_at", "updated_at", "hs_timestamp")
            )
            stranger = (
                f"select * replace ('{key}' as id, {instants}) from raw_hubspot.calls where not archived"
                " limit 1"
            )
            connection.execute(f"insert into raw_hubspot.calls {stranger}")
    living_before = query(
        settings, "select count(*) from raw_hubspot.calls where not archived and hs_timestamp < '2025-08-31'"
    )
    assert living_before[0][0] > 100
    start = datetime.fromisoformat("2025-09-01").date()
    short = company.model_copy(update={"hubspot": company.hubspot.model_copy(update={"start_date": start})})
    settings = at(monkeypatch, sandbox, AS_OF)  # a Monday: everything since the start date is listed
    load("hubspot", settings, short, tables={"calls"})
    assert query(
        settings, "select id, archived from raw_hubspot.calls where id in ('1', '2') order by 1"
    ) == [("1", True), ("2", False)]
    before = query(
        settings, "select count(*) from raw_hubspot.calls where not archived and hs_timestamp < '2025-08-31'"
    )
    assert before == living_before


def test_the_weekly_list_comes_before_mondays_mail(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = []
    # by hand on a Tuesday, on Sunday night and at Monday's refresh (Chicago)
    for step in (
        "2025-10-21T15:00:00Z",
        "2025-10-27T04:30:00Z",
        "2025-10-27T10:30:00Z",
        "2025-10-28T10:30:00Z",
    ):
        settings = at(monkeypatch, sandbox, step)
        sandbox.forget_requests()
        load("hubspot", settings, company, tables={"deals"})
        listed.append(_listed(sandbox, "deals"))
    assert listed[0] == listed[2] > max(listed[1], listed[3])


def test_archived_records_are_listed_when_the_vendor_counts_others(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    import duckdb

    def load_at(step: str) -> int:
        """How many pages of lists a load asks for."""
        settings = at(monkeypatch, sandbox, step)
        sandbox.forget_requests()
        load("hubspot", settings, company, tables={"tasks"})
        return _listed(sandbox, "tasks")

    def execute(sql: str) -> None:
        with duckdb.connect(str(Settings().warehouse_path)) as connection:
            connection.execute(sql)

    load_at("2025-10-21T12:00:00Z")
    assert load_at("2025-10-21T12:05:00Z") == 0
    execute("insert into raw_hubspot.tasks select * replace ('9' || id as id) from raw_hubspot.tasks limit 1")
    # a difference that the list does not explain stays, so one more deleted record would not show
    assert load_at("2025-10-21T12:10:00Z") == load_at("2025-10-21T12:15:00Z") == 1
    execute("delete from raw_hubspot.tasks where starts_with(id, '9')")
    assert load_at("2025-10-21T12:20:00Z") == 1
    assert load_at("2025-10-21T12:25:00Z") == 0


def _listed(sandbox: Sandbox, name: str) -> int:
    return sum(call["path"] == f"/crm/objects/2026-09/{name}" for call in sandbox.requests("hubspot"))
