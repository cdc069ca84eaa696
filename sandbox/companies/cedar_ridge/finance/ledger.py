"""The accounts of the books and of the banks, and what the books begin with."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from functools import cache

from sandbox.companies.base import FIRST_MONDAY, LAST_MONDAY
from sandbox.engine.finances import BankAccount, LedgerAccount, months_between

OPENED = date(2024, 6, 30)
"""The books begin with the balances of this day."""
FIRST_DAY, LAST_DAY = FIRST_MONDAY, LAST_MONDAY + timedelta(days=3)
HOME = "USD"
EURO_RATE = Decimal("1.10")
"""Dollars for a euro, always. Amounts in euros are whole, so that nothing is rounded."""
CENT = Decimal("0.01")

TAX_RATE = Decimal("0.055")


LEDGER = {
    account.key: account
    for account in (
        LedgerAccount(35, "checking", "Operating Checking", "Bank", "Asset"),
        LedgerAccount(36, "savings", "Tax Reserve Savings", "Bank", "Asset"),
        LedgerAccount(37, "euro", "EUR Settlement", "Bank", "Asset", currency="EUR"),
        LedgerAccount(41, "card", "Business Card", "Credit Card", "Liability"),
        LedgerAccount(84, "receivable", "Accounts Receivable (A/R)", "Accounts Receivable", "Asset"),
        LedgerAccount(33, "payable", "Accounts Payable (A/P)", "Accounts Payable", "Liability"),
        LedgerAccount(90, "sales_tax", "Sales Tax Payable", "Other Current Liability", "Liability"),
        LedgerAccount(3, "draws", "Owner Distributions", "Equity", "Equity"),
        LedgerAccount(1, "managed", "Managed Services", "Income", "Revenue"),
        LedgerAccount(5, "licences", "Cloud Licences", "Income", "Revenue", "managed"),
        LedgerAccount(6, "projects", "Projects", "Income", "Revenue"),
        LedgerAccount(7, "hardware_sales", "Hardware Sales", "Income", "Revenue"),
        LedgerAccount(9, "interest", "Interest Earned", "Other Income", "Revenue"),
        LedgerAccount(50, "resold_licences", "Resold Licences", "Cost of Goods Sold", "Expense"),
        LedgerAccount(51, "hardware", "Hardware Purchases", "Cost of Goods Sold", "Expense"),
        LedgerAccount(52, "subcontractors", "Subcontractors", "Cost of Goods Sold", "Expense"),
        LedgerAccount(60, "payroll", "Payroll", "Expense", "Expense"),
        LedgerAccount(61, "payroll_taxes", "Payroll Taxes", "Expense", "Expense", "payroll"),
        LedgerAccount(62, "rent", "Rent", "Expense", "Expense"),
        LedgerAccount(63, "utilities", "Utilities & Internet", "Expense", "Expense"),
        LedgerAccount(64, "software", "Software & Tools", "Expense", "Expense"),
        LedgerAccount(65, "insurance", "Insurance", "Expense", "Expense"),
        LedgerAccount(66, "professional", "Legal & Accounting", "Expense", "Expense"),
        LedgerAccount(67, "marketing", "Advertising & Marketing", "Expense", "Expense"),
        LedgerAccount(68, "vehicles", "Vehicles & Travel", "Expense", "Expense"),
        LedgerAccount(69, "office", "Office & Meals", "Expense", "Expense"),
        LedgerAccount(70, "bad_debt", "Bad Debt", "Expense", "Expense"),
        LedgerAccount(71, "fax", "Fax Line", "Expense", "Expense", active=False),
    )
}

BANKS = ("checking", "savings", "euro")
OPENING = {
    "checking": Decimal("142318.44"),
    "savings": Decimal("60000.00"),
    "euro": Decimal("9500.00"),
    "card": Decimal("-4216.90"),
}
"""Balances at the end of `OPENED`, in the account's own currency; the card is a debt."""


@cache
def accounts(seed: int) -> tuple[BankAccount, ...]:
    """The accounts that the company holds at banks: two of dollars, one of euros, one card."""
    del seed  # the same ones in every invented company
    lakeland = ("Lakeland Community Bank", "lakeland-bank.example")
    return (
        BankAccount("checking", "Operating Checking", *lakeland, HOME),
        BankAccount("savings", "Tax Reserve Savings", *lakeland, HOME),
        BankAccount("card", "Business Card", "Harborline Cards", "harborline.example", HOME, is_card=True),
        BankAccount("euro", "EUR Settlement", "Rhein Zahlungsbank", "rhein-zahlungsbank.example", "EUR"),
    )


def home(amount: Decimal, currency: str) -> Decimal:
    """The amount in the company's currency."""
    return amount if currency == HOME else (amount * EURO_RATE).quantize(CENT)


def months() -> list[date]:
    """First days of all months of the company's life."""
    return months_between(FIRST_DAY, LAST_DAY)
