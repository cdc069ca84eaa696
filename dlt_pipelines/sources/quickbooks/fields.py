"""The stored fields of QuickBooks' entities and reports."""

from __future__ import annotations

from dlt_pipelines.core.records import Fields
from dlt_pipelines.core.source import ColumnType

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
"""Table -> column -> (field on the wire, type); fields with _ are worked out by `prepared`. No other field
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
REPORT: dict[str, ColumnType] = {
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
PROFIT_AND_LOSS: dict[str, ColumnType] = {"accounting_method": "text", **REPORT}
COMPANY: dict[str, ColumnType] = {
    "id": "text",
    "company_name": "text",
    "country": "text",
    "fiscal_year_start_month": "text",
    "report_basis": "text",
    "is_multi_currency": "bool",
    "home_currency": "text",
}
COUNTED = {"bills": "", "bill_payments": "", "vendors": EVERY}
"""Table that the metrics read -> which of its rows QuickBooks is asked to count."""
