"""Every way in which a vendor may misbehave, against every source: no row is lost, nothing doubles, and the
text says what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from dlt_pipelines.core.load import load
from dlt_pipelines.errors import PermanentError, TransientError
from dlt_pipelines.registry import SOURCES
from foundation.settings import Company, Settings
from sandbox import Sandbox
from tests.dlt_pipelines.conftest import AS_OF, at, query
from tests.support.cases import CASES, DATABASES

CONNECTED = [name for name, entry in SOURCES.items() if entry.source.credentials and name not in DATABASES]
pytestmark = pytest.mark.usefixtures("unhurried")
NORMAL_RUN = {"hubspot", "simplefin"}
"""A cursor and a snapshot; the others are troubled by `make test-all`."""


def each(names: list[str]) -> list[Any]:
    return [name if name in NORMAL_RUN else pytest.param(name, marks=pytest.mark.slow) for name in names]


Content = dict[str, list[tuple[Any, ...]]]


@pytest.fixture
def homes(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Callable[[str], Settings]:
    """Settings of another home folder, for a load that starts from nothing."""

    def home(name: str) -> Settings:
        monkeypatch.setenv("SCORELINE_HOME", str(tmp_path / name))
        return Settings()

    return home


def content(settings: Settings, name: str, tables: Any) -> Content:
    """Every row of the tables, without dlt's own columns."""
    return {
        table: query(
            settings,
            f"select columns(c -> not starts_with(c, '_dlt')) from raw_{name}.\"{table}\" order by all",
        )
        for table in sorted(tables)
    }


_clean: dict[str, Content] = {}


@pytest.fixture
def clean(
    request: pytest.FixtureRequest, sandbox: Sandbox, company: Company, homes: Callable[[str], Settings]
) -> Content:
    """What a load without any trouble brings, for the case of this test."""
    name = request.getfixturevalue("name")
    if name not in _clean:
        settings = homes("clean")
        load(name, settings, company, tables=CASES[name].tables)
        _clean[name] = content(settings, name, CASES[name].tables)
        assert all(_clean[name].values()), "the tables of a case must have rows"
        calls = [call for call in sandbox.requests(name) if re.search(CASES[name].listing, call["path"])]
        assert len(calls) > 1 if CASES[name].pages else calls, "the listing of a case must be asked for"
        sandbox.forget_requests()
    homes("home")
    return _clean[name]


def test_every_source_has_a_case() -> None:
    assert sorted(CASES) == sorted(CONNECTED)


@pytest.mark.parametrize("name", each(CONNECTED))
@pytest.mark.parametrize(
    "faults",
    [
        [{"status": 500}, {"status": 503}, {"status": 429}, {"status": 429, "retry_after": "0"}],
        [{"kind": "reset"}, {"kind": "truncated"}, {"kind": "html"}, {"kind": "timeout", "seconds": 4}],
    ],
    ids=["statuses", "bodies"],
)
def test_passing_trouble_is_sat_out(
    name: str, faults: list[dict[str, Any]], clean: Content, sandbox: Sandbox, company: Company
) -> None:
    for fault in faults:
        if CASES[name].daily and fault.get("status") == 429:
            continue
        sandbox.fault(name, path=CASES[name].listing, times=1, **{"kind": "status", **fault})
    report = load(name, Settings(), company, tables=CASES[name].tables)
    assert report.warnings == []
    assert content(Settings(), name, CASES[name].tables) == clean


@pytest.mark.parametrize("name", each([name for name in CONNECTED if CASES[name].pages]))
@pytest.mark.parametrize("kind", ["empty_page", "repeated_page", "duplicates", "expired"])
def test_pages_that_go_wrong_lose_and_double_nothing(
    name: str, kind: str, clean: Content, sandbox: Sandbox, company: Company
) -> None:
    case = CASES[name]
    if kind != "expired":
        sandbox.fault(name, kind, path=case.listing, skip=1, times=1)
    elif case.expired:
        sandbox.fault(name, "status", status=case.expired, path=case.listing, skip=1, times=1)
    load(name, Settings(), company, tables=case.tables)
    assert content(Settings(), name, case.tables) == clean


