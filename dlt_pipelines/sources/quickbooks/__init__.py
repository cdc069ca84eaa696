"""QuickBooks Online (Accounting v3).

POST <oauth host>/oauth2/v1/tokens/bearer          -> an access token, and the refresh token to keep from now
    on
GET  query: Invoice, Bill, Purchase, Payment, BillPayment -> invoices, bills, purchases, payments,
    bill_payments (merge on id)
GET  query: Customer, Vendor, Account (inactive ones too) -> customers, vendors, accounts (in full, every
                                                      run), vendor_states (of the vendors, a daily snapshot:
                                                      QuickBooks cannot tell later who lacked what)
GET  query: CompanyInfo, Preferences               -> company
GET  query: count(*)                               -> how many bills, payments of bills and vendors there are
GET  reports/ProfitAndLoss, reports/CashFlow       -> profit_and_loss, cash_flow: one row per month and line
    of the report
GET  cdc                                           -> deleted_at of transactions

The first run reads every transaction; later runs what changed (`MetaData.LastUpdatedTime`), with an hour of
overlap. Queries never show what was deleted: change data capture is asked from a day before the last run on.
It looks back 30 days at most and holds at most 1,000 objects without paging, so a table that changed more is
asked alone, and where that is too much too, the ids that are there are compared with those of the warehouse.
Every 28 days everything is read again and compared: that covers longer pauses, and merged customers, which
may change old transactions without a trace. A void is a change: amounts become 0, `is_voided` is true.
Reports have no changes to follow and closed months may change: each run reads the last 13 months again (the
first run 36, and so does the first run by another accounting method), half a year a call, and a month gives
way as a whole.

Pages overlap by some rows, because rows that vanish while pages are turned shift all that follow: where the
overlap does not hold, the listing begins again. Of a row that comes twice, the higher SyncToken stays.

The refresh token changes about once a day; `kept_tokens.py` says how it is kept
(var/secrets/quickbooks.json). It ends after 100 days without use, and five years after the consent in any
case; the doctor and the runs tell so before.

Never stored: tax ids (only `has_tax_id`; there is no document and no date of a W-9 in QuickBooks), notes,
addresses, phone numbers.

UNCONFIRMED: that reports allow fewer calls than the 500 a minute (a 429 is waited out, whatever it is for);
the most cells of a report (a report that is cut, or ends in 504, is asked again in halves); whether
accounting_method matters to the cash flow report (not sent; the report names no basis); the old 403 form of
"too many requests" (read as a 429); that the name of a deactivated customer gets " (deleted)" (names are kept
as they are); where the five years' end is told (`x_refresh_token_hard_expires_in` is read where it comes).

Settings: QUICKBOOKS_CLIENT_ID, QUICKBOOKS_CLIENT_SECRET, QUICKBOOKS_REFRESH_TOKEN, QUICKBOOKS_REALM_ID,
QUICKBOOKS_BASE_URL (for Intuit's sandbox companies https://sandbox-quickbooks.api.intuit.com),
QUICKBOOKS_TOKEN_BASE_URL, section [quickbooks] of company.toml.
"""

from __future__ import annotations

import base64
import hashlib
import re
import urllib.parse
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

import dlt
from pydantic import Field, SecretStr, field_validator

from dlt_pipelines.core.records import Fields, as_json, at, kinds, parse, plain, typed
from dlt_pipelines.core.run import Run, snapshot_day
from dlt_pipelines.core.source import EVERYTHING, ColumnType, Source, Table, replaces_same
from dlt_pipelines.doctor.findings import Finding, currency_differs, readable
from dlt_pipelines.errors import Gone, PermanentError, SourceError, TransientError, Unexpected
from dlt_pipelines.wire.bearer import Bearer
from dlt_pipelines.wire.budget import Budget, Limit
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.connect import Access, connects
from dlt_pipelines.wire.credentials import Credentials
from dlt_pipelines.wire.kept_tokens import Exchanged, Refused, TokenKeeper
from dlt_pipelines.wire.messages import Answer, Retry
from dlt_pipelines.wire.paging import entries, expect, listed
from foundation.calendar import local_date
from foundation.settings import Company, Settings
from foundation.settings.types import WebAddress

SOURCE = "quickbooks"
VENDOR_URL = "https://quickbooks.api.intuit.com"
TOKEN_URL = "https://oauth.platform.intuit.com"
MINOR_VERSION = "75"
OVERLAP = timedelta(hours=1)
DELETES_OVERLAP = timedelta(days=1)
SWEEP_DAYS = 28
"""Change data capture looks back 30 days; a day of overlap and one for the clocks."""
MOST_CHANGES = 1_000
PAGE, SHARED = 500, 20
"""Rows of a page, and how many of them are the last ones of the page before."""
REPORT_MONTHS = 6
"""Months of one report, always January to June or July to December: more of them run into Intuit's time
limit, and the same lines come for a month whatever else is asked for."""
WAIT = 60.0
"""Seconds to wait at a 429: Intuit sends no Retry-After."""
TOLD_BEFORE = timedelta(days=21)
LONGEST_LIFE = timedelta(days=5 * 365)

