"""QuickBooks Online's wire contract (Accounting v3): tokens that rotate, queries, change data capture,
reports, limits.

Tables: `quickbooks.<Entity>` by number, properties as on the wire; `_created` and `_sync` become MetaData and
SyncToken. Balances of customers, vendors and accounts are worked out when they are asked for. Deleted
transactions are gone rows: only `cdc` shows them.

Refresh tokens: the one of `CREDENTIALS` stands for a person who connects the company again: it always opens a
new chain. The same with a dot and anything behind it is an ordinary one, good until its successor is used.
Each exchange of a token that is a day old by the sandbox's clock gives a successor; the one before ends when
the successor, or the access token that came with it, is used, and of two successors of one token only the
newer is good.
A token ends after 100 days without use, a chain after five years. Access tokens are good for an hour of real
time.

What the published sources leave open is decided the stricter way: an unknown field in a condition is an
error.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import count
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from sandbox.engine.finances import LedgerAccount, months_between, next_month
from sandbox.engine.finances import Months as ByMonth
from sandbox.engine.formats import quickbooks_amount
from sandbox.engine.store import GONE, Row, Store, View, from_ms, parse_ms, to_ms
from sandbox.engine.world import Answer, Call, World

CREDENTIALS = {
    "QUICKBOOKS_CLIENT_ID": "ABcanaryclientquickbooks51xQ",
    "QUICKBOOKS_CLIENT_SECRET": "canary-quickbooks-secret-9f31c7",
    "QUICKBOOKS_REFRESH_TOKEN": "AB11canary-quickbooks-typed-77d0e2",
    "QUICKBOOKS_REALM_ID": "9130canary355188",
}
OPEN_PATHS = ""
ROWS = ("QueryResponse.*",)

TRANSACTIONS = ("Invoice", "Bill", "Purchase", "Payment", "BillPayment")
NAMES = ("Customer", "Vendor", "Account")
_COUNTED = ("Invoice", "Bill", "BillPayment")
"""Entities whose pages carry totalCount."""
MOST_ROWS = 1_000
MOST_CHANGES = 1_000
LOOK_BACK = timedelta(days=30)
PER_MINUTE, PER_SECOND = 500, 10
ACCESS_SECONDS = 3_600
DAY = 86_400_000
PACIFIC = ZoneInfo("America/Los_Angeles")
_TID = "1-6740b3aa-00000000000000000000cafe"
_SERIAL = count(1)


# ------------------------------------------------------------------ errors


def refuse(world: World, call: Call, status: int) -> Answer:
    """Intuit's body for an error status: that of the token endpoint, of the gateway (401, 403), or of the
    service."""
    if call.path.startswith("/oauth2/"):
        return Answer(status, {"error": "invalid_client" if status == 401 else "temporarily_unavailable"})
    if status == 401:
        return _gateway(
            401, "3200", "AuthenticationFailed", "Token expired or is malformed", "AUTHENTICATION"
        )
    if status == 403:
        return _gateway(
            403,
            "3100",
            "ApplicationAuthorizationFailed",
            "The app is not connected to this company",
            "AUTHORIZATION",
        )
    if status == 429:
        return _fault(
            429,
            "3001",
            "message=ThrottleExceeded; errorCode=003001; statusCode=429",
            "The request limit was reached.",
            "SERVICE",
        )
    if status == 404:
        return Answer(404, b"<html><body>404 Not Found</body></html>", content_type="text/html")
    return _fault(
        status,
        "10000",
        "An application error has occurred while processing your request",
        "System Failure Error",
        "SystemFault",
    )


def _gateway(status: int, code: str, name: str, detail: str, kind: str) -> Answer:
    error = {
        "message": f"message={name}; errorCode=00{code}; statusCode={status}",
        "detail": detail,
        "code": code,
        "element": None,
    }
    return Answer(
        status,
        {
            **{
                "warnings": None,
                "intuitObject": None,
                "fault": {"error": [error], "type": kind},
                "report": None,
                "queryResponse": None,
            },
            **{
                "batchItemResponse": [],
                "attachableResponse": [],
                "syncErrorResponse": None,
                "requestId": None,
            },
            **{"time": 1794389401000, "status": None, "cdcresponse": []},
        },
        {"intuit_tid": _TID},
    )


def _fault(status: int, code: str, message: str, detail: str, kind: str = "ValidationFault") -> Answer:
    error = {"Message": message, "Detail": detail, "code": code}
    return Answer(
        status,
        {"Fault": {"Error": [error], "type": kind}, "time": "2026-11-20T05:20:00.125-08:00"},
        {"intuit_tid": _TID},
    )


class _Refused(Exception):
    """An answer other than success, raised from wherever it is noticed."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer


