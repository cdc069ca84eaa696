"""The suite that every registered source passes, and what each vendor's faults do to a load."""

from __future__ import annotations

import errno
import importlib
import logging
import os
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dlt_pipelines.core import load as loading
from dlt_pipelines.core.load import ensure_tables, load
from dlt_pipelines.core.settlement import ledger_rows
from dlt_pipelines.core.tables import CONTRACT, declared
from dlt_pipelines.errors import PermanentError, TransientError
from dlt_pipelines.registry import SOURCES
from foundation.settings import Company, Settings
from foundation.warehouse import DiskFull, Warehouse
from sandbox import SANDBOX_CREDENTIALS, Sandbox
from tests.dlt_pipelines.conftest import query
from tests.support.cases import CASES, DATABASES, secrets

CONNECTED = [name for name, entry in SOURCES.items() if entry.source.credentials]
WIRED = [name for name in CONNECTED if name not in DATABASES]


pytestmark = pytest.mark.usefixtures("unhurried")


def now() -> Settings:
    return Settings()


def test_a_source_is_described_without_settings_and_without_network(tmp_path: Path) -> None:
    code = (
        "import socket\n"
        "def refuse(*a, **k): raise AssertionError('network')\n"
        "socket.socket.connect = refuse\n"
        "from dlt_pipelines.registry import SOURCES\n"
        "for e in SOURCES.values(): assert e.tables and all(t.grain for t in e.source.tables), e.name\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        env={"PATH": "/usr/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_load_talks_to_the_source_and_nobody_else_and_reads_no_stray_configuration(
    tmp_path: Path, settings: Settings
) -> None:
    # telemetry is sent by a thread at the end of the process, so only a process shows it
    code = (
        "import socket\n"
        "def told(*a, **k): print('NETWORK', a, flush=True); raise OSError('refused')\n"
        "socket.socket.connect = socket.getaddrinfo = told\n"
        "from foundation.settings import Settings, load_company\n"
        "from dlt_pipelines.core.load import ensure_tables, load\n"
        "s = Settings(); c = load_company(s); ensure_tables(s, c); print(load('manual', s, c).status)\n"
    )
    stray = tmp_path / ".dlt"
    stray.mkdir()
    (stray / "config.toml").write_text(
        '[destination.duckdb]\ncredentials = "stray.duckdb"\n[runtime]\ndlthub_telemetry = true\n'
    )
    env = {
        "HOME": str(tmp_path),
        "PYTHONPATH": str(Path(__file__).parents[2]),
        **{name: value for name, value in os.environ.items() if name.startswith("SCORELINE_")},
    }
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.stdout == "ok\n", done.stdout + done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == [".dlt", "home"]


@pytest.mark.parametrize("name", SOURCES)
def test_every_resource_declares_what_staging_relies_on(name: str) -> None:
    entry = SOURCES[name]
    source = declared(entry.source)
    assert entry.source.name == source.name == name
    module = importlib.import_module(entry.module)
    assert module.__doc__ and "Settings:" in module.__doc__
    assert source.max_table_nesting == 0
    for table, resource in source.resources.items():
        schema = resource.compute_table_schema()
        columns = schema["columns"]
        assert any(column.get("primary_key") for column in columns.values()), table
        assert schema["write_disposition"] == "merge", table
        assert resource.schema_contract == CONTRACT, table
        assert len(entry.source.by_name[table].grain) > 20, table
        assert all(column.get("data_type") for column in columns.values()), table


def test_tables_exist_before_anything_is_connected(settings: Settings, company: Company) -> None:
    ensure_tables(settings, company)
    columns = query(settings, "select table_schema, table_name, column_name from information_schema.columns")
    there = {(schema, table, column) for schema, table, column in columns}
    for name, entry in SOURCES.items():
        for table, resource in declared(entry.source).resources.items():
            for column in (*resource.columns, "_dlt_load_id"):
                assert (f"raw_{name}", table, column) in there
    assert query(settings, "select source, freshness_hours from config.sources where source = 'hubspot'") == [
        ("hubspot", 30.0)
    ]
    before = settings.warehouse_path.stat().st_mtime_ns
    assert [f.name for f in settings.dlt_dir.iterdir() if f.suffix == ".lock"]
    ensure_tables(settings, company)
    assert query(settings, "select count(*) from config.sources") == [(len(SOURCES),)]
    assert settings.warehouse_path.stat().st_mtime_ns >= before


def test_what_is_not_connected_any_more_is_noted_once(
    settings: Settings, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refresh leaves these sources out, and the ledger decides what readers are told."""
    noted = "select count(*), count(distinct table_name) from ledger.loads where source = 'justcall' and status = 'not_connected'"
    ensure_tables(settings, company)
    ensure_tables(settings, company)
    tables = len(SOURCES["justcall"].tables)
    assert query(settings, noted) == [(tables, tables)]
    assert query(
        settings, "select count(*) from ledger.loads where source in ('manual', 'ad_spend_csv')"
    ) == [(0,)]
    Warehouse(settings).record_loads(
        ledger_rows(SOURCES["justcall"], {"calls": {"status": "ok"}}, settings.now(), settings.now(), 1, 0.0)
    )
    monkeypatch.setenv("JUSTCALL_API_KEY", "half of it")
    ensure_tables(settings, company)
    assert query(settings, noted) == [(tables, tables)], "its load says what is missing"
    monkeypatch.delenv("JUSTCALL_API_KEY")
    ensure_tables(settings, company)
    assert query(settings, noted) == [(tables + 1, tables)]


def test_a_column_that_a_new_version_declares_is_added_and_rows_stay(
    settings: Settings, company: Company
) -> None:
    load("manual", settings, company)
    rows = query(settings, "select count(*) from raw_manual.entries")
    import duckdb

    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute("alter table raw_manual.entries drop column note")
        connection.execute("delete from raw_manual._dlt_version")
    ensure_tables(settings, company)
    assert query(settings, "select count(*) from raw_manual.entries") == rows
    query(settings, "select note from raw_manual.entries")


@pytest.mark.parametrize("name", CONNECTED)
def test_not_connected_is_no_failure(name: str, settings: Settings, company: Company) -> None:
    report = load(name, settings, company)
    assert (report.status, report.requests, report.complete_through) == ("not_connected", 0, None)
    assert set(query(settings, "select table_name, status from ledger.loads")) == {
        (t, "not_connected") for t in SOURCES[name].tables
    }
    for table in SOURCES[name].tables:
        assert query(settings, f"select count(*) from raw_{name}.{table}") == [(0,)]


@pytest.mark.parametrize("alone", CONNECTED)
def test_credentials_of_one_source_connect_that_one_and_no_other(
    alone: str, sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = set(SOURCES[alone].source.credentials.variables())
    for name in SANDBOX_CREDENTIALS.keys() | {"WAREHOUSE_SOURCE_URL", "MONGODB_URL"}:
        if name not in own:
            monkeypatch.delenv(name, raising=False)
    connected = {name for name in CONNECTED if SOURCES[name].source.connect(Settings(), company) is not None}
    assert connected == {alone}


def test_half_of_the_credentials_is_a_mistake_and_says_which_half(
    settings: Settings, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOTASK_SECRET", "canary-half-7731")
    with pytest.raises(
        PermanentError, match="Autotask: AUTOTASK_USERNAME and AUTOTASK_INTEGRATION_CODE not set"
    ) as caught:
        load("autotask", settings, company)
    assert "canary" not in str(caught.value)
    assert query(settings, "select distinct status from ledger.loads") == [("failed",)]


@pytest.mark.parametrize(
    "name",
    [
        (
            name
            if name in ("hubspot", "autotask", "quickbooks", "manual")
            else pytest.param(name, marks=pytest.mark.slow)
        )
        for name in SOURCES
    ],
)
def test_loading_twice_doubles_nothing(name: str, sandbox: Sandbox, company: Company) -> None:
    settings = now()
    first = load(name, settings, company)
    again = load(name, settings, company)
    for table in SOURCES[name].tables:
        assert first.tables[table].rows_total == again.tables[table].rows_total, table
        columns = [
            column
            for (column,) in query(
                settings,
                "select column_name from information_schema.columns where table_schema = ? and table_name = ?"
                " and not starts_with(column_name, '_dlt')",
                f"raw_{name}",
                table,
            )
        ]
        total, distinct = query(
            settings, f"select count(*), count(distinct ({', '.join(columns)})) from raw_{name}.{table}"
        )[0]
        assert total == distinct, table
    assert first.status == again.status == "ok"
    assert first.tables[SOURCES[name].tables[0]].rows_loaded > 0
    rows = query(
        settings, "select sum(requests), count(*) from ledger.loads group by load_id order by 1 desc"
    )
    assert rows[0] == (first.requests, len(SOURCES[name].tables))
    whole_each_time = (
        name in DATABASES or name in CASES and CASES[name].snapshots >= set(SOURCES[name].tables)
    )
    assert again.requests < first.requests + whole_each_time or first.requests <= 1


@pytest.mark.parametrize("name", WIRED)
def test_types_are_those_of_the_contract(name: str, sandbox: Sandbox, company: Company) -> None:
    settings = now()
    load(name, settings, company, tables=CASES[name].tables)
    kinds = {
        "text": "VARCHAR",
        "bigint": "BIGINT",
        "decimal": "DECIMAL(38,9)",
        "bool": "BOOLEAN",
        "date": "DATE",
        "timestamp": "TIMESTAMP WITH TIME ZONE",
    }
    for table in CASES[name].tables:
        there = dict(
            query(
                settings,
                "select column_name, data_type from information_schema.columns where table_schema = ? and"
                " table_name = ?",
                f"raw_{name}",
                table,
            )
        )
        for column, kind in SOURCES[name].source.by_name[table].columns.items():
            assert there[column] == kinds[kind], (table, column)


def test_secrets_are_nowhere(sandbox: Sandbox, company: Company, caplog: pytest.LogCaptureFixture) -> None:
    settings = now()
    told = []
    with caplog.at_level(logging.DEBUG):
        for name in WIRED:
            load(name, settings, company)
            own = " ".join(
                value for variable, value in SANDBOX_CREDENTIALS.items() if variable.startswith(name.upper())
            )
            for kind in ({"kind": "wrong_key"}, {"kind": "status", "status": 400, "body": f"you sent {own}"}):
                sandbox.fault(name, path=CASES[name].listing, **kind)
                try:
                    # one object that is refused is a warning where there are many of them
                    told.append(" ".join(load(name, settings, company).warnings))
                except PermanentError as error:
                    told.append("".join(traceback.format_exception(error)))
                assert told[-1], (name, kind)
                sandbox.clear_faults()
    files = [file for file in settings.home.rglob("*") if file.is_file()]
    # dlt's own record of a run holds exceptions as they were raised
    assert not [file for file in files if "trace" in file.name]
    written = [file.read_bytes() for file in files]
    assert any(b"contacts" in content for content in written)
    for name, secret in secrets().items():
        for content in (caplog.text.encode(), "".join(told).encode(), *written):
            assert secret.encode() not in content, name


def test_a_missing_scope_skips_one_table_and_names_the_scope(sandbox: Sandbox, company: Company) -> None:
    settings = now()
    load("hubspot", settings, company, tables={"owners", "calls"})
    known = query(settings, "select count(*) from raw_hubspot.owners")
    sandbox.fault("hubspot", "missing_scopes", scopes=["crm.objects.deals.read", "crm.objects.owners.read"])
    report = load("hubspot", settings, company)
    for table, scope in (("deals", "crm.objects.deals.read"), ("owners", "crm.objects.owners.read")):
        assert any(table in warning and scope in warning for warning in report.warnings), report.warnings
    statuses = dict(
        query(
            settings,
            "select table_name, status from ledger.loads where load_id = (select load_id from ledger.loads"
            " order by rowid desc limit 1)",
        )
    )
    # associations too: those with deals cannot be seen, and nobody knows which ones a number needs
    refused = ("deals", "deal_history", "owners", "deal_pipelines", "deal_stages", "associations")
    assert {statuses.pop(table) for table in refused} == {"not_available"}
    assert set(statuses.values()) == {"ok"}
    assert report.tables["calls"].rows_total > 0
    assert query(settings, "select count(*) from raw_hubspot.owners") == known  # what was known stays


def test_a_list_that_does_not_exist_is_refused_and_one_that_nobody_named_is_not_connected(
    sandbox: Sandbox, company: Company
) -> None:
    """Neither is a list without members, and the stored list stays."""
    settings, tables = now(), {"lists", "list_members"}
    load("hubspot", settings, company, tables=tables)
    held = "select (select count(*) from raw_hubspot.lists), (select count(*) from raw_hubspot.list_members)"
    known = query(settings, held)
    assert known[0][0] == 1 and known[0][1] > 200
    last = (
        "select distinct status, error from ledger.loads where load_id = (select arg_max(load_id,"
        " load_number) from ledger.loads)"
    )
    for name, status in (("Cold 250", "not_available"), ("", "not_connected")):
        named = company.model_copy(update={"hubspot": company.hubspot.model_copy(update={"warm_list": name})})
        report = load("hubspot", settings, named, tables=tables)
        [(said, error)] = query(settings, last)
        assert said == status and "hubspot.warm_list in company.toml" in error
        assert bool(report.warnings) == bool(name), "what nobody asked for is not reported"
        assert query(settings, held) == known


def test_the_warning_about_hidden_non_billable_time(sandbox: Sandbox, company: Company) -> None:
    sandbox.fault("autotask", "hide_non_billable")
    report = load("autotask", now(), company, tables={"time_entries"})
    assert any("view non-billable time entries" in warning for warning in report.warnings)


def test_the_accounts_of_two_places_never_mix(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    load("autotask", now(), company, tables={"resources"})
    monkeypatch.delenv("SANDBOX_URL")
    monkeypatch.setenv("AUTOTASK_BASE_URL", f"{sandbox.url}/autotask")
    with pytest.raises(PermanentError, match="holds data of another place.*SCORELINE_HOME"):
        load("autotask", now(), company, tables={"resources"})


def test_a_used_up_day_stops_at_once_and_says_when_it_ends(sandbox: Sandbox, company: Company) -> None:
    sandbox.fault(
        "hubspot",
        "status",
        status=429,
        path="owners",
        body='{"policyName": "DAILY", "errorType": "RATE_LIMIT"}',
    )
    with pytest.raises(TransientError, match="requests for today are used up.*midnight"):
        load("hubspot", now(), company, tables={"owners"})
    assert len([call for call in sandbox.requests("hubspot") if call["status"] == 429]) == 1


def test_credentials_go_to_no_foreign_zone(sandbox: Sandbox, company: Company) -> None:
    body = (
        '{"zoneName": "x", "url": "https://autotask.net.evil.example/ATServicesRest/", "webUrl": "", "ci":'
        " 1000}"
    )
    sandbox.fault("autotask", "status", status=200, path="zoneInformation", body=body)
    with pytest.raises(PermanentError, match="autotask.net.evil.example, which is not Autotask's"):
        load("autotask", now(), company)


def test_an_answer_of_another_shape_says_what_was_expected(sandbox: Sandbox, company: Company) -> None:
    sandbox.fault("hubspot", "status", status=200, path="objects/2026-09/deals", body='{"items": []}')
    with pytest.raises(
        PermanentError, match="HubSpot.*deals: expected results to be a list, but the answer has: items"
    ):
        load("hubspot", now(), company, tables={"deals"})


def test_a_bad_value_costs_no_row(sandbox: Sandbox, company: Company) -> None:
    row = (
        '{"id": "9001", "properties": {"dealname": "<script>alert(1)</script>", "amount": "abc", "closedate":'
        ' "soon"}, "archived": false}'
    )
    sandbox.fault(
        "hubspot", "status", status=200, path="objects/2026-09/deals", times=1, body=f'{{"results": [{row}]}}'
    )
    report = load("hubspot", now(), company, tables={"deals"})
    assert 'hubspot.deals 9001: amount "abc" is not a number; stored as empty' in report.warnings
    assert query(now(), "select dealname, amount, closedate from raw_hubspot.deals where id = '9001'") == [
        ("<script>alert(1)</script>", None, None)
    ]


def test_an_autotask_query_that_is_wrong_is_asked_once(sandbox: Sandbox, company: Company) -> None:
    body = '{"errors": ["Unable to find x in the Resources Entity."]}'
    sandbox.fault("autotask", "status", status=500, path="Resources/query", body=body)
    with pytest.raises(PermanentError, match="the query is refused: Unable to find x"):
        load("autotask", now(), company, tables={"resources"})
    assert len([call for call in sandbox.requests("autotask") if call["status"] == 500]) == 1


def test_unknown_names_are_refused(settings: Settings, company: Company) -> None:
    with pytest.raises(PermanentError, match="unknown source 'hubspt'; did you mean 'hubspot'"):
        load("hubspt", settings, company)
    with pytest.raises(PermanentError, match="HubSpot: unknown tables cals"):
        load("hubspot", settings, company, tables={"cals"})


def test_another_process_that_holds_the_file_is_named(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    from foundation.warehouse import WarehouseBusy, file

    settings = now()
    load("manual", settings, company)
    monkeypatch.setattr(file, "FOREIGN_WAIT_SECONDS", 0.3)
    code = (
        f"import duckdb, time; held = duckdb.connect({str(settings.warehouse_path)!r}); print('open',"
        " flush=True); time.sleep(60)"
    )
    other = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout and other.stdout.readline() == "open\n"
        with pytest.raises(WarehouseBusy, match=f"process {other.pid}"):
            load("manual", settings, company)
    finally:
        other.kill()
        other.wait()


def test_numbered_paths_load_the_same(sandbox: Sandbox, company: Company) -> None:
    numbered = company.model_copy(
        update={"hubspot": company.hubspot.model_copy(update={"api_version": "v3"})}
    )
    report = load("hubspot", now(), numbered)
    assert report.warnings == []
    assert min(table.rows_total for table in report.tables.values()) > 0
    asked = {call["path"].partition("?")[0] for call in sandbox.requests("hubspot")}
    assert {"/crm/v3/objects/contacts", "/account-info/v3/details"} <= asked and not [
        path for path in asked if "/20" in path
    ]


@pytest.mark.parametrize("inside", [(Warehouse, "connect"), (loading, "running")], ids=["commit", "package"])
def test_a_load_on_a_full_disk_names_the_folder(
    inside: tuple[Any, str], sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Settings().home
    error: Exception = OSError(errno.ENOSPC, "No space left on device", str(home / "dlt"))
    if inside[0] is Warehouse:
        error = duckdb.TransactionException(
            f'Failed to commit: Could not write file "{home}/warehouse.duckdb.wal": No space left on device'
        )

    def fails(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(*inside, fails)
    with pytest.raises(DiskFull, match=f"The disk with {home} is full"):
        load("justcall", Settings(), company, tables=["users"])