_ROW: Fields = {
    "id": ("Id", "text"),
    "sync_token": ("SyncToken", "bigint"),
    "created_at": ("MetaData.CreateTime", "timestamp"),
    "updated_at": ("MetaData.LastUpdatedTime", "timestamp"),
}
_TRANSACTION: Fields = {
    **_ROW,
    "doc_number": ("DocNumber", "text"),
    "txn_date": ("TxnDate", "date"),
    "currency": ("CurrencyRef.value", "text"),
    "exchange_rate": ("ExchangeRate", "decimal"),
    "total_amount": ("TotalAmt", "decimal"),
    "is_voided": ("_voided", "bool"),
    "lines": ("_lines", "text"),
}
FIELDS: dict[str, Fields] = {
    "invoices": {
        **_TRANSACTION,
        "due_date": ("DueDate", "date"),
        "customer_id": ("CustomerRef.value", "text"),
        "customer_name": ("CustomerRef.name", "text"),
        "total_tax": ("TxnTaxDetail.TotalTax", "decimal"),
        "balance": ("Balance", "decimal"),
        "home_balance": ("HomeBalance", "decimal"),
        "email_status": ("EmailStatus", "text"),
        "linked": ("_linked", "text"),
    },
    "bills": {
        **_TRANSACTION,
        "due_date": ("DueDate", "date"),
        "vendor_id": ("VendorRef.value", "text"),
        "vendor_name": ("VendorRef.name", "text"),
        "ap_account_id": ("APAccountRef.value", "text"),
        "balance": ("Balance", "decimal"),
        "home_balance": ("HomeBalance", "decimal"),
        "linked": ("_linked", "text"),
    },
    "purchases": {
        **_TRANSACTION,
        "payment_type": ("PaymentType", "text"),
        "account_id": ("AccountRef.value", "text"),
        "account_name": ("AccountRef.name", "text"),
        "entity_id": ("EntityRef.value", "text"),
        "entity_type": ("EntityRef.type", "text"),
        "entity_name": ("EntityRef.name", "text"),
        "is_credit": ("_credit", "bool"),
    },
    "payments": {
        **_TRANSACTION,
        "customer_id": ("CustomerRef.value", "text"),
        "customer_name": ("CustomerRef.name", "text"),
        "unapplied_amount": ("UnappliedAmt", "decimal"),
        "deposit_account_id": ("DepositToAccountRef.value", "text"),
        "payment_method_id": ("PaymentMethodRef.value", "text"),
    },
    "bill_payments": {
        **_TRANSACTION,
        "vendor_id": ("VendorRef.value", "text"),
        "vendor_name": ("VendorRef.name", "text"),
        "pay_type": ("PayType", "text"),
        "account_id": ("_paid_from", "text"),
    },
    "customers": {
        **_ROW,
        "display_name": ("DisplayName", "text"),
        "company_name": ("CompanyName", "text"),
        "is_active": ("Active", "bool"),
        "is_job": ("Job", "bool"),
        "parent_id": ("ParentRef.value", "text"),
        "currency": ("CurrencyRef.value", "text"),
        "balance": ("Balance", "decimal"),
        "balance_with_jobs": ("BalanceWithJobs", "decimal"),
        "email": ("PrimaryEmailAddr.Address", "text"),
    },
    "vendors": {
        **_ROW,
        "display_name": ("DisplayName", "text"),
        "company_name": ("CompanyName", "text"),
        "is_active": ("Active", "bool"),
        "is_1099": ("Vendor1099", "bool"),
        "has_tax_id": ("_has_tax_id", "bool"),
        "term_id": ("TermRef.value", "text"),
        "currency": ("CurrencyRef.value", "text"),
        "balance": ("Balance", "decimal"),
        "email": ("PrimaryEmailAddr.Address", "text"),
    },
    "accounts": {
        **_ROW,
        "name": ("Name", "text"),
        "full_name": ("FullyQualifiedName", "text"),
        "is_active": ("Active", "bool"),
        "is_sub_account": ("SubAccount", "bool"),
        "parent_id": ("ParentRef.value", "text"),
        "classification": ("Classification", "text"),
        "account_type": ("AccountType", "text"),
        "account_sub_type": ("AccountSubType", "text"),
        "currency": ("CurrencyRef.value", "text"),
        "current_balance": ("CurrentBalance", "decimal"),
        "balance_with_sub_accounts": ("CurrentBalanceWithSubAccounts", "decimal"),
    },
}
"""Table -> column -> (field on the wire, type); fields with _ are worked out by `_prepared`. No other field
    is kept."""

VENDOR_STATES: Fields = {
    "snapshot_date": ("_day", "date"),
    "vendor_id": ("Id", "text"),
    **{name: FIELDS["vendors"][name] for name in ("is_active", "is_1099", "has_tax_id")},
}
"""What is kept of the vendors day by day."""

TRANSACTIONS = {
    "invoices": "Invoice",
    "bills": "Bill",
    "purchases": "Purchase",
    "payments": "Payment",
    "bill_payments": "BillPayment",
}
NAMES = {"customers": "Customer", "vendors": "Vendor", "accounts": "Account"}
ENTITIES = TRANSACTIONS | NAMES
EVERY = " where Active in (true, false)"
"""Without it the inactive ones are left out."""
MAY_LACK = frozenset(
    {
        *(
            "doc_number",
            "exchange_rate",
            "home_balance",
            "total_tax",
            "due_date",
            "currency",
            "email_status",
            "ap_account_id",
        ),
        *(
            "entity_id",
            "entity_type",
            "entity_name",
            "payment_method_id",
            "deposit_account_id",
            "unapplied_amount",
        ),
        *("company_name", "email", "parent_id", "term_id", "account_sub_type", "is_sub_account", "is_job"),
    }
)
"""Columns whose field QuickBooks leaves out where it is empty, or where the company has one currency."""

