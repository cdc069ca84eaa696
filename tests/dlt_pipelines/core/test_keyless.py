"""One row without its key stops no source: it is left out and named, its table lacks it, and it is asked for again."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dlt_pipelines.core.load import load
from dlt_pipelines.wire import client as http
from foundation.settings import Company
from sandbox import Sandbox
from tests.dlt_pipelines.conftest import AS_OF, at, query

TOMORROW = "2025-10-28T12:00:00Z"
ROWS = [
    # source, table, path of the pages, where their rows are, name of the key on the wire
    ("hubspot", "deals", r"objects/.*deals", "results", "id"),
    ("hubspot", "associations", r"objects/.*deals", "results.0.associations.contacts.results", "id"),
    ("hubspot", "form_submissions", r"marketing/forms", "results", "id"),
    ("billcom", "bills", r"/bills", "results", "id"),
    ("billcom", "pending_bills", r"/bills", "results", "id"),
    ("billcom", "vendors", r"/vendors", "results", "id"),
    ("quickbooks", "bills", r"query", "QueryResponse.Bill", "Id"),
    ("smartlead", "campaigns", r"/campaigns$|/campaigns\?", "", "id"),
    ("smartlead", "mailboxes", r"/email-accounts/\?offset", "", "id"),
    ("smartlead", "sends", r"/statistics", "data", "lead_email"),
    ("autotask", "time_entries", r"/TimeEntries/query$", "items", "id"),
    ("copper", "activities", r"/activities/search", "", "id"),
    ("zendesk", "tickets", r"/tickets", "tickets", "id"),
    ("intercom", "conversations", r"/conversations/search", "conversations", "id"),
    ("justcall", "calls", r"/calls", "data", "id"),
    ("datto_rmm", "devices", r"/devices", "devices", "uid"),
]


def rows_of(body: Any, where: str) -> list[Any]:
    for name in where.split(".") if where else ():
        if isinstance(body, list):
            body = body[int(name)] if name.isdigit() and len(body) > int(name) else None
        else:
            body = body.get(name) if isinstance(body, dict) else None
    return body if isinstance(body, list) else []


@pytest.mark.parametrize(
    ("source", "table", "path", "where", "key"), ROWS, ids=[f"{row[0]}.{row[1]}" for row in ROWS]
)
def test_a_row_without_its_key_is_left_out_and_asked_for_again(
    sandbox: Sandbox,
    company: Company,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    table: str,
    path: str,
    where: str,
    key: str,
) -> None:
    settings, parsed, spoilt = at(monkeypatch, sandbox, AS_OF), http.Answer.json, set[bytes]()

    def json(answer: http.Answer) -> Any:
        body = parsed(answer)
        rows = rows_of(body, where)
        if answer.body in spoilt or (not spoilt and len(rows) > 1 and re.search(path, answer.path)):
            spoilt.add(answer.body)  # an answer is parsed more than once
            del rows[0][key]
        return body

    with monkeypatch.context() as patch:
        patch.setattr(http.Answer, "json", json)
        report = load(source, settings, company, tables={table})
    assert spoilt
    assert report.status == "ok" and any(
        "left out" in text or "did not come" in text for text in report.warnings
    ), report.warnings
    before = query(settings, f"select count(*) from raw_{source}.{table}")[0][0]
    lacks = (
        "select lacks is not null from ledger.loads where source = ? and table_name = ? order by load_number"
    )
    assert before > 0 and query(settings, lacks, source, table) == [(True,)]
    settings = at(monkeypatch, sandbox, TOMORROW)
    load(source, settings, company, tables={table})
    assert query(settings, lacks, source, table) == [(True,), (False,)]
    assert query(settings, f"select count(*) from raw_{source}.{table}")[0][0] > before
