"""Finance and accounting: the reports by month and method, cash that never shrinks unseen, bills and vendors
by day."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from foundation.seeds import seed_rows
from tests.dbt_project.conftest import MakeWarehouse
from tests.support.raw_warehouse import RawWarehouse, at

pytestmark = pytest.mark.slow

Row = dict[str, Any]

METRICS = ("revenue", "expenses", "profit_margin", "cash_flow", "cash_position")
BILLS = (
    "bills_pending_approval",
    "bills_pending_approval_value",
    "vendors_not_onboarded",
    "bills_missing_w9",
)
LINES = (
    "line_id,section,section_label,sort_order,metric_id,label,owners,people,feed,valid_from,valid_to\n"
    + "".join(
        f"f.{name},f,F,{number},{name},,maya,,,2025-01-01,\n"
        for number, name in enumerate((*METRICS, *BILLS))
    )
)
GOALS = """\
line_id,valid_from,valid_to,operator,target,target_2,band,reason
f.cash_position,2025-10-27,,>,160,,0.10,first
f.vendors_not_onboarded,2025-10-27,,=,0,,,first
"""
PEOPLE = """\
person_key,full_name,email,hubspot_email,autotask_email,team,weekly_hours,active_from,active_to
maya,Maya Torres,maya@test.example,,,inside,40,2024-01-01,
"""
OFFERS = """\
vendor,approved_on,ended_on,note
ALPHA Supply ,2025-01-01,,
v2,2025-01-01,,by id
Gamma Ltd,2025-10-27,,invited
Ghost,2025-01-01,,
Delta,2025-01-01,,archived
Epsilon,2025-01-01,,
Future,2025-11-10,,
Past,2025-01-01,2025-10-31,
"""
CAUTIOUS = ("--indirect-selection", "cautious")
"""Only tests all of whose models are selected."""
CASH = ["bank.example/Main", "www.Bank.example/Savings", "euro.example/Giro", "new.example/Later"]


def report(month: str, totals: Row, *accounts: tuple[str, str, str, str], **more: Any) -> Iterator[Row]:
    """Rows of a month: that it was read, accounts as (group, id, title, amount), and the groups' totals."""
    row = {"month": f"{month}-01", "through": f"{month}-28", "currency": "USD"} | more
    yield row | {"position": 0, "kind": "month"}
    for position, (group, account, title, amount) in enumerate(accounts, 1):
        yield row | {
            "position": position,
            "kind": "account",
            "group_key": group,
            "account_id": account,
            "title": title,
            "amount": amount,
        }
    for position, (group, amount) in enumerate(totals.items(), 50):
        yield row | {
            "position": position,
            "kind": "total",
            "group_key": group,
            "title": f"Total {group}",
            "amount": amount,
        }


def books(warehouse: RawWarehouse) -> None:
    def month(
        month: str, totals: Row, *accounts: tuple[str, str, str, str], method: str = "Accrual", **more: Any
    ) -> None:
        warehouse.add(
            "quickbooks.profit_and_loss", report(month, totals, *accounts, accounting_method=method, **more)
        )

    # before QuickBooks was connected; in another currency; by another method only
    month("2025-04", {"Income": "999", "NetIncome": "999"})
    month("2025-05", {"Income": "700", "NetIncome": "700"}, currency="EUR")
    month("2025-06", {"Income": "5000", "NetIncome": "5000"}, method="Cash")
    # nothing sold: the report has no line of income at all
    month("2025-07", {"Expenses": "100", "NetIncome": "-100"}, ("Expenses", "60", "Payroll", "100"))
    parts = (
        ("Income", "1", "Managed", "600"),
        ("Income", "6", "Projects", "400"),
        ("COGS", "50", "Licences", "300"),
    )
    month(
        "2025-08",
        {"Income": "1000", "COGS": "300", "Expenses": "450", "NetIncome": "250"},
        *parts,
        ("Expenses", "60", "Payroll", "450"),
    )
    month("2025-08", {"Income": "77", "NetIncome": "77"}, ("Income", "1", "Managed", "77"), method="Cash")
    # an account that the report does not name, and interest, which is not revenue
    month(
        "2025-09",
        {"Income": "1000", "Expenses": "500", "OtherIncome": "100", "NetIncome": "600"},
        ("Income", "1", "Managed", "800"),
    )
    month("2025-10", {"Income": "-50", "Expenses": "10", "NetIncome": "-60"})
    month("2025-11", {"Income": "500", "NetIncome": "500"})
    for name, totals in {
        "2025-07": {
            "NetIncome": "-100",
            "OperatingActivities": "-90",
            "FinancingActivities": "-10",
            "CashIncrease": "-100",
            "EndingCash": "9",
        },
        "2025-08": {
            "NetIncome": "250",
            "OperatingActivities": "200",
            "InvestingActivities": "-50",
            "CashIncrease": "151.25",
        },
        "2025-09": {"CashIncrease": "0"},
    }.items():
        warehouse.add("quickbooks.cash_flow", report(name, totals))
    warehouse.add("quickbooks.company", [{"id": "1", "home_currency": "USD"}])


