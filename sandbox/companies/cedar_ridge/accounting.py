"""The company's books in QuickBooks: what `finance` knows, as QuickBooks' objects with their versions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sandbox.companies.base import HOUR, Book, at
from sandbox.companies.cedar_ridge.finance.bills import bill_payments, bills, vendors
from sandbox.companies.cedar_ridge.finance.invoices import customers, invoices, payments
from sandbox.companies.cedar_ridge.finance.ledger import EURO_RATE, HOME, LEDGER, OPENED, home
from sandbox.companies.cedar_ridge.finance.purchases import purchases
from sandbox.companies.cedar_ridge.finance.records import Line
from sandbox.engine.formats import quickbooks_amount
from sandbox.engine.store import GONE, Props

_ITEMS = {"managed": "11", "licences": "12", "projects": "13", "hardware_sales": "14"}
_CURRENCIES = {"USD": "United States Dollar", "EUR": "Euro"}
_START = at(OPENED, 9)


class _Shelf:
    """Writes the versions of one kind of object; counts them, as QuickBooks' SyncToken does."""

    def __init__(self, book: Book, entity: str) -> None:
        self._store, self._table = book.store, f"quickbooks.{entity}"
        self._versions: dict[int, int] = defaultdict(int)

    def add(self, key: int, when: int, props: Props) -> None:
        self._store.add(self._table, key, when, {**props, "_created": when, "_sync": 0})

    def change(self, key: int, when: int, props: Props) -> None:
        self._versions[key] += 1
        self._store.change(self._table, key, when, {**props, "_sync": self._versions[key]})

    def delete(self, key: int, when: int | None) -> None:
        if when is not None:
            self._store.change(self._table, key, when, {}, state=GONE)


def write(book: Book) -> None:
    """Everything that QuickBooks holds."""
    _names(book)
    _invoices(book)
    _payments(book)
    _bills(book)
    _bill_payments(book)
    _purchases(book)


def _ref(key: object, name: str, **more: str) -> dict[str, str]:
    return {"value": str(key), "name": name, **more}


def _currency(currency: str) -> Props:
    rate = {} if currency == HOME else {"ExchangeRate": quickbooks_amount(EURO_RATE)}
    return {"CurrencyRef": _ref(currency, _CURRENCIES[currency]), **rate}


def _names(book: Book) -> None:
    seed = book.seed
    shelf = _Shelf(book, "Account")
    for account in LEDGER.values():
        parent = LEDGER[account.parent] if account.parent else None
        shelf.add(
            account.id,
            _START,
            {
                "Name": account.name,
                "FullyQualifiedName": f"{parent.name}:{account.name}" if parent else account.name,
                "SubAccount": parent is not None,
                **({"ParentRef": {"value": str(parent.id)}} if parent else {}),
                "Active": account.active,
                "Classification": account.classification,
                "AccountType": account.kind,
                "AccountSubType": account.kind.replace(" ", ""),
                "CurrencyRef": _ref(account.currency, _CURRENCIES[account.currency]),
                "_key": account.key,
            },
        )
    shelf = _Shelf(book, "Customer")
    for customer in customers(seed):
        props: Props = {
            "DisplayName": customer.name,
            "FullyQualifiedName": customer.name,
            "Active": True,
            "Job": customer.parent is not None,
            "Taxable": True,
            "CurrencyRef": _ref(customer.currency, _CURRENCIES[customer.currency]),
            "BillAddr": {
                "Id": str(9_000 + customer.id),
                "City": "Chicago",
                "Country": "USA",
                "Lat": "INVALID",
                "Long": "INVALID",
            },
        }
        if customer.email:
            props["PrimaryEmailAddr"] = {"Address": customer.email}
        if customer.parent:
            props |= {"ParentRef": {"value": str(customer.parent)}, "Level": 1, "IsProject": False}
        else:
            props["CompanyName"] = customer.name
        shelf.add(customer.id, max(_START, at(customer.created, 9.5)), props)
        if customer.left:
            left = at(customer.left + timedelta(days=45), 15)
            shelf.change(customer.id, left, {"Active": False, "DisplayName": f"{customer.name} (deleted)"})
    shelf = _Shelf(book, "Vendor")
    for vendor in vendors(seed):
        made = max(_START, at(vendor.created, 10))
        props = {
            "DisplayName": vendor.name,
            "CompanyName": vendor.name,
            "PrintOnCheckName": vendor.name,
            "Active": True,
            "Vendor1099": vendor.is_1099,
            "TermRef": {"value": str(vendor.terms_days)},
            "CurrencyRef": _ref(vendor.currency, _CURRENCIES[vendor.currency]),
            "V4IDPseudonym": f"00209{vendor.id:06d}",
        }
        if vendor.email:
            props["PrimaryEmailAddr"] = {"Address": vendor.email}
        masked = {"TaxIdentifier": f"XXXXXX{3_000 + 37 * vendor.id}"}
        typed = vendor.w9_on is not None and at(vendor.w9_on, 14) <= made
        shelf.add(vendor.id, made, props | (masked if typed else {}))
        if vendor.w9_on and not typed:
            shelf.change(vendor.id, at(vendor.w9_on, 14), masked)
        if vendor.left:
            shelf.change(vendor.id, at(vendor.left + timedelta(days=3), 16), {"Active": False})


