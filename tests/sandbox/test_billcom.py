"""Bill.com keeps the contract at the top of `sandbox/vendors/billcom.py`."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from sandbox import SANDBOX_CREDENTIALS, Sandbox

WHO = {
    "username": SANDBOX_CREDENTIALS["BILLCOM_USERNAME"],
    "password": SANDBOX_CREDENTIALS["BILLCOM_PASSWORD"],
    "organizationId": SANDBOX_CREDENTIALS["BILLCOM_ORG_ID"],
    "devKey": SANDBOX_CREDENTIALS["BILLCOM_API_KEY"],
}


def login(sandbox: Sandbox, **change: Any) -> requests.Response:
    body = {name: value for name, value in (WHO | change).items() if value is not None}
    return requests.post(f"{sandbox.url}/billcom/v3/login", json=body, timeout=30)


@pytest.fixture
def session(sandbox: Sandbox) -> requests.Session:
    found = requests.Session()
    found.headers.update({"devKey": WHO["devKey"], "sessionId": login(sandbox).json()["sessionId"]})
    return found


def get(sandbox: Sandbox, session: requests.Session, path: str, **query: Any) -> Any:
    return session.get(f"{sandbox.url}/billcom/v3{path}", params=query, timeout=30)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"password": "x"}, 401, "BDC_1101"),
        ({"organizationId": "008x"}, 401, "BDC_1101"),
        ({"devKey": "x"}, 400, "BDC_1102"),
        ({"devKey": None}, 400, None),
    ],
)
def test_refused_logins(sandbox: Sandbox, change: dict[str, Any], status: int, code: str | None) -> None:
    answer = login(sandbox, **change)
    assert (answer.status_code, answer.json()[0].get("code")) == (status, code)
    if code is None:
        assert answer.json()[0]["message"] == "devKey: must not be null"


def test_a_session_is_needed_and_ends_with_logout(sandbox: Sandbox, session: requests.Session) -> None:
    assert get(sandbox, session, "/login/session").json()["organizationId"] == WHO["organizationId"]
    session.post(f"{sandbox.url}/billcom/v3/logout", timeout=30)
    refused = get(sandbox, session, "/bills")
    assert (refused.status_code, refused.json()[0]["code"]) == (401, "BDC_1109")
    session.headers["devKey"] = "x"
    assert get(sandbox, session, "/bills").json()[0]["code"] == "BDC_1102"


def test_pages_by_cursor(sandbox: Sandbox, session: requests.Session) -> None:
    assert len(get(sandbox, session, "/bills").json()["results"]) == 20
    query: dict[str, Any] = {"max": 100, "sort": "createdTime:desc"}
    rows: list[dict[str, Any]] = []
    while True:
        page = get(sandbox, session, "/bills", **query).json()
        rows += page["results"]
        if "nextPage" not in page:
            break
        query["page"] = page["nextPage"]
    assert len(rows) == len({row["id"] for row in rows}) > 200
    assert [row["createdTime"] for row in rows] == sorted((row["createdTime"] for row in rows), reverse=True)
    one = get(sandbox, session, f"/bills/{rows[0]['id']}").json()
    assert one == rows[0]
    assert (
        get(sandbox, session, "/bills", **query | {"filters": "archived:eq:true"}).status_code == 400
    )  # another listing's cursor


@pytest.mark.parametrize(
    "query",
    [
        {"max": 0},
        {"max": 101},
        {"page": 2},
        {"limit": 5},
        {"filters": "approvalStatus:eq:PENDING"},
        {"filters": "dueAmount:gt:5"},
        {"filters": "updatedTime:gte:2025-10-01"},
        {"sort": "amount:desc"},
    ],
)
def test_refused_queries(sandbox: Sandbox, session: requests.Session, query: dict[str, Any]) -> None:
    assert get(sandbox, session, "/bills", **query).status_code == 400


def test_filters(sandbox: Sandbox, session: requests.Session) -> None:
    waiting = get(sandbox, session, "/bills", max=100, filters="approvalStatus:eq:ASSIGNED").json()["results"]
    assert waiting and {row["approvalStatus"] for row in waiting} == {"ASSIGNED"}
    since = '"2025-10-20T00:00:00.000Z"'
    changed = get(
        sandbox, session, "/bills", max=100, filters=f"updatedTime:gte:{since},archived:eq:false"
    ).json()["results"]
    assert changed and min(row["updatedTime"] for row in changed) >= "2025-10-20"


def test_what_is_empty_is_left_out(sandbox: Sandbox, session: requests.Session) -> None:
    rows = get(sandbox, session, "/vendors", max=100).json()["results"]
    keys = {frozenset(row["additionalInfo"]) for row in rows}
    assert any("taxId" in one for one in keys) and any("taxId" not in one for one in keys)
    assert any("payByType" not in row["paymentInformation"] for row in rows)
    assert any("bankAccountStatus" not in row for row in rows)
    assert any('"' in row["name"] for row in rows)
