"""Queries of QuickBooks, page by page, and their rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

from dlt_pipelines.core.records import at
from dlt_pipelines.core.values import as_json
from dlt_pipelines.errors import Gone
from dlt_pipelines.sources.quickbooks.fields import NAMES
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.paging import entries, expect, listed

PAGE, SHARED = 500, 20
"""Rows of a page, and how many of them are the last ones of the page before."""


def iso(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def walk(client: Client, entity: str, where: str = "", fields: str = "*") -> Iterator[list[dict[str, Any]]]:
    """Pages of an entity in the order of ids."""

    def pages() -> Iterator[list[dict[str, Any]]]:
        start = 1
        before: list[dict[str, Any]] = []
        while True:
            statement = (
                f"select {fields} from {entity}{where} orderby Id startposition {start} maxresults {PAGE}"
            )
            found = client.get(
                "/query", {"query": statement}, complaint=partial(_incomplete, entity=entity, start=start)
            )
            rows = entries(
                found,
                f"QuickBooks {entity}",
                "QueryResponse",
                entity,
                beside=("startPosition", "maxResults", "totalCount"),
            )
            if before and before[-1].get("Id") not in {row.get("Id") for row in rows}:
                raise Gone("rows vanished while pages were turned")
            known = {(row.get("Id"), row.get("SyncToken")) for row in before}
            if new := [row for row in rows if (row.get("Id"), row.get("SyncToken")) not in known]:
                yield new
            if len(rows) < PAGE:
                return
            start, before = start + PAGE - SHARED, rows

    yield from listed(pages, f"QuickBooks {entity}")


def _incomplete(answer: Any, entity: str, start: int) -> str | None:
    """What is wrong with a page that was asked for from `start` on. Without rows the entity's key is
    missing."""
    found = at(answer, "QueryResponse")
    if not isinstance(found, dict):
        return None
    rows = found.get(entity)
    if rows is None:
        if start > 1:
            return "an empty page in the middle"
        others = [name for name, value in found.items() if isinstance(value, list)]
        return f"an answer with {', '.join(others)} instead of {entity}" if others else None
    if found.get("startPosition", start) != start:
        return f"a page from {found['startPosition']} on instead of {start}"
    if isinstance(rows, list) and found.get("maxResults", len(rows)) != len(rows):
        return f"a page of {len(rows)} rows that says it has {found['maxResults']}"
    return None


def count(client: Client, entity: str, where: str = "") -> int:
    """How many rows of an entity there are."""
    answer = client.get("/query", {"query": f"select count(*) from {entity}{where}"})
    return int(expect(answer, int, f"QuickBooks count of {entity}", "QueryResponse", "totalCount"))


def prepared(row: dict[str, Any], name: str) -> dict[str, Any]:
    """A row with the fields that are worked out."""
    if "Metadata" in row:
        row = {**row, "MetaData": row["Metadata"]}
    if name == "vendors":
        return {**row, "_has_tax_id": bool(row.get("TaxIdentifier"))}
    if name in NAMES:
        return row
    note = row.get("PrivateNote")
    return {
        **row,
        "_voided": row.get("TotalAmt") == 0 and isinstance(note, str) and "voided" in note.lower(),
        "_lines": as_json(list(_lines(row.get("Line")))),
        "_linked": as_json(_links(row)),
        "_credit": row.get("Credit") is True,
        "_paid_from": (
            at(row, "CheckPayment.BankAccountRef.value") or at(row, "CreditCardPayment.CCAccountRef.value")
        ),
    }


def _links(row: dict[str, Any]) -> list[dict[str, Any]]:
    linked = row.get("LinkedTxn")
    return [
        {"id": at(one, "TxnId"), "type": at(one, "TxnType")}
        for one in (linked if isinstance(linked, list) else ())
    ]


def _lines(lines: Any) -> Iterator[dict[str, Any]]:
    """The lines that count, those of groups among them. Subtotals would count twice."""
    for line in lines if isinstance(lines, list) else ():
        if not isinstance(line, dict):
            continue
        kind = line.get("DetailType")
        detail = found if isinstance(found := line.get(str(kind)), dict) else {}
        if kind == "GroupLineDetail":
            yield from _lines(detail.get("Line"))
        elif kind not in ("SubTotalLineDetail", "DescriptionOnly"):
            amount = line.get("Amount")
            yield {
                "id": line.get("Id"),
                "kind": kind,
                "amount": None if amount is None else str(amount),
                "account_id": at(detail, "AccountRef.value") or at(detail, "ItemAccountRef.value"),
                "item_id": at(detail, "ItemRef.value"),
                "customer_id": at(detail, "CustomerRef.value"),
                "description": line.get("Description"),
                "linked": _links(line),
            }


def company_facts(client: Client) -> tuple[dict[str, Any], dict[str, Any]]:
    found = []
    for entity in ("CompanyInfo", "Preferences"):
        answer = client.get("/query", {"query": f"select * from {entity}"})
        rows = expect(answer, list, "QuickBooks company", "QueryResponse", entity)
        found.append(dict(rows[0]) if rows and isinstance(rows[0], dict) else {})
    return found[0], found[1]