def bank(warehouse: RawWarehouse) -> None:
    accounts = {
        "M": ("bank.example/Main", "USD"),
        "S1": ("bank.example/Savings", "USD"),
        "S2": ("bank.example/SAVINGS", "USD"),
        "G": ("euro.example/Giro", "EUR"),
        "C": ("card.example/Card", "USD"),
        "N": ("new.example/Later", "USD"),
        "P": ("card.example/Points", "https://card.example/points"),
        # linked again, over another connection
        "M2": ("www.bank.example/Main", "usd"),
    }
    for account, (key, currency) in accounts.items():
        row = {"account_id": account, "account_key": key, "name": key.split("/")[1], "currency": currency}
        warehouse.add("simplefin.accounts", [row | {"connection_id": "anew" if account == "M2" else "once"}])

    def day(
        day: str,
        balances: dict[str, str],
        true_on: dict[str, str] | None = None,
        load: str = "1",
        said: dict[str, str] | None = None,
        wrong: str = "",
    ) -> None:
        """`said`: account -> what the banks complain of; `wrong`: the account that it is about."""
        for account, balance in balances.items():
            key, currency = accounts[account]
            row = {
                "snapshot_date": day,
                "account_id": account,
                "account_key": key,
                "currency": currency,
                "balance": balance,
            }
            true_at = f"{(true_on or {}).get(account, day)}T09:00:00Z"
            row |= {"balance_at": true_at, "holdings": 0, "_dlt_load_id": load}
            warehouse.add(
                "simplefin.balances",
                [row | {"has_error": account == wrong, "error_text": (said or {}).get(account)}],
            )

    day("2025-10-27", {"M": "100", "S1": "50", "G": "999", "C": "-20", "P": "7"})
    # the savings bank is gone: its balance is carried for three days, then there is no sum at all
    day("2025-10-28", {"M": "110", "G": "999", "C": "-20"})
    day("2025-10-31", {"M": "120", "G": "999"})
    day("2025-11-02", {"M": "10", "G": "999"})
    # connected again during the day, under a new id
    day("2025-11-03", {"S1": "55"}, load="7.5")
    day("2025-11-03", {"M": "100", "S2": "60", "G": "999", "N": "40"}, load="12.5")
    # the bank answers, with a balance that is five days old
    day("2025-11-04", {"M": "500", "S2": "60", "N": "40", "G": "999"}, {"M": "2025-10-30"})
    # the main account twice, both of today: nobody knows which of them counts, and the week has no whole day
    rest = {"S2": "60", "N": "40", "G": "999", "C": "-20"}
    day("2025-11-11", {"M": "100", "M2": "100"} | rest)
    # the previous one no longer changes: plainly its former self; the banks complain of it, of the card, and of the
    # euro account
    day(
        "2025-11-18",
        {"M": "100", "M2": "110"} | rest,
        {"M": "2025-11-16"},
        said={"M": "Sign in", "C": "Card trouble", "G": "Euro trouble"},
    )
    # it is as fresh, but its bank complains; and something general is said, which may concern any account
    general = "Some <accounts> could not be read"
    said = dict.fromkeys(("M2", "S2", "N", "G", "C"), general) | {
        "M": f"Sign in\n{general}",
        "S2": f"{general}\nSavings trouble",
    }
    day("2025-11-25", {"M": "100", "M2": "120"} | rest, said=said, wrong="M")


