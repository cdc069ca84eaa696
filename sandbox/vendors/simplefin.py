"""SimpleFIN's wire contract (both versions) over the bank accounts of `finance`: claim, accounts, errors, the
quota of a day.

The banks' data is fetched once a day at 04:10 of the company's zone and holds the day before. Besides the
company's own accounts there are three that are not cash: an investment account with holdings, a mortgage with
a positive balance, and points whose currency is a URL. The euro bank wants a new sign-in from 12 to 20
November 2025; the card was connected again on 1 December 2025 and has another id since.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from sandbox.engine.store import local_ms
from sandbox.engine.world import Answer, Call, World

CREDENTIALS = {
    "SIMPLEFIN_ACCESS_URL": "https://canaryuser5F1D09:canarypass8E44B1c7@bridge.simplefin.example/simplefin"
}
OPEN_PATHS = r"^/(info$|claim/)"
ROWS = ("accounts",)

PER_DAY = 24
LONGEST = 90 * 86_400
_OUTAGE = (date(2025, 11, 12), date(2025, 11, 20))
_RECONNECTED = date(2025, 12, 1)
_TEXTS = {
    402: "Your SimpleFIN subscription has ended. Please renew it.",
    429: "You have made too many requests today. Data is only refreshed once every 24 hours.",
}


def refuse(world: World, call: Call, status: int) -> Answer:
    """The body for an error status: a web page for refused credentials, one text in `errors` where the
    account is the reason."""
    if status in (401, 403):
        return Answer(
            403,
            b"<!DOCTYPE html><html><head><title>403</title></head><body>Forbidden</body></html>",
            content_type="text/html",
        )
    if status in _TEXTS:
        return Answer(status, {"errors": [_TEXTS[status]], "accounts": []})
    return Answer(status, b"<html><body>Sorry, something went wrong.</body></html>", content_type="text/html")


async def handle(world: World, call: Call) -> Answer:
    """Answer one call."""
    if call.path == "/info":
        return Answer(200, {"versions": ["1", "2"]})
    if call.path.startswith("/claim/") and call.method == "POST":
        return _claim(world, call)
    parts = urlsplit(CREDENTIALS["SIMPLEFIN_ACCESS_URL"])
    known = base64.b64encode(f"{parts.username}:{parts.password}".encode()).decode()
    if call.headers.get("authorization", "") != f"Basic {known}":
        return refuse(world, call, 403)
    if call.path != "/accounts" or call.method != "GET":
        return refuse(world, call, 404)
    if not world.limiter("simplefin.day", PER_DAY, 86_400.0).take() and world.limits.enforced:
        return refuse(world, call, 429)
    return _accounts(world, call)


def _claim(world: World, call: Call) -> Answer:
    """A setup token is good once: any that begins with `canary-claim-`."""
    claimed: set[str] = world.memory.setdefault("simplefin.claimed", set())
    token = call.path.removeprefix("/claim/")
    if not token.startswith("canary-claim-") or token in claimed:
        return refuse(world, call, 403)
    claimed.add(token)
    return Answer(200, CREDENTIALS["SIMPLEFIN_ACCESS_URL"].encode(), content_type="text/plain")


def _fetched(world: World) -> datetime:
    """When the banks were asked last."""
    now = world.clock.now().astimezone(world.store.zone)
    today = now.replace(hour=4, minute=10, second=0, microsecond=0)
    return today if today <= now else today - timedelta(days=1)


def _text(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _accounts(world: World, call: Call) -> Answer:
    query = call.query
    fetched = _fetched(world)
    out = _OUTAGE[0] <= fetched.date() <= _OUTAGE[1]
    until = int(query.get("end-date", world.clock.now().timestamp() + 1))
    since = int(query.get("start-date", until - 30 * 86_400))
    errors: list[dict[str, str]] = []
    if until - since > LONGEST:
        since = until - LONGEST
        errors.append({"code": "gen.api", "msg": "Date range is limited to 90 days; the rest was left out."})
    accounts = []
    for account in world.store.finances.accounts():
        seen = fetched
        if out and account.key == "euro":
            seen = fetched.replace(year=2025, month=11, day=_OUTAGE[0].day - 1)
            errors.append(
                {
                    "code": "con.auth",
                    "msg": f"Connection to {account.bank} may need attention",
                    "conn_id": "CON-0003",
                }
            )
        key = (
            f"ACT-{account.key}-2"
            if account.key == "card" and fetched.date() >= _RECONNECTED
            else f"ACT-{account.key}"
        )
        balance = world.store.finances.balance(account.key, seen.date() - timedelta(days=1))
        found: dict[str, Any] = {
            "id": key,
            "name": account.name,
            "currency": account.currency,
            "balance": _text(balance),
            "balance-date": int(seen.timestamp()),
            "transactions": _transactions(world, account.key, since, until, seen),
            "holdings": [],
            "_bank": (account.bank, account.domain),
        }
        if account.key == "checking":
            found["available-balance"] = _text(balance - Decimal("240.00"))
        accounts.append(found)
    accounts += _no_cash(fetched)
    if wanted := query.get("account"):
        accounts = [one for one in accounts if one["id"] in wanted.split(",")]
    for one in accounts:
        if "balances-only" in query:
            one["transactions"] = []
            one.pop("holdings")
    return Answer(200, _second(accounts, errors) if query.get("version") == "2" else _first(accounts, errors))


def _transactions(world: World, key: str, since: int, until: int, seen: datetime) -> list[dict[str, Any]]:
    found = []
    for moved in world.store.finances.movements():
        posted = local_ms(world.store.zone, moved.day, 12) // 1000
        if moved.account == key and since <= posted < until and moved.day < seen.date():
            # both sides of a transfer carry the same id
            name = hashlib.sha256(moved.key.removesuffix(" in").removesuffix(" out").encode()).hexdigest()[
                :16
            ]
            found.append(
                {
                    "id": f"TRN-{name}",
                    "posted": posted,
                    "amount": _text(moved.amount),
                    "description": moved.text,
                    "payee": moved.text.split(" ")[0],
                    "memo": "",
                }
            )
    return found


def _no_cash(fetched: datetime) -> list[dict[str, Any]]:
    days = (fetched.date() - date(2024, 7, 1)).days
    stocks = Decimal(51_200) + 17 * days + 300 * (days % 7)
    common = {"balance-date": int(fetched.timestamp()), "transactions": []}
    holding = {
        "id": "HOL-1",
        "symbol": "VTI",
        "description": "Total market fund",
        "shares": "180.00",
        "market_value": _text(stocks),
        "cost_basis": "41000.00",
        "purchase_price": "227.78",
        "currency": "",
        "created": 1719835200,
    }
    prairie = ("Prairie Brokerage", "prairie-brokerage.example")
    return [
        {
            "id": "ACT-stocks",
            "name": "Reserve Investments",
            "currency": "USD",
            "balance": _text(stocks),
            "holdings": [holding],
            **common,
        }
        | {"_bank": prairie},
        {
            "id": "ACT-loan",
            "name": "Building Mortgage",
            "currency": "USD",
            "balance": _text(Decimal(312_000) - 41 * days),
            **common,
        }
        | {"holdings": [], "_bank": ("Harbor Mortgage", "harbor-mortgage.example")},
        {
            "id": "ACT-points",
            "name": "Card points",
            "currency": "https://harborline.example/points",
            "balance": str(9_120 + 3 * days),
        }
        | {"holdings": [], **common, "_bank": ("Harborline Cards", "harborline.example")},
    ]


def _first(accounts: list[dict[str, Any]], errors: list[dict[str, str]]) -> dict[str, Any]:
    for one in accounts:
        bank, domain = one.pop("_bank")
        one["org"] = {
            "domain": domain,
            "sfin-url": "https://bridge.simplefin.example/simplefin",
            "name": bank,
            "id": domain,
        }
    return {"errors": [error["msg"] for error in errors], "accounts": accounts}


def _second(accounts: list[dict[str, Any]], errors: list[dict[str, str]]) -> dict[str, Any]:
    connections: dict[str, dict[str, str]] = {}
    for one in accounts:
        bank, domain = one.pop("_bank")
        number = {
            "lakeland-bank.example": 1,
            "harborline.example": 2,
            "rhein-zahlungsbank.example": 3,
            "prairie-brokerage.example": 4,
        }
        key = f"CON-{number.get(domain, 5):04d}"
        connections[key] = {
            "conn_id": key,
            "name": bank,
            "org_id": f"ORG-{domain.partition('.')[0]}",
            "org_url": f"https://{domain}",
            "sfin_url": "https://bridge.simplefin.example/simplefin",
        }
        one["conn_id"] = key
    return {
        "errlist": errors,
        "errors": [error["msg"] for error in errors],
        "connections": list(connections.values()),
        "accounts": accounts,
    }
