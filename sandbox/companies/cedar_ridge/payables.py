"""The company's bills and vendors as Bill.com shows them: who has approved what, and who can be paid without
a check."""

from __future__ import annotations

from datetime import date
from typing import Any

from sandbox.companies.base import DAY, HOUR, Book, at
from sandbox.companies.cedar_ridge.finance.bills import bill_payments, bills, vendors
from sandbox.companies.cedar_ridge.finance.ledger import EURO_RATE, HOME, home
from sandbox.companies.cedar_ridge.finance.records import Bill, BillPayment, Vendor
from sandbox.engine.formats import billcom_time

_MET: dict[str, Any] = {
    "networkStatus": "CONNECTED",
    "bankAccountStatus": "NET_LINKED_ACCOUNT",
    "pay": {"payByType": "WALLET"},
}
_ACH: dict[str, Any] = {
    "networkStatus": "NOT_CONNECTED",
    "bankAccountStatus": "NO_NET_LINKED_ACCOUNT",
    "pay": {"payByType": "ACH"},
}
_CHECK: dict[str, Any] = {
    "networkStatus": "NOT_CONNECTED",
    "bankAccountStatus": "NO_ACCOUNT",
    "pay": {"payByType": "CHECK"},
}
_INVITED = _CHECK | {"networkStatus": "PENDING"}
_BILLER: dict[str, Any] = {
    "networkStatus": "CONNECTED_RPPS",
    "bankAccountStatus": "UNDEFINED",
    "pay": {"payByType": "RPPS"},
}
_CARD = _CHECK | {"pay": {"payByType": "VIRTUAL_CARD", "virtualCard": {"status": "ENROLLED"}}}
_ABROAD: dict[str, Any] = {"networkStatus": "NOT_CONNECTED", "pay": {"payByType": "INTERNATIONAL_E_PAYMENT"}}
_BARE: dict[str, Any] = {"networkStatus": "NOT_CONNECTED", "bankAccountStatus": "NO_ACCOUNT", "pay": {}}
"""Nobody has filled in how to pay: the keys are missing."""

_PAID_BY = {
    1: _MET, 2: _MET, 3: _ACH, 4: _BILLER, 5: _BILLER, 6: _CHECK, 7: _ACH, 8: _CHECK, 9: _INVITED, 10: _BARE, 11: _MET, 12: _ACH,
    13: _CHECK, 14: _CARD, 15: _MET, 16: _MET, 17: _ACH, 18: _ABROAD, 19: _MET, 20: _CHECK, 21: _CHECK, 22: _CARD,
}  # fmt: skip
_LATER = {
    9: (date(2025, 11, 6), _MET),
    13: (date(2025, 12, 2), _INVITED),
    10: (date(2025, 11, 19), _CHECK),
    6: (date(2026, 1, 20), _ACH),
}
"""Vendor -> from when on it is paid in another way."""


def vendor_id(number: int) -> str:
    return f"00901CRIT{number:07d}vend"


def bill_id(number: int) -> str:
    return f"00n01CRIT{number:07d}bill"


def write(book: Book) -> None:
    """Every vendor and bill of the books, from the day it was typed in on."""
    for vendor in vendors(book.seed):
        _vendor(book, vendor)
    paid = {bill: payment for payment in bill_payments(book.seed) for bill in payment.bill_ids}
    names = {vendor.id: vendor.name for vendor in vendors(book.seed)}
    for bill in bills(book.seed):
        _bill(book, bill, names[bill.vendor_id], paid.get(bill.id))


def _ways(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if name != "pay"}