def payables(warehouse: RawWarehouse) -> None:
    vendors: dict[str, tuple[str, str, str | None, str, Row]] = {
        "v1": ("Alpha Supply", "CONNECTED", "NET_LINKED_ACCOUNT", "WALLET", {}),
        "v2": ("Beta", "NOT_CONNECTED", "NO_ACCOUNT", "CHECK", {"currency": "EUR", "track_1099": True}),
        "v3": ("gamma ltd", "PENDING", "NO_ACCOUNT", "CHECK", {}),
        "v4": ("Delta", "NOT_CONNECTED", "NO_ACCOUNT", "CHECK", {"archived": True}),
        # Bill.com does not say whether it needs a W-9
        "v5": ("Epsilon", "NOT_CONNECTED", None, "ACH", {"track_1099": None}),
        # the same name once more, archived: the living one is meant
        "v0": ("Alpha Supply", "NOT_CONNECTED", "NO_ACCOUNT", "CHECK", {"archived": True}),
    }
    for vendor, (name, network, account, way, more) in vendors.items():
        state = {
            "network_status": network,
            "bank_account_status": account,
            "pay_by_type": way,
            "archived": False,
            "has_tax_id": False,
            "track_1099": False,
        }
        warehouse.add("billcom.vendors", [{"id": vendor, "name": name, "currency": "USD", **state, **more}])
        more = {key: value for key, value in more.items() if key != "currency"}
        for day in ("2025-10-27", "2025-11-03"):
            warehouse.add(
                "billcom.vendor_states", [{"snapshot_date": day, "vendor_id": vendor, **state, **more}]
            )
    bills = {"b1": ("v1", "100"), "b2": ("v2", "200"), "b3": ("v1", None), "b4": ("v5", "300")}
    for bill, (vendor, amount) in bills.items():
        row = {
            "vendor_id": vendor,
            "amount": amount,
            "approval_status": "ASSIGNED",
            "created_time": "2025-10-20T12:00:00Z",
        }
        status = {
            "payment_status": "UNPAID",
            "archived": False,
            "invoice_number": f"no {bill}",
            "updated_time": "2025-10-20T12:00:00Z",
        }
        # b4 was converted, whatever the vendor's currency
        warehouse.add(
            "billcom.bills",
            [{"id": bill, **row, **status, "funding_amount": "330" if bill == "b4" else None}],
        )
        for day in ("2025-10-27", "2025-11-03"):
            warehouse.add(
                "billcom.pending_bills",
                [{"snapshot_date": day, "bill_id": bill, **row, "due_date": "2025-11-20"}],
            )
    paid = {
        "vendor_id": "v2",
        "amount": "5",
        "payment_status": "PAID",
        "created_time": "2025-10-20T12:00:00Z",
    }
    warehouse.add("billcom.bills", [{"id": "b5", **paid, "updated_time": "2025-10-28T12:00:00Z"}])


