"""A field that no record has any more, or that no record has in a form that is known, is unknown: its table is
refused, and what was known stays. A single value that cannot be read leaves its record in doubt."""

from __future__ import annotations

from typing import Any

import pytest

from dlt_pipelines.core.load import load
from dlt_pipelines.core.records import Promised
from dlt_pipelines.errors import FieldGone
from foundation.settings import Company, Settings
from sandbox import Sandbox
from tests.dlt_pipelines.conftest import at, query

FIELDS = [
    # source, path, field on the wire, tables
    ("datto_rmm", "account/devices", "operatingSystem", ["devices"]),
    ("billcom", "v3/bills$", "approvalStatus", ["bills", "pending_bills"]),
    ("autotask", "TimeEntries/query$", "isNonBillable", ["time_entries"]),
    ("hubspot", "objects/2026-09/meetings", "properties.hs_meeting_outcome", ["meetings"]),
    ("smartlead", "/statistics", "sequence_number", ["sends"]),
]
SLOW = [
    ("datto_rmm", "account/devices", "deviceClass", ["devices"]),
    ("datto_rmm", "account/devices", "antivirus.antivirusStatus", ["devices"]),
    ("zendesk", "incremental/tickets/cursor", "status", ["tickets"]),
    ("billcom", "v3/vendors$", "additionalInfo", ["vendor_states", "vendors"]),
    ("quickbooks", "/query$", "Vendor1099", ["vendor_states", "vendors"]),
    ("autotask", "Tickets/query$", "queueID", ["tickets"]),
    # the portal had it
    ("hubspot", "objects/2026-09/calls", "properties.hubspot_owner_id", ["calls"]),
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
    ("source", "path", "field", "tables"),
    [*FIELDS, *(pytest.param(*row, marks=pytest.mark.slow) for row in SLOW)],
    ids=lambda value: value if isinstance(value, str) and "/" not in value else "",
)
def test_a_lost_field_refuses_its_tables_until_it_comes_again(
    sandbox: Sandbox,
    company: Company,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    path: str,
    field: str,
    tables: list[str],
) -> None:
    def rows() -> list[int]:
        return [query(Settings(), f"select count(*) from raw_{source}.{name}")[0][0] for name in tables]

    load(source, Settings(), company, tables=tables)
    before = rows()
    at(monkeypatch, sandbox, "2025-10-28T12:00:00Z")
    sandbox.fault(source, "field_gone", path=path, field=field)
    load(source, Settings(), company, tables=tables)
    assert rows() == before and all(before)
    assert [row[:2] for row in loads(source)] == [(name, "not_available") for name in tables]
    assert all(f"no record has {field.removeprefix('properties.')}" in row[2] for row in loads(source))
    sandbox.clear_faults()
    at(monkeypatch, sandbox, "2025-10-29T12:00:00Z")
    load(source, Settings(), company, tables=tables)
    assert [row[1:] for row in loads(source)] == [("ok", None)] * len(tables)


@pytest.mark.usefixtures("unhurried", "recent")
@pytest.mark.parametrize(
    ("name", "field", "value", "said"),
    [
        ("meetings", "hs_timestamp", "20/10/2025 15:00", '"20/10/2025 15:00" is not an instant'),
        pytest.param(
            *("calls", "hs_timestamp", "20/10/2025 15:00", "is not an instant"), marks=pytest.mark.slow
        ),
        pytest.param(
            *("calls", "hs_call_duration", "1m 20s", "is not a whole number"), marks=pytest.mark.slow
        ),
    ],
)
def test_a_field_in_another_format_refuses_its_table_until_it_can_be_read(
    sandbox: Sandbox,
    company: Company,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    field: str,
    value: str,
    said: str,
) -> None:
    """No good value of an earlier load is overwritten with nothing, and no cursor moves on."""
    rows = f"select id, {field}, updated_at from raw_hubspot.{name} order by id"
    load("hubspot", Settings(), company, tables=[name])
    before = query(Settings(), rows)
    at(monkeypatch, sandbox, "2025-11-05T12:00:00Z")  # a week later everything is read again
    sandbox.fault("hubspot", "field_type", path=f"/{name}", field=f"properties.{field}", value=value)
    load("hubspot", Settings(), company, tables=[name])
    [(_, status, error)] = loads("hubspot")
    assert status == "not_available" and f"values of {field} can be read" in error and said in error
    assert query(Settings(), rows) == before and before
    assert query(Settings(), "from ledger.unread") == []
    sandbox.clear_faults()
    load("hubspot", Settings(), company, tables=[name])
    assert [row[1:] for row in loads("hubspot")] == [("ok", None)]
    assert query(Settings(), f"select count(*) from raw_hubspot.{name} where {field} is null") == [(0,)]


