"""Bill.com's bills and vendors as rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dlt_pipelines.core.records import at
from dlt_pipelines.sources.billcom.fields import BILLS, VENDORS
from dlt_pipelines.sources.billcom.lists import Row


def bill_row(row: Row) -> Row:
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


def vendor_row(row: Row) -> Row:
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


def by_id(page: list[Any], cut: Callable[[Row], Row], before: int) -> dict[str, Any]:
    """Each row once. One without an id keeps a place, so that it is named where rows are stored."""
    return {
        str(at(row, "id") or f"no id {number}"): cut(row) if isinstance(row, dict) else row
        for number, row in enumerate(page, before)
    }
