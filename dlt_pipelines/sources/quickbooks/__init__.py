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

from collections.abc import Iterator, Mapping
from typing import Any

from dlt_pipelines.core.api_versions import only
from dlt_pipelines.core.records import at, kinds, plain, typed
from dlt_pipelines.core.run import snapshot_day
from dlt_pipelines.core.source import EVERYTHING, ColumnType, Source, Table, replaces_same
from dlt_pipelines.sources.quickbooks.access import (
    MINOR_VERSION,
    SOURCE,
    QuickBooksCredentials,
    access_end,
    connect,
    ends_soon,
    identify,
)
from dlt_pipelines.sources.quickbooks.changes import begin, entity_rows, recall, transaction_rows
from dlt_pipelines.sources.quickbooks.diagnosis import diagnose
from dlt_pipelines.sources.quickbooks.fields import (
    COMPANY,
    COUNTED,
    ENTITIES,
    EVERY,
    FIELDS,
    PROFIT_AND_LOSS,
    REPORT,
    TRANSACTIONS,
    VENDOR_STATES,
)
from dlt_pipelines.sources.quickbooks.memory import Memory, QuickBooksRun
from dlt_pipelines.sources.quickbooks.queries import company_facts, count, prepared, walk
from dlt_pipelines.sources.quickbooks.reports import report_tables


def _vendor_states(run: QuickBooksRun) -> Iterator[Any]:
    day = snapshot_day(run, "vendor_states")
    pages = (
        [prepared(row, "vendors") | {"_day": day} for row in page]
        for page in walk(run.client, "Vendor", EVERY)
    )
    yield from typed(
        "quickbooks.vendor_states", VENDOR_STATES, pages, run.warn, key=("vendor_id", "snapshot_date")
    )


def totals(run: QuickBooksRun) -> Iterator[tuple[str, int]]:
    """How many bills and payments of bills there are, voided ones too, and how many vendors, inactive ones
    too."""
    for name in run.countable(COUNTED):
        yield name, count(run.client, ENTITIES[name], COUNTED[name])


def end(run: QuickBooksRun) -> None:
    """After the last row: when the access ends, which the answers have told, and a warning where that is
    soon."""
    run.access_ends = access_end(run.client.facts.keeper)
    if ends := ends_soon(run.client.facts.keeper, run.started_at):
        run.warn(ends)


def _company(run: QuickBooksRun) -> Iterator[Any]:
    info, preferences = company_facts(run.client)
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
    yield from typed("quickbooks.company", plain(COMPANY), [[row]], run.warn)


def _entity(name: str, grain: str) -> Table[QuickBooksRun]:
    """A table of an entity: transactions by their changes, names in full."""

    def changes(run: QuickBooksRun) -> Iterator[Any]:
        return transaction_rows(run, name)

    def everything(run: QuickBooksRun) -> Iterator[Any]:
        return entity_rows(run, name, EVERY)

    columns = kinds(FIELDS[name])
    if name in TRANSACTIONS:
        columns["deleted_at"] = "timestamp"
    return Table(
        name,
        grain,
        "id",
        columns,
        changes if name in TRANSACTIONS else everything,
        whole=name not in TRANSACTIONS,
        latest_by="sync_token",
        newest="updated_at",
    )


def _report_table(
    name: str, grain: str, columns: Mapping[str, ColumnType], *key: str
) -> Table[QuickBooksRun]:
    def fetch(run: QuickBooksRun) -> Iterator[Any]:
        return report_tables(run, name)

    months = [column for column in key if column != "position"]
    return Table(name, grain, key, columns, fetch, replaces_same(*months), whole=True)


TABLES: tuple[Table[QuickBooksRun], ...] = (
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
        "The company of the books: one row. report_basis is QuickBooks' default.",
        "id",
        COMPANY,
        _company,
        write=EVERYTHING,
        whole=True,
    ),
    _report_table(
        "profit_and_loss",
        "One row per month and line of the profit and loss report, in the home currency; kind month: the"
        " month was read.",
        PROFIT_AND_LOSS,
        *("accounting_method", "month", "position"),
    ),
    _report_table(
        "cash_flow",
        "One row per month and line of the cash flow report, in the home currency; kind month: the month was"
        " read.",
        REPORT,
        *("month", "position"),
    ),
)

source = Source(
    SOURCE,
    QuickBooksCredentials,
    TABLES,
    connect,
    identify,
    diagnose,
    memory=Memory,
    recall=recall,
    begin=begin,
    end=end,
    totals=totals,
    versions=only("v3", f"minor version {MINOR_VERSION}"),
)