@pytest.mark.usefixtures("unhurried")
def test_a_value_that_cannot_be_read_leaves_its_record_in_doubt_until_it_comes_again(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = (
        "select table_name, column_name, count(*), count(distinct record_id), min(len(dates)) from ledger.unread"
        " where source = 'hubspot' group by all"
    )
    lost = "select count(*) from raw_hubspot.meetings where hs_timestamp is null"
    # the first page alone
    sandbox.fault(
        "hubspot",
        "field_type",
        path="/meetings$",
        times=1,
        field="properties.hs_timestamp",
        value="20/10/2025 15:00",
    )
    report = load("hubspot", Settings(), company, tables=["meetings"])
    [(_, status, error)] = loads("hubspot")
    [(name, column, values, records, dates)] = query(Settings(), noted)
    assert (status, error, name, column) == ("ok", None, "meetings", "hs_timestamp")
    assert query(Settings(), lost) == [(values,)] and values == records > 20
    assert dates >= 2  # when it was made and changed
    assert any(f"{values - 20} more values of hs_timestamp" in text for text in report.warnings)
    sandbox.clear_faults()
    at(monkeypatch, sandbox, "2025-10-28T12:00:00Z")
    load("hubspot", Settings(), company, tables=["meetings"])
    assert query(Settings(), noted)[0][2] > 20  # these meetings have not changed
    at(monkeypatch, sandbox, "2025-11-05T12:00:00Z")
    load("hubspot", Settings(), company, tables=["meetings"])
    assert query(Settings(), noted) == [] and query(Settings(), lost) == [(0,)]


@pytest.mark.parametrize(
    ("rows", "lost"),
    [
        ([], False),
        ([{"a": {"b": None}}], False),
        ([{"a": {}}, {"a": {"b": 1}}], False),
        ([{"a": None}], False),  # null holds no fields
        ([{"a": None}, {"a": {}}], True),
        ([{"a": {}}], True),
        ([{"c": 1}], True),
        ([{"a": "text"}], True),
    ],
)
def test_a_field_is_lost_if_no_row_has_it(rows: list[dict[str, Any]], lost: bool) -> None:
    promised = Promised(["a.b"])
    promised.look(rows)
    if lost:
        with pytest.raises(FieldGone, match=r"no record has a\.b"):
            promised.check()
    else:
        promised.check()


def test_refused_associations_are_refused_and_read_again_later(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ["associations", "calls"]
    linked = "select count(*) from raw_hubspot.associations where from_type = 'call' and to_type = 'contact'"
    # the list asks for them in its query, a batch for those of changed calls
    for path, within in (("objects/2026-09/calls", "associations=[^&]*contacts"), ("calls/contacts", "")):
        sandbox.fault("hubspot", "status", status=403, path=path, within=within)
    load("hubspot", Settings(), company, tables=asked)
    status = {name: (status, error) for name, status, error in loads("hubspot")}
    assert status["associations"][0] == "not_available" and "calls with contacts" in status["associations"][1]
    assert query(Settings(), linked) == [(0,)]
    sandbox.clear_faults()
    at(monkeypatch, sandbox, "2025-10-28T12:00:00Z")
    load("hubspot", Settings(), company, tables=asked)
    assert {row[1] for row in loads("hubspot")} == {"ok"}
    assert query(Settings(), linked)[0][0] > 5000


def test_backups_of_no_client_at_all_are_not_a_snapshot(sandbox: Sandbox, company: Company) -> None:
    sandbox.fault("datto_bcdr", "status", status=404, path=r"saas/\d+/applications")
    report = load("datto_bcdr", Settings(), company, tables=["saas_backups"])
    [(_, status, error)] = loads("datto_bcdr")
    assert status == "not_available" and "and 56 more could not be read" in error
    assert not any("the others were" in text for text in report.warnings)