def _sales_line(key: int, line: Line, sign: int = 1) -> Props:
    return {
        "Id": str(key),
        "LineNum": key,
        "Description": line.text,
        "Amount": quickbooks_amount(sign * line.amount),
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {
            "ItemRef": _ref(_ITEMS[line.account], LEDGER[line.account].name),
            "ItemAccountRef": _ref(LEDGER[line.account].id, LEDGER[line.account].name),
            "Qty": 1,
            "UnitPrice": quickbooks_amount(sign * line.amount),
            "TaxCodeRef": {"value": "TAX" if line.account == "hardware_sales" else "NON"},
        },
    }


def _cost_line(key: int, line: Line, sign: int = 1) -> Props:
    account = LEDGER[line.account]
    return {
        "Id": str(key),
        "LineNum": key,
        "Description": line.text,
        "Amount": quickbooks_amount(sign * line.amount),
        "DetailType": "AccountBasedExpenseLineDetail",
        "AccountBasedExpenseLineDetail": {
            "AccountRef": _ref(account.id, account.name),
            "BillableStatus": "NotBillable",
        },
    }


def _lines(lines: Iterable[Line], make: Any, sign: int = 1) -> list[Props]:
    return [make(number_, line, sign) for number_, line in enumerate(lines, 1)]


def _invoices(book: Book) -> None:
    seed = book.seed
    shelf = _Shelf(book, "Invoice")
    by_id = {customer.id: customer for customer in customers(seed)}
    paid: dict[int, list[tuple[int, int, Decimal]]] = defaultdict(list)
    for payment in payments(seed):
        for invoice_id, amount in payment.parts:
            paid[invoice_id].append((payment.entered_at, payment.id, amount))
            if payment.deleted_at:
                paid[invoice_id].append((payment.deleted_at, payment.id, -amount))
    for invoice in invoices(seed):
        lines = _lines(invoice.lines, _sales_line)
        subtotal: Props = {
            "Amount": quickbooks_amount(invoice.net),
            "DetailType": "SubTotalLineDetail",
            "SubTotalLineDetail": {},
        }
        customer = by_id[invoice.customer_id]
        props: Props = {
            "DocNumber": invoice.number,
            "TxnDate": invoice.day.isoformat(),
            "DueDate": invoice.due.isoformat(),
            "CustomerRef": _ref(customer.id, customer.name),
            **_currency(invoice.currency),
            "TotalAmt": quickbooks_amount(invoice.total),
            "Balance": quickbooks_amount(invoice.total),
            "Line": [*lines, subtotal],
            "TxnTaxDetail": {"TotalTax": quickbooks_amount(invoice.tax)},
            "LinkedTxn": [],
            "EmailStatus": "NeedToSend" if customer.email else "NotSet",
            "PrintStatus": "NeedToPrint",
            "CustomField": [],
        }
        if customer.email:
            props["BillEmail"] = {"Address": customer.email}
        if invoice.currency != HOME:
            props["HomeTotalAmt"] = quickbooks_amount(home(invoice.total, invoice.currency))
        shelf.add(invoice.id, invoice.entered_at, props)
        events: list[tuple[int, Props | Decimal, int]] = [
            (when, amount, key) for when, key, amount in paid[invoice.id]
        ]
        if customer.email:
            events.append((invoice.entered_at + HOUR, {"EmailStatus": "EmailSent"}, 0))
        if invoice.voided_at:
            nothing = _lines(invoice.lines, _sales_line, 0)
            events.append(
                (
                    invoice.voided_at,
                    {"TotalAmt": 0, "Balance": 0, "Line": nothing, "PrivateNote": "Voided"},
                    0,
                )
            )
        if invoice.written_off_at:
            events.append((invoice.written_off_at, {"Balance": 0}, -1))
        balance, links = invoice.total, dict[int, str]()
        for when, what, key in sorted(events, key=lambda event: event[0]):
            if isinstance(what, Decimal):
                balance -= what
                links[key] = "Payment"
                if what < 0:
                    links.pop(key)
                what = {"Balance": quickbooks_amount(balance)}
            elif key == -1:
                links[70_000 + invoice.id] = "CreditMemo"
            linked = [{"TxnId": str(one), "TxnType": kind} for one, kind in links.items()]
            shelf.change(invoice.id, when, {**what, "LinkedTxn": linked})
        shelf.delete(invoice.id, invoice.deleted_at)


