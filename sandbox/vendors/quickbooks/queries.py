"""QuickBooks' query language, and the company's own records."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sandbox.engine.store import Row, View, parse_ms
from sandbox.engine.world import Answer, World
from sandbox.vendors.quickbooks.errors import invalid
from sandbox.vendors.quickbooks.objects import NAMES, TRANSACTIONS, time_now, wire

_COUNTED = ("Invoice", "Bill", "BillPayment")
"""Entities whose pages carry totalCount."""
MOST_ROWS = 1_000


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


def answer_query(world: World, statement: str) -> Answer:
    match = _STATEMENT.fullmatch(statement.strip())
    if match is None:
        raise invalid(f"QueryParserError: {statement[:80]}", "4000")
    entity, what = match["entity"], match["what"].lower()
    if entity == "CompanyInfo":
        return _only(world, entity, _COMPANY)
    if entity == "Preferences":
        return _only(world, entity, _PREFERENCES)
    if entity not in TRANSACTIONS + NAMES:
        raise invalid(f"QueryValidationError: unknown entity {entity}")
    paging = {
        name.lower(): int(value)
        for name, value in re.findall(r"(startposition|maxresults)\s+(\d+)", match["paging"], re.I)
    }
    start, most = paging.get("startposition", 1), paging.get("maxresults", 100)
    if start < 1 or most > MOST_ROWS:
        raise invalid("QueryValidationError: value of startposition or maxresults is out of range")
    view = world.view()
    rows = _matching(view, entity, match["where"] or "")
    if what == "count(*)":
        return Answer(200, {"QueryResponse": {"totalCount": len(rows)}, "time": time_now(world)})
    if match["order"] and match["order"].lower() != "id":
        rows.sort(
            key=lambda row: (_field(entity, row, match["order"]), row.id),
            reverse=(match["way"] or "").strip().lower() == "desc",
        )
    page = rows[start - 1 : start - 1 + most]
    if not page:
        return Answer(200, {"QueryResponse": {}, "time": time_now(world)})
    found: dict[str, Any] = {
        entity: [wire(world, entity, row) if what == "*" else {"Id": str(row.id)} for row in page]
    }
    found |= {"startPosition": start, "maxResults": len(page)}
    if entity in _COUNTED:
        found["totalCount"] = len(page)
    return Answer(200, {"QueryResponse": found, "time": time_now(world)})


def _matching(view: View, entity: str, where: str) -> list[Row]:
    conditions, end = [], 0
    for condition in _CONDITION.finditer(where):
        if condition.start() != end:
            break
        conditions.append((condition[1], condition[2].lower(), condition[3]))
        end = condition.end()
    if end != len(where):
        raise invalid(f"QueryParserError: cannot read {where[end : end + 60]}", "4000")
    fields = {field.lower() for field, _, _ in conditions}
    if "active" in fields and entity in TRANSACTIONS:
        raise invalid("QueryValidationError: property 'Active' not found for this entity")
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
            raise invalid("QueryValidationError: LIKE is not served here")
    return rows


def _value(field: str, text: str) -> Any:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    plain = re.sub(r"\\(.)", r"\1", text.strip("'"))
    if field.lower().startswith("metadata."):
        try:
            return parse_ms(plain.replace(" ", "+")) // 1000
        except ValueError:
            raise invalid(f"QueryValidationError: {plain} is no date-time") from None
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
    raise invalid(f"QueryValidationError: property '{field}' not found for Entity {entity}")


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
    return Answer(200, {"QueryResponse": {entity: [row], "maxResults": 1}, "time": time_now(world)})