def _invalid(detail: str, code: str = "4001") -> _Refused:
    return _Refused(_fault(400, code, "Invalid query" if code == "4001" else "Error parsing query", detail))


# ------------------------------------------------------------------ the way in


async def handle(world: World, call: Call) -> Answer:
    """Answer one call: a token, or with a token anything else."""
    if call.path == "/oauth2/v1/tokens/bearer" and call.method == "POST":
        return _token(world, call)
    match = re.fullmatch(r"/v3/company/([^/]+)/(.*)", call.path)
    if match is None:
        return refuse(world, call, 404)
    if not _may_enter(world, call.headers.get("authorization", "")):
        return refuse(world, call, 401)
    if match[1] != CREDENTIALS["QUICKBOOKS_REALM_ID"]:
        return refuse(world, call, 403)
    limits = (("quickbooks.minute", PER_MINUTE, 60.0), ("quickbooks.second", PER_SECOND, 1.0))
    if not all(world.limiter(*limit).take() for limit in limits) and world.limits.enforced:
        return refuse(world, call, 429)
    if "json" not in call.headers.get("accept", ""):
        return Answer(
            200,
            b'<?xml version="1.0"?><IntuitResponse xmlns="http://schema.intuit.com/finance/v3"/>',
            content_type="text/xml",
        )
    try:
        answer = _dispatch(world, call, match[2])
    except _Refused as refused:
        return refused.answer
    answer.headers["intuit_tid"] = _TID
    return answer


def _dispatch(world: World, call: Call, rest: str) -> Answer:
    if rest == "query":
        statement = call.body.decode() if call.method == "POST" else call.query.get("query", "")
        return _query(world, statement)
    if rest == "cdc":
        return _changes(world, call)
    if rest.startswith("reports/"):
        return _report(world, rest.removeprefix("reports/"), call)
    entity, _, key = rest.partition("/")
    for name in TRANSACTIONS + NAMES:
        if entity == name.lower():
            row = world.view().table(f"quickbooks.{name}").by_id.get(int(key) if key.isdigit() else key)
            if row is None:
                return _fault(
                    400, "610", "Object Not Found", "Something you're trying to use has been made inactive."
                )
            return Answer(200, {name: _wire(world, name, row), "time": _now(world)})
    return refuse(world, call, 404)


# ------------------------------------------------------------------ tokens


def _signed(*parts: object) -> str:
    text = "|".join(map(str, parts))
    mark = hmac.new(b"sandbox", text.encode(), hashlib.sha256).hexdigest()[:12]
    return base64.urlsafe_b64encode(f"{text}|{mark}".encode()).decode().rstrip("=")


def _opened(token: str) -> list[str] | None:
    try:
        text, _, mark = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode().rpartition("|")
    except ValueError:
        return None
    known = hmac.new(b"sandbox", text.encode(), hashlib.sha256).hexdigest()[:12]
    return text.split("|") if hmac.compare_digest(mark, known) else None


def _spent(world: World) -> set[str]:
    """Names of the refresh tokens whose successors were used."""
    found: set[str] = world.memory.setdefault("quickbooks.spent", set())
    return found


