"""What could not be read is not zero: each raw table is taken away in turn, and no number that is computed
from it stays live.

One warehouse is built; then the ledger is turned over and only the models between it and the facts are
computed again, by the SQL that dbt compiled. Every line has a number in every period, so that its state tells
of the coverage and of nothing else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from tests.support.raw_warehouse import DBT_DIR, RawWarehouse, at, raw_tables

CLOCK = at("2025-10-27T12:00:00")
THROUGH, WEDNESDAY = CLOCK - timedelta(minutes=5), at("2025-10-22T15:00:00")
CHAIN = (
    "sources/int_sources__tables",
    "sources/int_sources__states",
    "sources/int_sources__chosen",
    "crm/int_crm__chosen",
    "sources/int_sources__unread",
    "figures/int_figures__queries",
    "scorecard/int_scorecard__line_tables",
    "scorecard/int_scorecard__coverage",
    "scorecard/int_scorecard__line_periods",
)
FIGURES = ("yearly_capacity", "limited_capacity", "new_inventory_value")
SAID = "the user may not read this (403)"
LACKS = "campaign 7 cannot be read"

Reads = dict[str, set[tuple[str, str]]]
"""Metric -> (source, table) that it is computed from."""
Attempt = tuple[str, datetime | None]
"""Status of a load (lacks: ok, but for some rows), and through when the table was complete."""
GOOD: list[Attempt] = [("ok", THROUGH)]
DISCONNECTED: list[Attempt] = [("ok", WEDNESDAY), ("not_connected", None)]
TAKEN: dict[str, list[Attempt]] = {
    "refused from the start": [("not_available", None)],
    "refused since Wednesday": [("ok", WEDNESDAY), ("not_available", None)],
    "refused since Wednesday, then out of reach": [
        ("ok", WEDNESDAY),
        ("not_available", None),
        ("failed", None),
    ],
    "failed from the start": [("failed", None)],
    "failed since Wednesday": [("ok", WEDNESDAY), ("failed", None)],
    "disconnected on Wednesday": DISCONNECTED,
    "half read": [("ok", WEDNESDAY)],
    "lacks rows from the start": [("lacks", THROUGH)],
    "lacks rows since Wednesday": [("ok", WEDNESDAY), ("lacks", THROUGH)],
    "not connected": [("not_connected", None)],
    "never asked for": [],
}


class Ledger:
    """The built warehouse in memory, with a ledger to write and the models above it to compute."""

    def __init__(self, built: RawWarehouse) -> None:
        self.connection = duckdb.connect()
        name = built.settings.warehouse_path.stem
        self.connection.execute("set TimeZone = 'UTC'")
        self.connection.execute(f"attach '{built.settings.warehouse_path}' as built (read_only)")
        self.connection.execute(
            f"attach ':memory:' as {name}; copy from database built to {name}; use {name}; detach built"
        )
        compiled = built.target / "compiled/scoreline/models/intermediate"
        self.models = {
            model.split("/")[1]: (compiled / f"{model}.sql").read_text(encoding="utf-8") for model in CHAIN
        }
        self.connection.execute("""
            create or replace table intermediate.int_scorecard__contributions as
            select lines.line_id, periods.period_start, least(periods.period_end, date '2025-10-27') as occurred_on,
                   1 as numerator, 1 as denominator, true as counted, null::text as reason, null::decimal(38, 9) as sample,
                   'x' as source, 'x' as record_type, 'x' as record_id, null::text as record_label,
                   null::timestamptz as true_at, null::timestamptz as entered_at
            from intermediate.int_scorecard__lines as lines
            join intermediate.int_calendar__periods as periods
              on periods.cadence = lines.cadence and periods.period_start between date '2025-01-01' and date '2025-10-27'
            """)
        self.connection.executemany(
            "insert into raw_company_warehouse.queries (snapshot_date, query_name, status, row_count) values"
            " ('2025-10-27', ?, 'ok', 1)",
            [[name] for name in FIGURES],
        )

    def load(self, taken: dict[tuple[str, str], list[Attempt]], without: Collection[str] = ()) -> None:
        """Everything was read well five minutes ago, but for the (source, table) of `taken` and the sources
        of `without`."""
        attempts = [
            (source, table, status, f"'{through}'" if through else "null")
            for source, tables in raw_tables().items()
            for table in tables
            for status, through in (
                [("not_connected", None)] if source in without else taken.get((source, table), GOOD)
            )
        ]
        rows = ", ".join(
            f"({number}, '{number}', '{source}', '{table}', '{status.replace('lacks', 'ok')}', '{CLOCK}', '{CLOCK}', {through}, '{SAID}', "
            f"{repr(LACKS) if status == 'lacks' else 'null'})"
            for number, (source, table, status, through) in enumerate(attempts)
        )
        self.connection.execute(
            "delete from ledger.loads; insert into ledger.loads "
            f"(load_number, load_id, source, table_name, status, started_at, finished_at, complete_through, error, lacks) values {rows}"
        )
        for name, sql in self.models.items():
            self.connection.execute(f"create or replace table intermediate.{name} as {sql}")

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()

    def live(self) -> set[str]:
        """Metrics that have a number without a mark in a period that was not over on that Wednesday."""
        found = self.query(
            "select distinct metric_id from intermediate.int_scorecard__line_periods "
            "where state in ('live', 'provisional') and period_end >= date '2025-10-22'"
        )
        return {metric for (metric,) in found}


@pytest.fixture(scope="module")
def ledger(unconnected: RawWarehouse) -> Iterator[Ledger]:
    opened = Ledger(unconnected)
    yield opened
    opened.connection.close()


@pytest.fixture(scope="module")
def reads(unconnected: RawWarehouse) -> Reads:
    """Metric -> (source, table) of its sources that dbt's own manifest says it is computed from, exceptions
    left aside."""
    manifest = json.loads((unconnected.target / "manifest.json").read_text(encoding="utf-8"))

    def tables(node_id: str) -> set[tuple[str, str]]:
        if node_id in manifest["sources"]:
            source = manifest["sources"][node_id]
            return (
                {(source["source_name"].removeprefix("raw_"), source["name"])}
                if source["source_name"].startswith("raw_")
                else set()
            )
        node = manifest["nodes"][node_id]
        found = set().union(*(tables(parent) for parent in node["depends_on"].get("nodes", [])))
        return found - {tuple(name.split(".")) for name in node["config"]["meta"].get("not_needed", {})}

    return {
        node["name"]: {table for table in tables(node_id) if table[0] in node["config"]["meta"]["sources"]}
        for node_id, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node["fqn"][1] == "metrics"
    }


def rounds(*sources: str) -> list[set[tuple[str, str]]]:
    """Sets of tables, at most one of each source (none: of all sources), that together take each table away
    once."""
    chosen = {
        source: list(tables) for source, tables in raw_tables().items() if not sources or source in sources
    }
    return [
        {(source, tables[i]) for source, tables in chosen.items() if i < len(tables)}
        for i in range(max(map(len, chosen.values())))
    ]


def used(ledger: Ledger) -> set[tuple[str, str]]:
    """(metric, source) whose tables count now: of sources that stand for each other those that are read."""
    return set(
        ledger.query(
            "select distinct metric_id, source from intermediate.int_scorecard__line_tables join"
            " intermediate.int_scorecard__lines using (line_id) where not is_fed_by_hand and source <>"
            " 'manual'"
        )
    )


def hit(reads: Reads, gone: set[tuple[str, str]], counts: set[tuple[str, str]]) -> set[str]:
    """Metrics that are computed from one of the tables."""
    return {
        metric
        for metric, tables in reads.items()
        if any((metric, source) in counts for source, _ in tables & gone)
    }


def test_coverage_knows_every_table_that_a_metric_is_computed_from(ledger: Ledger, reads: Reads) -> None:
    told = set(
        ledger.query("select metric_id, source, table_name from intermediate.int_scorecard__metric_tables")
    )
    assert told == {(metric, *table) for metric, tables in reads.items() for table in tables}
    assert len(reads) > 100 and all(reads.values())
    ledger.load({})
    assert ledger.live() == {metric for metric, _ in used(ledger)}


@pytest.mark.parametrize(
    ("without", "sources"),
    [
        ((), ()),
        (("hubspot", "smartlead", "quickbooks"), ("copper", "billcom", "company_warehouse", "mongodb")),
        (("smartlead",), ("hubspot",)),
    ],
    ids=["all connected", "those that stand for others", "the CRM's mails"],
)
def test_each_table_in_turn(
    ledger: Ledger, reads: Reads, without: tuple[str, ...], sources: tuple[str, ...]
) -> None:
    ledger.load({}, without)
    whole, counts = ledger.live(), used(ledger)
    for gone in rounds(*sources):
        ledger.load({table: TAKEN["refused from the start"] for table in gone}, without)
        assert ledger.live() == whole - hit(reads, gone, counts), gone


@pytest.mark.parametrize("attempts", TAKEN.values(), ids=TAKEN.keys())
def test_every_way_in_which_a_table_is_not_read(
    ledger: Ledger, reads: Reads, attempts: list[Attempt]
) -> None:
    ledger.load({})
    whole, counts = ledger.live(), used(ledger)
    for gone in rounds()[:2]:
        ledger.load({table: attempts for table in gone})
        assert ledger.live() == whole - hit(reads, gone, counts), gone


def test_a_lost_permission_leaves_what_was_complete(ledger: Ledger) -> None:
    """Stale as of the last good load, and weeks that were over by then as they were; what was never read is
    missing."""
    ledger.load(
        {
            ("zendesk", "tickets"): TAKEN["refused since Wednesday"],
            ("copper", "activities"): TAKEN["refused from the start"],
        }
    )
    states = (
        "select period_label, state, as_of from intermediate.int_scorecard__line_periods where metric_id ="
        " '{}' and period_label in ('2025-W42', '2025-W43', '2025-W44') order by period_label"
    )
    assert ledger.query(states.format("tickets_unanswered")) == [
        ("2025-W42", "live", WEDNESDAY),
        ("2025-W43", "stale", WEDNESDAY),
        ("2025-W44", "missing", WEDNESDAY),
    ]
    assert {row[1] for row in ledger.query(states.format("phone_call_quantity"))} == {"missing"}
    assert ledger.query(
        "select source, refused from intermediate.int_sources__states where refused is not null order by source"
    ) == [
        ("copper", f"activities: {SAID}"),
        ("zendesk", f"tickets: {SAID}"),
    ]


def test_sources_that_are_disconnected_keep_their_past(ledger: Ledger) -> None:
    """The credentials of every source are gone since Wednesday: the weeks before stay as they were, also of
    sources that can stand for each other; later ones have no number."""
    week = (
        "select distinct metric_id from intermediate.int_scorecard__line_periods where period_label = '2025-W42'"
        " and state = 'live'"
    )
    ledger.load({})
    before = ledger.query(week)
    [used_crm] = ledger.query("select source from intermediate.int_crm__chosen")
    ledger.load(
        {(source, table): DISCONNECTED for source, tables in raw_tables().items() for table in tables}
    )
    assert set(ledger.query(week)) == set(before)
    assert not ledger.live()
    assert ledger.query("select source from intermediate.int_crm__chosen") == [used_crm]
    # the one that was read stays, though the other one comes first in the list
    copper = {("copper", table): DISCONNECTED for table in raw_tables()["copper"]}
    ledger.load(copper | {("hubspot", table): [("not_connected", None)] for table in raw_tables()["hubspot"]})
    assert ledger.query("select source from intermediate.int_crm__chosen") == [("copper",)]
    ledger.load({}, set(raw_tables()))
    assert not ledger.query("select source from intermediate.int_crm__chosen")


def test_weeks_since_a_table_lacks_rows_are_partial(ledger: Ledger) -> None:
    """The number shows what was read, without a verdict and with the reason. Once nothing is missing, both
    are gone."""
    weeks = (
        "select period_label, state, numerator, partial_note, as_of from intermediate.int_scorecard__line_periods "
        "where metric_id = 'contacts_sequenced' and period_label in ('2025-W42', '2025-W43', '2025-W44') order by period_label"
    )
    lacking = [("ok", WEDNESDAY), ("lacks", THROUGH)]
    ledger.load({("smartlead", "sends"): lacking})
    assert ledger.query(weeks) == [
        ("2025-W42", "live", 1, None, WEDNESDAY),
        ("2025-W43", "stale", 1, LACKS, WEDNESDAY),
        ("2025-W44", "stale", 1, LACKS, WEDNESDAY),
    ]
    assert ledger.query(
        "select refused from intermediate.int_sources__states where source = 'smartlead'"
    ) == [(f"sends: {LACKS}",)]
    ledger.load({("smartlead", "sends"): [("lacks", THROUGH)]})
    assert {row[1:] for row in ledger.query(weeks)} == {("stale", 1, LACKS, None)}
    ledger.load({("smartlead", "sends"): [*lacking, ("ok", THROUGH)]})
    assert {row[1] for row in ledger.query(weeks)} == {"live", "provisional"}


def test_a_value_that_cannot_be_read_is_in_doubt_on_the_days_of_its_record(
    ledger: Ledger, reads: Reads
) -> None:
    """In every table in turn. Other weeks stay as they are, and the note is gone once the record came
    again."""
    ledger.load({})
    whole, counts = ledger.live(), used(ledger)
    note = "'closed', '', '2025-10-27 12:00:00+00'"
    for gone in rounds():
        gone = {(source, table) for source, table in gone if table != "queries"}  # no vendor's words
        rows = ", ".join(
            f"('{source}', '{table}', '{record}', {note}, ['2025-10-26T12:00:00+00:00', '2025-10-27', '2026-01-01'], 'id', '1')"
            for source, table in gone
            for record in (FIGURES if table == "figures" else ["1"])
        )
        ledger.connection.execute(f"delete from ledger.unread; insert into ledger.unread values {rows}")
        ledger.load({})
        assert ledger.live() == whole - hit(reads, gone, counts), gone
    weeks = (
        "select period_label, state, numerator, partial_note from intermediate.int_scorecard__line_periods"
        " where metric_id = 'tickets_unanswered' and period_label in ('2025-W42', '2025-W43') order by 1"
    )
    ledger.connection.execute(
        f"delete from ledger.unread; insert into ledger.unread values ('zendesk', 'tickets', '1', {note}, ['2025-10-21'], 'id', '1')"
    )
    ledger.load({})
    assert ledger.query(weeks) == [
        ("2025-W42", "live", 1, None),
        ("2025-W43", "stale", 1, "1 of the tickets: closed cannot be read"),
    ]
    ledger.connection.execute("delete from ledger.unread")
    ledger.load({})
    assert ledger.live() == whole


NEVER_SEEN = {
    "text": "'NEVER_SEEN'",
    "bigint": "99",
    "timestamptz": "'2025-10-22 12:00:00+00'",
    "date": "'2025-10-22'",
}
LISTED = """
insert into raw_hubspot.call_outcomes (id) values ('answered');
insert into raw_hubspot.deal_stages (pipeline_id, id) values ('default', 'closedwon');
insert into raw_autotask.picklists (entity, field, value) values ('Tickets', 'status', '5'), ('Tickets', 'queueID', '8')
"""


def test_a_word_that_the_vendor_never_used_is_in_doubt(ledger: Ledger) -> None:
    """Every field of macros/known_values.sql: a renamed word is not a quiet "no"."""
    text = (DBT_DIR / "macros/known_values.sql").read_text(encoding="utf-8")
    fields = {
        (*table.split("."), field)
        for table, field in re.findall(r"'table': '([a-z_.]+)', 'field': '([a-z_]+)'", text)
    }
    assert len(fields) > 25
    ledger.connection.execute("begin")
    try:
        ledger.connection.execute(LISTED)
        for source, table in sorted({(source, table) for source, table, _ in fields}):
            columns = dict(column.split(" ", 1) for column in raw_tables()[source][table].split(", "))
            columns = {
                name: "'default'" if name == "pipeline" else NEVER_SEEN[kind]
                for name, kind in columns.items()
                if kind in NEVER_SEEN and name not in ("custom_fields", "udf", "deleted_at")
            }
            ledger.connection.execute(
                f"insert into raw_{source}.{table} ({', '.join(columns)}) values ({', '.join(columns.values())})"
            )
        ledger.load({})
        found = ledger.query(
            "select distinct source, table_name, field from intermediate.int_sources__unread where value is not null"
        )
        assert set(found) == fields
        days = {day for (day,) in ledger.query("select distinct day from intermediate.int_sources__unread")}
        # what a deal is now, it is today as well
        assert days == {date(2025, 10, 22), date(2025, 10, 27)}
        [(state, note)] = ledger.query(
            "select state, partial_note from intermediate.int_scorecard__line_periods where line_id ="
            " 'inside_sales.dials' and period_label = '2025-W43'"
        )
        assert state == "stale" and "1 of the calls: direction is not known (NEVER_SEEN)" in note
    finally:
        ledger.connection.execute("rollback")


def test_a_running_period_does_not_wait_to_be_late(ledger: Ledger) -> None:
    """Read an hour ago and refused now: what is there is a part."""
    ledger.load({("zendesk", "tickets"): [("ok", CLOCK - timedelta(hours=1)), ("not_available", None)]})
    weeks = (
        "select state from intermediate.int_scorecard__line_periods where metric_id = 'tickets_unanswered'"
        " and period_label = '{}'"
    )
    assert ledger.query(weeks.format("2025-W43")) == [("live",)]
    assert ledger.query(weeks.format("2025-W44")) == [("stale",)]


def test_hubspot_alone_loses_nothing(ledger: Ledger, reads: Reads) -> None:
    """A sales team that has nothing else, and no warm list: every metric that HubSpot can answer is live."""
    ledger.load({}, set(raw_tables()) - {"hubspot"})
    without_a_choice = {
        metric for metric, tables in reads.items() if any(source == "hubspot" for source, _ in tables)
    }
    # what it costs needs an ad platform too
    assert without_a_choice - ledger.live() <= {"cost_per_mql"} | hand_fed(ledger)


def hand_fed(ledger: Ledger) -> set[str]:
    """Metrics that the project only has as lines that people type in."""
    found = ledger.query(
        "select metric_id from intermediate.int_scorecard__lines group by metric_id having"
        " bool_and(is_fed_by_hand)"
    )
    return {metric for (metric,) in found}


def test_a_query_that_no_longer_answers_is_not_up_to_date(ledger: Ledger) -> None:
    ledger.connection.execute(
        "insert into raw_company_warehouse.queries (snapshot_date, query_name, status, error) "
        "values (date '2025-10-28', 'yearly_capacity', 'failed', 'no such column')"
    )
    ledger.load({})
    [(status, reason)] = ledger.query(
        "select last_status, reason from intermediate.int_scorecard__line_tables where line_id like"
        " '%total_yearly_capacity'"
    )
    assert (status, reason) == ("failed", "no such column")


NOT_ASKED = (
    "select is_not_connected, last_status, reason from intermediate.int_scorecard__line_tables where line_id like"
    " '%total_limited_capacity'"
)


def test_a_query_that_nobody_wrote_is_not_connected(ledger: Ledger) -> None:
    ledger.connection.execute(
        "delete from raw_company_warehouse.queries where query_name = 'limited_capacity'"
    )
    ledger.load({})
    assert ledger.query(NOT_ASKED) == [(True, "ok", None)]


def test_a_load_that_fails_does_not_say_that_a_query_is_not_there(ledger: Ledger) -> None:
    ledger.connection.execute(
        "delete from raw_company_warehouse.queries where query_name = 'limited_capacity'"
    )
    tables = [("company_warehouse", table) for table in ("figures", "queries")]
    ledger.load(dict.fromkeys(tables, [("failed", None)]), ["mongodb"])
    assert ledger.query(NOT_ASKED) == [(False, "failed", SAID)]
