"""Bill.com (BILL v3 REST): bills with their approval, vendors with how they can be paid.

POST /v3/login                                        -> a session; again when it is refused (35 minutes idle
    end it)
GET  /v3/bills, /v3/bills/<id>                        -> raw_billcom.bills (merge on id),
    raw_billcom.pending_bills (daily snapshot)
GET  /v3/vendors                                      -> raw_billcom.vendors (merge on id),
    raw_billcom.vendor_states (daily snapshot)

The first run reads every bill; later ones what was updated since three days before the last run, and once a
week everything. Whether an approval alone moves updatedTime is UNCONFIRMED, so every run also lists the bills
that are ASSIGNED and reads each one that the warehouse thinks is pending and that is no longer listed.
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
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import dlt
from pydantic import Field, SecretStr

from dlt_pipelines.core.api_versions import only
from dlt_pipelines.core.once import Once
from dlt_pipelines.core.records import Fields, Promised, at, kinds, typed
from dlt_pipelines.core.run import Run, snapshot_day
from dlt_pipelines.core.source import Source, Table, replaces_same
from dlt_pipelines.doctor.findings import Finding, readable
from dlt_pipelines.errors import Gone, NotAvailable, PermanentError, SourceError, TransientError
from dlt_pipelines.wire.bearer import Bearer
from dlt_pipelines.wire.budget import Budget, Limit
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.connect import Access, connects
from dlt_pipelines.wire.credentials import Credentials
from dlt_pipelines.wire.messages import Answer, Retry
from dlt_pipelines.wire.paging import expect, listed, once
from foundation.settings import Company, Settings
from foundation.settings.types import WebAddress

SOURCE = "billcom"
VENDOR_URL = "https://gateway.prod.bill.com/connect"
PAGE = 100
OVERLAP = timedelta(days=3)
FULL_DAYS = 7
PENDING = ("ASSIGNED", "APPROVING")
SESSION_SECONDS = 48 * 3600.0
"""As long as a session can last at all; it is used until it is refused."""

BILLS: Fields = {
    "id": ("id", "text"),
    "vendor_id": ("vendorId", "text"),
    "vendor_name": ("vendorName", "text"),
    "invoice_number": ("invoice.invoiceNumber", "text"),
    "invoice_date": ("invoice.invoiceDate", "date"),
    "due_date": ("dueDate", "date"),
    "amount": ("amount", "decimal"),
    "due_amount": ("dueAmount", "decimal"),
    "paid_amount": ("paidAmount", "decimal"),
    "scheduled_amount": ("scheduledAmount", "decimal"),
    "credit_amount": ("creditAmount", "decimal"),
    "funding_amount": ("fundingAmount", "decimal"),
    "exchange_rate": ("exchangeRate", "decimal"),
    "approval_status": ("approvalStatus", "text"),
    "payment_status": ("paymentStatus", "text"),
    "archived": ("archived", "bool"),
    "created_time": ("createdTime", "timestamp"),
    "updated_time": ("updatedTime", "timestamp"),
}
VENDORS: Fields = {
    "id": ("id", "text"),
    "name": ("name", "text"),
    "account_type": ("accountType", "text"),
    "currency": ("billCurrency", "text"),
    "network_status": ("networkStatus", "text"),
    "bank_account_status": ("bankAccountStatus", "text"),
    "pay_by_type": ("paymentInformation.payByType", "text"),
    "virtual_card_status": ("paymentInformation.virtualCard.status", "text"),
    "track_1099": ("additionalInfo.track1099", "bool"),
    "tax_id_type": ("additionalInfo.taxIdType", "text"),
    "has_tax_id": ("has_tax_id", "bool"),
    "archived": ("archived", "bool"),
    "created_time": ("createdTime", "timestamp"),
    "updated_time": ("updatedTime", "timestamp"),
}
_DATED: Fields = {"snapshot_date": ("snapshot_date", "date")}
_SENT = ("id", "archived", "created_time", "updated_time")
"""What every row has; any other key may be left out when it is empty."""
_DECIDING = {
    "bills": ("archived", "amount", "dueAmount", "approvalStatus", "paymentStatus", "dueDate"),
    "vendors": ("archived", "additionalInfo.track1099", "paymentInformation"),
}
"""Fields that are never empty and on which numbers hang."""
PENDING_BILLS: Fields = {
    "bill_id": BILLS["id"],
    **_DATED,
    **{
        name: BILLS[name]
        for name in (
            "vendor_id",
            "amount",
            "due_amount",
            "invoice_date",
            "due_date",
            "approval_status",
            "payment_status",
            "created_time",
        )
    },
}
VENDOR_STATES: Fields = {
    "vendor_id": VENDORS["id"],
    **_DATED,
    **{
        name: VENDORS[name]
        for name in (
            "network_status",
            "bank_account_status",
            "pay_by_type",
            "virtual_card_status",
            "track_1099",
            "has_tax_id",
            "archived",
        )
    },
}

Row = dict[str, Any]


class BillcomCredentials(Credentials):
    """What BILL needs to sign in: the developer key alone opens nothing."""

    any_character = frozenset({"username", "password"})
    api_key: SecretStr = Field(alias="BILLCOM_API_KEY")
    org_id: SecretStr = Field(alias="BILLCOM_ORG_ID")
    username: SecretStr = Field(alias="BILLCOM_USERNAME")
    password: SecretStr = Field(alias="BILLCOM_PASSWORD")
    base_url: WebAddress | None = Field(None, alias="BILLCOM_BASE_URL")


WAY_OUT = (
    "BILLCOM_API_KEY is the developer key (Settings, Sync & Integrations, Manage Developer Keys) and"
    " BILLCOM_ORG_ID the organization's id (it begins with 008). BILLCOM_USERNAME and BILLCOM_PASSWORD are a"
    " person's sign-in, or the name and the value of a sync token. Keys of the test environment are unknown"
    " in production, and the other way round."
)


@dataclass
class _Memory:
    """What a run of Bill.com remembers."""

    pending: frozenset[str] = frozenset()
    """Ids of the bills that the warehouse thinks are pending."""
    bills: Once[list[Row]] = field(default_factory=Once)
    vendors: Once[list[Row]] = field(default_factory=Once)


@dataclass
class Facts:
    """What is known of the connection."""

    organization: str
    """The end of its id."""


_Run = Run[Client[Facts], _Memory]


@connects(BillcomCredentials, SOURCE)
def connect(access: Access[BillcomCredentials]) -> Client[Facts]:
    """A client that signs in at its first request."""
    credentials = access.credentials
    key, organization = credentials.api_key.get_secret_value(), credentials.org_id.get_secret_value()
    # 3 at once and 20,000 an hour for the key, whoever uses it; 200 sign-ins an hour
    hour = Limit(20_000, 3600)
    vendor = replace(
        access.vendor("Bill.com", VENDOR_URL, WAY_OUT),
        budget=Budget({"": (Limit(1, 0), hour), "login": (Limit(200, 3600), hour)}),
        judge=_judge,
        discreet=True,
    )
    door = Client(replace(vendor, judge=_judge_login), counters=access.counters)
    who = {
        "username": credentials.username.get_secret_value(),
        "password": credentials.password.get_secret_value(),
        "organizationId": organization,
        "devKey": key,
    }

    def sign_in() -> tuple[str, float]:
        answer = door.post("/v3/login", who, lane="login")
        return expect(answer, str, "Bill.com login", "sessionId"), SESSION_SECONDS

    session = Bearer(sign_in, access.redact, header="sessionId", prefix="")
    return Client(
        replace(vendor, headers={"devKey": key}, auth=session), Facts(organization[-6:]), access.counters
    )


def identify(client: Client[Facts]) -> str:
    """The organization behind the credentials, so that two accounts never mix in one warehouse."""
    return f"organization ending in {client.facts.organization}"


def _errors(answer: Answer) -> tuple[set[str], str]:
    """Codes and texts of an error: a list of objects, some without a code, or a single one."""
    body = answer.json()
    errors = [error for error in (body if isinstance(body, list) else [body]) if isinstance(error, dict)]
    codes = {str(error.get("code")) for error in errors if error.get("code")}
    texts = "; ".join(f"{error.get('code') or ''} {error.get('message') or ''}".strip() for error in errors)
    return codes, texts or answer.start


def _judge(answer: Answer) -> Retry | SourceError | None:
    if answer.status < 400:
        return None
    codes, texts = _errors(answer)
    if "BDC_1144" in codes:
        return TransientError(
            f"the developer key's requests for this hour are used up ({texts}); they reset at the full hour"
        )
    if "BDC_1322" in codes:
        return Retry(
            f"too many requests at once ({texts}): another program uses the same developer key",
            None,
            everybody=True,
        )
    if answer.status == 403:
        return NotAvailable(
            f"the user may not read this (403): {texts}. Change the user's role in Bill.com, or use a sync"
            " token."
        )
    return Gone(f"answers {answer.status}: {texts}") if answer.status in (400, 404) else None


def _judge_login(answer: Answer) -> Retry | SourceError | None:
    codes, texts = _errors(answer) if answer.status >= 400 else (set(), "")
    if "BDC_1144" in codes or "BDC_1322" in codes:
        return _judge(answer)
    if codes or answer.status in (400, 401, 403):
        return (
            PermanentError(f"the credentials are not accepted ({answer.status}: {texts}). {WAY_OUT}")
            if answer.status < 500
            else None
        )
    return None


def pages(client: Client, path: str, *conditions: str) -> Iterator[list[Row]]:
    """Pages of a listing, newest first. `conditions`: `field:operator:value`, all of which hold."""

    def walk() -> Iterator[list[Row]]:
        asked = {
            "max": str(PAGE),
            "sort": "createdTime:desc",
            **({"filters": ",".join(conditions)} if conditions else {}),
        }
        cursor, seen = None, set[str]()
        while True:
            query = urllib.parse.urlencode(asked | ({"page": cursor} if cursor else {}))
            answer = client.get(f"{path}?{query}", complaint=once(partial(_odd_page, seen)))
            rows = expect(answer, list, f"Bill.com {path}", "results")
            seen |= {str(at(row, "id")) for row in rows if at(row, "id")}
            if rows:
                yield rows
            cursor = answer.get("nextPage")
            if not cursor:
                return

    return listed(walk, f"Bill.com {path}")


def _odd_page(seen: set[str], answer: Any) -> str | None:
    """What may be wrong with a page; each may be true as well, so it is asked once more and then believed."""
    rows = answer.get("results") if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        return None
    if not rows and answer.get("nextPage"):
        return "a page without rows that is not the last one"
    if rows and seen and all(isinstance(row, dict) and str(row.get("id")) in seen for row in rows):
        return "the page before once more"
    return None


def recall(connection: Any, run: _Run) -> None:
    """Before the run, with the lock held: the bills that the warehouse thinks are pending."""
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


def _bill(row: Row) -> Row:
    """The columns' part of a bill; dates that come as timestamps are cut to their day."""
    invoice = row.get("invoice")
    cut = {
        "invoiceNumber": at(row, "invoice.invoiceNumber"),
        "invoiceDate": _day(at(row, "invoice.invoiceDate")),
    }
    kept = {name: row[name] for name in {name for name, _ in BILLS.values()} & set(row)}
    return (
        kept
        | ({"dueDate": _day(row["dueDate"])} if "dueDate" in row else {})
        | ({"invoice": cut} if invoice is not None else {})
    )