def vendors(warehouse: RawWarehouse) -> None:
    for vendor, is_1099, tax_ids in (
        ("q1", True, (False, True)),
        ("q2", True, (False, False)),
        ("q3", False, (False, False)),
    ):
        warehouse.add(
            "quickbooks.vendors",
            [{"id": vendor, "display_name": f"Vendor {vendor}", "is_1099": is_1099, "has_tax_id": True}],
        )
        for day, tax_id in zip(("2025-10-27", "2025-11-03"), tax_ids, strict=True):
            warehouse.add(
                "quickbooks.vendor_states",
                [{"snapshot_date": day, "vendor_id": vendor, "is_1099": is_1099, "has_tax_id": tax_id}],
            )
    bill: Row = {
        "currency": "USD",
        "total_amount": "10",
        "balance": "10",
        "doc_number": "no 1",
        "is_voided": False,
    }
    old = {"created_at": "2025-10-20T12:00:00Z", "updated_at": "2025-10-24T12:00:00Z"}
    warehouse.add(
        "quickbooks.bills",
        [
            bill | old | {"id": "getsIt", "vendor_id": "q1"},
            bill | old | {"id": "later", "vendor_id": "q2", "created_at": "2025-10-30T12:00:00Z"},
            bill | old | {"id": "paid", "vendor_id": "q2", "balance": "0"},
            bill | old | {"id": "deleted", "vendor_id": "q2", "deleted_at": "2025-10-29T12:00:00Z"},
            bill | old | {"id": "voided", "vendor_id": "q2", "is_voided": True},
            bill | old | {"id": "credited", "vendor_id": "q2", "balance": "0"},
            bill | old | {"id": "no1099", "vendor_id": "q3"},
        ],
    )
    line = '[{"id": "1", "kind": null, "amount": "10", "linked": [{"id": "paid", "type": "Bill"}]}]'
    warehouse.add(
        "quickbooks.bill_payments", [{"id": "p1", "vendor_id": "q2", "txn_date": "2025-10-27", "lines": line}]
    )


@pytest.fixture(scope="module")
def warehouse(make_warehouse: MakeWarehouse) -> RawWarehouse:
    """Tuesday 2025-11-04, 06:00 in Chicago; of the banks also what came in the three weeks after."""
    seeds = {"scorecard_lines": LINES, "goals": GOALS, "people": PEOPLE, "approved_offers": OFFERS}
    made = make_warehouse("2025-11-04T12:00:00", seeds=seeds)
    made.company = made.company.model_copy(
        update={
            "simplefin": made.company.simplefin.model_copy(
                update={"cash_accounts": CASH, "stale_after_days": 3}
            )
        }
    )
    made.turn_clock("2025-11-04T12:00:00")
    for fill in (books, bank, payables, vendors):
        fill(made)
    made.loaded("quickbooks", through=at("2025-11-04T11:00:00"), since=at("2025-05-01T05:00:00"))
    made.loaded("simplefin", through=at("2025-11-04T11:00:00"))
    for day in ("2025-10-27", "2025-10-28", "2025-11-03"):
        made.loaded("billcom", through=at(f"{day}T12:00:00"))
    facts = [f"+fct_scorecard_{grain}" for grain in ("weekly", "monthly")]
    made.build("--select", *facts, "+marts.finance", "--exclude-resource-type", "test", "unit_test")
    return made


@pytest.fixture(scope="module")
def months(warehouse: RawWarehouse) -> dict[tuple[str, str], Row]:
    return {
        (row["metric_id"], row["month_label"]): row
        for row in warehouse.query("from marts.fct_scorecard_monthly")
    }


@pytest.fixture(scope="module")
def weeks(warehouse: RawWarehouse) -> dict[tuple[str, str], Row]:
    return {
        (row["metric_id"], row["week_label"]): row
        for row in warehouse.query("from marts.fct_scorecard_weekly")
    }


DAYS = {
    "cash_position": "(from intermediate.int_finance__cash_balances where is_complete)",
    "bills_pending_approval_value": "(select *, value_reason as reason from intermediate.int_accounting__pending_bills)",
    "vendors_not_onboarded": "intermediate.int_accounting__vendor_offers",
    "bills_missing_w9": "intermediate.int_accounting__bills_w9",
}
"""Every day of a metric; the metric itself has the last day of each week."""


def receipts(warehouse: RawWarehouse, metric: str, day: str) -> dict[str, str | None]:
    """Record -> why it is left out."""
    place = metric if "." in metric else DAYS.get(metric, f"metrics.{metric}")
    rows = warehouse.query(f"select record_id, reason from {place} where occurred_on = ?", [day])
    return {row["record_id"]: row["reason"] for row in rows}


# ------------------------------------------------------------------ reports


