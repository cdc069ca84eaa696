"""What HubSpot's deals have been: read with the deals that changed, and not again before they change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dlt_pipelines.core.load import load
from dlt_pipelines.registry import SOURCES
from dlt_pipelines.sources.hubspot.fields import HISTORY, HISTORY_BATCH
from foundation.settings import Company, Settings
from sandbox import Sandbox
from tests.dlt_pipelines.conftest import AS_OF, at, query

pytestmark = pytest.mark.usefixtures("unhurried")


def reads(sandbox: Sandbox) -> int:
    """Requests for histories since the log was last forgotten."""
    found = len([call for call in sandbox.requests("hubspot") if call["path"].endswith("/deals/batch/read")])
    sandbox.forget_requests()
    return found


def test_the_past_of_every_deal_ends_with_what_it_is_now(sandbox: Sandbox, company: Company) -> None:
    settings = Settings()
    report = load("hubspot", settings, company, tables={"deal_history"})
    assert report.warnings == []
    [(deals, archived)] = query(
        settings, "select count(*), count(*) filter (archived) from raw_hubspot.deals"
    )
    assert archived > 0
    assert reads(sandbox) == -(-(deals - archived) // HISTORY_BATCH) + -(-archived // HISTORY_BATCH)
    newest = (
        "select deal_id, property, arg_max(value, set_at) as value from raw_hubspot.deal_history group by all"
    )
    now = (
        f"unpivot (select id, {', '.join(f'{name}::text as {name}' for name in HISTORY)} from"
        f" raw_hubspot.deals) on {', '.join(HISTORY)}"
    )
    as_they_are = (
        f"with newest as ({newest}), now as ({now}) select count(*), count(*) filter (case property when"
        " 'amount' then newest.value::decimal(38, 9) = now.value::decimal(38, 9) when 'closedate' then"
        " newest.value::timestamptz = now.value::timestamptz else newest.value = now.value end) from now"
        " left join newest on newest.deal_id = now.id and newest.property = now.name"
    )
    [(values, equal)] = query(settings, as_they_are)
    assert values == equal > 4 * deals
    stages = (
        "select max(n) from (select count(*) as n from raw_hubspot.deal_history where property = 'dealstage'"
        " group by deal_id)"
    )
    assert query(settings, stages)[0][0] > 3
    assert query(
        settings, "select count(*) from raw_hubspot.deal_history where set_at is null or source_type is null"
    ) == [(0,)]


def test_only_what_changed_is_read_again(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = "select count(*), count(distinct (deal_id, property, set_at)) from raw_hubspot.deal_history"
    settings = at(monkeypatch, sandbox, AS_OF)
    load("hubspot", settings, company, tables={"deals"})
    first = query(settings, count)
    reads(sandbox)
    settings = at(monkeypatch, sandbox, "2025-10-27T12:30:00Z")
    assert (
        load("hubspot", settings, company, tables={"deals"}).tables["deals"].rows_loaded < 20
    )  # the archived ones are always listed
    assert (reads(sandbox), query(settings, count)) == (0, first)
    settings = at(monkeypatch, sandbox, "2025-11-07T12:00:00Z")  # everything is listed again
    load("hubspot", settings, company, tables={"associations"})
    assert 1 <= reads(sandbox) <= 2
    [(rows, keys)] = query(settings, count)
    assert rows == keys > first[0][0]
    [(won,)] = query(
        settings,
        "select count(*) from raw_hubspot.deal_history where value = 'closedwon' and set_at::date = date"
        " '2025-11-06'",
    )
    assert won == 1


def test_a_warehouse_from_before_the_table_reads_the_past_once(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings()
    with monkeypatch.context() as before:
        entry = SOURCES["hubspot"]
        tables = tuple(table for table in entry.source.tables if table.name != "deal_history")
        before.setitem(entry.__dict__, "source", replace(entry.source, tables=tables))
        load("hubspot", settings, company, tables={"deals"})
        assert reads(sandbox) == 0
    report = load("hubspot", settings, company, tables={"deals", "deal_history"})
    assert report.tables["deal_history"].rows_total > 4 * report.tables["deals"].rows_total
    assert reads(sandbox) > 2
    load("hubspot", settings, company, tables={"deals"})
    assert reads(sandbox) == 0
