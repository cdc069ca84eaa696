"""Autotask keeps the contract at the top of `sandbox/vendors/autotask/__init__.py`, over HTTP; the limits that
need many calls in one process."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest
import requests

from sandbox import SANDBOX_CREDENTIALS, Sandbox
from sandbox.engine.store import Store
from sandbox.engine.world import Call, Clock, Limits, World
from sandbox.vendors import autotask
from tests.support.wire import EVERYTHING, Wire


def first(wire: Wire, entity: str, conditions: list[dict[str, Any]], **more: Any) -> requests.Response:
    return wire.entity(f"{entity}/query", json={"Filter": conditions} | more)


# ------------------------------------------------------------------ the way in


def test_zone_discovery_needs_the_user_only(wire: Wire) -> None:
    address = f"{wire.url}/autotask/atservicesrest/v1.0/zoneInformation"
    zone = requests.get(address, params={"user": SANDBOX_CREDENTIALS["AUTOTASK_USERNAME"]}).json()
    assert zone["url"] == f"{wire.url}/autotask/ATServicesRest/"
    unknown = requests.get(address, params={"user": "nobody@nowhere.example"})
    assert unknown.status_code == 500 and isinstance(unknown.json()["errors"][0], str)


@pytest.mark.parametrize("wrong", ["Secret", "UserName", "ApiIntegrationCode"])
def test_wrong_credentials_are_a_401(wire: Wire, wrong: str) -> None:
    assert (
        wire.entity("Tickets/query/count", json={"Filter": EVERYTHING}, headers={wrong: "x"}).status_code
        == 401
    )
    assert (
        wire.entity("Tickets/query/count", json={"Filter": EVERYTHING}, headers={wrong: None}).status_code
        == 401
    )


def test_paths_ignore_case(wire: Wire) -> None:
    headers = {name.lower(): value for name, value in wire.autotask_headers.items()}
    answer = requests.post(
        f"{wire.url}/autotask/atservicesrest/v1.0/tickets/query",
        json={"filter": EVERYTHING, "maxrecords": 1},
        headers=headers,
    )
    assert answer.status_code == 200 and answer.json()["pageDetails"]["count"] == 1


def test_unknown_entities_and_ids(wire: Wire) -> None:
    assert wire.entity("Unicorns/query", json={"Filter": EVERYTHING}).status_code == 404
    assert wire.entity("Tickets/1", "GET").json() == {"item": None}
    some = first(wire, "Tickets", EVERYTHING, MaxRecords=1).json()["items"][0]
    assert wire.entity(f"Tickets/{some['id']}", "GET").json()["item"] == some


# ------------------------------------------------------------------ queries


@pytest.mark.parametrize("size", [0, 501, "many"])
def test_page_size_out_of_range_is_a_500_that_names_the_range(wire: Wire, size: Any) -> None:
    answer = first(wire, "Tickets", EVERYTHING, MaxRecords=size)
    assert answer.status_code == 500
    assert "between 1 and 500" in answer.json()["errors"][0]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"Filter": []},
        {"Filter": [{"op": "between", "field": "id", "value": [1, 2]}]},
        {"Filter": [{"op": "eq", "field": "Company.companyName", "value": "x"}]},
        {"Filter": [{"op": "eq", "field": "creatorType", "value": 1}]},
        {"Filter": [{"op": "gte", "field": "createDate", "value": "yesterday"}]},
        {"Filter": [{"op": "and", "items": []}]},
        {"Filter": [{"op": "or", "items": [{"op": "eq", "field": "id", "value": n} for n in range(501)]}]},
        {"Filter": EVERYTHING, "IncludeFields": ["id", "isBillable"]},
    ],
)
def test_a_query_that_is_not_valid_is_a_500_with_texts(wire: Wire, body: dict[str, Any]) -> None:
    answer = wire.entity("Tickets/query", json=body)
    assert answer.status_code == 500
    assert all(isinstance(text, str) for text in answer.json()["errors"])


def test_pages_are_posted_with_the_same_body(wire: Wire) -> None:
    body = {
        "MaxRecords": 500,
        "IncludeFields": ["id", "ticketNumber"],
        "Filter": [{"op": "eq", "field": "queueID", "value": 29680011}],
    }
    page = wire.entity("Tickets/query", json=body).json()
    rows, details = page["items"], page["pageDetails"]
    assert (details["count"], details["requestCount"], details["prevPageUrl"]) == (500, 500, None)
    refused = requests.get(details["nextPageUrl"], headers=wire.autotask_headers)
    assert refused.status_code == 405 and "does not support http method 'GET'" in refused.json()["Message"]
    while details["nextPageUrl"]:
        page = requests.post(details["nextPageUrl"], json=body, headers=wire.autotask_headers).json()
        rows, details = rows + page["items"], page["pageDetails"]
    assert rows == wire.query("Tickets", body["Filter"], body["IncludeFields"])
    assert [row["id"] for row in rows] == sorted({row["id"] for row in rows})
    assert set(rows[0]) == {"id", "ticketNumber"}
    assert wire.entity("Tickets/query/count", json=body).json() == {"queryCount": len(rows)}


def test_a_get_query_is_paged_by_get(wire: Wire) -> None:
    search = json.dumps({"MaxRecords": 500, "Filter": EVERYTHING})
    page = wire.entity("Companies/query", "GET", params={"search": search}).json()
    assert page["pageDetails"]["nextPageUrl"] is None
    page = wire.entity("Companies/query", "GET", params={"search": search.replace("500", "50")}).json()
    rest = requests.get(page["pageDetails"]["nextPageUrl"], headers=wire.autotask_headers).json()
    assert len(page["items"]) == 50 and len(rest["items"]) == 31
    many = {"Filter": [{"op": "in", "field": "id", "value": list(range(600))}]}
    assert wire.entity("Companies/query", "GET", params={"search": json.dumps(many)}).status_code == 404


@pytest.mark.parametrize(
    ("condition", "keeps"),
    [
        ({"op": "eq", "field": "STATUS", "value": 5}, lambda row: row["status"] == 5),
        ({"op": "noteq", "field": "status", "value": "5"}, lambda row: row["status"] != 5),
        ({"op": "in", "field": "status", "value": [1, 8]}, lambda row: row["status"] in (1, 8)),
        ({"op": "notIn", "field": "status", "value": [5]}, lambda row: row["status"] != 5),
        ({"op": "exist", "field": "completedDate"}, lambda row: row["completedDate"] is not None),
        ({"op": "notExist", "field": "completedDate"}, lambda row: row["completedDate"] is None),
        (
            {"op": "gte", "field": "createDate", "value": "2025-10-20"},
            lambda row: row["createDate"] >= "2025-10-20",
        ),
        (
            {"op": "lt", "field": "createDate", "value": "2024-08-01T00:00:00Z"},
            lambda row: row["createDate"] < "2024-08-01",
        ),
        (
            {"op": "beginsWith", "field": "title", "value": "Printer"},
            lambda row: row["title"].startswith("Printer"),
        ),
        ({"op": "endsWith", "field": "title", "value": "reset"}, lambda row: row["title"].endswith("reset")),
        ({"op": "contains", "field": "title", "value": "mailbox"}, lambda row: "mailbox" in row["title"]),
        (
            {
                "op": "or",
                "items": [
                    {"op": "eq", "field": "status", "value": 1},
                    {"op": "eq", "field": "priority", "value": 4},
                ],
            },
            lambda row: row["status"] == 1 or row["priority"] == 4,
        ),
        (
            {
                "op": "and",
                "items": [
                    {"op": "eq", "field": "status", "value": 5},
                    {"op": "eq", "field": "priority", "value": 4},
                ],
            },
            lambda row: row["status"] == 5 and row["priority"] == 4,
        ),
    ],
)
def test_operators(wire: Wire, tickets: list[dict[str, Any]], condition: dict[str, Any], keeps: Any) -> None:
    wanted = sum(bool(keeps(row)) for row in tickets)
    assert wire.entity("Tickets/query/count", json={"Filter": [condition]}).json()["queryCount"] == wanted > 0


@pytest.fixture(scope="module")
def tickets(unlimited_sandbox: Sandbox) -> list[dict[str, Any]]:
    return Wire(unlimited_sandbox.url).query("Tickets")


def test_wire_formats(wire: Wire) -> None:
    """Decimals with four digits, date-times with a cut fraction, the work date at midnight Z, nulls as
    nulls."""
    text = first(wire, "TimeEntries", EVERYTHING, MaxRecords=200).text
    assert re.search(r'"hoursWorked":\d+\.\d{4}[,}]', text) and not re.search(
        r'"hoursWorked":\d+\.\d{1,3}[,}]', text
    )
    entries = json.loads(text)["items"]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT00:00:00Z", entry["dateWorked"]) for entry in entries)
    rows = first(wire, "Tickets", EVERYTHING).json()["items"]
    fractions = {len(row["createDate"]) for row in rows}
    assert all(not re.search(r"\.\d*0Z|\.Z", row["createDate"]) for row in rows) and len(fractions) > 1
    assert all(row["userDefinedFields"] == [{"name": "Region", "value": None}] for row in rows)
    assert all(isinstance(row["queueID"], int) for row in rows)


def test_picklists_hold_texts_and_inactive_values(wire: Wire, tickets: list[dict[str, Any]]) -> None:
    fields = {
        field["name"]: field
        for field in wire.entity("Tickets/entityInformation/fields", "GET").json()["fields"]
    }
    queues = {value["value"]: value for value in fields["queueID"]["picklistValues"]}
    assert queues["29680010"]["label"] == "Reactive Ops" and len(queues) == 4
    inactive = [int(value) for value, row in queues.items() if not row["isActive"]]
    assert len(inactive) == 1 and any(row["queueID"] == inactive[0] for row in tickets)
    assert fields["title"]["isPickList"] is False
    assert wire.entity("Tickets/entityInformation", "GET").json()["info"]["canQuery"] is True


def test_without_the_permission_non_billable_time_is_hidden_silently(sandbox: Sandbox, wire: Wire) -> None:
    whole = wire.query("TimeEntries", [{"op": "gte", "field": "dateWorked", "value": "2025-10-01"}])
    sandbox.fault("autotask", "hide_non_billable")
    part = wire.query("TimeEntries", [{"op": "gte", "field": "dateWorked", "value": "2025-10-01"}])
    assert 0 < len(part) < len(whole)
    assert not any(
        row["isNonBillable"] or (row["ticketID"] is None and row["taskID"] is None) for row in part
    )


def test_deleted_tickets_are_gone_without_a_trace(sandbox: Sandbox, wire: Wire) -> None:
    sandbox.set_clock("2025-10-20T23:00:00Z")
    before = {row["id"] for row in wire.query("Tickets", fields=["id"])}
    sandbox.set_clock("2025-10-27T12:00:00Z")
    after = {row["id"] for row in wire.query("Tickets", fields=["id"])}
    gone = before - after
    assert gone and wire.entity(f"Tickets/{gone.pop()}", "GET").json() == {"item": None}


def test_bulk_approval_gives_many_rows_the_same_moment(sandbox: Sandbox, wire: Wire) -> None:
    sandbox.set_clock("2025-10-29T12:00:00Z")
    rows = wire.query(
        "TimeEntries", [{"op": "gte", "field": "lastModifiedDateTime", "value": "2025-10-28T12:00:00Z"}]
    )
    moments = [row["lastModifiedDateTime"] for row in rows]
    assert max(moments.count(moment) for moment in set(moments)) > 100


# ------------------------------------------------------------------ limits


def _world(**limits: int) -> World:
    store = Store()
    store.add("autotask.tickets", 7, 0, {"title": "One"})
    return World(store, Clock(None), 1, "cedar", Limits(**limits))


def _call(path: str = "Tickets/query", method: str = "POST") -> Call:
    credentials = SANDBOX_CREDENTIALS
    headers = {
        "apiintegrationcode": credentials["AUTOTASK_INTEGRATION_CODE"],
        "username": credentials["AUTOTASK_USERNAME"],
        "secret": credentials["AUTOTASK_SECRET"],
    }
    return Call(
        method,
        f"/ATServicesRest/V1.0/{path}",
        {},
        headers,
        json.dumps({"Filter": EVERYTHING}).encode(),
        "http://127.0.0.1/autotask",
    )


def test_the_fourth_request_to_one_entity_is_refused() -> None:
    world = _world()

    async def four() -> list[Any]:
        calls = [autotask.handle(world, _call()) for _ in range(4)]
        return await asyncio.gather(*calls, autotask.handle(world, _call("Resources/query")))

    answers = asyncio.run(four())
    assert [answer.status for answer in answers] == [200, 200, 200, 500, 200]
    text = json.loads(answers[3].content())["errors"][0]
    assert "Thread Threshold Exceeded" in text and "Itgenatr005" in text
    assert asyncio.run(autotask.handle(world, _call())).status == 200


def test_the_hour_is_limited() -> None:
    world = _world(autotask_hourly=2)

    async def three() -> list[int]:
        return [(await autotask.handle(world, _call())).status for _ in range(3)]

    assert asyncio.run(three()) == [200, 200, 429]


def test_threshold_information_counts(limited: Sandbox) -> None:
    wire = Wire(limited.url)
    before = wire.entity("ThresholdInformation", "GET").json()
    wire.entity("Tickets/query/count", json={"Filter": EVERYTHING})
    after = wire.entity("ThresholdInformation", "GET").json()
    assert before["externalRequestThreshold"] == 10_000
    assert after["currentTimeframeRequestCount"] - before["currentTimeframeRequestCount"] == 2