def test_the_months_are_those_of_the_report(months: dict[tuple[str, str], Row]) -> None:
    def values(metric: str) -> list[Decimal | None]:
        return [months[metric, f"2025-{month:02}"]["value"] for month in range(7, 12)]

    assert values("revenue") == [0, 1000, 1000, -50, 500]
    assert values("expenses") == [100, 750, 500, 10, 0]
    assert values("cash_flow") == [
        -100,
        Decimal("151.25"),
        0,
        None,
        None,
    ]  # of the last two months no report was read
    # no income, or more refunds than sales: no margin
    assert values("profit_margin") == [None, Decimal("0.25"), Decimal("0.6"), None, 1]
    assert [months["profit_margin", f"2025-{month}"]["status"] for month in ("07", "08", "10")] == [
        "not_applicable",
        "no_goal",
        "not_applicable",
    ]


def test_a_calendar_quarter_adds_money_up_and_pools_the_margin(months: dict[tuple[str, str], Row]) -> None:
    september = {metric: months[metric, "2025-09"] for metric in ("revenue", "profit_margin", "cash_flow")}
    assert (september["revenue"]["quarter_value"], september["revenue"]["quarter_label"]) == (
        2000,
        "Jul–Sep 2025",
    )
    assert september["cash_flow"]["quarter_value"] == Decimal("51.25")
    # the loss of the month without income is in it: (-100 + 250 + 600) / 2000, and not the mean of 25 % and
    # 60 %
    assert september["profit_margin"]["quarter_value"] == Decimal("0.375")


def test_the_running_month_is_provisional_and_not_in_the_quarter(months: dict[tuple[str, str], Row]) -> None:
    november, october = months["revenue", "2025-11"], months["revenue", "2025-10"]
    assert (november["is_finished"], november["state"], november["quarter_value"]) == (
        False,
        "provisional",
        -50,
    )
    assert (
        october["is_finished"],
        october["state"],
        october["quarter_months"],
        october["quarter_months_expected"],
    ) == (True, "live", 1, 1)


def test_what_was_not_read_is_blank_and_not_zero(months: dict[tuple[str, str], Row]) -> None:
    blank = {
        "2025-04": "before it was connected",
        "2025-05": "another currency",
        "2025-06": "another accounting method",
    }
    for month, why in blank.items():
        for metric in ("revenue", "expenses", "profit_margin"):
            row = months[metric, month]
            assert (row["value"], row["denominator"], row["state"]) == (None, None, "missing"), (metric, why)
    june = months["revenue", "2025-06"]
    assert (june["quarter_value"], june["quarter_months"], june["quarter_months_expected"]) == (None, 0, 3)


def test_the_receipts_are_the_accounts_and_name_the_method(warehouse: RawWarehouse) -> None:
    rows = warehouse.query(
        "select record_label, numerator from metrics.revenue where occurred_on = '2025-09-01' order by"
        " numerator"
    )
    assert [(row["record_label"], row["numerator"]) for row in rows] == [
        ("Other lines of the report, Sep 2025, accrual", 200),
        ("Managed, Sep 2025, accrual", 800),
    ]
    assert receipts(warehouse, "revenue", "2025-08-01") == {
        "profit_and_loss:Income:1": None,
        "profit_and_loss:Income:6": None,
    }
    assert set(receipts(warehouse, "revenue", "2025-05-01").values()) == {"other_currency"}
    flow = warehouse.query(
        "select record_label, numerator from metrics.cash_flow where occurred_on = '2025-08-01' order by"
        " numerator"
    )
    # what the activities do not explain, an exchange gain perhaps
    assert [(row["record_label"].split(",")[0], row["numerator"]) for row in flow] == [
        ("Total InvestingActivities", -50),
        ("Other lines of the report", Decimal("1.25")),
        ("Total OperatingActivities", 200),
    ]


# ------------------------------------------------------------------ cash