@pytest.mark.parametrize("name", each(CONNECTED))
def test_new_fields_change_nothing(name: str, clean: Content, sandbox: Sandbox, company: Company) -> None:
    case = CASES[name]
    sandbox.fault(name, "field_new", path=case.listing)
    report = load(name, Settings(), company, tables=case.tables)
    assert content(Settings(), name, case.tables) == clean and report.warnings == []


@pytest.mark.parametrize("name", each(CONNECTED))
def test_a_field_of_another_type_refuses_its_table(name: str, sandbox: Sandbox, company: Company) -> None:
    """Not one of its values can be read: a number without it would be another one, or zero."""
    case = CASES[name]
    sandbox.fault(name, "field_type", path=case.listing, field=case.field, value=case.junk)
    report = load(name, Settings(), company, tables=case.tables)
    said = query(Settings(), "select table_name, error from ledger.loads where status = 'not_available'")
    assert said, report.warnings
    declared = SOURCES[name].source.by_name
    for table, error in said:
        assert f"values of {case.column} can be read" in error
        if case.column in declared[table].columns:
            assert content(Settings(), name, {table})[table] == []


@pytest.mark.parametrize("name", each(CONNECTED))
def test_a_field_that_stops_coming_refuses_its_table(
    name: str, sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = CASES[name]
    load(name, Settings(), company, tables=case.tables)
    before = content(Settings(), name, case.tables)
    at(monkeypatch, sandbox, "2025-10-28T12:00:00Z")
    sandbox.fault(name, "field_gone", path=case.listing, field=case.field)
    report = load(name, Settings(), company, tables=case.tables)
    said = query(
        Settings(),
        "select table_name, error, complete_through from ledger.loads where status = 'not_available'",
    )
    assert said, report.warnings
    field = case.field.removeprefix("properties.") if name == "hubspot" else case.field
    for table, error, through in said:
        assert f"no record has {'spend' if name == 'google_ads' else field} (" in error and through is None
        # one that only comes along (Microsoft's tenants) says whom this run asked
        if not SOURCES[name].source.by_name[table].fed_by:
            assert content(Settings(), name, {table})[table] == before[table]


@pytest.mark.parametrize("name", each(CONNECTED))
def test_a_wrong_key_is_permanent_and_is_not_hammered(name: str, sandbox: Sandbox, company: Company) -> None:
    sandbox.fault(name, "wrong_key", path=CASES[name].keyed)
    with pytest.raises(PermanentError) as caught:
        load(name, Settings(), company)
    assert str(caught.value).startswith(SOURCES[name].label)
    refused = [call for call in sandbox.requests(name) if call["status"] in (400, 401, 403)]
    assert 1 <= len(refused) <= 3, "repeated failures would lock the user"
    rows = query(Settings(), "select distinct status, error from ledger.loads")
    assert {status for status, _ in rows} == {"failed"} and all(error for _, error in rows)


@pytest.mark.parametrize("name", each(CONNECTED))
def test_a_key_that_is_refused_in_the_middle_costs_nothing(
    name: str, clean: Content, sandbox: Sandbox, company: Company
) -> None:
    case = CASES[name]
    sandbox.fault(name, "wrong_key", path=case.listing, skip=1 if case.pages else 0, times=1)
    if case.renews:
        load(name, Settings(), company, tables=case.tables)
    else:
        with pytest.raises(PermanentError, match="not accepted"):
            load(name, Settings(), company, tables=case.tables)
        sandbox.clear_faults()
        load(name, Settings(), company, tables=case.tables)
    assert content(Settings(), name, case.tables) == clean


@pytest.mark.parametrize("name", each(CONNECTED))
def test_what_may_not_be_read_is_said_and_the_old_rows_stay(
    name: str, clean: Content, sandbox: Sandbox, company: Company
) -> None:
    case = CASES[name]
    load(name, Settings(), company, tables=case.tables)
    sandbox.fault(name, "status", status=403, path=case.listing)
    try:
        report = load(name, Settings(), company, tables=case.tables)
    except PermanentError as error:
        told = str(error)
    else:
        told = " ".join(report.warnings)
        last = dict(
            query(
                Settings(),
                "select table_name, arg_max(status, load_number) from ledger.loads group by table_name",
            )
        )
        assert "not_available" in last.values()
        feeds = SOURCES[name].source.feeds
        taken_by_nobody = {
            table
            for table, feeders in feeds.items()
            if {last.get(feeder) for feeder in feeders} == {"not_available"}
        }
        assert {last[table] for table in taken_by_nobody & last.keys()} <= {"not_available"}
    assert "403" in told or "may not read" in told or "lacks" in told, told
    assert content(Settings(), name, case.tables) == clean


@pytest.mark.parametrize("name", each(CONNECTED))
def test_a_vendor_that_is_down_is_transient_and_the_old_rows_stay(
    name: str, clean: Content, sandbox: Sandbox, company: Company
) -> None:
    load(name, Settings(), company, tables=CASES[name].tables)
    sandbox.fault(name, "status", status=503)
    with pytest.raises(TransientError, match=f"{SOURCES[name].label}: .*503"):
        load(name, Settings(), company, tables=CASES[name].tables)
    assert content(Settings(), name, CASES[name].tables) == clean
    assert set(query(Settings(), "select distinct status from ledger.loads")) == {("ok",), ("failed",)}


@pytest.mark.parametrize("name", each([name for name in CONNECTED if CASES[name].detail]))
def test_one_object_that_is_gone_costs_no_other(name: str, sandbox: Sandbox, company: Company) -> None:
    case = CASES[name]
    sandbox.fault(name, "status", status=404, path=case.detail, times=1)
    report = load(name, Settings(), company, tables=case.tables)
    assert report.status == "ok"
    assert any("404" in warning for warning in report.warnings), report.warnings
    assert all(table.rows_total for table in report.tables.values())


@pytest.mark.parametrize(
    "name", each([name for name in CONNECTED if CASES[name].tables - CASES[name].snapshots])
)
def test_nothing_is_missed_while_records_change_and_clocks_differ(
    name: str,
    sandbox: Sandbox,
    company: Company,
    monkeypatch: pytest.MonkeyPatch,
    homes: Callable[[str], Settings],
) -> None:
    """Our clock is ten minutes ahead, then ten behind, and ten hours of the company's life happen between two
    pages."""
    case = CASES[name]
    tables = case.tables - case.snapshots
    start = datetime.fromisoformat(AS_OF)

    def pull(ours: timedelta, theirs: timedelta) -> None:
        sandbox.set_clock(start + theirs)
        monkeypatch.setenv("SCORELINE_AS_OF", (start + ours).isoformat())
        load(name, Settings(), company, tables=tables)

    hours, skew = timedelta(hours=1), timedelta(minutes=10)
    sandbox.fault(name, "tick", path=case.listing, skip=1 if case.pages else 0, times=1, seconds=36_000)
    pull(skew, timedelta())
    pull(24 * hours - skew, 24 * hours)
    pull(48 * hours, 48 * hours)
    walked = content(Settings(), name, tables)
    at(monkeypatch, sandbox, (start + 48 * hours).isoformat())
    fresh = homes("fresh")
    load(name, fresh, company, tables=tables)
    full = content(fresh, name, tables)
    for table in tables:
        key = len(SOURCES[name].source.by_name[table].keys)
        # what is gone stays in the walked copy, marked; every row that is there must be there as it is
        assert {row[:key] for row in full[table]} <= {row[:key] for row in walked[table]}, table
        assert [row for row in full[table] if row not in walked[table]] == [], table
