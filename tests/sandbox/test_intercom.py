"""Intercom keeps the contract at the top of `sandbox/vendors/intercom.py`."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import requests

from sandbox import SANDBOX_CREDENTIALS, Sandbox
from sandbox.engine.store import Store
from sandbox.engine.world import Call, Clock, World
from sandbox.vendors import intercom

HEADERS = {
    "Authorization": f"Bearer {SANDBOX_CREDENTIALS['INTERCOM_API_KEY']}",
    "Accept": "application/json",
    "Intercom-Version": "2.14",
}
DAY = 86_400


def get(sandbox: Sandbox, path: str, **headers: Any) -> requests.Response:
    return requests.get(f"{sandbox.url}/intercom{path}", headers=HEADERS | headers, timeout=30)


def post(sandbox: Sandbox, body: Any, **headers: Any) -> requests.Response:
    return requests.post(
        f"{sandbox.url}/intercom/conversations/search", json=body, headers=HEADERS | headers, timeout=30
    )


def since(seconds: Any, **more: Any) -> dict[str, Any]:
    return {
        "query": {"field": "updated_at", "operator": ">", "value": seconds},
        "pagination": {"per_page": 150},
        **more,
    }


def test_credentials_and_media_type(sandbox: Sandbox) -> None:
    assert get(sandbox, "/me").json()["app"]["id_code"]
    refused = get(sandbox, "/me", Authorization="Bearer x")
    assert (
        refused.status_code == 401
        and refused.json()["type"] == "error.list"
        and "X-RateLimit-Limit" not in refused.headers
    )
    wrong = get(sandbox, "/me", Accept="text/html")
    assert wrong.status_code == 406 and "request_id" not in wrong.json()


def test_a_search_is_paged_by_an_opaque_cursor(sandbox: Sandbox) -> None:
    body = since("0", sort={"field": "updated_at", "order": "ascending"})
    rows: list[dict[str, Any]] = []
    while True:
        page = post(sandbox, body).json()
        rows += page["conversations"]
        if "next" not in page["pages"]:
            break
        body["pagination"]["starting_after"] = page["pages"]["next"]["starting_after"]
    assert (
        len(rows) == page["total_count"] == len({row["id"] for row in rows})
        and page["pages"]["total_pages"] > 3
    )
    stamps = [row["updated_at"] for row in rows]
    assert stamps == sorted(stamps)
    assert all(isinstance(row["id"], str) for row in rows) and any(
        isinstance(row["admin_assignee_id"], int) for row in rows
    )
    assert any(row["statistics"] is None for row in rows) and "conversation_parts" not in rows[0]
    newest = post(sandbox, since("0")).json()["conversations"]
    assert newest[0]["updated_at"] == stamps[-1]


def test_filters_are_strict_and_in_seconds(sandbox: Sandbox) -> None:
    newest = post(sandbox, since(0)).json()["conversations"][0]
    assert post(sandbox, since(newest["updated_at"])).json()["total_count"] == 0
    assert post(sandbox, since(newest["updated_at"] - 1)).json()["total_count"] == 1
    # milliseconds: nothing, and no word about it
    assert post(sandbox, since((newest["updated_at"] - DAY) * 1000)).json()["total_count"] == 0
    before = post(sandbox, since(newest["updated_at"] - 5 * DAY)).json()["total_count"]
    sandbox.fault("intercom", "day_filters")
    assert 0 < post(sandbox, since(newest["updated_at"] - 5 * DAY)).json()["total_count"] < before


def test_wrong_searches(sandbox: Sandbox) -> None:
    big = post(sandbox, since(0, pagination={"per_page": 151}))
    assert big.status_code == 400 and big.json()["errors"][0] == {
        "code": "parameter_invalid",
        "message": "Per Page is too big",
    }
    group: Any = {"field": "open", "operator": "=", "value": True}
    for _ in range(3):
        group = {"operator": "AND", "value": [group]}
    for query in (
        group,
        {"operator": "OR", "value": [group] * 16},
        {"field": "nonsense", "operator": "=", "value": 1},
        None,
    ):
        assert post(sandbox, {"query": query}).status_code == 400
    broken = requests.post(
        f"{sandbox.url}/intercom/conversations/search", data=b"{", headers=HEADERS, timeout=30
    )
    assert broken.status_code == 400 and set(broken.json()) == {"status", "error"}


def test_one_conversation_and_one_that_is_gone(sandbox: Sandbox) -> None:
    row = post(sandbox, since(0)).json()["conversations"][0]
    found = get(sandbox, f"/conversations/{row['id']}").json()
    assert found.pop("conversation_parts") and found == row
    assert get(sandbox, "/conversations/1").json()["errors"][0]["code"] == "not_found"


def test_without_a_pinned_version_the_shape_is_an_old_one(sandbox: Sandbox) -> None:
    pinned = post(sandbox, since(0))
    old = post(sandbox, since(0), **{"Intercom-Version": None})
    assert (pinned.headers["Intercom-Version"], old.headers["Intercom-Version"]) == ("2.14", "2.3")
    with_statistics = [row["statistics"] for row in pinned.json()["conversations"] if row["statistics"]]
    assert all("handling_time" in statistics for statistics in with_statistics)
    assert not any("handling_time" in (row["statistics"] or {}) for row in old.json()["conversations"])


def test_the_window_of_ten_seconds() -> None:
    world = World(Store(), Clock(None), 1, "cedar")
    headers = {name.lower(): value for name, value in HEADERS.items()}

    def call() -> Any:
        return asyncio.run(intercom.handle(world, Call("GET", "/admins", {}, headers, b"", "http://x")))

    answers = [call() for _ in range(168)]
    assert [answer.status for answer in answers] == [200] * 167 + [429]
    refused = answers[-1]
    assert refused.body["errors"][0]["code"] == "rate_limit_exceeded" and "Retry-After" not in refused.headers
    assert 0 < int(refused.headers["X-RateLimit-Reset"]) - time.time() <= 11