def test_cash_is_the_last_day_that_is_whole(weeks: dict[tuple[str, str], Row]) -> None:
    # W44: Tuesday with the savings of Monday, because on Friday and Sunday they are too old; W45: Monday, not
    # Tuesday
    assert [
        (weeks["cash_position", week]["value"], weeks["cash_position", week]["status"])
        for week in ("2025-W44", "2025-W45")
    ] == [
        # the goal is more than 160; the account in euros, which may be overdrawn, is not in the sums
        (160, "no_data"),
        (200, "no_data"),
    ]
    # as old as the oldest balance in it: Monday's savings, which the bank says were true at 9:00 UTC
    assert weeks["cash_position", "2025-W44"]["as_of"] == at("2025-10-27T09:00:00")
    assert (weeks["cash_position", "2025-W43"]["value"], weeks["cash_position", "2025-W43"]["state"]) == (
        None,
        "missing",
    )


def test_a_bank_that_vanished_never_lowers_the_sum(warehouse: RawWarehouse) -> None:
    days = warehouse.query(
        "select occurred_on::text as day, bool_and(is_complete) as is_complete, min(as_of_day)::text as"
        " as_of, sum(balance) filter (where reason is null) as cash from intermediate.int_finance__cash_balances group"
        " by 1 order by 1"
    )
    assert [(row["day"], row["is_complete"], row["cash"]) for row in days if row["is_complete"]] == [
        ("2025-10-27", True, 150),
        ("2025-10-28", True, 160),
        ("2025-11-03", True, 200),
        ("2025-11-18", True, 210),
        ("2025-11-25", True, 220),
    ]
    assert [row["day"] for row in days if not row["is_complete"]] == [
        "2025-10-31",
        "2025-11-02",
        "2025-11-04",
        "2025-11-11",
    ]
    assert (
        next(row["as_of"] for row in days if row["day"] == "2025-10-28") == "2025-10-27"
    )  # as old as its oldest part
    assert receipts(warehouse, "cash_position", "2025-10-31") == {}  # a day that is not whole has no number


def test_only_money_of_the_list_and_of_one_currency_is_added(warehouse: RawWarehouse) -> None:
    assert receipts(warehouse, "cash_position", "2025-10-27") == {
        "M": None,
        "S1": None,
        "G": "other_currency",
        "C": "no_cash_account",
        "P": "no_cash_account",
        "new.example/later": "not_connected_yet",
    }


def test_an_account_that_was_connected_again_counts_once(warehouse: RawWarehouse) -> None:
    assert receipts(warehouse, "cash_position", "2025-11-03") == {
        "M": None,
        "S2": None,
        "N": None,
        "G": "other_currency",
    }


def test_a_bank_that_is_linked_anew_counts_once_or_the_day_is_not_whole(warehouse: RawWarehouse) -> None:
    rows = warehouse.query(
        "select occurred_on::text as day, record_id, reason, is_complete from intermediate.int_finance__cash_balances"
    )
    found = {(row["day"], row["record_id"]): (row["reason"], row["is_complete"]) for row in rows}
    assert found["2025-11-11", "M"] == found["2025-11-11", "M2"] == ("twin_account", False)
    for day in ("2025-11-18", "2025-11-25"):
        assert found[day, "M"] == ("former_account", True) and found[day, "M2"] == (None, True)
    # a week without a whole day says why
    assert receipts(warehouse, "metrics.cash_position", "2025-11-11") == {
        "M": "twin_account",
        "M2": "twin_account",
        "G": "other_currency",
        "C": "no_cash_account",
    }


def test_what_the_banks_complain_of_stands_beside_the_sum(warehouse: RawWarehouse) -> None:
    rows = warehouse.query(
        "select occurred_on::text as day, record_label, reason, counted, numerator from metrics.cash_position"
        " where record_type = 'bank_complaint' order by all"
    )
    # of the former account, the card and the account in another currency nothing that concerns the sum
    general = "Some <accounts> could not be read"
    assert [(row["day"], row["record_label"]) for row in rows] == [
        ("2025-11-25", "Savings trouble"),
        ("2025-11-25", general),
    ]
    assert {(row["reason"], row["counted"], row["numerator"]) for row in rows} == {
        ("bank_complaint", False, 0)
    }
    reasons = {row["reason"]: row["is_unknown"] for row in seed_rows(warehouse.settings, "reasons")}
    assert [
        reasons[name] for name in ("bank_complaint", "twin_account", "other_currency", "former_account")
    ] == ["true"] * 3 + ["false"]
    assert [row["sentence"] for row in warehouse.query("from marts.fct_cash_complaints order by all")] == [
        "Savings trouble",
        general,
    ]


