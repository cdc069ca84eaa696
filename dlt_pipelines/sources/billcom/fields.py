"""The stored fields of Bill.com's bills and vendors."""

from __future__ import annotations

from dlt_pipelines.core.records import Fields

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
SENT = ("id", "archived", "created_time", "updated_time")
"""What every row has; any other key may be left out when it is empty."""
DECIDING = {
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
