"""What vendors say they have: asked after a load of everything, the same as what is held, and no reason for a
load to fail."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import pytest

from dlt_pipelines.core.load import load
from dlt_pipelines.registry import SOURCES
from dlt_pipelines.sources.hubspot.fields import TARGETS
from foundation.settings import PROJECT_ROOT, Company, Settings
from sandbox import Sandbox
from tests.dlt_pipelines.conftest import query

pytestmark = pytest.mark.usefixtures("unhurried")


@dataclass(frozen=True)
class Told:
    """What a vendor tells, and how it is asked."""

    tables: dict[str, str]
    """Table -> which of its rows the vendor should count (SQL)."""
    kept: str
    """One of them that later loads only add to: a row that is lost stays lost."""
    asked: dict[str, str]
    """The `path` and `within` of a sandbox fault that hits these requests and, in a first load, no other."""


TOLD = {
    "hubspot": Told(dict.fromkeys(TARGETS, "not archived"), "deals", {"path": "/search"}),
    "autotask": Told(
        dict.fromkeys(("tickets", "time_entries"), "deleted_at is null"),
        "time_entries",
        {"path": "query/count"},
    ),
    "quickbooks": Told(
        {"bills": "deleted_at is null", "bill_payments": "deleted_at is null", "vendors": "true"},
        "bills",
        {"within": "count%28"},
    ),
    "zendesk": Told(
        # of a ticket's parts the newest one says whether it is deleted
        {
            "tickets": (
                "part <> 'deleted' and (id, generated_timestamp) in "
                "(select (id, max(generated_timestamp)) from raw_zendesk.tickets group by id)"
            )
        },
        "tickets",
        {"path": "search/count"},
    ),
    "intercom": Told({"conversations": "deleted_at is null"}, "conversations", {"within": r'"per_page":1\b'}),
    "datto_rmm": Told(
        {"devices": "snapshot_date = (select max(snapshot_date) from raw_datto_rmm.devices)"},
        "",
        {"within": r"max=1(?!\d)"},
    ),
}
KEEPING = [source for source, told in TOLD.items() if told.kept]


def differences(source: str) -> dict[str, int]:
    """Table -> rows held less those that the vendor told, at an instant at which it always tells the same."""
    settings = Settings()
    told = query(
        settings,
        "select distinct table_name, vendor_total from ledger.loads where source = ? and vendor_total is not"
        " null",
        source,
    )
    assert sorted(table for table, _ in told) == sorted(TOLD[source].tables)
    return {
        table: (
            query(settings, f"select count(*) from raw_{source}.{table} where {TOLD[source].tables[table]}")[
                0
            ][0]
            - total
        )
        for table, total in told
    }


def test_every_source_that_is_told_totals_is_tried_here_and_compared() -> None:
    assert set(TOLD) == {name for name, entry in SOURCES.items() if entry.source.totals}
    sql = (PROJECT_ROOT / "dbt_project/models/marts/health/fct_reconciliations.sql").read_text(
        encoding="utf-8"
    )
    assert [
        (source, table)
        for source in TOLD
        for table in TOLD[source].tables
        if f"'stg_{source}__{table}'" not in sql
    ] == []


@pytest.mark.parametrize("source", TOLD)
def test_a_first_load_holds_what_the_vendor_counts(sandbox: Sandbox, company: Company, source: str) -> None:
    report = load(source, Settings(), company)
    assert report.warnings == []
    assert differences(source) == dict.fromkeys(TOLD[source].tables, 0)
    assert min(report.tables[table].rows_total for table in TOLD[source].tables) > 10


@pytest.mark.parametrize("source", KEEPING)
def test_a_row_that_is_lost_is_a_difference(sandbox: Sandbox, company: Company, source: str) -> None:
    table, settings = TOLD[source].kept, Settings()
    load(source, settings, company)
    changed = SOURCES[source].source.by_name[table].newest
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        # the one that changed the longest ago: what changed lately comes again
        connection.execute(
            f"delete from raw_{source}.{table} where id = (select arg_min(id, {changed}) from"
            f" raw_{source}.{table} where {TOLD[source].tables[table]})"
        )
    load(source, settings, company)
    assert differences(source) == dict.fromkeys(TOLD[source].tables, 0) | {table: -1}


@pytest.mark.parametrize("source", TOLD)
def test_a_vendor_that_tells_no_totals_loads_all_the_same(
    sandbox: Sandbox, company: Company, source: str
) -> None:
    sandbox.fault(source, "status", status=500, times=None, **TOLD[source].asked)
    report = load(source, Settings(), company)
    assert (
        [warning for warning in report.warnings if "own totals could not be read" in warning]
        == report.warnings
        != []
    )
    assert report.status == "ok" and all(
        report.tables[table].rows_total > 10 for table in TOLD[source].tables
    )


def test_a_part_is_not_compared(sandbox: Sandbox, company: Company) -> None:
    load("autotask", Settings(), company, tables={"tickets"})
    assert query(Settings(), "select count(vendor_total) from ledger.loads") == [(0,)]