def test_ids_on_the_list_tell_accounts_of_one_name_apart(warehouse: RawWarehouse) -> None:
    section = warehouse.company.simplefin
    warehouse.company = warehouse.company.model_copy(
        update={
            "simplefin": section.model_copy(update={"cash_accounts": [*section.cash_accounts, "M", "M2"]})
        }
    )
    warehouse.turn_clock("2025-11-04T12:00:00")
    warehouse.build("--select", "int_finance__cash_balances", *CAUTIOUS)
    rows = warehouse.query(
        "select record_id, reason from intermediate.int_finance__cash_balances where occurred_on = '2025-11-11' and"
        " is_cash_account"
    )
    found = {row["record_id"]: row["reason"] for row in rows}
    # without an account of the plain name the entry itself is missing
    assert found["M"] is None and found["M2"] is None and found["bank.example/main"] == "account_missing"
    warehouse.company = warehouse.company.model_copy(update={"simplefin": section})
    warehouse.turn_clock("2025-11-04T12:00:00")
    warehouse.build("--select", "int_finance__cash_balances", *CAUTIOUS)


def test_what_is_wrong_with_a_day_is_told(warehouse: RawWarehouse) -> None:
    rows = warehouse.query(
        "select occurred_on::text as day, list_key, reason from intermediate.int_finance__cash_balances where not"
        " is_complete"
    )
    found = {(row["day"], row["list_key"]): row["reason"] for row in rows}
    assert (found["2025-10-31", "bank.example/savings"], found["2025-11-04", "bank.example/main"]) == (
        "balance_too_old",
    ) * 2
    assert found["2025-11-04", "bank.example/savings"] is None


# ------------------------------------------------------------------ bills and vendors


def test_bills_wait_by_day_and_none_is_zero(
    warehouse: RawWarehouse, weeks: dict[tuple[str, str], Row]
) -> None:
    # W44 ends with Tuesday's snapshot, in which nothing waited
    assert [
        weeks["bills_pending_approval", week]["value"] for week in ("2025-W43", "2025-W44", "2025-W45")
    ] == [None, 0, 4]
    assert [weeks["bills_pending_approval_value", week]["value"] for week in ("2025-W44", "2025-W45")] == [
        0,
        100,
    ]
    assert receipts(warehouse, "bills_pending_approval_value", "2025-11-03") == {
        "b1": None,
        "b2": "other_currency",
        "b3": "no_number",
        "b4": "other_currency",
    }
    label = warehouse.query(
        "select record_label from metrics.bills_pending_approval where record_id = 'b2' and occurred_on ="
        " '2025-11-03'"
    )
    assert label[0]["record_label"] == "Beta, no b2, 200.00 EUR, due 20 Nov 2025"


def test_vendors_are_onboarded_as_soon_as_they_can_be_paid(
    warehouse: RawWarehouse, weeks: dict[tuple[str, str], Row]
) -> None:
    assert receipts(warehouse, "vendors_not_onboarded", "2025-10-27") == {
        "v1": "onboarded",
        "v2": None,
        "v3": None,
        "offer:ghost": None,
        "v4": "archived",
        "v5": "onboarded",
        "offer:past": None,
    }
    assert "offer:past" not in receipts(warehouse, "vendors_not_onboarded", "2025-11-03")
    found = [weeks["vendors_not_onboarded", week] for week in ("2025-W44", "2025-W45")]
    assert [(row["value"], row["status"]) for row in found] == [(4, "below"), (3, "below")]


