"""Figures of the company's own databases: a real Postgres, and the sandbox's MongoDB over its wire
protocol."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from dlt_pipelines.core.load import LoadReport, load
from dlt_pipelines.doctor.checks import diagnose
from dlt_pipelines.errors import PermanentError, TransientError
from dlt_pipelines.sources import mongodb
from dlt_pipelines.sources.company_warehouse import CompanyWarehouseCredentials
from foundation.settings import Company, Settings, SettingsError, load_company
from sandbox import Sandbox
from sandbox.vendors.mongodb import PASSWORD as MONGO_PASSWORD
from tests.dlt_pipelines.conftest import AS_OF, at, query
from tests.support.postgres import PASSWORD, Postgres


@pytest.fixture(scope="module")
def postgres(postgres_server: Postgres) -> str:
    """A Postgres database with a table of events; the address of a reader who could also write."""
    url = postgres_server.new_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "create table events (kind text, held_at timestamptz, day date, seats integer, price numeric)"
        )
        connection.execute("create sequence counter")
        connection.execute(
            "insert into events values ('Gala', '2025-10-27 02:00+00', '2025-10-27', 120, 18500.25),"
            " ('<script>alert(1)</script>', '2025-10-27 18:00+00', '2025-10-27', null, 0.1),"
            " ('Concert', null, null, 300, 1e27)"
        )
    return url.replace("postgresql:", "postgresql+psycopg:")


Ask = Callable[..., LoadReport]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """`ask("company_warehouse", "[[company_warehouse.queries]] ...")`: load with these queries in
    company.toml."""

    def load_with(source: str, queries: str, settings: Settings | None = None) -> LoadReport:
        company = company_with(queries, tmp_path, monkeypatch)
        return load(source, settings or Settings(), company)

    return load_with


def company_with(queries: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Company:
    file = folder / "company.toml"
    file.write_text(
        '[company]\nname = "x"\ntime_zone = "America/Chicago"\ncurrency = "USD"\n[mail]\nfrom ='
        ' "a@x.example"\noperator = "o@x.example"\n' + queries,
        encoding="utf-8",
    )
    monkeypatch.setenv("SCORELINE_COMPANY_FILE", str(file))
    return load_company(Settings())


def sql(name: str, text: str) -> str:
    return f'[[company_warehouse.queries]]\nname = "{name}"\nsql = """{text}"""\n'


def figures(source: str = "company_warehouse") -> list[tuple[Any, ...]]:
    columns = "snapshot_date::text, query_name, category, day::text, value::text"
    return query(
        Settings(),
        f"select {columns} from raw_{source}.figures order by snapshot_date, query_name, row_number",
    )


@pytest.fixture
def warehouse(postgres: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("WAREHOUSE_SOURCE_URL", postgres)
    return postgres


def test_sql_and_table_queries_bring_typed_rows(warehouse: str, ask: Ask) -> None:
    table = (
        '[[company_warehouse.queries]]\nname = "b"\ntable = "events"\nvalue = "seats"\ncategory = "kind"\nday'
        ' = "day"\n'
    )
    report = ask(
        "company_warehouse",
        sql("a", "select price as value, kind as category, held_at as day from events") + table,
    )
    assert report.warnings == [] and report.status == "ok"
    assert figures() == [
        # 02:00 UTC is the evening before in Chicago
        ("2025-10-27", "a", "Gala", "2025-10-26", "18500.250000000"),
        ("2025-10-27", "a", "<script>alert(1)</script>", "2025-10-27", "0.100000000"),
        ("2025-10-27", "a", "Concert", None, "1000000000000000000000000000.000000000"),
        ("2025-10-27", "b", "Gala", "2025-10-27", "120.000000000"),
        ("2025-10-27", "b", "<script>alert(1)</script>", "2025-10-27", None),
        ("2025-10-27", "b", "Concert", None, "300.000000000"),
    ]


def test_the_clock_of_the_run_stands_in_for_today(warehouse: str, ask: Ask) -> None:
    ask(
        "company_warehouse",
        sql(
            "a",
            "select 1 as value, cast(:today as date) as day, cast(:as_of as timestamptz)::text as category",
        ),
    )
    assert figures() == [("2025-10-27", "a", "2025-10-27 12:00:00+00", "2025-10-27", "1.000000000")]


def test_a_day_has_one_snapshot_and_days_stay(
    warehouse: str, ask: Ask, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    monkeypatch.delenv("SANDBOX_URL")
    monkeypatch.setenv("WAREHOUSE_SOURCE_URL", warehouse)
    ask("company_warehouse", sql("a", "select seats as value from events where seats is not null"))
    ask("company_warehouse", sql("a", "select 5 as value"))
    assert [(row[0], row[4]) for row in figures()] == [("2025-10-27", "5.000000000")]
    at(monkeypatch, sandbox, "2025-10-28T12:00:00Z")
    ask(
        "company_warehouse", sql("a", "select 5 as value where false")
    )  # none that day is not the same as not asked
    assert [(row[0], row[4]) for row in figures()] == [("2025-10-27", "5.000000000"), ("2025-10-28", None)]
    assert query(
        Settings(), "select row_count from raw_company_warehouse.queries order by snapshot_date"
    ) == [(1,), (0,)]


def test_a_query_that_fails_leaves_the_others_alone(warehouse: str, ask: Ask) -> None:
    queries = (
        sql("bad", "select * from no_such_table")
        + sql("good", "select 7 as value")
        + sql("shapeless", "select 7 as seats")
    )
    report = ask("company_warehouse", queries)
    assert report.status == "ok"
    assert any("query bad" in text and "no_such_table" in text for text in report.warnings), report.warnings
    assert any("query shapeless: returns no column value, but seats" in text for text in report.warnings), (
        report.warnings
    )
    assert [row[1] for row in figures()] == ["good"]
    rows = query(
        Settings(), "select query_name, status, error is null from raw_company_warehouse.queries order by 1"
    )
    assert rows == [("bad", "failed", False), ("good", "ok", True), ("shapeless", "failed", False)]


def test_only_bad_queries_are_a_failure(warehouse: str, ask: Ask) -> None:
    with pytest.raises(PermanentError, match='Company warehouse: .*"nowhere" does not exist'):
        ask("company_warehouse", sql("bad", "select 1 as value from nowhere"))


def test_nothing_is_ever_written(warehouse: str, ask: Ask) -> None:
    with pytest.raises(PermanentError, match="read-only transaction"):
        ask("company_warehouse", sql("evil", "select nextval('counter') as value"))
    with pytest.raises(PermanentError, match="data-modifying statements"):
        ask(
            "company_warehouse",
            sql("evil", "with gone as (delete from events returning 1) select count(*) as value from gone"),
        )
    ask("company_warehouse", sql("a", "select count(*) as value from events"))
    assert figures()[0][4] == "3.000000000"


def test_a_wrong_password_is_permanent_and_told_without_it(
    postgres: str, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE_SOURCE_URL", postgres.replace(PASSWORD, "wrong-canary-77"))
    with pytest.raises(
        PermanentError, match="Company warehouse: the database refuses: .*WAREHOUSE_SOURCE_URL"
    ) as caught:
        ask("company_warehouse", sql("a", "select 1 as value"))
    assert "wrong-canary-77" not in str(caught.value)


def test_a_database_that_is_away_is_transient(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE_SOURCE_URL", "postgresql+psycopg://reader:away-canary-3@127.0.0.1:9/none")
    with pytest.raises(TransientError, match="Company warehouse: the database does not answer") as caught:
        ask("company_warehouse", sql("a", "select 1 as value"))
    assert "away-canary-3" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("not an address", "not a valid SQLAlchemy URL"),
        ("snowflake://acme/sales", "pip install snowflake-sqlalchemy"),
        (
            "bigquery://acme/sales?credentials_path=/none/key.json",
            "/none/key.json.*Check WAREHOUSE_SOURCE_URL",
        ),
    ],
)
def test_an_address_that_cannot_work_says_what_to_do(
    url: str, told: str, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE_SOURCE_URL", url)
    with pytest.raises(PermanentError, match=told):
        ask("company_warehouse", sql("a", "select 1 as value"))


@pytest.mark.parametrize(
    "queries",
    [
        '[[company_warehouse.queries]]\nname = "a"\n',
        '[[company_warehouse.queries]]\nname = "a"\nsql = "select 1"\ntable = "t"\n',
        '[[company_warehouse.queries]]\nname = "A b"\nsql = "select 1"\n',
        '[[mongodb.queries]]\nname = "a"\ncollection = "c"\nvalue = "v"\nlatest = true\n',
    ],
)
def test_a_wrong_query_in_company_toml_is_named(
    queries: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingsError, match=r"company\.toml:\n  (company_warehouse|mongodb)\.queries\.0"):
        company_with(queries, tmp_path, monkeypatch)


def test_the_doctor_tells_which_query_cannot_be_read(
    warehouse: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = company_with(
        sql("good", "select 1 as value") + sql("bad", "select 1 from nowhere"), tmp_path, monkeypatch
    )
    found = {finding.check: finding for finding in diagnose(Settings(), company, ["company_warehouse"])}
    assert found["good"].level == found["reach"].level == "ok"
    assert found["bad"].level == "fail" and "nowhere" in found["bad"].detail and found["bad"].way_out
    assert PASSWORD not in str(found)


MONGO = (
    '[[mongodb.queries]]\nname = "{name}"\ncollection = "{collection}"\nvalue = "{value}"\ncategory ='
    ' "event_type"\nday = "as_of"\n'
)


def mongo(
    name: str = "a", collection: str = "report_datas", value: str = "capacity", more: str = "latest = true\n"
) -> str:
    return MONGO.format(name=name, collection=collection, value=value) + more


def test_documents_of_the_newest_day(sandbox: Sandbox, ask: Ask) -> None:
    report = ask("mongodb", mongo() + mongo("exact", value="value"))
    assert report.warnings == []
    rows = figures("mongodb")
    # the report of 27 October 02:00 UTC is of the evening of the 26th in Chicago
    assert {(row[0], row[3]) for row in rows} == {("2025-10-27", "2025-10-26")}
    assert sorted(row[2] for row in rows if row[1] == "a") == sorted(
        row[2] for row in rows if row[1] == "exact"
    )
    seats = {row[2]: float(row[4]) for row in rows if row[1] == "a"}
    assert len(seats) == 5 and seats == {row[2]: float(row[4]) / 74 for row in rows if row[1] == "exact"}


def test_many_documents_come_in_batches(sandbox: Sandbox, ask: Ask) -> None:
    report = ask(
        "mongodb", mongo(more='filter = { event_type = { "$in" = ["Gala", "Concert", "Trade show"] } }\n')
    )
    assert report.tables["figures"].rows_total > 1_400  # the first batch holds 1,000


def test_a_misspelt_collection_is_named(sandbox: Sandbox, ask: Ask) -> None:
    report = ask("mongodb", mongo() + mongo("typo", collection="report_data"))
    assert any(
        "query typo: there is no collection report_data; there are: report_datas, sessions" in text
        for text in report.warnings
    )
    assert {row[1] for row in figures("mongodb")} == {"a"}


def test_an_empty_collection_is_no_mistake(sandbox: Sandbox, ask: Ask) -> None:
    report = ask("mongodb", mongo("none", collection="sessions"))
    assert report.warnings == [] and report.tables["figures"].rows_total == 1
    assert figures("mongodb") == [("2025-10-27", "none", None, None, None)]


def test_a_wrong_mongo_password_is_permanent_and_told_without_it(
    sandbox: Sandbox, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONGODB_URL", os.environ["MONGODB_URL"].replace(MONGO_PASSWORD, "wrong%2Fcanary-5"))
    with pytest.raises(PermanentError, match="MongoDB: the server refuses \\(code 18\\)") as caught:
        ask("mongodb", mongo())
    assert "canary" not in str(caught.value)


def test_a_mongo_that_is_away_is_transient(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mongodb, "ANSWER_MS", 300)
    monkeypatch.setenv("MONGODB_URL", "mongodb://reader:away-canary-4@127.0.0.1:9/company")
    with pytest.raises(TransientError, match="MongoDB: the server does not answer") as caught:
        ask("mongodb", mongo())
    assert "away-canary-4" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://x", "not a valid URL"),
        ("mongodb://reader:half canary@/x@host/db", "not a valid URL"),
        ("mongodb://reader:canary-8@host:27017/", "names no database"),
    ],
)
def test_a_wrong_mongo_address_says_what_to_do(
    url: str, told: str, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONGODB_URL", url)
    with pytest.raises(PermanentError, match=told) as caught:
        ask("mongodb", mongo())
    assert "canary" not in str(caught.value)


def test_no_password_is_in_anything_that_is_written(
    warehouse: str,
    sandbox: Sandbox,
    ask: Ask,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("WAREHOUSE_SOURCE_URL", warehouse)
    with caplog.at_level("DEBUG"):
        ask("company_warehouse", sql("a", "select 1 as value") + sql("bad", "select 1 from nowhere"))
        ask("mongodb", mongo())
    for file in Settings().home.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert PASSWORD.encode() not in content and MONGO_PASSWORD.encode() not in content, file
    assert PASSWORD not in caplog.text and MONGO_PASSWORD not in caplog.text


def test_the_shipped_queries_have_answers(sandbox: Sandbox, company: Company) -> None:
    assert Settings().as_of is not None and AS_OF.startswith("2025-10-27")
    for source in ("company_warehouse", "mongodb"):
        report = load(source, Settings(), company)
        assert report.warnings == []
        assert query(Settings(), f"select count(*) from raw_{source}.figures where value > 0")[0][0] >= 5


def test_a_key_in_the_address_of_bigquery_is_a_secret() -> None:
    address = "bigquery://acme/sales?credentials_base64=canary-4"
    credentials = CompanyWarehouseCredentials(WAREHOUSE_SOURCE_URL=address)
    assert credentials.secrets() == ["canary-4"]
    assert make_url(address).get_dialect().name == "bigquery"  # its driver is installed
