"""QuickBooks: the traps in the contract of `sandbox/vendors/quickbooks/__init__.py`, and refresh tokens that
survive every failure."""

from __future__ import annotations

import json
import logging
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dlt_pipelines.core.load import load
from dlt_pipelines.core.window import Window
from dlt_pipelines.doctor.checks import diagnose
from dlt_pipelines.errors import PermanentError, TransientError
from dlt_pipelines.sources.quickbooks import access, queries, reports
from dlt_pipelines.wire.messages import Answer
from foundation.settings import Company, Settings
from sandbox import SANDBOX_CREDENTIALS, Sandbox
from sandbox.companies.base import DEMO_CLOCK
from sandbox.companies.cedar_ridge.finance.bills import bills
from sandbox.companies.cedar_ridge.finance.invoices import invoices, payments
from sandbox.companies.cedar_ridge.finance.ledger import LEDGER, home
from sandbox.companies.cedar_ridge.finance.purchases import purchases
from sandbox.companies.cedar_ridge.finance.statements import cash_flow, profit_and_loss
from tests.dlt_pipelines.conftest import at, query

pytestmark = pytest.mark.usefixtures("unhurried")
NAMES = {"customers", "vendors", "accounts"}


def tokens(settings: Settings) -> dict[str, Any]:
    """What the token file holds of the one owner."""
    (grant,) = json.loads((settings.home / "secrets" / "quickbooks.json").read_text())["grants"].values()
    return dict(grant)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """A refresh token that ends when its successor is used."""
    token = f"{SANDBOX_CREDENTIALS['QUICKBOOKS_REFRESH_TOKEN']}.{request.node.name}"
    monkeypatch.setenv("QUICKBOOKS_REFRESH_TOKEN", token)
    return token


# ------------------------------------------------------------------ refresh tokens


def test_tokens_rotate_and_the_newest_is_kept(
    sandbox: Sandbox, company: Company, typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, kept = Settings(), []
    for day in ("2025-10-27", "2025-10-28", "2026-01-20"):
        at(monkeypatch, sandbox, f"{day}T12:00:00Z")
        load("quickbooks", Settings(), company, tables={"company"})
        kept.append(tokens(settings)["refresh_token"])
    assert len({typed, *kept}) == 4
    path = settings.home / "secrets" / "quickbooks.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert sorted(file.name for file in path.parent.iterdir() if file.is_file()) == [
        "quickbooks.json",
        "quickbooks.lock",
    ]
    assert tokens(settings)["since"] == "2025-10-27T12:00:00+00:00"