def _vendor(book: Book, vendor: Vendor) -> None:
    made, key = at(vendor.created, 9.5), vendor_id(vendor.id)
    ways = _PAID_BY.get(vendor.id, _CHECK)
    more: dict[str, Any] = {"track1099": vendor.is_1099, "combinePayments": True, "taxIdType": "UNDEFINED"}
    props: dict[str, Any] = {
        "archived": False,
        "accountNumber": f"canary-account-{7_700_000 + vendor.id}",
        "name": vendor.name,
        "accountType": "PERSON" if vendor.is_1099 and len(vendor.name.split()) == 2 else "BUSINESS",
        "address": {
            "line1": "1 Example St",
            "city": "Chicago",
            "stateOrProvince": "IL",
            "zipOrPostalCode": "60601",
            "country": "US",
        },
        "billCurrency": vendor.currency,
        "recurringPayments": False,
        "autoPay": {"enabled": False},
        "createdTime": billcom_time(made),
        **_ways(ways),
        "paymentInformation": {"payeeName": vendor.name, **ways["pay"]},
        "additionalInfo": more,
    }
    if vendor.email:
        props["email"] = vendor.email

    def change(when: int, news: dict[str, Any]) -> None:
        book.store.change(
            "billcom.vendors", key, max(when, made), news | {"updatedTime": billcom_time(max(when, made))}
        )

    book.store.add("billcom.vendors", key, made, props | {"updatedTime": billcom_time(made)})
    if vendor.w9_on:
        known = {
            "taxId": f"00-canary{vendor.id:03d}",
            "taxIdType": "SSN" if props["accountType"] == "PERSON" else "EIN",
        }
        change(at(vendor.w9_on, 15), {"additionalInfo": more | known})
    if vendor.id in _LATER:
        day, now = _LATER[vendor.id]
        change(at(day, 11), {**_ways(now), "paymentInformation": {"payeeName": vendor.name, **now["pay"]}})
    if vendor.left:
        change(at(vendor.left, 17), {"archived": True})


def _bill(book: Book, bill: Bill, vendor: str, payment: BillPayment | None) -> None:
    key, total = bill_id(bill.id), float(bill.total)
    abroad: dict[str, Any] = {}
    if bill.currency != HOME:
        abroad = {
            "fundingAmount": float(home(bill.total, bill.currency)),
            "exchangeRate": float(EURO_RATE),
        }
    # one in eleven waits a few hours for somebody to say who must approve it
    late = bill.id % 11 == 0
    props = {
        "archived": False,
        "vendorId": vendor_id(bill.vendor_id),
        "vendorName": vendor,
        "amount": total,
        "dueAmount": total,
        "paidAmount": 0,
        "scheduledAmount": 0,
        "creditAmount": 0,
        "dueDate": f"{bill.due}T00:00:00.000+00:00" if bill.id % 13 == 0 else str(bill.due),
        "invoice": {"invoiceNumber": bill.number, "invoiceDate": str(bill.day)},
        "description": bill.lines[0].text,
        "billLineItems": [{"amount": float(line.amount), "description": line.text} for line in bill.lines],
        "paymentStatus": "UNPAID",
        "approvalStatus": "UNASSIGNED" if late else "ASSIGNED",
        "createdTime": billcom_time(bill.entered_at),
        "updatedTime": billcom_time(bill.entered_at),
        **abroad,
    }
    book.store.add("billcom.bills", key, bill.entered_at, props)

    def change(when: int, news: dict[str, Any], *, silent: bool = False) -> None:
        """`silent`: updatedTime stays, as the vendor may do where only an approval came in."""
        book.store.change(
            "billcom.bills", key, when, news if silent else news | {"updatedTime": billcom_time(when)}
        )

    if late:
        change(bill.entered_at + HOUR, {"approvalStatus": "ASSIGNED"})
    decided = sorted((one.decided_at, one.approved) for one in bill.approvals if one.decided_at is not None)
    for number, (when, approved) in enumerate(decided, 1):
        status = "DENIED" if not approved else "APPROVED" if number == len(bill.approvals) else "APPROVING"
        change(max(when, bill.entered_at + 2 * HOUR), {"approvalStatus": status}, silent=True)
    if payment:
        ready = max([bill.entered_at + 2 * HOUR, *(when for when, _ in decided)])
        if payment.entered_at - DAY > ready:
            change(payment.entered_at - DAY, {"paymentStatus": "SCHEDULED", "scheduledAmount": total})
        change(
            payment.entered_at,
            {"paymentStatus": "PAID", "scheduledAmount": 0, "paidAmount": total, "dueAmount": 0},
        )
    for gone in (bill.voided_at, bill.deleted_at):
        if gone is not None:
            change(gone, {"archived": True})
