"""An empty list after a filled one is doubted until a later day says the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dlt_pipelines.core.load import load
from foundation.settings import Company, Settings
from sandbox import Sandbox
from tests.dlt_pipelines.conftest import at, query

LISTS = [
    # source, path, tables that rest on the list, rows that count as there, the first day it is read in full
    ("datto_rmm", "account/devices", ["devices"], "true", 28),
    ("zendesk", "users", ["agents"], "removed_at is null", 28),
    ("hubspot", "objects/2026-09/deals", ["deals"], "archived_at is null", 34),
    ("billcom", "v3/bills", ["bills", "pending_bills"], "true", 34),
]
SLOW = [
    ("copper", "pipelines", ["pipeline_stages", "pipelines"], "true", 28),
    ("copper", "users/search", ["users"], "deleted_at is null", 28),
    ("datto_bcdr", "saas/domains", ["saas_backups", "saas_domains"], "true", 28),
    ("intercom", "conversations/search", ["conversations"], "deleted_at is null", 55),
]


def loads(name: str) -> list[tuple[Any, ...]]:
    return query(
        Settings(),
        "select table_name, status, error from ledger.loads where source = ? and load_id ="
        " (select arg_max(load_id, load_number) from ledger.loads) order by table_name",
        name,
    )


@pytest.mark.usefixtures("unhurried", "recent")
@pytest.mark.parametrize(
    ("source", "path", "tables", "there", "day"),
    [*LISTS, *(pytest.param(*row, marks=pytest.mark.slow) for row in SLOW)],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_an_empty_list_is_believed_on_the_second_day(
    sandbox: Sandbox,
    company: Company,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    path: str,
    tables: list[str],
    there: str,
    day: int,
) -> None:
    def rows() -> list[int]:
        return [
            query(Settings(), f"select count(*) from raw_{source}.{name} where {there}")[0][0]
            for name in tables
        ]

    load(source, Settings(), company, tables=tables)
    before = rows()
    assert all(before)
    sandbox.fault(source, "empty_page", path=path)
    # 22:30 is the same day in Chicago and the next one in UTC
    first = datetime(2025, 10, 1, 17, tzinfo=ZoneInfo("America/Chicago")) + timedelta(days=day - 1)
    for instant in (first, first + timedelta(hours=5, minutes=30)):
        at(monkeypatch, sandbox, instant.astimezone(UTC).isoformat())
        load(source, Settings(), company, tables=tables)
        assert [row[:2] for row in loads(source)] == [(name, "not_available") for name in tables]
        assert all("came empty, although" in error for _, _, error in loads(source))
        assert rows() == before
    at(monkeypatch, sandbox, (first + timedelta(hours=20)).astimezone(UTC).isoformat())
    load(source, Settings(), company, tables=tables)
    assert [row[1:] for row in loads(source)] == [("ok", None)] * len(tables)


def test_a_list_that_is_filled_again_is_doubted_from_the_beginning(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day, empty, status in ((27, False, "ok"), (28, True, "not_available"), (29, False, "ok")):
        at(monkeypatch, sandbox, f"2025-10-{day}T18:00:00Z")
        if empty:
            sandbox.fault("copper", "empty_page", path="users/search")
        else:
            sandbox.clear_faults()
        load("copper", Settings(), company, tables=["users"])
        assert [row[1] for row in loads("copper")] == [status]
    at(monkeypatch, sandbox, "2025-10-30T18:00:00Z")
    sandbox.fault("copper", "empty_page", path="users/search")
    load("copper", Settings(), company, tables=["users"])
    assert [row[1] for row in loads("copper")] == ["not_available"]


def test_a_comparison_of_ids_with_an_empty_list_marks_nothing_on_the_first_day(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked = "select count(*) from raw_autotask.tickets where deleted_at is not null"
    load("autotask", Settings(), company, tables=["tickets"])
    nothing = '{"items": [], "pageDetails": {"count": 0, "nextPageUrl": null}}'
    sandbox.fault("autotask", "status", status=200, body=nothing, path="Tickets/query$", within='"id"\\]')
    at(monkeypatch, sandbox, "2025-11-03T23:00:00Z")  # a Monday: ids are compared
    load("autotask", Settings(), company, tables=["tickets"])
    [(_, status, error)] = loads("autotask")
    assert status == "not_available" and "the list of tickets by id came empty" in error
    assert query(Settings(), marked) == [(0,)]
    at(monkeypatch, sandbox, "2025-11-04T23:00:00Z")
    load("autotask", Settings(), company, tables=["tickets"])
    assert [row[1:] for row in loads("autotask")] == [("ok", None)]
    assert query(Settings(), marked)[0][0] > 500