REPORTS = {"profit_and_loss": "ProfitAndLoss", "cash_flow": "CashFlow"}
_REPORT: dict[str, ColumnType] = {
    "month": "date",
    "position": "bigint",
    "through": "date",
    "group_key": "text",
    "kind": "text",
    "title": "text",
    "path": "text",
    "account_id": "text",
    "amount": "decimal",
    "currency": "text",
}
_PROFIT_AND_LOSS: dict[str, ColumnType] = {"accounting_method": "text", **_REPORT}
_COMPANY: dict[str, ColumnType] = {
    "id": "text",
    "company_name": "text",
    "country": "text",
    "fiscal_year_start_month": "text",
    "report_basis": "text",
    "is_multi_currency": "bool",
    "home_currency": "text",
}
_SPELLINGS = {"FinancingActivites": "FinancingActivities"}

COUNTED = {"bills": "", "bill_payments": "", "vendors": EVERY}
"""Table that the metrics read -> of which of its rows QuickBooks is asked how many there are."""


class QuickBooksCredentials(Credentials):
    """What QuickBooks needs: the app's keys, the company, and a refresh token to begin with."""

    client_id: SecretStr = Field(alias="QUICKBOOKS_CLIENT_ID")
    client_secret: SecretStr = Field(alias="QUICKBOOKS_CLIENT_SECRET")
    refresh_token: SecretStr = Field(alias="QUICKBOOKS_REFRESH_TOKEN")
    realm_id: SecretStr = Field(alias="QUICKBOOKS_REALM_ID")
    base_url: WebAddress | None = Field(None, alias="QUICKBOOKS_BASE_URL")
    token_base_url: WebAddress | None = Field(None, alias="QUICKBOOKS_TOKEN_BASE_URL")

    @field_validator("realm_id")
    @classmethod
    def _one_company(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().isalnum():
            raise ValueError("expected the id of one company, such as 9130347000000000")
        return value


RECONNECT = (
    "Connect the app to the company again (developer.intuit.com, OAuth 2.0 playground, or your own consent"
    " page) and put the refresh token that it shows into QUICKBOOKS_REFRESH_TOKEN."
)
WAY_OUT = (
    "Check QUICKBOOKS_CLIENT_ID and QUICKBOOKS_CLIENT_SECRET (developer.intuit.com, your app, keys of the"
    " right environment)."
)


class _TooMuch(TransientError):
    """A report that is too large for one answer."""


@dataclass
class Facts:
    """What is known of the connection."""

    keeper: TokenKeeper
    realm: str


@connects(QuickBooksCredentials, SOURCE)
def connect(access: Access[QuickBooksCredentials]) -> Client[Facts]:
    """A client for the company behind the credentials that keeps Intuit's limits."""
    settings, redact = access.settings, access.redact
    client_id, client_secret, typed_token, realm = access.credentials.secrets()
    basic = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
    redact.learn(basic)
    vendor = access.vendor("QuickBooks", VENDOR_URL, WAY_OUT)
    token_url = vendor.base_url if access.place == "sandbox" else TOKEN_URL
    tokens = Client(
        replace(
            vendor,
            base_url=access.credentials.token_base_url or token_url,
            headers={"Authorization": f"Basic {basic}"},
            judge=_token_judge,
        ),
        counters=access.counters,
    )
    keeper = TokenKeeper(
        settings.home / "secrets" / "quickbooks.json",
        label="QuickBooks",
        owner=f"{access.place}\0{client_id}\0{realm}",
        typed=typed_token,
        redact=redact,
        way_out=RECONNECT,
    )

    def fetch() -> tuple[str, float]:
        return keeper.renew(lambda token: _exchange(tokens, token, settings.now()), settings.now())

    vendor = replace(
        vendor,
        base_url=f"{vendor.base_url}/v3/company/{urllib.parse.quote(realm, safe='')}",
        query={"minorversion": MINOR_VERSION},
        auth=Bearer(fetch, redact),
        budget=Budget({"": (Limit(4, 0), Limit(10, 1.0), Limit(500, 60.0))}),
        judge=_judge,
        read_seconds=125.0,  # Intuit itself gives up after 120
    )
    return Client(vendor, Facts(keeper, realm), access.counters)


def _exchange(tokens: Client, token: str, now: datetime) -> Exchanged:
    answer = tokens.form("/oauth2/v1/tokens/bearer", {"grant_type": "refresh_token", "refresh_token": token})
    what = "QuickBooks token"

    def after(name: str) -> datetime | None:
        seconds = answer.get(name)
        return now + timedelta(seconds=seconds) if isinstance(seconds, int | float) else None

    return Exchanged(
        expect(answer, str, what, "access_token"),
        float(expect(answer, (int, float), what, "expires_in")),
        expect(answer, str, what, "refresh_token"),
        after("x_refresh_token_expires_in"),
        after("x_refresh_token_hard_expires_in"),
    )


def _token_judge(answer: Answer) -> Retry | SourceError | None:
    body = answer.json()
    error = body.get("error") if isinstance(body, dict) else None
    if answer.status == 400 and error == "invalid_grant":
        return Refused(
            "the refresh token is not accepted any more (invalid_grant): used up, ended or withdrawn."
            f" {RECONNECT}"
        )
    if answer.status == 401 or error == "invalid_client":
        return PermanentError(f"the app's keys are not accepted ({answer.status}, invalid_client). {WAY_OUT}")
    return None


def _faults(answer: Answer) -> list[dict[str, Any]]:
    """What Intuit complains about; its gateway writes the same keys in lower case."""
    body = answer.json()
    fault = at(body, "Fault") or at(body, "fault")
    found = at(fault, "Error") or at(fault, "error")
    return [
        {name.lower(): value for name, value in one.items()} for one in found or [] if isinstance(one, dict)
    ]


def _judge(answer: Answer) -> Retry | SourceError | None:
    if answer.status < 400:
        return None
    faults = _faults(answer)
    codes = {str(fault.get("code", "")).lstrip("0") for fault in faults}
    texts = (
        "; ".join(f"{fault.get('message', '')} {fault.get('detail') or ''}".strip() for fault in faults)
        or answer.start
    )
    trace = (
        f" (code {', '.join(sorted(codes)) or 'none'}, intuit_tid {answer.headers.get('intuit_tid', 'none')})"
    )
    if answer.status == 429 or "3001" in codes:
        return Retry("too many requests, or the month's calls of the app are used up", WAIT, everybody=True)
    if answer.status == 401:
        return PermanentError(f"the credentials are not accepted (401): {texts}{trace}. {RECONNECT}")
    if answer.status == 403:
        return PermanentError(
            f"the app may not read this company (403): {texts}{trace}. Check QUICKBOOKS_REALM_ID, that the"
            " app is connected to that company, and that a sandbox company is asked at its own address"
            " (QUICKBOOKS_BASE_URL)."
        )
    if answer.status == 504 and "/reports/" in answer.path:
        return _TooMuch(f"the report takes too long (504){trace}")
    if answer.status == 400 and codes & {"4000", "4001"}:
        return PermanentError(f"the request is refused: {texts}{trace}. Report it with this text.")
    return None


def identify(client: Client[Facts]) -> str:
    """The company behind the credentials, so that two companies never mix in one warehouse."""
    return f"company {hashlib.sha256(client.facts.realm.encode()).hexdigest()[:12]}"


@dataclass
class _Memory:
    """What a run of QuickBooks remembers."""

    alive: dict[str, set[str]] = field(default_factory=dict)
    """Table -> ids of the transactions that the warehouse thinks are there."""
    told: set[str] = field(default_factory=set)
    """Tables of which change data capture told what was deleted."""


_Run = Run[Client[Facts], _Memory]


# ------------------------------------------------------------------ queries


def _iso(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def walk(client: Client, entity: str, where: str = "", fields: str = "*") -> Iterator[list[dict[str, Any]]]:
    """Pages of an entity in the order of ids."""

    def pages() -> Iterator[list[dict[str, Any]]]:
        start = 1
        before: list[dict[str, Any]] = []
        while True:
            statement = (
                f"select {fields} from {entity}{where} orderby Id startposition {start} maxresults {PAGE}"
            )
            found = client.get(
                "/query", {"query": statement}, complaint=partial(_incomplete, entity=entity, start=start)
            )
            rows = entries(
                found,
                f"QuickBooks {entity}",
                "QueryResponse",
                entity,
                beside=("startPosition", "maxResults", "totalCount"),
            )
            if before and before[-1].get("Id") not in {row.get("Id") for row in rows}:
                raise Gone("rows vanished while pages were turned")
            known = {(row.get("Id"), row.get("SyncToken")) for row in before}
            if new := [row for row in rows if (row.get("Id"), row.get("SyncToken")) not in known]:
                yield new
            if len(rows) < PAGE:
                return
            start, before = start + PAGE - SHARED, rows

    yield from listed(pages, f"QuickBooks {entity}")


def _incomplete(answer: Any, entity: str, start: int) -> str | None:
    """What is wrong with a page that was asked for from `start` on. Without rows the entity's key is
    missing."""
    found = at(answer, "QueryResponse")
    if not isinstance(found, dict):
        return None
    rows = found.get(entity)
    if rows is None:
        if start > 1:
            return "an empty page in the middle"
        others = [name for name, value in found.items() if isinstance(value, list)]
        return f"an answer with {', '.join(others)} instead of {entity}" if others else None
    if found.get("startPosition", start) != start:
        return f"a page from {found['startPosition']} on instead of {start}"
    if isinstance(rows, list) and found.get("maxResults", len(rows)) != len(rows):
        return f"a page of {len(rows)} rows that says it has {found['maxResults']}"
    return None


def count(client: Client, entity: str, where: str = "") -> int:
    """How many rows of an entity there are."""
    answer = client.get("/query", {"query": f"select count(*) from {entity}{where}"})
    return int(expect(answer, int, f"QuickBooks count of {entity}", "QueryResponse", "totalCount"))


def _prepared(row: dict[str, Any], name: str) -> dict[str, Any]:
    """A row with the fields that are worked out."""
    if "Metadata" in row:
        row = {**row, "MetaData": row["Metadata"]}
    if name == "vendors":
        return {**row, "_has_tax_id": bool(row.get("TaxIdentifier"))}
    if name in NAMES:
        return row
    note = row.get("PrivateNote")
    return {
        **row,
        "_voided": row.get("TotalAmt") == 0 and isinstance(note, str) and "voided" in note.lower(),
        "_lines": as_json(list(_lines(row.get("Line")))),
        "_linked": as_json(_links(row)),
        "_credit": row.get("Credit") is True,
        "_paid_from": (
            at(row, "CheckPayment.BankAccountRef.value") or at(row, "CreditCardPayment.CCAccountRef.value")
        ),
    }


def _links(row: dict[str, Any]) -> list[dict[str, Any]]:
    linked = row.get("LinkedTxn")
    return [
        {"id": at(one, "TxnId"), "type": at(one, "TxnType")}
        for one in (linked if isinstance(linked, list) else ())
    ]


def _lines(lines: Any) -> Iterator[dict[str, Any]]:
    """The lines that count, those of groups among them. Subtotals would count twice."""
    for line in lines if isinstance(lines, list) else ():
        if not isinstance(line, dict):
            continue
        kind = line.get("DetailType")
        detail = found if isinstance(found := line.get(str(kind)), dict) else {}
        if kind == "GroupLineDetail":
            yield from _lines(detail.get("Line"))
        elif kind not in ("SubTotalLineDetail", "DescriptionOnly"):
            amount = line.get("Amount")
            yield {
                "id": line.get("Id"),
                "kind": kind,
                "amount": None if amount is None else str(amount),
                "account_id": at(detail, "AccountRef.value") or at(detail, "ItemAccountRef.value"),
                "item_id": at(detail, "ItemRef.value"),
                "customer_id": at(detail, "CustomerRef.value"),
                "description": line.get("Description"),
                "linked": _links(line),
            }


def _rows(run: _Run, name: str, where: str = "") -> Iterator[Any]:
    pages = ([_prepared(row, name) for row in page] for page in walk(run.client, ENTITIES[name], where))
    yield from typed(f"quickbooks.{name}", FIELDS[name], pages, run.warn, may_lack=MAY_LACK)


def _vendor_states(run: _Run) -> Iterator[Any]:
    day = snapshot_day(run, "vendor_states")
    pages = (
        [_prepared(row, "vendors") | {"_day": day} for row in page]
        for page in walk(run.client, "Vendor", EVERY)
    )
    yield from typed(
        "quickbooks.vendor_states", VENDOR_STATES, pages, run.warn, key=("vendor_id", "snapshot_date")
    )


def _transactions(run: _Run, name: str) -> Iterator[Any]:
    """Everything, the changes, or a window."""
    if run.backfill:
        for bounds in _windows(run):
            yield from _rows(run, name, bounds)
        return
    cursor = _cursor(run, name)
    new = {"pulled_at": run.started_at.isoformat()}
    if _sweeps(run, name):
        yield from _rows(run, name)
        run.listed(name)
        new["swept_at"] = new["pulled_at"]
    else:
        pulled_at = datetime.fromisoformat(cursor["pulled_at"])
        yield from _rows(run, name, f" where MetaData.LastUpdatedTime >= '{_iso(pulled_at - OVERLAP)}'")
        if name not in run.memory.told:  # change data capture could not tell
            there = {
                row.get("Id") for page in walk(run.client, TRANSACTIONS[name], fields="Id") for row in page
            }
            if None not in there:  # a row without an id may be any of them
                run.gone(name, run.memory.alive[name] - there)
    if run.advances(name):
        dlt.current.source_state().setdefault("tables", {})[name] = {**cursor, **new}


def _windows(run: _Run) -> Iterator[str]:
    """There is no OR: what changed in the window, then what is dated in it."""
    zone = run.company.zone
    changed = [
        ("MetaData.LastUpdatedTime", sign, _iso(bound))
        for sign, bound in ((">=", run.window.since), ("<=", run.window.until))
        if bound
    ]
    dated = [
        ("TxnDate", sign, local_date(bound, zone).isoformat())
        for sign, bound in ((">=", run.window.since), ("<=", run.window.until))
        if bound
    ]
    for bounds in (changed, dated):
        yield " where " + " and ".join(f"{field} {sign} '{value}'" for field, sign, value in bounds)


def _cursor(run: _Run, name: str) -> dict[str, str]:
    return dict(run.state.get("tables", {}).get(name, {}))


def _sweeps(run: _Run, name: str) -> bool:
    """Whether this run reads all of a table again."""
    cursor = _cursor(run, name)
    return "pulled_at" not in cursor or run.due(cursor.get("swept_at"), SWEEP_DAYS)


# ------------------------------------------------------------------ deletes


def recall(connection: Any, run: _Run) -> None:
    """Before the run, with the lock held: the transactions that the warehouse thinks are there."""
    if run.backfill:
        return
    for name in run.tables & set(TRANSACTIONS) & set(run.state.get("tables", {})):
        rows = connection.execute(f"select id from raw_quickbooks.{name} where deleted_at is null").fetchall()
        run.memory.alive[name] = {row[0] for row in rows}


def begin(run: _Run) -> None:
    """Before the first row: what was deleted since the last run, of all tables in one call where that is not
    too much."""
    if run.backfill:
        return
    names = sorted(name for name in run.tables & set(TRANSACTIONS) if not _sweeps(run, name))
    if not names:
        return
    since = {
        name: datetime.fromisoformat(_cursor(run, name)["pulled_at"]) - DELETES_OVERLAP for name in names
    }
    gone = _deleted(run.client, names, min(since.values()))
    if gone is None:
        gone = {
            name: found[name]
            for name in names
            if (found := _deleted(run.client, [name], since[name])) is not None
        }
    run.memory.told = set(gone)
    for name, deleted in gone.items():
        for key, when in deleted.items():
            run.gone(
                name,
                [key],
                at=parse("timestamp", when, f"quickbooks.{name} {key}: LastUpdatedTime", run.warn),
            )


def _deleted(
    client: Client, names: Sequence[str], since: datetime
) -> dict[str, dict[str, str | None]] | None:
    """Table -> id of a deleted transaction -> when; None: more changed than one answer holds."""
    entities = [TRANSACTIONS[name] for name in names]
    answer = client.get("/cdc", {"entities": ",".join(entities), "changedSince": _iso(since)})
    blocks = [
        block
        for response in expect(answer, list, "QuickBooks changes", "CDCResponse")
        for block in expect(response, list, "QuickBooks changes", "QueryResponse")
    ]
    beside = {*entities, "startPosition", "maxResults", "totalCount"}
    rows = {
        entity: [
            row for block in blocks for row in entries(block, "QuickBooks changes", entity, beside=beside)
        ]
        for entity in entities
    }
    if sum(map(len, rows.values())) >= MOST_CHANGES:
        return None
    return {
        name: {
            str(row["Id"]): at(row, "MetaData.LastUpdatedTime") or at(row, "Metadata.LastUpdatedTime")
            for row in rows[TRANSACTIONS[name]]
            if row.get("status") == "Deleted"
        }
        for name in names
    }


def totals(run: _Run) -> Iterator[tuple[str, int]]:
    """How many bills and payments of bills there are, voided ones too, and how many vendors, inactive ones
    too."""
    for name in run.countable(COUNTED):
        yield name, count(run.client, ENTITIES[name], COUNTED[name])


def end(run: _Run) -> None:
    """After the last row: when the access ends, which the answers have told, and a warning where that is
    soon."""
    run.access_ends = _ends(run.client.facts.keeper)
    if ends := _ends_soon(run.client.facts.keeper, run.started_at):
        run.warn(ends)


def _ends(keeper: TokenKeeper) -> datetime | None:
    kept = keeper.kept()
    if kept is None:
        return None
    last = kept.ends_at or (datetime.fromisoformat(kept.since) + LONGEST_LIFE).isoformat()
    return min(datetime.fromisoformat(one) for one in (kept.expires_at, last) if one)


def _ends_soon(keeper: TokenKeeper, now: datetime) -> str | None:
    ends = _ends(keeper)
    if ends is None or ends - now > TOLD_BEFORE:
        return None
    return f"QuickBooks: the access ends on {ends:%Y-%m-%d}. {RECONNECT}"


# ------------------------------------------------------------------ reports


def _first_of(day: date, months_back: int) -> date:
    number = day.year * 12 + day.month - 1 - months_back
    return date(number // 12, number % 12 + 1, 1)


def _months(first: date, last: date) -> list[date]:
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return [_first_of(first, -number) for number in range(count)]


def _report_tables(run: _Run, name: str) -> Iterator[Any]:
    kinds = _PROFIT_AND_LOSS if name == "profit_and_loss" else _REPORT
    key = ("month", "position", *(["accounting_method"] if name == "profit_and_loss" else []))
    yield from typed(
        f"quickbooks.{name}", plain(kinds), [list(_report(run, name))], run.warn, key=key, may_lack=kinds
    )


def _report(run: _Run, name: str) -> Iterator[dict[str, Any]]:
    zone, section = run.company.zone, run.company.quickbooks
    today = local_date(run.started_at, zone)
    # by another accounting method it is another report: its history is read again
    kept = f"{name} {section.accounting_method}" if name == "profit_and_loss" else name
    since = run.state.get("reports", {}).get(kept)
    last = today
    if run.backfill:
        first = (
            local_date(run.window.since, zone).replace(day=1)
            if run.window.since
            else _first_of(today, section.history_months - 1)
        )
        if run.window.until and local_date(run.window.until, zone) < today:
            last = _first_of(local_date(run.window.until, zone), -1) - timedelta(days=1)
    else:
        first = _first_of(today, (section.report_months if since else section.history_months) - 1)
        since = since or first.isoformat()
        run.complete_from[name] = datetime.combine(date.fromisoformat(since), time(), zone)
    months = _months(_first_of(first, (first.month - 1) % REPORT_MONTHS), last)
    for start in range(0, len(months), REPORT_MONTHS):
        yield from _part(run, name, months[start : start + REPORT_MONTHS], last)
    if not run.backfill:
        dlt.current.source_state().setdefault("reports", {})[kept] = since


def _part(run: _Run, name: str, months: list[date], last: date) -> Iterator[dict[str, Any]]:
    """Rows of some months; a report that is too large for one answer is asked for in halves."""
    until = min(last, _first_of(months[-1], -1) - timedelta(days=1))
    params = {
        "start_date": months[0].isoformat(),
        "end_date": until.isoformat(),
        "summarize_column_by": "Month",
    }
    if name == "profit_and_loss":
        params["accounting_method"] = run.company.quickbooks.accounting_method
    try:
        answer = run.client.get(f"/reports/{REPORTS[name]}", params)
        rows = list(report_rows(answer, months, f"quickbooks.{name}", run.warn))
    except _TooMuch:
        if len(months) == 1:
            raise
        half = len(months) // 2
        yield from _part(run, name, months[:half], last)
        yield from _part(run, name, months[half:], last)
        return
    for row in rows:
        row["through"] = min(until, _first_of(row["month"], -1) - timedelta(days=1))
        if name == "profit_and_loss":
            row["accounting_method"] = params["accounting_method"]
        yield row


def report_rows(
    answer: Any, months: list[date], where: str, warn: Callable[[str], None]
) -> Iterator[dict[str, Any]]:
    """A report as rows: per month one of the kind `month` (it was asked for, whatever is in it), then one per
    line.

    Kinds: `account` (an account's own amount; no row where the cell is blank), `subtotal` (a parent account
    with its children), `total` (a group; a blank is 0).

    Raises:
        _TooMuch: QuickBooks has cut the report.
        PermanentError: its columns are not the months that were asked for.
    """
    columns = _columns(answer, months, where)
    currency = at(answer, "Header.Currency")
    for month in months:
        yield {"month": month, "position": 0, "kind": "month", "currency": currency}
    # null, or an empty object, where the months have no data
    rows = {} if "Rows" in answer and answer["Rows"] is None else expect(answer, dict, where, "Rows")
    for position, line in enumerate(_report_lines(rows, "", (), where), 1):
        cells = line.pop("cells")
        if "unable to display more data" in str(line["title"]).lower():
            raise _TooMuch(f"{where}: the report was cut by QuickBooks")
        for month, index in columns.items():
            value = cells[index].get("value") if index < len(cells) else None
            blank = line["kind"] == "total" and value in (None, "")
            # a total that is there and cannot be read is unknown, not 0
            amount = parse(
                "decimal",
                0 if blank else plain_number(value),
                f"{where} {month:%Y-%m} {line['title']}: amount",
                warn,
            )
            if value or line["kind"] == "total":
                yield {"month": month, "position": position, "currency": currency, **line, "amount": amount}


_NUMBER = re.compile(
    r"(?P<open>\()?(?P<sign>-)?[$€£]?(?P<digits>\d+|\d{1,3}(,\d{3})+)(?P<cents>\.\d*)?(?(open)\))", re.ASCII
)


def plain_number(value: Any) -> Any:
    """An amount as people print it, as a plain number: "1,300.00", "(1,234.50)" for what is negative.
    Anything else as it came."""
    if not isinstance(value, str) or not (match := _NUMBER.fullmatch(value.strip())):
        return value
    negative = bool(match["open"]) != bool(match["sign"])
    return f"{'-' if negative else ''}{match['digits'].replace(',', '')}{match['cents'] or ''}"


def _columns(answer: Any, months: list[date], where: str) -> dict[date, int]:
    """Month -> its column. Titles vary, so the columns' own dates count; where there are none, the order."""
    columns = entries(answer, where, "Columns", "Column", beside=())
    found: dict[date, int] = {}
    undated: list[int] = []
    for index, column in enumerate(columns):
        facts = {
            fact.get("Name"): fact.get("Value")
            for fact in entries(column, where, "MetaData", beside=column.keys())
        }
        if start := parse("date", facts.get("StartDate"), f"{where}: StartDate", lambda _: None):
            found[start.replace(day=1)] = index
        elif column.get("ColType") == "Money" and facts.get("ColKey") != "total":
            undated.append(index)
    if not found and len(undated) in (len(months), len(months) + 1):  # the last of them is the total
        found = dict(zip(months, undated, strict=False))
    if columns and set(found) - set(months) or (len(found) < len(months) and at(answer, "Rows.Row")):
        titles = ", ".join(str(column.get("ColTitle")) for column in columns)
        raise PermanentError(
            f"{where}: the columns ({titles[:200]}) are not the months {months[0]:%Y-%m} to"
            f" {months[-1]:%Y-%m}"
        )
    return found


def _report_lines(
    rows: dict[str, Any], group: str, path: tuple[str, ...], where: str
) -> Iterator[dict[str, Any]]:
    """Lines of a report or of a section of it; without lines it is an empty object."""
    for row in entries(rows, where, "Row", beside=()):
        own = row.get("group")
        inner = _SPELLINGS.get(str(own), own) or group
        header = _cells(row, "Header", where)
        if not row.keys() & {"Header", "Rows", "Summary", "ColData"}:
            raise Unexpected(
                f"{where}: a row of the report has neither cells nor rows, but"
                f" {', '.join(map(str, row))[:200] or 'nothing'}"
            )
        below = path
        if header:
            below = (*path, str(header[0].get("value")))
            if header[0].get("id") and any(cell.get("value") for cell in header[1:]):
                yield _line(header, inner, "account", path)  # a parent account with amounts of its own
        if row.get("Rows") is not None:
            yield from _report_lines(expect(row, dict, where, "Rows"), inner, below, where)
        if summary := _cells(row, "Summary", where):
            yield _line(summary, inner, "total" if own else "subtotal", path, (header or [{}])[0].get("id"))
        if cells := entries(row, where, "ColData", beside=row.keys()):
            # in the cash flow, single lines have groups of their own: the net income, the cash at the
            # beginning
            yield _line(cells, inner, "total" if own else "account", path)


def _cells(row: dict[str, Any], part: str, where: str) -> list[dict[str, Any]]:
    return [] if row.get(part) is None else entries(row, where, part, "ColData", beside=())


def _line(
    cells: list[dict[str, Any]], group: str, kind: str, path: Iterable[str], account: Any = None
) -> dict[str, Any]:
    return {
        "group_key": group or None,
        "kind": kind,
        "title": cells[0].get("value"),
        "path": " / ".join(path) or None,
        "account_id": cells[0].get("id") or account,
        "cells": cells,
    }


def _company(run: _Run) -> Iterator[Any]:
    info, preferences = _facts(run.client)
    start = at(info, "FiscalYearStartMonth")
    row = {
        "id": str(info.get("Id") or "1"),
        "company_name": info.get("CompanyName"),
        "country": info.get("Country"),
        "fiscal_year_start_month": start,
        "report_basis": at(preferences, "ReportPrefs.ReportBasis"),
        "is_multi_currency": at(preferences, "CurrencyPrefs.MultiCurrencyEnabled"),
        "home_currency": at(preferences, "CurrencyPrefs.HomeCurrency.value"),
    }
    yield from typed("quickbooks.company", plain(_COMPANY), [[row]], run.warn)


def _facts(client: Client) -> tuple[dict[str, Any], dict[str, Any]]:
    found = []
    for entity in ("CompanyInfo", "Preferences"):
        answer = client.get("/query", {"query": f"select * from {entity}"})
        rows = expect(answer, list, "QuickBooks company", "QueryResponse", entity)
        found.append(dict(rows[0]) if rows and isinstance(rows[0], dict) else {})
    return found[0], found[1]


# ------------------------------------------------------------------ tables


def _entity(name: str, grain: str) -> Table[_Run]:
    """A table of an entity: transactions by their changes, names in full."""

    def changes(run: _Run) -> Iterator[Any]:
        return _transactions(run, name)

    def everything(run: _Run) -> Iterator[Any]:
        return _rows(run, name, EVERY)

    columns = kinds(FIELDS[name])
    if name in TRANSACTIONS:
        columns["deleted_at"] = "timestamp"
    return Table(
        name,
        grain,
        "id",
        columns,
        changes if name in TRANSACTIONS else everything,
        latest_by="sync_token",
        newest="updated_at",
    )


def _report_table(name: str, grain: str, columns: Mapping[str, ColumnType], *key: str) -> Table[_Run]:
    def fetch(run: _Run) -> Iterator[Any]:
        return _report_tables(run, name)

    months = [column for column in key if column != "position"]
    return Table(name, grain, key, columns, fetch, replaces_same(*months), whole=True)


TABLES: tuple[Table[_Run], ...] = (
    _entity(
        "invoices",
        "One row per invoice, deleted ones too. Amounts in its own currency; balance is what is open now;"
        " lines and linked are JSON.",
    ),
    _entity(
        "bills",
        "One row per vendor bill, deleted ones too. Amounts in the bill's currency; balance is what is open"
        " now; lines are JSON.",
    ),
    _entity(
        "purchases",
        "One row per expense by card, check or debit, deleted ones too. is_credit: a refund, whose amount"
        " counts negative.",
    ),
    _entity(
        "payments",
        "One row per customer payment, deleted ones too. The lines (JSON) say which invoices it pays, each"
        " with its part.",
    ),
    _entity(
        "bill_payments",
        "One row per payment of bills, deleted ones too. The lines (JSON) say which bills it pays, each with"
        " its part.",
    ),
    _entity(
        "customers",
        "One row per customer, inactive ones too. Sum balance: balance_with_jobs holds that of sub-customers"
        " once more.",
    ),
    _entity(
        "vendors",
        "One row per vendor, inactive ones too. has_tax_id: whether a tax id from a W-9 is on file; the id"
        " itself is not kept.",
    ),
    Table(
        "vendor_states",
        "One row per local day and vendor: whether it is paid as a 1099 contractor, and whether a tax id was"
        " on file that day.",
        ("snapshot_date", "vendor_id"),
        kinds(VENDOR_STATES),
        _vendor_states,
        write=replaces_same("snapshot_date"),
        whole=True,
        is_snapshot=True,
    ),
    _entity(
        "accounts",
        "One row per account of the chart of accounts, inactive ones too. Payables carry a negative balance.",
    ),
    Table(
        "company",
        "The company of the books: one row. report_basis is the one that QuickBooks shows by itself.",
        "id",
        _COMPANY,
        _company,
        write=EVERYTHING,
        whole=True,
    ),
    _report_table(
        "profit_and_loss",
        "One row per month and line of the profit and loss report, in the home currency; kind month: the"
        " month was read.",
        _PROFIT_AND_LOSS,
        *("accounting_method", "month", "position"),
    ),
    _report_table(
        "cash_flow",
        "One row per month and line of the cash flow report, in the home currency; kind month: the month was"
        " read.",
        _REPORT,
        *("month", "position"),
    ),
)


def diagnose(client: Client[Facts], settings: Settings, company: Company) -> Iterator[Finding]:
    """Company, permissions, basis and currency of the reports, and how long the access lasts."""
    info, preferences = _facts(client)
    yield Finding(SOURCE, "company", "ok", f"{info.get('CompanyName')}, {info.get('Country')}")
    way_out = (
        "Connect the app again with the scope com.intuit.quickbooks.accounting, as an administrator of the"
        " company."
    )
    for entity in ENTITIES.values():
        yield readable(SOURCE, entity, partial(count, client, entity), way_out)
    today = local_date(settings.now(), company.zone)
    for report in REPORTS.values():
        params = {
            "start_date": today.replace(day=1).isoformat(),
            "end_date": today.isoformat(),
            "summarize_column_by": "Month",
        }
        yield readable(SOURCE, report, partial(client.get, f"/reports/{report}", params), way_out)
    basis, ours = at(preferences, "ReportPrefs.ReportBasis"), company.quickbooks.accounting_method
    if basis and basis != ours:
        yield Finding(
            SOURCE,
            "accounting_method",
            "info",
            f"QuickBooks shows its reports by the {basis} method, company.toml asks for {ours}",
            "Nothing to do if that is meant; else change quickbooks.accounting_method in company.toml.",
        )
    yield from currency_differs(
        SOURCE, "QuickBooks", at(preferences, "CurrencyPrefs.HomeCurrency.value"), company
    )
    yield from _diagnose_token(client.facts.keeper, settings.now())


def _diagnose_token(keeper: TokenKeeper, now: datetime) -> Iterator[Finding]:
    if keeper.open_to_others():
        yield Finding(
            SOURCE,
            "token file",
            "warn",
            f"{keeper.path} can be read by other users of this machine",
            f"chmod 600 {keeper.path}",
        )
    ends = _ends(keeper)
    soon = _ends_soon(keeper, now)
    if soon:
        yield Finding(
            SOURCE, "access", "warn", soon.removeprefix("QuickBooks: ").partition(". ")[0], RECONNECT
        )
    elif ends:
        detail = f"good until {ends:%Y-%m-%d} without a run; every run renews it, for five years at most"
        yield Finding(SOURCE, "access", "ok", detail)


source = Source(
    SOURCE,
    QuickBooksCredentials,
    TABLES,
    connect,
    identify,
    diagnose,
    memory=_Memory,
    recall=recall,
    begin=begin,
    end=end,
    totals=totals,
)