def _payments(book: Book) -> None:
    shelf = _Shelf(book, "Payment")
    names = {customer.id: customer.name for customer in customers(book.seed)}
    for payment in payments(book.seed):
        account = LEDGER[payment.account]
        lines = [
            {
                "Amount": quickbooks_amount(amount),
                "LinkedTxn": [{"TxnId": str(invoice), "TxnType": "Invoice"}],
            }
            for invoice, amount in payment.parts
        ]
        props = {
            "CustomerRef": _ref(payment.customer_id, names[payment.customer_id]),
            "TxnDate": payment.day.isoformat(),
            "TotalAmt": quickbooks_amount(payment.amount),
            "UnappliedAmt": quickbooks_amount(payment.unapplied),
            "DepositToAccountRef": {"value": str(account.id)},
            "ProcessPayment": False,
            "Line": lines,
            **_currency(account.currency),
        }
        shelf.add(payment.id, payment.entered_at, props)
        shelf.delete(payment.id, payment.deleted_at)


def _bills(book: Book) -> None:
    shelf = _Shelf(book, "Bill")
    names = {vendor.id: vendor.name for vendor in vendors(book.seed)}
    runs = {payment.id: payment for payment in bill_payments(book.seed)}
    payable = LEDGER["payable"]
    for bill in bills(book.seed):
        props = {
            "DocNumber": bill.number,
            "TxnDate": bill.day.isoformat(),
            "DueDate": bill.due.isoformat(),
            "VendorRef": _ref(bill.vendor_id, names[bill.vendor_id]),
            "APAccountRef": _ref(payable.id, payable.name),
            **_currency(bill.currency),
            "TotalAmt": quickbooks_amount(bill.total),
            "Balance": quickbooks_amount(bill.total),
            "Line": _lines(bill.lines, _cost_line),
            "LinkedTxn": [],
        }
        if bill.currency != HOME:
            props["HomeBalance"] = quickbooks_amount(home(bill.total, bill.currency))
        shelf.add(bill.id, bill.entered_at, props)
        if bill.payment_id:
            links = [{"TxnId": str(bill.payment_id), "TxnType": "BillPaymentCheck"}]
            done: Props = {"Balance": 0, "LinkedTxn": links}
            if bill.currency != HOME:
                done["HomeBalance"] = 0
            shelf.change(bill.id, runs[bill.payment_id].entered_at, done)
        if bill.voided_at:
            nothing = _lines(bill.lines, _cost_line, 0)
            shelf.change(
                bill.id,
                bill.voided_at,
                {"TotalAmt": 0, "Balance": 0, "Line": nothing, "PrivateNote": "Voided"},
            )
        shelf.delete(bill.id, bill.deleted_at)


def _bill_payments(book: Book) -> None:
    shelf = _Shelf(book, "BillPayment")
    names = {vendor.id: vendor.name for vendor in vendors(book.seed)}
    by_id = {bill.id: bill for bill in bills(book.seed)}
    for paid in bill_payments(book.seed):
        account = LEDGER[paid.account]
        props = {
            "VendorRef": _ref(paid.vendor_id, names[paid.vendor_id]),
            "PayType": "Check",
            "CheckPayment": {"BankAccountRef": _ref(account.id, account.name), "PrintStatus": "NeedToPrint"},
            "TxnDate": paid.day.isoformat(),
            "TotalAmt": quickbooks_amount(paid.amount),
            "Line": [
                {
                    "Amount": quickbooks_amount(by_id[key].total),
                    "LinkedTxn": [{"TxnId": str(key), "TxnType": "Bill"}],
                }
                for key in paid.bill_ids
            ],
            **_currency(account.currency),
        }
        shelf.add(paid.id, paid.entered_at, props)


def _purchases(book: Book) -> None:
    shelf = _Shelf(book, "Purchase")
    names = {vendor.id: vendor.name for vendor in vendors(book.seed)}
    for purchase in purchases(book.seed):
        account = LEDGER[purchase.account]
        props: Props = {
            "PaymentType": purchase.kind,
            "AccountRef": _ref(account.id, account.name),
            "TxnDate": purchase.day.isoformat(),
            "TotalAmt": quickbooks_amount(purchase.total),
            "Line": _lines(purchase.lines, _cost_line),
            "PurchaseEx": {
                "any": [
                    {
                        "name": "{http://schema.intuit.com/finance/v3}NameValue",
                        "value": {"Name": "TxnType", "Value": "54"},
                    }
                ]
            },
            **_currency(account.currency),
        }
        if purchase.kind == "CreditCard":
            props["Credit"] = purchase.credit
        if purchase.number:
            props["DocNumber"] = purchase.number
        if purchase.vendor_id:
            props["EntityRef"] = _ref(purchase.vendor_id, names[purchase.vendor_id], type="Vendor")
        shelf.add(purchase.id, purchase.entered_at, props)
        shelf.delete(purchase.id, purchase.deleted_at)
