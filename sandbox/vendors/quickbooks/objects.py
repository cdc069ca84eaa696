"""Records of QuickBooks on the wire, with their balances."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.engine.formats import quickbooks_amount
from sandbox.engine.store import Row, Store, View, from_ms
from sandbox.engine.world import World

TRANSACTIONS = ("Invoice", "Bill", "Purchase", "Payment", "BillPayment")
NAMES = ("Customer", "Vendor", "Account")
PACIFIC = ZoneInfo("America/Los_Angeles")


def pacific(ms: int) -> str:
    """As Intuit writes instants: the offset of the Pacific zone, no fraction."""
    return from_ms(ms // 1000 * 1000).astimezone(PACIFIC).isoformat()


def time_now(world: World) -> str:
    return world.clock.now().astimezone(PACIFIC).isoformat(timespec="milliseconds")


def wire(world: World, entity: str, row: Row) -> dict[str, Any]:
    props = {name: value for name, value in row.props.items() if not name.startswith("_")}
    meta = {"CreateTime": pacific(row.props["_created"]), "LastUpdatedTime": pacific(row.changed)}
    found = {
        **props,
        "domain": "QBO",
        "sparse": False,
        "Id": str(row.id),
        "SyncToken": str(row.props["_sync"]),
        "MetaData": meta,
    }
    if entity in NAMES:
        found |= _balances(world, entity, row)
    return found


def _balances(world: World, entity: str, row: Row) -> dict[str, Any]:
    view = world.view()
    sums = _sums(view, world.store)
    if entity == "Customer":
        own = sums["customers"].get(str(row.id), Decimal(0))
        below = [
            one.id
            for one in view.table("quickbooks.Customer")
            if one.props.get("ParentRef", {}).get("value") == str(row.id)
        ]
        return {
            "Balance": quickbooks_amount(own),
            "BalanceWithJobs": quickbooks_amount(
                own + sum((sums["customers"].get(str(one), Decimal(0)) for one in below), Decimal(0))
            ),
        }
    if entity == "Vendor":
        return {"Balance": quickbooks_amount(sums["vendors"].get(str(row.id), Decimal(0)))}
    amount = sums["accounts"].get(row.props["_key"], Decimal(0))
    return {
        "CurrentBalance": quickbooks_amount(amount),
        "CurrentBalanceWithSubAccounts": quickbooks_amount(amount),
    }


@lru_cache(maxsize=4)
def _sums(view: View, store: Store) -> dict[str, dict[str, Decimal]]:
    """Open amounts per customer and vendor, and balances of accounts, in the currency of each."""
    customers: dict[str, Decimal] = {}
    vendors: dict[str, Decimal] = {}
    home = {"receivable": Decimal(0), "payable": Decimal(0)}

    def add(where: dict[str, Decimal], ref: dict[str, str], amount: object, total: str, rate: object) -> None:
        value = Decimal(str(amount))
        where[ref["value"]] = where.get(ref["value"], Decimal(0)) + value
        home[total] += value * Decimal(str(rate))

    for row in view.table("quickbooks.Invoice"):
        add(
            customers,
            row.props["CustomerRef"],
            row.props["Balance"],
            "receivable",
            row.props.get("ExchangeRate", 1),
        )
    for row in view.table("quickbooks.Payment"):
        add(
            customers,
            row.props["CustomerRef"],
            -row.props["UnappliedAmt"],
            "receivable",
            row.props.get("ExchangeRate", 1),
        )
    for row in view.table("quickbooks.Bill"):
        add(
            vendors, row.props["VendorRef"], row.props["Balance"], "payable", row.props.get("ExchangeRate", 1)
        )
    day = from_ms(view.at).astimezone(store.zone).date()
    accounts = {
        account.key: store.finances.balance(account.key, day) for account in store.finances.accounts()
    }
    return {
        "customers": customers,
        "vendors": vendors,
        "accounts": {**accounts, "receivable": home["receivable"], "payable": -home["payable"]},
    }
