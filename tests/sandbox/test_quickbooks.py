"""QuickBooks' wire contract in the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from sandbox import SANDBOX_CREDENTIALS, Sandbox

KEYS = (SANDBOX_CREDENTIALS["QUICKBOOKS_CLIENT_ID"], SANDBOX_CREDENTIALS["QUICKBOOKS_CLIENT_SECRET"])
TYPED = SANDBOX_CREDENTIALS["QUICKBOOKS_REFRESH_TOKEN"]
REALM = SANDBOX_CREDENTIALS["QUICKBOOKS_REALM_ID"]
Get = Callable[..., requests.Response]


def exchange(sandbox: Sandbox, token: str, keys: tuple[str, str] = KEYS) -> requests.Response:
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return requests.post(f"{sandbox.url}/quickbooks/oauth2/v1/tokens/bearer", form, auth=keys, timeout=30)


def asker(sandbox: Sandbox, token: str) -> Get:
    def get(
        path: str, realm: str = REALM, accept: str = "application/json", **params: Any
    ) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}", "Accept": accept}
        return requests.get(
            f"{sandbox.url}/quickbooks/v3/company/{realm}/{path}", params=params, headers=headers, timeout=30
        )

    return get


@pytest.fixture
def get(sandbox: Sandbox) -> Get:
    return asker(sandbox, exchange(sandbox, TYPED).json()["access_token"])


def test_tokens(sandbox: Sandbox) -> None:
    assert exchange(sandbox, TYPED, ("x", "y")).json() == {"error": "invalid_client"}
    assert exchange(sandbox, "AB11-nonsense").json()["error"] == "invalid_grant"
    typed = f"{TYPED}.sandbox"
    first = exchange(sandbox, typed).json()
    assert (first["token_type"], first["expires_in"], first["x_refresh_token_expires_in"]) == (
        "bearer",
        3600,
        8_640_000,
    )
    # not used yet: the one before is still good, and only the newer successor
    second = exchange(sandbox, typed).json()
    assert exchange(sandbox, first["refresh_token"]).status_code == 400
    # the same value comes back for a day
    assert exchange(sandbox, second["refresh_token"]).json()["refresh_token"] == second["refresh_token"]
    assert exchange(sandbox, typed).status_code == 400
    sandbox.set_clock("2025-10-28T12:00:01Z")
    third = exchange(sandbox, second["refresh_token"]).json()
    assert third["refresh_token"] != second["refresh_token"]
    assert exchange(sandbox, second["refresh_token"]).status_code == 200
    fourth = exchange(sandbox, second["refresh_token"]).json()
    assert (
        asker(sandbox, fourth["access_token"])("query", query="select count(*) from Bill").status_code == 200
    )
    assert (
        exchange(sandbox, second["refresh_token"]).status_code == 400
    )  # the access token of its successor was used
    sandbox.set_clock("2026-03-01T12:00:00Z")
    assert exchange(sandbox, fourth["refresh_token"]).status_code == 400  # 100 days unused


def test_gateway_and_service_write_errors_differently(sandbox: Sandbox, get: Get) -> None:
    refused = asker(sandbox, "wrong")("query", query="select * from Bill")
    assert (refused.status_code, refused.json()["fault"]["error"][0]["code"]) == (401, "3200")
    assert get("query", realm="1", query="select * from Bill").json()["fault"]["error"][0]["code"] == "3100"
    assert get("bill/999").json()["Fault"]["Error"][0]["code"] == "610"
    assert (
        get("query", query="select * from Bill", accept="*/*").headers["content-type"].startswith("text/xml")
    )


def test_queries(get: Get) -> None:
    answer = get("query", query="select * from Invoice orderby Id startposition 3 maxresults 2").json()[
        "QueryResponse"
    ]
    assert (answer["startPosition"], answer["maxResults"], len(answer["Invoice"])) == (3, 2, 2)
    assert answer["Invoice"][0]["Line"][-1]["DetailType"] == "SubTotalLineDetail"
    assert (
        get("query", query="select * from Bill where TxnDate >= '2031-01-01'").json()["QueryResponse"] == {}
    )
    assert len(get("query", query="select * from Purchase").json()["QueryResponse"]["Purchase"]) == 100
    active = get("query", query="select count(*) from Vendor").json()["QueryResponse"]["totalCount"]
    every = get("query", query="select count(*) from Vendor where Active in (true, false)").json()[
        "QueryResponse"
    ]["totalCount"]
    assert every == active + 1
    for statement in (
        "select * from Bill startposition 0",
        "select * from Bill maxresults 1001",
        "select * from Bill where Active = true",
        "select * from Bill where TxnDate >= '2025-01-01' or Balance = '0'",
        "select * from Nothing",
        "delete from Bill",
    ):
        refused = get("query", query=statement)
        assert (refused.status_code, refused.json()["Fault"]["Error"][0]["code"] in ("4000", "4001")) == (
            400,
            True,
        ), statement
    changed = get(
        "query", query="select * from Invoice where MetaData.LastUpdatedTime >= '2025-10-24T00:00:00-07:00'"
    ).json()
    stamps = [row["MetaData"]["LastUpdatedTime"] for row in changed["QueryResponse"]["Invoice"]]
    assert min(stamps) >= "2025-10-24" and all(stamp.endswith("-07:00") for stamp in stamps)


def test_changes(sandbox: Sandbox, get: Get) -> None:
    sandbox.set_clock("2025-11-12T12:00:00Z")
    answer = get("cdc", entities="Bill,Payment,Account", changedSince="2025-10-27T00:00:00Z").json()[
        "CDCResponse"
    ][0]["QueryResponse"]
    assert [row["status"] for row in answer[0]["Bill"] + answer[1]["Payment"] if "status" in row] == [
        "Deleted",
        "Deleted",
    ]
    assert answer[2] == {}
    assert get("cdc", entities="Bill", changedSince="2025-10-01T00:00:00Z").status_code == 400


def test_reports(get: Get) -> None:
    months = {"start_date": "2025-09-01", "end_date": "2025-10-27", "summarize_column_by": "Month"}
    answer = get("reports/ProfitAndLoss", accounting_method="Accrual", **months).json()
    assert [column["ColTitle"] for column in answer["Columns"]["Column"]] == [
        "",
        "Sep 2025",
        "Oct 1-27, 2025",
        "Total",
    ]
    assert answer["Header"]["ReportBasis"] == "Accrual"
    cash = get("reports/CashFlow", **months).json()
    assert "ReportBasis" not in cash["Header"] and "MetaData" not in cash["Columns"]["Column"][1]
    nothing = get(
        "reports/ProfitAndLoss", start_date="2020-01-01", end_date="2020-02-28", summarize_column_by="Month"
    ).json()
    assert nothing["Rows"] == {} and nothing["Header"]["Option"][0]["Value"] == "true"
    assert (
        get(
            "reports/ProfitAndLoss",
            start_date="2020-01-01",
            end_date="2025-02-28",
            summarize_column_by="Month",
        ).status_code
        == 504
    )


def test_limits(limited: Sandbox) -> None:
    ask = asker(limited, exchange(limited, TYPED).json()["access_token"])
    statuses = [ask("query", query="select count(*) from Bill").status_code for _ in range(40)]
    assert 429 in statuses and statuses[0] == 200
    refused = next(
        answer
        for answer in iter(lambda: ask("query", query="select count(*) from Bill"), None)
        if answer.status_code == 429
    )
    assert refused.json()["Fault"]["Error"][0]["code"] == "3001" and "Retry-After" not in refused.headers