def test_a_w9_counts_as_it_was_that_day(warehouse: RawWarehouse, weeks: dict[tuple[str, str], Row]) -> None:
    assert receipts(warehouse, "bills_missing_w9", "2025-10-27") == {
        "getsIt": None,
        "paid": None,
        "deleted": "deleted",
        "voided": "voided",
    }
    assert receipts(warehouse, "bills_missing_w9", "2025-11-03") == {
        "getsIt": "has_w9",
        "later": None,
        "deleted": "deleted",
        "voided": "voided",
    }
    assert [weeks["bills_missing_w9", week]["value"] for week in ("2025-W43", "2025-W44", "2025-W45")] == [
        None,
        2,
        1,
    ]


def test_a_week_holds_the_records_of_its_last_snapshot_only(warehouse: RawWarehouse) -> None:
    days = {
        metric: [
            row["day"]
            for row in warehouse.query(
                f"select distinct occurred_on::text as day from metrics.{metric} order by 1"
            )
        ]
        for metric in ("cash_position", *BILLS)
    }
    assert days == {
        "cash_position": ["2025-10-28", "2025-11-03", "2025-11-11", "2025-11-18", "2025-11-25"],
        "bills_pending_approval": ["2025-10-28", "2025-11-03"],
        "bills_pending_approval_value": ["2025-10-28", "2025-11-03"],
        "vendors_not_onboarded": ["2025-10-27", "2025-11-03"],
        "bills_missing_w9": ["2025-10-27", "2025-11-03"],
    }


# ------------------------------------------------------------------ built again: these change the warehouse


@pytest.mark.slow
def test_the_month_ends_at_midnight_of_the_company(warehouse: RawWarehouse) -> None:
    """Late on 31 October in Chicago it is November in UTC already."""
    states = []
    for instant in ("2025-11-01T04:59:59", "2025-11-01T05:00:00"):
        warehouse.turn_clock(instant)
        warehouse.build(
            "--select",
            "int_calendar__days",
            "int_calendar__periods",
            "int_scorecard__line_periods",
            *CAUTIOUS,
        )
        rows = warehouse.query(
            "select period_label, is_finished, state from intermediate.int_scorecard__line_periods "
            "where line_id = 'f.revenue' and period_start >= '2025-10-01' order by period_start"
        )
        states.append([(row["period_label"], row["is_finished"], row["state"]) for row in rows])
    assert states == [
        [("2025-10", False, "provisional")],
        [("2025-10", True, "live"), ("2025-11", False, "provisional")],
    ]


def test_without_quickbooks_the_w9_comes_from_billcom(warehouse: RawWarehouse) -> None:
    warehouse.loaded("quickbooks", "not_connected", finished=at("2025-11-04T11:30:00"))
    warehouse.turn_clock("2025-11-04T12:00:00")
    warehouse.build(
        "--select",
        "int_sources__tables",
        "int_sources__states",
        "int_sources__chosen",
        "int_accounting__bills_w9",
        "int_accounting__vendor_offers",
        *CAUTIOUS,
    )
    unknown = {"b4": "no_1099_flag"}
    assert receipts(warehouse, "bills_missing_w9", "2025-10-27") == {"b2": None, "b5": None} | unknown
    # the other one is paid
    assert receipts(warehouse, "bills_missing_w9", "2025-11-03") == {"b2": None} | unknown


def test_the_setting_decides_and_a_list_without_rows_is_blank(warehouse: RawWarehouse) -> None:
    accounting = warehouse.company.accounting.model_copy(update={"w9_source": "quickbooks"})
    warehouse.company = warehouse.company.model_copy(update={"accounting": accounting})
    warehouse.seeds["approved_offers"] = "vendor,approved_on,ended_on,note\n"
    warehouse.turn_clock("2025-11-04T12:00:00")
    warehouse.build(
        "--select",
        "approved_offers",
        "int_sources__chosen",
        "int_accounting__bills_w9",
        "int_accounting__vendor_offers",
        *CAUTIOUS,
    )
    assert receipts(warehouse, "bills_missing_w9", "2025-11-03")["later"] is None
    assert warehouse.query("from metrics.vendors_not_onboarded") == []