def _token(world: World, call: Call) -> Answer:
    keys = f"{CREDENTIALS['QUICKBOOKS_CLIENT_ID']}:{CREDENTIALS['QUICKBOOKS_CLIENT_SECRET']}"
    if call.headers.get("authorization", "") != f"Basic {base64.b64encode(keys.encode()).decode()}":
        return Answer(401, {"error": "invalid_client"})
    fields = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
    if fields.get("grant_type") != "refresh_token":
        return Answer(400, {"error": "unsupported_grant_type"})
    now = to_ms(world.clock.now())
    given, typed = fields.get("refresh_token", ""), CREDENTIALS["QUICKBOOKS_REFRESH_TOKEN"]
    if given == typed:
        name, before, consented, issued = typed, "", now, now - DAY
    elif given.startswith(f"{typed}."):
        name, before, consented, issued = given, "", now, now - DAY
    elif given.startswith("AB11-canary-") and (parts := _opened(given.removeprefix("AB11-canary-"))):
        name, before, consented, issued = parts[0], parts[1], int(parts[2]), int(parts[3])
    else:
        return _no_grant()
    if name in _spent(world) or now - issued > 100 * DAY or now - consented > 5 * 365 * DAY:
        return _no_grant()
    newest: dict[str, str] = world.memory.setdefault("quickbooks.newest", {})
    if newest.get(before, name) != name:
        return _no_grant()
    if before and before != typed:
        _spent(world).add(before)
    if now - issued >= DAY:
        before, name, issued = name, f"r{next(_SERIAL)}-{time.time_ns()}", now
        if before != typed:
            newest[before] = name
        given = "AB11-canary-" + _signed(name, before, consented, issued)
    left = min(100 * DAY - (now - issued), 5 * 365 * DAY - (now - consented))
    body = {
        "token_type": "bearer",
        "access_token": "eyJcanary." + _signed(before, f"{time.time():.3f}"),
        "expires_in": ACCESS_SECONDS,
        "refresh_token": given,
        "x_refresh_token_expires_in": left // 1000,
    }
    return Answer(200, body)


def _no_grant() -> Answer:
    return Answer(400, {"error": "invalid_grant", "error_description": "Incorrect or invalid refresh token"})


def _may_enter(world: World, header: str) -> bool:
    if not header.startswith("Bearer eyJcanary."):
        return False
    parts = _opened(header.removeprefix("Bearer eyJcanary."))
    if parts is None or time.time() - float(parts[1]) > ACCESS_SECONDS:
        return False
    if parts[0] and parts[0] != CREDENTIALS["QUICKBOOKS_REFRESH_TOKEN"]:
        _spent(world).add(parts[0])
    return True


# ------------------------------------------------------------------ objects


