"""Bill.com (BILL v3 REST): bills with their approval, vendors with how they can be paid.

POST /v3/login                                        -> a session; again when it is refused (35 minutes idle
    end it)
GET  /v3/bills, /v3/bills/<id>                        -> raw_billcom.bills (merge on id),
    raw_billcom.pending_bills (daily snapshot)
GET  /v3/vendors                                      -> raw_billcom.vendors (merge on id),
    raw_billcom.vendor_states (daily snapshot)

The first run reads every bill; later ones what was updated since three days before the last run, and once a
week everything. Whether an approval alone moves updatedTime is UNCONFIRMED, so every run also lists the
ASSIGNED bills, and reads each bill again that is pending in the warehouse but missing from that list.
Vendors are few and read in full. Nothing is ever deleted: `archived` turns true, and archived rows are read
like the others.

Quirks: keys without a value are left out; pages are walked by an opaque cursor, and an empty page with a
cursor is not the end; due dates may come as full timestamps; errors are a list. Tax numbers, account numbers,
addresses and bank details are never stored: only whether there is a tax number, and of which type.
UNCONFIRMED and read defensively: the filterable fields (only approvalStatus, updatedTime and createdTime are
used), the words of the enums (stored as they are; APPROVING is taken for pending but never asked for), the
statuses of login and limit errors (their BDC codes are read, whatever the status). No field says "W-9 on
file": a 1099 vendor without a tax number stands for one that is missing.

Settings: BILLCOM_API_KEY (the developer key), BILLCOM_ORG_ID, BILLCOM_USERNAME and BILLCOM_PASSWORD (a
person's sign-in, or the name and the value of a sync token), BILLCOM_BASE_URL (the vendor's test environment
is https://gateway.stage.bill.com/connect).
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import dlt

from dlt_pipelines.core.api_versions import only
from dlt_pipelines.core.once import Once
from dlt_pipelines.core.records import Promised, at, kinds, typed
from dlt_pipelines.core.run import Run, snapshot_day
from dlt_pipelines.core.source import Source, Table, replaces_same
from dlt_pipelines.errors import Gone
from dlt_pipelines.sources.billcom.access import SOURCE, BillcomCredentials, Facts, connect, identify
from dlt_pipelines.sources.billcom.diagnosis import diagnose
from dlt_pipelines.sources.billcom.fields import BILLS, DECIDING, PENDING_BILLS, SENT, VENDOR_STATES, VENDORS
from dlt_pipelines.sources.billcom.lists import Row, pages
from dlt_pipelines.sources.billcom.rows import bill_row, by_id, vendor_row
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.paging import expect

OVERLAP = timedelta(days=3)
FULL_DAYS = 7
PENDING = ("ASSIGNED", "APPROVING")


@dataclass
class _Memory:
    """The memory of a run of Bill.com."""

    pending: frozenset[str] = frozenset()
    """Ids of the bills that are pending in the warehouse."""
    bills: Once[list[Row]] = field(default_factory=Once)
    vendors: Once[list[Row]] = field(default_factory=Once)


_Run = Run[Client[Facts], _Memory]


def recall(connection: Any, run: _Run) -> None:
    """Before the run, with the lock held: the bills that are pending in the warehouse."""
    try:
        rows = connection.execute(
            "select id from raw_billcom.bills where coalesce(list_contains(?, approval_status), true) and not"
            " coalesce(archived, false)",
            [list(PENDING)],
        ).fetchall()
    except Exception as error:
        if "does not exist" not in str(error):  # the first run
            raise
        rows = []
    run.memory.pending = frozenset(row[0] for row in rows)


def _asked(run: _Run) -> list[list[str]]:
    """The listings of bills that this run needs, each as its conditions."""
    cursor = run.state.get("bills")
    if run.backfill:
        bounds = [
            (word, bound) for word, bound in (("gte", run.window.since), ("lte", run.window.until)) if bound
        ]
        return [
            [f'{field}:{word}:"{_iso(bound)}"' for word, bound in bounds]
            for field in ("createdTime", "updatedTime")
        ]
    if cursor is None or _full(run, cursor):
        return [[]]
    return [[f'updatedTime:gte:"{_iso(datetime.fromisoformat(cursor["pulled_at"]) - OVERLAP)}"']]


def _full(run: _Run, cursor: dict[str, str]) -> bool:
    return "pulled_at" not in cursor or run.due(cursor.get("full_at"), FULL_DAYS)


def _bill_rows(run: _Run) -> list[Row]:
    """The bills of this run as they are now: what was asked for, what is ASSIGNED, and what was pending at
    the last run."""

    def fetch() -> list[Row]:
        found: dict[str, Row] = {}
        promised = Promised(DECIDING["bills"])
        for conditions in [*_asked(run), ["approvalStatus:eq:ASSIGNED"]]:
            for page in pages(run.client, "/v3/bills", *conditions):
                promised.look(page)
                found |= by_id(page, bill_row, len(found))
        if _asked(run) == [[]]:  # all bills; which of them wait rests on it too
            run.doubt_empty("bills", len(found))
        for bill in sorted(run.memory.pending - set(found)):
            try:
                found[bill] = bill_row(
                    expect(
                        run.client.get(f"/v3/bills/{urllib.parse.quote(bill, safe='')}"),
                        dict,
                        "Bill.com bill",
                    )
                )
            except Gone as error:
                run.warn(f"Bill.com: bill {bill} was pending and cannot be read any more: {error}")
        promised.check()
        return list(found.values())

    return run.memory.bills(fetch)


def _bills(run: _Run) -> Iterator[Any]:
    yield from typed(
        "billcom.bills", BILLS, [_bill_rows(run)], run.warn, may_lack=set(BILLS) - set(SENT) - {"amount"}
    )
    if run.advances("bills"):
        now, cursor = run.started_at.isoformat(), run.state.get("bills")
        full_at = now if cursor is None or _full(run, cursor) else cursor["full_at"]
        dlt.current.source_state()["bills"] = {"pulled_at": now, "full_at": full_at}


def _iso(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _pending_bills(run: _Run) -> Iterator[Any]:
    day = snapshot_day(run, "pending_bills")
    # a bill whose status is not told may wait
    pending = [
        row
        for row in _bill_rows(run)
        if at(row, "approvalStatus") in (None, *PENDING) and not row.get("archived")
    ]
    rows = [row | {"snapshot_date": day} for row in pending]
    yield from typed(
        "billcom.pending_bills",
        PENDING_BILLS,
        [rows],
        run.warn,
        key=("bill_id", "snapshot_date"),
        may_lack=PENDING_BILLS,
    )


def _vendor_rows(run: _Run) -> list[Row]:
    def fetch() -> list[Row]:
        found: dict[str, Row] = {}
        promised = Promised(DECIDING["vendors"])
        for page in pages(run.client, "/v3/vendors"):
            promised.look(page)
            found |= by_id(page, vendor_row, len(found))
        promised.check()
        return list(found.values())

    return run.memory.vendors(fetch)


def _vendors(run: _Run) -> Iterator[Any]:
    yield from typed(
        "billcom.vendors", VENDORS, [_vendor_rows(run)], run.warn, may_lack=set(VENDORS) - set(SENT)
    )


def _vendor_states(run: _Run) -> Iterator[Any]:
    day = snapshot_day(run, "vendor_states")
    rows = [row | {"snapshot_date": day} for row in _vendor_rows(run) if isinstance(row, dict)]
    yield from typed(
        "billcom.vendor_states",
        VENDOR_STATES,
        [rows],
        run.warn,
        key=("vendor_id", "snapshot_date"),
        may_lack=VENDOR_STATES,
    )


TABLES: tuple[Table[_Run], ...] = (
    Table(
        "bills",
        "One row per bill as it is now, archived ones too. Amounts are in the bill's currency, funding_amount"
        " in dollars.",
        "id",
        kinds(BILLS),
        _bills,
        newest="updated_time",
    ),
    Table(
        "pending_bills",
        "One row per local day and bill that waited for an approval that day.",
        ("snapshot_date", "bill_id"),
        kinds(PENDING_BILLS),
        _pending_bills,
        write=replaces_same("snapshot_date"),
        whole=True,
        may_be_empty=True,
        newest="created_time",
        is_snapshot=True,
    ),
    Table(
        "vendors",
        "One row per vendor as it is now, archived ones too; has_tax_id stands for the tax number, which is"
        " not kept.",
        "id",
        kinds(VENDORS),
        _vendors,
        whole=True,
        newest="updated_time",
    ),
    Table(
        "vendor_states",
        "One row per local day and vendor: how it could be paid that day, and whether its tax number was"
        " there.",
        ("snapshot_date", "vendor_id"),
        kinds(VENDOR_STATES),
        _vendor_states,
        write=replaces_same("snapshot_date"),
        whole=True,
        is_snapshot=True,
    ),
)


source = Source(
    SOURCE,
    BillcomCredentials,
    TABLES,
    connect,
    identify,
    diagnose,
    memory=_Memory,
    recall=recall,
    versions=only("v3"),
)