def _day(value: Any) -> Any:
    return value[:10] if isinstance(value, str) and value[10:11] == "T" else value


def _vendor(row: Row) -> Row:
    """The columns' part of a vendor: no tax number, no account, no address."""
    pay, more = at(row, "paymentInformation"), at(row, "additionalInfo")
    return {name: row[name] for name in {name for name, _ in VENDORS.values()} & set(row)} | {
        "paymentInformation": {
            "payByType": at(pay, "payByType"),
            "virtualCard": {"status": at(pay, "virtualCard.status")},
        },
        "additionalInfo": {"track1099": at(more, "track1099"), "taxIdType": at(more, "taxIdType")},
        "has_tax_id": bool(at(more, "taxId")),
    }


def _by_id(page: list[Any], cut: Callable[[Row], Row], before: int) -> dict[str, Any]:
    """Each row once. One without an id keeps a place, so that it is named where rows are stored."""
    return {
        str(at(row, "id") or f"no id {number}"): cut(row) if isinstance(row, dict) else row
        for number, row in enumerate(page, before)
    }


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
        promised = Promised(_DECIDING["bills"])
        for conditions in [*_asked(run), ["approvalStatus:eq:ASSIGNED"]]:
            for page in pages(run.client, "/v3/bills", *conditions):
                promised.look(page)
                found |= _by_id(page, _bill, len(found))
        if _asked(run) == [[]]:  # all bills; which of them wait rests on it too
            run.doubt_empty("bills", len(found))
        for bill in sorted(run.memory.pending - set(found)):
            try:
                found[bill] = _bill(
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
        "billcom.bills", BILLS, [_bill_rows(run)], run.warn, may_lack=set(BILLS) - set(_SENT) - {"amount"}
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
        promised = Promised(_DECIDING["vendors"])
        for page in pages(run.client, "/v3/vendors"):
            promised.look(page)
            found |= _by_id(page, _vendor, len(found))
        promised.check()
        return list(found.values())

    return run.memory.vendors(fetch)


def _vendors(run: _Run) -> Iterator[Any]:
    yield from typed(
        "billcom.vendors", VENDORS, [_vendor_rows(run)], run.warn, may_lack=set(VENDORS) - set(_SENT)
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


def diagnose(client: Client[Facts], settings: Settings, company: Company) -> Iterator[Finding]:
    """The sign-in, and whether bills and vendors may be read."""
    session = expect(client.get("/v3/login/session"), dict, "Bill.com session")
    there = str(session.get("organizationId") or "")
    yield Finding(
        SOURCE,
        "session",
        "ok",
        f"signed in; the session is of the organization ending in {there[-6:] or client.facts.organization}",
    )
    for what in ("bills", "vendors"):
        way_out = "Give the user a role that may see it (Settings, Users), or use a sync token."
        yield readable(SOURCE, what, partial(client.get, f"/v3/{what}?max=1"), way_out)


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