def _pacific(ms: int) -> str:
    """As Intuit writes instants: the offset of the Pacific zone, no fraction."""
    return from_ms(ms // 1000 * 1000).astimezone(PACIFIC).isoformat()


def _now(world: World) -> str:
    return world.clock.now().astimezone(PACIFIC).isoformat(timespec="milliseconds")


def _wire(world: World, entity: str, row: Row) -> dict[str, Any]:
    props = {name: value for name, value in row.props.items() if not name.startswith("_")}
    meta = {"CreateTime": _pacific(row.props["_created"]), "LastUpdatedTime": _pacific(row.changed)}
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


# ------------------------------------------------------------------ queries

_STATEMENT = re.compile(
    r"select\s+(?P<what>\*|count\(\*\)|[\w., ]+?)\s+from\s+(?P<entity>\w+)"
    r"(?:\s+where\s+(?P<where>.+?))?(?:\s+order\s?by\s+(?P<order>[\w.]+)(?P<way>\s+(?:asc|desc))?)?(?P<paging>(?:\s+(?:startposition|maxresults)\s+\d+)*)\s*",
    re.I | re.S,
)
_CONDITION = re.compile(
    r"([\w.]+)\s*(>=|<=|=|<|>|like|in)\s*('(?:[^'\\]|\\.)*'|true|false|\([^)]*\))\s*(?:and\s+|$)", re.I
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}


def _query(world: World, statement: str) -> Answer:
    match = _STATEMENT.fullmatch(statement.strip())
    if match is None:
        raise _invalid(f"QueryParserError: {statement[:80]}", "4000")
    entity, what = match["entity"], match["what"].lower()
    if entity == "CompanyInfo":
        return _only(world, entity, _COMPANY)
    if entity == "Preferences":
        return _only(world, entity, _PREFERENCES)
    if entity not in TRANSACTIONS + NAMES:
        raise _invalid(f"QueryValidationError: unknown entity {entity}")
    paging = {
        name.lower(): int(value)
        for name, value in re.findall(r"(startposition|maxresults)\s+(\d+)", match["paging"], re.I)
    }
    start, most = paging.get("startposition", 1), paging.get("maxresults", 100)
    if start < 1 or most > MOST_ROWS:
        raise _invalid("QueryValidationError: value of startposition or maxresults is out of range")
    view = world.view()
    rows = _matching(view, entity, match["where"] or "")
    if what == "count(*)":
        return Answer(200, {"QueryResponse": {"totalCount": len(rows)}, "time": _now(world)})
    if match["order"] and match["order"].lower() != "id":
        rows.sort(
            key=lambda row: (_field(entity, row, match["order"]), row.id),
            reverse=(match["way"] or "").strip().lower() == "desc",
        )
    page = rows[start - 1 : start - 1 + most]
    if not page:
        return Answer(200, {"QueryResponse": {}, "time": _now(world)})
    found: dict[str, Any] = {
        entity: [_wire(world, entity, row) if what == "*" else {"Id": str(row.id)} for row in page]
    }
    found |= {"startPosition": start, "maxResults": len(page)}
    if entity in _COUNTED:
        found["totalCount"] = len(page)
    return Answer(200, {"QueryResponse": found, "time": _now(world)})


def _matching(view: View, entity: str, where: str) -> list[Row]:
    conditions, end = [], 0
    for condition in _CONDITION.finditer(where):
        if condition.start() != end:
            break
        conditions.append((condition[1], condition[2].lower(), condition[3]))
        end = condition.end()
    if end != len(where):
        raise _invalid(f"QueryParserError: cannot read {where[end : end + 60]}", "4000")
    fields = {field.lower() for field, _, _ in conditions}
    if "active" in fields and entity in TRANSACTIONS:
        raise _invalid("QueryValidationError: property 'Active' not found for this entity")
    rows = list(view.table(f"quickbooks.{entity}"))
    if entity in NAMES and "active" not in fields:
        rows = [row for row in rows if row.props["Active"]]
    for field, sign, text in conditions:
        wanted = [_value(field, one.strip()) for one in text.strip("()").split(",")]
        if sign == "in":
            rows = [row for row in rows if _field(entity, row, field) in wanted]
        elif sign in _COMPARE:
            rows = [row for row in rows if _COMPARE[sign](_field(entity, row, field), wanted[0])]
        else:
            raise _invalid("QueryValidationError: LIKE is not served here")
    return rows


def _value(field: str, text: str) -> Any:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    plain = re.sub(r"\\(.)", r"\1", text.strip("'"))
    if field.lower().startswith("metadata."):
        try:
            return parse_ms(plain.replace(" ", "+")) // 1000
        except ValueError:
            raise _invalid(f"QueryValidationError: {plain} is no date-time") from None
    return int(plain) if field.lower() == "id" and plain.isdigit() else plain


def _field(entity: str, row: Row, field: str) -> Any:
    name = field.lower()
    if name == "id":
        return row.id
    if name == "metadata.lastupdatedtime":
        return row.changed // 1000
    if name == "metadata.createtime":
        return row.props["_created"] // 1000
    for own in ("Active", "TxnDate", "DueDate", "DocNumber", "DisplayName", "Name", "TotalAmt"):
        if name == own.lower() and own in row.props:
            return row.props[own]
    raise _invalid(f"QueryValidationError: property '{field}' not found for Entity {entity}")


_COMPANY = {
    "Id": "1",
    "CompanyName": "Cedar Ridge IT LLC",
    "LegalName": "Cedar Ridge IT LLC",
    "Country": "US",
    "FiscalYearStartMonth": "January",
}
_PREFERENCES = {
    "Id": "1",
    "ReportPrefs": {"ReportBasis": "Accrual", "CalcAgingReportFromTxnDate": False},
    "CurrencyPrefs": {"MultiCurrencyEnabled": True, "HomeCurrency": {"value": "USD"}},
}


def _only(world: World, entity: str, facts: dict[str, Any]) -> Answer:
    meta = {"CreateTime": "2024-05-06T07:00:00-07:00", "LastUpdatedTime": "2024-05-06T07:00:00-07:00"}
    row = {**facts, "domain": "QBO", "sparse": False, "SyncToken": "4", "MetaData": meta}
    return Answer(200, {"QueryResponse": {entity: [row], "maxResults": 1}, "time": _now(world)})


def _changes(world: World, call: Call) -> Answer:
    entities = [one for one in call.query.get("entities", "").split(",") if one]
    if not entities or any(entity not in TRANSACTIONS + NAMES for entity in entities):
        return _fault(400, "4001", "Invalid query", "Unsupported entity in entities")
    try:
        since = parse_ms(call.query.get("changedSince", "").replace(" ", "+"))
    except ValueError:
        return _fault(400, "4001", "Invalid query", "changedSince is no date-time")
    if to_ms(world.clock.now()) - since > LOOK_BACK.total_seconds() * 1000:
        return _fault(400, "4001", "Invalid query", "changedSince may lie 30 days back at most")
    view, left, blocks = world.view(), MOST_CHANGES, []
    for entity in entities:
        rows = [
            _wire(world, entity, row) for row in view.table(f"quickbooks.{entity}") if row.changed >= since
        ]
        rows += [
            {
                "domain": "QBO",
                "status": "Deleted",
                "Id": str(row.id),
                "MetaData": {"LastUpdatedTime": _pacific(row.changed)},
            }
            for row in view.table(f"quickbooks.{entity}", GONE)
            if row.changed >= since
        ]
        rows, left = rows[:left], left - min(left, len(rows))
        blocks.append(
            {entity: rows, "startPosition": 1, "maxResults": len(rows), "totalCount": len(rows)}
            if rows
            else {}
        )
    return Answer(200, {"CDCResponse": [{"QueryResponse": blocks}], "time": _now(world)})


# ------------------------------------------------------------------ reports

Months = list[tuple[date, date]]
Ledger = Mapping[str, LedgerAccount]
Amounts = dict[date, Decimal]


def _report(world: World, name: str, call: Call) -> Answer:
    if name not in ("ProfitAndLoss", "CashFlow") or call.query.get("summarize_column_by") != "Month":
        return _fault(400, "4001", "Invalid query", f"The report {name} is not served here like this")
    try:
        first, last = (date.fromisoformat(call.query[key]) for key in ("start_date", "end_date"))
    except (KeyError, ValueError):
        return _fault(400, "4001", "Invalid query", "start_date and end_date are dates")
    months = [
        (max(first, one), min(last, next_month(one) - timedelta(days=1)))
        for one in months_between(first, last)
    ]
    if len(months) > 12:
        return Answer(504, b"<html><body>504 Gateway Time-out</body></html>", content_type="text/html")
    finances, now = world.store.finances, to_ms(world.clock.now())
    cash_basis = call.query.get("accounting_method") == "Cash"
    if name == "ProfitAndLoss":
        found = finances.profit_and_loss(now, cash_basis=cash_basis)
        rows = _profit_rows(
            finances.ledger,
            {
                key: {month: found.get(month, {}).get(key, Decimal(0)) for month in found}
                for key in finances.ledger
            },
            months,
        )
    else:
        found = finances.cash_flow(now)
        rows = _cash_rows(finances.ledger, found, months)
    empty = not any(one.replace(day=1) in found for one, _ in months)
    header = {
        "Time": _now(world),
        "ReportName": name,
        **({"ReportBasis": "Cash" if cash_basis else "Accrual"} if name == "ProfitAndLoss" else {}),
        "StartPeriod": first.isoformat(),
        "EndPeriod": last.isoformat(),
        "SummarizeColumnsBy": "Month",
        "Currency": "USD",
        "Option": [{"Name": "NoReportData", "Value": str(empty).lower()}],
    }
    body = {
        "Header": header,
        "Columns": {"Column": _columns(name, months)},
        "Rows": {} if empty else {"Row": rows},
    }
    return Answer(200, body)


def _columns(name: str, months: Months) -> list[dict[str, Any]]:
    """Titles name days where a month is not whole. The cash flow report has no dates of columns."""
    columns: list[dict[str, Any]] = [
        {"ColTitle": "", "ColType": "Account", "MetaData": [{"Name": "ColKey", "Value": "account"}]}
    ]
    for first, last in months:
        is_whole = first.day == 1 and last == next_month(first) - timedelta(days=1)
        title = f"{first:%b} {first:%Y}" if is_whole else f"{first:%b} {first.day}-{last.day}, {first:%Y}"
        column: dict[str, Any] = {"ColTitle": title, "ColType": "Money"}
        if name == "ProfitAndLoss":
            column["MetaData"] = [
                {"Name": "StartDate", "Value": first.isoformat()},
                {"Name": "EndDate", "Value": last.isoformat()},
            ]
        columns.append(column)
    total: dict[str, Any] = {"ColTitle": "Total", "ColType": "Money"}
    if name == "ProfitAndLoss":
        total["MetaData"] = [{"Name": "ColKey", "Value": "total"}]
    return [*columns, total]


def _cells(
    title: str, amounts: Amounts, months: Months, key: str | None = None, *, blank: bool = False
) -> list[dict[str, str]]:
    values = [amounts.get(first.replace(day=1), Decimal(0)) for first, _ in months]
    texts = ["" if blank and value == 0 else f"{value:.2f}" for value in (*values, sum(values, Decimal(0)))]
    return [{"value": title, **({"id": key} if key else {})}, *({"value": text} for text in texts)]


def _sum(parts: Iterable[Amounts]) -> Amounts:
    total: Amounts = {}
    for amounts in parts:
        for month, value in amounts.items():
            total[month] = total.get(month, Decimal(0)) + value
    return total


def _minus(left: Amounts, right: Amounts) -> Amounts:
    return _sum([left, {month: -value for month, value in right.items()}])


def _account_rows(
    ledger: Ledger, kind: str, amounts: dict[str, Amounts], months: Months
) -> list[dict[str, Any]]:
    """The accounts of a kind with amounts; one with children is a section of its own."""
    rows: list[dict[str, Any]] = []
    moved = {
        key
        for key, by_month in amounts.items()
        if any(by_month.get(first.replace(day=1)) for first, _ in months)
    }
    for key, account in ledger.items():
        children = [one for one in ledger.values() if one.parent == key and one.key in moved]
        if account.kind != kind or account.parent or not (key in moved or children):
            continue
        own = _cells(account.name, amounts[key], months, str(account.id), blank=True)
        if not children:
            rows.append({"ColData": own, "type": "Data"})
            continue
        below = [
            {"ColData": _cells(one.name, amounts[one.key], months, str(one.id), blank=True), "type": "Data"}
            for one in children
        ]
        together = _sum([amounts[key], *(amounts[one.key] for one in children)])
        rows.append(
            {
                "Header": {"ColData": own},
                "Rows": {"Row": below},
                "Summary": {"ColData": _cells(f"Total {account.name}", together, months)},
                "type": "Section",
            }
        )
    return rows


def _profit_rows(ledger: Ledger, amounts: dict[str, Amounts], months: Months) -> list[dict[str, Any]]:
    kinds = {
        "Income": ("Income", "Income"),
        "COGS": ("Cost of Goods Sold", "Cost of Goods Sold"),
        "Expenses": ("Expense", "Expenses"),
        "OtherIncome": ("Other Income", "Other Income"),
    }
    totals = {
        group: _sum(amounts[key] for key, account in ledger.items() if account.kind == kind)
        for group, (kind, _) in kinds.items()
    }
    gross = _minus(totals["Income"], totals["COGS"])
    operating = _minus(gross, totals["Expenses"])
    lines: dict[str, tuple[str, Amounts]] = {
        "GrossProfit": ("Gross Profit", gross),
        "NetOperatingIncome": ("Net Operating Income", operating),
        "NetOtherIncome": ("Net Other Income", totals["OtherIncome"]),
        "NetIncome": ("Net Income", _sum([operating, totals["OtherIncome"]])),
    }
    rows = []
    for group in (
        "Income",
        "COGS",
        "GrossProfit",
        "Expenses",
        "NetOperatingIncome",
        "OtherIncome",
        "NetOtherIncome",
        "NetIncome",
    ):
        if group in lines:
            title, total = lines[group]
            rows.append(
                {"Summary": {"ColData": _cells(title, total, months)}, "type": "Section", "group": group}
            )
            continue
        kind, title = kinds[group]
        inner = _account_rows(ledger, kind, amounts, months)
        if inner:  # groups without data are left out
            head = [{"value": title}, *({"value": ""} for _ in range(len(months) + 1))]
            summary = _cells(f"Total {title}", totals[group], months)
            rows.append(
                {
                    "Header": {"ColData": head},
                    "Rows": {"Row": inner},
                    "Summary": {"ColData": summary},
                    "type": "Section",
                    "group": group,
                }
            )
    return rows


def _cash_rows(ledger: Ledger, found: ByMonth, months: Months) -> list[dict[str, Any]]:
    by_key = {
        key: {month: amounts.get(key, Decimal(0)) for month, amounts in found.items()}
        for key in (*_ADJUSTED, *_CASH)
    }

    def data(title: str, key: str, group: str | None = None, account: str | None = None) -> dict[str, Any]:
        row = {"ColData": _cells(title, by_key[key], months, account, blank=group is None), "type": "Data"}
        return row | ({"group": group} if group else {})

    def section(title: str, group: str, inner: list[dict[str, Any]], total: Amounts) -> dict[str, Any]:
        head = [{"value": title}, *({"value": ""} for _ in range(len(months) + 1))]
        summary = {"ColData": _cells(f"Total {title}", total, months)}
        return {
            "Header": {"ColData": head},
            "Rows": {"Row": inner},
            "Summary": summary,
            "type": "Section",
            "group": group,
        }

    adjusted = _sum(by_key[key] for key in _ADJUSTED)
    adjustments = [data(ledger[key].name, key, account=str(ledger[key].id)) for key in _ADJUSTED]
    operating = [
        data("Net Income", "net_income", "NetIncome"),
        section(
            "Adjustments to reconcile Net Income to net cash", "OperatingAdjustments", adjustments, adjusted
        ),
    ]
    net = _sum([by_key["net_income"], adjusted])
    draws = [data(ledger["draws"].name, "draws", account=str(ledger["draws"].id))]
    increase = _minus(by_key["ending"], by_key["beginning"])
    return [
        section("OPERATING ACTIVITIES", "OperatingActivities", operating, net),
        section("FINANCING ACTIVITIES", "FinancingActivites", draws, by_key["draws"]),
        {
            "Summary": {"ColData": _cells("Net cash increase for period", increase, months)},
            "type": "Section",
            "group": "CashIncrease",
        },
        data("Cash at beginning of period", "beginning", "BeginningCash"),
        {
            "Summary": {"ColData": _cells("Cash at end of period", by_key["ending"], months)},
            "type": "Section",
            "group": "EndingCash",
        },
    ]


_ADJUSTED = ("receivable", "payable", "card", "sales_tax")
_CASH = ("net_income", "draws", "beginning", "ending")