def test_a_used_up_token_is_refused_and_the_way_out_is_said(
    sandbox: Sandbox, company: Company, typed: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    load("quickbooks", Settings(), company, tables={"company"})
    monkeypatch.setenv("SCORELINE_HOME", str(tmp_path / "another"))
    with pytest.raises(
        PermanentError, match="invalid_grant.*Connect the app.*QUICKBOOKS_REFRESH_TOKEN"
    ) as caught:
        load("quickbooks", Settings(), company, tables={"company"})
    assert typed not in str(caught.value)
    assert not (tmp_path / "another" / "secrets" / "quickbooks.json").exists()


def test_a_token_that_a_person_typed_since_wins_and_a_bad_one_does_no_harm(
    sandbox: Sandbox, company: Company, typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings()
    load("quickbooks", settings, company, tables={"company"})
    first = tokens(settings)
    monkeypatch.setenv("QUICKBOOKS_REFRESH_TOKEN", f"{typed}.again")
    at(monkeypatch, sandbox, "2025-11-20T12:00:00Z")
    load("quickbooks", Settings(), company, tables={"company"})
    second = tokens(settings)
    assert second["since"] > first["since"] and len(second["typed"]) == 2
    monkeypatch.setenv("QUICKBOOKS_REFRESH_TOKEN", "AB11-mistyped-by-a-person")
    load("quickbooks", Settings(), company, tables={"company"})
    assert tokens(settings)["refresh_token"] == second["refresh_token"]
    monkeypatch.setenv("QUICKBOOKS_REFRESH_TOKEN", typed)  # an old .env: known, so not newer
    load("quickbooks", Settings(), company, tables={"company"})
    assert tokens(settings)["refresh_token"] == second["refresh_token"]


CONNECT = """
import os, signal, sys
from dlt_pipelines.sources.quickbooks.access import connect
from dlt_pipelines.sources.quickbooks.queries import count
from dlt_pipelines.wire import kept_tokens
from foundation.settings import Settings, load_company
settings = Settings()
def die(*_): os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[1] == "received": os.fsync = die
if sys.argv[1] == "stored": kept_tokens.flush_folder = die
client = connect(settings, load_company(settings))
print(count(client, "Vendor"))
"""


def connecting(moment: str) -> subprocess.Popen[str]:
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", CONNECT, moment]
    return subprocess.Popen(
        command, cwd=root, env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_kill_between_receiving_and_storing_loses_nothing(
    sandbox: Sandbox, company: Company, typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for moment, day in (("received", 28), ("stored", 30)):
        at(monkeypatch, sandbox, f"2025-10-{day}T12:00:00Z")
        killed = connecting(moment)
        killed.communicate(timeout=60)
        assert killed.returncode == -signal.SIGKILL
        load("quickbooks", Settings(), company, tables={"company"})
    files = [file.name for file in (Settings().home / "secrets").iterdir() if file.is_file()]
    assert sorted(files) == ["quickbooks.json", "quickbooks.lock"]


def test_processes_that_renew_at_once_do_not_lock_each_other_out(
    sandbox: Sandbox, company: Company, typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    processes = [connecting("never") for _ in range(3)]
    for process in processes:
        out, err = process.communicate(timeout=60)
        assert out.strip().isdigit(), err
    at(monkeypatch, sandbox, "2025-10-29T12:00:00Z")
    load("quickbooks", Settings(), company, tables={"company"})


@pytest.mark.parametrize(
    "content",
    [b"not json", b"{}", b'{"version": 1, "grants": {"OWNER": {"refresh_token": ""}}}', b"\xff\xfe", None],
    ids=str,
)
def test_a_token_file_that_cannot_be_read_says_the_way_out(
    sandbox: Sandbox, company: Company, content: bytes | None
) -> None:
    settings = Settings()
    load("quickbooks", settings, company, tables={"company"})
    path = settings.home / "secrets" / "quickbooks.json"
    if content is None:
        path.unlink()
        path.mkdir()
    else:
        (owner,) = json.loads(path.read_text())["grants"]
        path.write_bytes(content.replace(b"OWNER", owner.encode()))
    sandbox.forget_requests()
    with pytest.raises(
        PermanentError,
        match=r"quickbooks\.json, which keeps the refresh token, cannot be read.*remove it and start again",
    ):
        load("quickbooks", settings, company, tables={"company"})
    assert sandbox.requests("quickbooks") == []
    (finding,) = [
        finding for finding in diagnose(settings, company, ["quickbooks"]) if finding.level == "fail"
    ]
    assert "remove it and start again" in finding.detail


def test_a_token_that_was_tampered_with_is_refused_by_the_vendor(
    sandbox: Sandbox, company: Company, typed: str
) -> None:
    settings = Settings()
    load("quickbooks", settings, company, tables={"company"})
    path = settings.home / "secrets" / "quickbooks.json"
    path.write_text(path.read_text().replace(tokens(settings)["refresh_token"], "AB11-canary-forged"))
    with pytest.raises(PermanentError, match="invalid_grant.*Connect the app"):
        load("quickbooks", settings, company, tables={"company"})


def test_a_file_that_cannot_be_written_is_found_before_the_vendor_is_asked(
    sandbox: Sandbox, company: Company
) -> None:
    (Settings().home / "secrets" / "quickbooks.part").mkdir(parents=True)
    with pytest.raises(PermanentError, match="cannot be written to .*still valid"):
        load("quickbooks", Settings(), company, tables={"company"})
    assert sandbox.requests("quickbooks") == []


def test_the_end_of_the_access_is_told_before(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings()
    load("quickbooks", settings, company, tables={"company"})
    found = {finding.check: finding for finding in diagnose(settings, company, ["quickbooks"])}
    assert found["access"].level == "ok" and "2026-02-04" in found["access"].detail
    path = settings.home / "secrets" / "quickbooks.json"
    content = json.loads(path.read_text())
    for grant in content["grants"].values():
        grant["since"] = "2020-11-10T12:00:00+00:00"  # five years, less two weeks
    path.write_text(json.dumps(content))
    path.chmod(0o644)
    found = {finding.check: finding for finding in diagnose(settings, company, ["quickbooks"])}
    assert (
        found["token file"].level == "ok" if "token file" in found else True
    )  # the doctor's own renewal rewrote it, with mode 0600
    assert (
        found["access"].level == "warn"
        and "2025-11-09" in found["access"].detail
        and "QUICKBOOKS_REFRESH_TOKEN" in found["access"].way_out
    )
    report = load("quickbooks", settings, company, tables={"company"})
    assert any("the access ends on 2025-11-09" in warning for warning in report.warnings)


def test_issued_tokens_are_in_their_file_and_nowhere_else(
    sandbox: Sandbox, company: Company, typed: str, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings()
    with caplog.at_level(logging.DEBUG):
        load("quickbooks", settings, company, tables={"company", "vendors"})
        said = str(diagnose(settings, company, ["quickbooks"]))
    written = [
        file.read_bytes()
        for file in settings.home.rglob("*")
        if file.is_file() and file.parent.name != "secrets"
    ]
    for secret in (b"AB11", b"eyJcanary", *(value.encode() for value in SANDBOX_CREDENTIALS.values())):
        assert not [
            content for content in (caplog.text.encode(), said.encode(), *written) if secret in content
        ], secret


# ------------------------------------------------------------------ what is stored


def test_the_books_are_those_of_the_company(sandbox: Sandbox, company: Company) -> None:
    settings = Settings()
    report = load("quickbooks", settings, company)
    assert report.warnings == []
    ours = profit_and_loss(1, DEMO_CLOCK)
    found = dict(
        query(
            settings,
            "select month, amount from raw_quickbooks.profit_and_loss where kind = 'total' and group_key ="
            " 'Income'",
        )
    )
    for month, amounts in ours.items():
        assert found[month] == sum(
            amount for key, amount in amounts.items() if LEDGER[key].kind == "Income"
        ), month
    cash = cash_flow(1, DEMO_CLOCK)
    for month, amount in query(
        settings, "select month, amount from raw_quickbooks.cash_flow where group_key = 'CashIncrease'"
    ):
        if month in cash:
            assert amount == cash[month]["ending"] - cash[month]["beginning"], month
    # every month that was asked for is there, also those without data
    assert query(
        settings,
        "select count(*), min(month), max(through) from raw_quickbooks.profit_and_loss where kind = 'month'",
    ) == [(40, date(2022, 7, 1), date(2025, 10, 27))]
    # receivables: balances of customers, sub-customers not once more
    (receivable,) = query(
        settings,
        "select current_balance from raw_quickbooks.accounts where account_type = 'Accounts Receivable'",
    )[0]
    rate = "case when currency = 'EUR' then 1.1 else 1 end"
    assert query(settings, f"select sum(balance * {rate}) from raw_quickbooks.customers") == [(receivable,)]
    assert query(settings, "select bool_or(balance_with_jobs > balance) from raw_quickbooks.customers") == [
        (True,)
    ]
    # two currencies stay two
    assert query(
        settings, "select currency, min(exchange_rate) from raw_quickbooks.invoices group by 1 order by 1"
    ) == [
        ("EUR", Decimal("1.1")),
        ("USD", None),
    ]
    # a void is a row with nothing in it
    assert query(
        settings,
        "select count(*), sum(total_amount), sum(balance) from raw_quickbooks.invoices where is_voided",
    ) == [(1, 0, 0)]
    # refunds by card; the flag is missing on checks
    assert query(
        settings,
        "select payment_type, bool_or(is_credit) from raw_quickbooks.purchases group by 1 order by 1",
    ) == [
        ("Cash", False),
        ("Check", False),
        ("CreditCard", True),
    ]
    # inactive names come too, as they are called
    assert query(
        settings,
        "select count(*) from raw_quickbooks.customers where not is_active and display_name like '%"
        " (deleted)'",
    ) == [(2,)]
    assert query(settings, "select count(*) from raw_quickbooks.accounts where not is_active") == [(1,)]
    # W-9: whether, never what
    assert query(
        settings, "select is_1099, has_tax_id, count(*) from raw_quickbooks.vendors group by all order by all"
    ) == [
        (False, False, 12),
        (True, False, 6),
        (True, True, 4),
    ]
    assert not [
        file for file in settings.home.rglob("*") if file.is_file() and b"XXXXXX" in file.read_bytes()
    ]


def test_deletes_come_by_change_data_capture(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = {"invoices", "payments", "purchases", "bills"}
    load("quickbooks", Settings(), company, tables=tables)
    for day in ("2025-11-03", "2025-11-12"):
        at(monkeypatch, sandbox, f"{day}T12:00:00Z")
        sandbox.forget_requests()
        load("quickbooks", Settings(), company, tables=tables)
        assert len([call for call in sandbox.requests("quickbooks") if call["path"].endswith("/cdc")]) == 1
    _check_deleted()


def test_after_a_long_pause_everything_is_read_and_compared(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = {"invoices", "payments", "purchases", "bills"}
    load("quickbooks", Settings(), company, tables=tables)
    at(monkeypatch, sandbox, "2025-12-05T12:00:00Z")
    sandbox.forget_requests()
    load("quickbooks", Settings(), company, tables=tables)
    assert not [call for call in sandbox.requests("quickbooks") if call["path"].endswith("/cdc")]
    _check_deleted()


@pytest.mark.parametrize("answers", [1, 2])
def test_changes_that_do_not_fit_one_answer_are_asked_alone_or_compared(
    answers: int, sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = {"invoices", "payments", "purchases", "bills"}
    load("quickbooks", Settings(), company, tables=tables)
    at(monkeypatch, sandbox, "2025-11-12T12:00:00Z")
    rows = [{"Id": str(number)} for number in range(1_000)]
    full = {"CDCResponse": [{"QueryResponse": [{"Bill": rows, "startPosition": 1, "maxResults": 1000}]}]}
    sandbox.fault("quickbooks", "status", status=200, path="/cdc$", times=answers, body=json.dumps(full))
    load("quickbooks", Settings(), company, tables=tables)
    _check_deleted()


def _check_deleted() -> None:
    settings = Settings()
    gone = {
        table: query(
            settings,
            f"select id, epoch_ms(deleted_at) from raw_quickbooks.{table} where deleted_at is not null",
        )
        for table in ("invoices", "payments", "purchases", "bills")
    }
    kinds: dict[str, Any] = {
        "invoices": invoices(1),
        "payments": payments(1),
        "purchases": purchases(1),
        "bills": bills(1),
    }
    for table, records in kinds.items():
        wanted = {
            str(one.id): one.deleted_at for one in records if one.deleted_at and one.entered_at < DEMO_CLOCK
        }
        assert wanted and {key for key, _ in gone[table]} == set(wanted), table


def test_a_window_is_pulled_again_and_moves_no_cursor(sandbox: Sandbox, company: Company) -> None:
    settings = Settings()
    since, until = (datetime.fromisoformat(f"2025-0{month}-01T06:00:00+00:00") for month in (3, 5))
    load("quickbooks", settings, company, tables={"invoices", "profit_and_loss"}, window=Window(since, until))
    first, last, count = query(
        settings, "select min(txn_date), max(txn_date), count(*) from raw_quickbooks.invoices"
    )[0]
    assert count > 100 and first >= date(2024, 7, 1) and last <= date(2025, 5, 1)
    assert query(settings, "select min(month), max(month) from raw_quickbooks.profit_and_loss") == [
        (date(2025, 1, 1), date(2025, 5, 1))
    ]
    load("quickbooks", settings, company, tables={"invoices"})
    assert query(settings, "select min(txn_date) from raw_quickbooks.invoices") == [(date(2024, 7, 1),)]


# ------------------------------------------------------------------ reports

MONTHS = [date(2026, 9, 1), date(2026, 10, 1)]


def cells(*values: str, key: str | None = None) -> list[dict[str, str]]:
    return [{"value": values[0], **({"id": key} if key else {})}, *({"value": value} for value in values[1:])]


def report(rows: Any, *, dated: bool = True, total: bool = True) -> dict[str, Any]:
    dates = [("Sept. 2026", "2026-09-01", "2026-09-30"), ("1.-21. Okt. 2026", "2026-10-01", "2026-10-21")]
    columns: list[dict[str, Any]] = [{"ColTitle": "", "ColType": "Account"}]
    for title, first, last in dates:
        facts = [{"Name": "StartDate", "Value": first}, {"Name": "EndDate", "Value": last}]
        columns.append({"ColTitle": title, "ColType": "Money", **({"MetaData": facts} if dated else {})})
    if total:
        facts = [{"Name": "ColKey", "Value": "total"}]
        columns.append({"ColTitle": "Total", "ColType": "Money", **({"MetaData": facts} if dated else {})})
    return {"Header": {"Currency": "USD"}, "Columns": {"Column": columns}, "Rows": rows}


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        ("1,300.00", Decimal(1300)),
        ("(1,234.50)", Decimal("-1234.5")),
        ("-1,234,567.89", Decimal("-1234567.89")),
        ("$1,300", Decimal(1300)),
        ("(12)", Decimal(-12)),
        ("900.00", Decimal(900)),
        ("1e3", Decimal(1000)),
        ("", Decimal(0)),
        (None, Decimal(0)),
    ],
)
def test_totals_are_read_as_people_print_them(value: Any, amount: Decimal) -> None:
    row = {"Summary": {"ColData": cells("Total Income", value, value)}, "group": "Income", "type": "Section"}
    assert [line[-1] for line in lines(report({"Row": [row]}, total=False)) if line[1] == "total"] == [
        amount,
        amount,
    ]


@pytest.mark.parametrize("value", ["1.300,00", "1,30", "n/a", "(12", "--5", "1e40", {"amount": 3}])
def test_a_total_that_cannot_be_read_is_unknown_and_not_zero(value: Any) -> None:
    row = {"Summary": {"ColData": cells("Total Income", value, "5.00")}, "group": "Income", "type": "Section"}
    told: list[str] = []
    found = list(
        reports.report_rows(
            report({"Row": [row]}, total=False), MONTHS, "quickbooks.profit_and_loss", told.append
        )
    )
    assert [row["amount"] for row in found if row["kind"] == "total"] == [None, Decimal(5)]
    assert len(told) == 1 and told[0].startswith("quickbooks.profit_and_loss 2026-09 Total Income: amount")


@pytest.mark.parametrize(
    "rows",
    [{"Rows": []}, {"Row": {"ColData": []}}, {"Row": [{"cells": []}]}, {"Row": ["Income"]}, [], "none"],
    ids=["other key", "one row", "other cells", "a text", "a list", "no rows"],
)
def test_a_report_of_another_shape_is_a_failure(rows: Any) -> None:
    with pytest.raises(PermanentError, match="quickbooks.profit_and_loss"):
        lines(report(rows))


def lines(answer: Any) -> list[tuple[Any, ...]]:
    found = reports.report_rows(answer, MONTHS, "quickbooks.profit_and_loss", pytest.fail)
    return [
        (row["month"].month, row["kind"], row.get("group_key"), row.get("title"), row.get("amount"))
        for row in found
    ]


@pytest.mark.parametrize("dated", [True, False])
@pytest.mark.parametrize("total", [True, False])
def test_columns_are_known_by_their_dates_or_their_order_never_by_title(dated: bool, total: bool) -> None:
    last = ["2000.00"] if total else []
    row = {"ColData": cells("Services", "900.00", "1100.00", *last, key="1"), "type": "Data"}
    found = lines(report({"Row": [row]}, dated=dated, total=total))
    assert found == [
        (9, "month", None, None, None),
        (10, "month", None, None, None),
        (9, "account", None, "Services", Decimal(900)),
        (10, "account", None, "Services", Decimal(1100)),
    ]


def test_nested_accounts_groups_and_blanks() -> None:
    child = {"ColData": cells("Licences", "", "50.00", "50.00", key="5"), "type": "Data"}
    parent = {
        "Header": {"ColData": cells("Services", "900.00", "1100.00", "2000.00", key="1")},
        "Rows": {"Row": [child]},
        "Summary": {"ColData": cells("Total Services", "900.00", "1150.00", "2050.00")},
        "type": "Section",
    }
    income = {
        "Header": {"ColData": cells("Einnahmen", "", "", "")},
        "Rows": {"Row": [parent]},
        "Summary": {"ColData": cells("Total", "", "1150.00", "2050.00")},
        "type": "Section",
        "group": "Income",
    }
    old = {"Summary": {"ColData": cells("Financing", "1.00", "2.00", "3.00")}, "group": "FinancingActivites"}
    found = [line for line in lines(report({"Row": [income, old]})) if line[0] == 9 and line[1] != "month"]
    assert found == [
        (9, "account", "Income", "Services", Decimal(900)),
        (9, "subtotal", "Income", "Total Services", Decimal(900)),
        (9, "total", "Income", "Total", Decimal(0)),
        (9, "total", "FinancingActivities", "Financing", Decimal(1)),
    ]


@pytest.mark.parametrize("rows", [{}, {"Row": None}, {"Row": []}, None])
def test_a_report_without_data_still_says_that_the_months_were_read(rows: Any) -> None:
    assert [line[:2] for line in lines(report(rows))] == [(9, "month"), (10, "month")]


def test_columns_that_are_not_the_months_are_an_error() -> None:
    answer = report({"Row": [{"ColData": cells("Services", "1.00", "2.00", "3.00")}]})
    answer["Columns"]["Column"][1]["MetaData"][0]["Value"] = "2031-01-01"
    with pytest.raises(PermanentError, match="are not the months 2026-09 to 2026-10"):
        lines(answer)


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 504},
        {
            "status": 200,
            "body": json.dumps(
                report({"Row": [{"ColData": cells("Unable to display more data. Narrow it.")}]})
            ),
        },
    ],
    ids=["504", "cut"],
)
def test_a_report_that_is_too_large_is_asked_in_halves(
    fault: dict[str, Any], sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = reports.month_columns
    lenient = partial(_lenient, real)
    monkeypatch.setattr(reports, "month_columns", lenient)
    sandbox.fault("quickbooks", "status", path="reports/ProfitAndLoss", skip=1, times=1, **fault)
    load("quickbooks", Settings(), company, tables={"profit_and_loss"})
    asked = [call for call in sandbox.requests("quickbooks") if "reports" in call["path"]]
    assert len(asked) == 7 + 2
    assert query(Settings(), "select count(distinct month) from raw_quickbooks.profit_and_loss") == [(40,)]


def _lenient(real: Any, answer: Any, months: list[date], where: str) -> Any:
    """The made-up report has columns of its own."""
    try:
        return real(answer, months, where)
    except PermanentError:
        return {}


def test_a_report_that_is_too_large_even_for_a_month_is_transient(sandbox: Sandbox, company: Company) -> None:
    sandbox.fault("quickbooks", "status", path="reports/CashFlow", status=504)
    with pytest.raises(TransientError, match="QuickBooks: GET /reports/CashFlow: the report takes too long"):
        load("quickbooks", Settings(), company, tables={"cash_flow"})


# ------------------------------------------------------------------ rows and answers


def test_subtotals_are_no_lines_and_groups_are_opened() -> None:
    inner = {
        "Id": "2",
        "Amount": 12.5,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "5"}},
    }
    wire = [
        {"Id": "1", "DetailType": "GroupLineDetail", "GroupLineDetail": {"Line": [inner]}},
        {"Amount": 12.5, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}},
        {"Id": "3", "DetailType": "DescriptionOnly", "Description": "Thank you"},
    ]
    row = queries.prepared(
        {"Id": "1", "Metadata": {"LastUpdatedTime": "2026-11-09T11:00:00-08:00"}, "Line": wire}, "invoices"
    )
    (line,) = json.loads(row["_lines"])
    assert (line["id"], line["amount"], line["item_id"]) == ("2", "12.5", "5")
    assert row["MetaData"]["LastUpdatedTime"].startswith("2026-11-09")  # both spellings are read


def test_rows_that_vanish_while_pages_are_turned_cost_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGE", 10)
    monkeypatch.setattr(queries, "SHARED", 2)
    rows = [{"Id": str(number), "SyncToken": "0"} for number in range(100, 130)]

    class Fake:
        asked = 0

        def get(self, path: str, params: dict[str, str], **_: Any) -> Any:
            words = params["query"].split()
            start = int(words[words.index("startposition") + 1])
            self.asked += 1
            if self.asked == 2:
                del rows[0:4]  # everything behind moves up by more than the pages share
            page = rows[start - 1 : start + 9]
            return {
                "QueryResponse": (
                    {"Bill": page, "startPosition": start, "maxResults": len(page)} if page else {}
                )
            }

    seen = [row["Id"] for page in queries.walk(Fake(), "Bill") for row in page]  # type: ignore[arg-type]
    assert {row["Id"] for row in rows} <= set(seen)


def test_an_answer_without_rows_is_no_error(sandbox: Sandbox, company: Company) -> None:
    sandbox.fault(
        "quickbooks",
        "status",
        status=200,
        path="/query$",
        body='{"QueryResponse": {}, "time": "2026-11-20T05:20:00-08:00"}',
    )
    assert load("quickbooks", Settings(), company, tables={"bills"}).tables["bills"].rows_total == 0


@pytest.mark.parametrize(
    ("status", "body", "kind", "text"),
    [
        (403, None, PermanentError, "may not read this company.*QUICKBOOKS_REALM_ID"),
        (
            400,
            {"Fault": {"Error": [{"Message": "bad", "Detail": "x", "code": "4001"}]}},
            PermanentError,
            "refused: bad x .*intuit_tid",
        ),
        (429, None, TransientError, "too many requests"),
        (
            403,
            {"fault": {"error": [{"message": "Throttle", "code": "003001"}]}},
            TransientError,
            "too many requests",
        ),
    ],
)
def test_errors_say_what_to_do(
    status: int, body: Any, kind: type[Exception], text: str, sandbox: Sandbox, company: Company
) -> None:
    more = {} if body is None else {"body": json.dumps(body)}
    sandbox.fault("quickbooks", "status", status=status, path="/query$", **more)
    with pytest.raises(kind, match=text):
        load("quickbooks", Settings(), company, tables={"bills"})


def test_both_spellings_of_a_fault_are_read(sandbox: Sandbox, company: Company) -> None:
    upper = b'{"Fault": {"Error": [{"Message": "m", "code": "4000"}]}}'
    lower = b'{"fault": {"error": [{"message": "m", "code": "4000"}]}, "time": 1794389401000}'
    client = access.connect(Settings(), company)
    assert client
    judged = [client.vendor.judge(Answer(400, {}, body, "")) for body in (upper, lower)]
    assert [str(verdict).startswith("the request is refused: m (code 4000") for verdict in judged] == [
        True,
        True,
    ]


def test_the_doctor_compares_basis_and_currency(sandbox: Sandbox, company: Company) -> None:
    other = company.model_copy(
        update={
            "quickbooks": company.quickbooks.model_copy(update={"accounting_method": "Cash"}),
            "company": company.company.model_copy(update={"currency": "CAD"}),
        }
    )
    found = {finding.check: finding for finding in diagnose(Settings(), other, ["quickbooks"])}
    assert found["accounting_method"].level == "info" and found["currency"].level == "warn"
    assert {finding.level for finding in diagnose(Settings(), company, ["quickbooks"])} <= {"ok", "info"}


def test_months_of_the_cash_method_stand_beside_those_of_the_other(
    sandbox: Sandbox, company: Company
) -> None:
    load("quickbooks", Settings(), company, tables={"profit_and_loss"})
    cash = company.model_copy(
        update={"quickbooks": company.quickbooks.model_copy(update={"accounting_method": "Cash"})}
    )
    load("quickbooks", Settings(), cash, tables={"profit_and_loss"})
    found = query(
        Settings(),
        "select accounting_method, amount from raw_quickbooks.profit_and_loss where month = '2025-09-01' and"
        " group_key = 'Income' and kind = 'total' order by 1",
    )
    assert [method for method, _ in found] == ["Accrual", "Cash"] and found[0][1] != found[1][1]


def test_a_closed_month_is_read_again(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = next(
        bill
        for bill in bills(1)
        if bill.day >= date(2025, 9, 1) and bill.entered_at > DEMO_CLOCK - 30 * 86_400_000
    )
    before = datetime.fromtimestamp(late.entered_at / 1000, tz=UTC) - timedelta(minutes=1)
    totals = []
    for instant in (before, before + timedelta(minutes=2)):
        at(monkeypatch, sandbox, instant.isoformat())
        load("quickbooks", Settings(), company, tables={"profit_and_loss"})
        where = "month = ? and kind = 'total' and group_key in ('COGS', 'Expenses')"
        totals += query(
            Settings(),
            f"select sum(amount) from raw_quickbooks.profit_and_loss where {where}",
            late.day.replace(day=1),
        )
    assert totals[1][0] - totals[0][0] == home(late.total, late.currency)


@pytest.fixture(autouse=True)
def no_stray_tokens() -> Iterator[None]:
    """Nothing of the sandbox's tokens is written into the project."""
    yield
    assert not (Path(__file__).parents[3] / "secrets").exists()


def test_another_accounting_method_reads_its_own_history(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """13 months of it would leave the years before without a number."""
    load("quickbooks", Settings(), company, tables={"profit_and_loss"})
    settings = at(monkeypatch, sandbox, "2025-10-28T12:00:00Z")
    cash = company.model_copy(
        update={"quickbooks": company.quickbooks.model_copy(update={"accounting_method": "Cash"})}
    )
    load("quickbooks", settings, cash, tables={"profit_and_loss"})
    months = query(
        settings,
        "select accounting_method, count(*), min(month) from raw_quickbooks.profit_and_loss where kind ="
        " 'month' group by all order by all",
    )
    assert [(method, count) for method, count, _ in months] == [("Accrual", 40), ("Cash", 40)]
    assert months[0][2] == months[1][2]


def test_the_tax_status_of_vendors_is_kept_day_by_day(
    sandbox: Sandbox, company: Company, typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    load("quickbooks", Settings(), company, tables={"vendors", "vendor_states"})
    settings = at(monkeypatch, sandbox, "2026-01-20T12:00:00Z")
    load("quickbooks", settings, company, tables={"vendors", "vendor_states"})
    lacking = query(
        settings,
        "select snapshot_date::text, count(*), count(*) filter (is_1099 and not has_tax_id) from"
        " raw_quickbooks.vendor_states group by all order by all",
    )
    now = query(
        settings, "select count(*), count(*) filter (is_1099 and not has_tax_id) from raw_quickbooks.vendors"
    )
    assert [day for day, _, _ in lacking] == ["2025-10-27", "2026-01-20"]
    assert (
        lacking[-1][1:] == now[0] and lacking[0][2] > lacking[1][2]
    )  # papers came in, the day before them stays
