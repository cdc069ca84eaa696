"""Zendesk keeps the contract at the top of `sandbox/vendors/zendesk.py`."""

from __future__ import annotations

import asyncio
import base64
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from sandbox import SANDBOX_CREDENTIALS, Sandbox
from sandbox.engine.store import Store
from sandbox.engine.world import Call, Clock, World
from sandbox.vendors import zendesk

EXPORT = "/incremental/tickets/cursor"
USER = (f"{SANDBOX_CREDENTIALS['ZENDESK_EMAIL']}/token", SANDBOX_CREDENTIALS["ZENDESK_API_KEY"])


def get(sandbox: Sandbox, path: str, auth: Any = USER, **query: Any) -> requests.Response:
    return requests.get(f"{sandbox.url}/zendesk/api/v2{path}", params=query, auth=auth, timeout=30)


def test_the_token_goes_with_the_literal_suffix(sandbox: Sandbox) -> None:
    assert get(sandbox, "/users/me.json").json()["user"]["role"] == "admin"
    for wrong in (None, (USER[0], "x"), (SANDBOX_CREDENTIALS["ZENDESK_EMAIL"], USER[1])):
        refused = get(sandbox, "/users/me", auth=wrong)
        assert (refused.status_code, refused.json()) == (401, {"error": "Couldn't authenticate you"})


def test_the_export_is_walked_by_cursor_to_the_end_of_the_stream(sandbox: Sandbox) -> None:
    page = get(sandbox, EXPORT, start_time=946684800, include="metric_sets").json()
    assert (len(page["tickets"]), page["end_of_stream"], page["before_cursor"]) == (1000, False, None)
    assert "metric_sets" not in page["after_url"]
    stamps = [row["generated_timestamp"] for row in page["tickets"]]
    assert stamps == sorted(stamps)
    assert base64.b64decode(page["after_cursor"]).decode() == f"{stamps[-1]}.0||{page['tickets'][-1]['id']}|"
    following = get(sandbox, f"{EXPORT}.json", cursor=page["after_cursor"]).json()
    assert following["end_of_stream"] and "metric_set" in page["tickets"][0]
    # the sideload has to be asked for on each page
    assert not any("metric_set" in row for row in following["tickets"])
    assert not {row["id"] for row in page["tickets"]} & {row["id"] for row in following["tickets"]}
    end = get(sandbox, EXPORT, cursor=following["after_cursor"]).json()
    assert (end["tickets"], end["after_cursor"], end["end_of_stream"]) == (
        [],
        following["after_cursor"],
        True,
    )


def test_what_changed_comes_again_and_the_last_minute_is_withheld(sandbox: Sandbox) -> None:
    def after(clock: str) -> list[dict[str, Any]]:
        sandbox.set_clock(clock)
        return get(sandbox, EXPORT, start_time=1761566400).json()["tickets"]

    rows = after("2025-10-28T12:00:00Z")
    # the system closes old tickets: `updated_at` stays behind `generated_timestamp`
    assert any(row["status"] == "closed" and row["updated_at"] < "2025-10-27" for row in rows)
    last = max(row["generated_timestamp"] for row in rows)
    assert last not in {
        row["generated_timestamp"] for row in after(datetime.fromtimestamp(last + 59, UTC).isoformat())
    }
    assert last in {
        row["generated_timestamp"] for row in after(datetime.fromtimestamp(last + 60, UTC).isoformat())
    }


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"start_time": "soon"},
        {"start_time": 1761566400, "cursor": "x"},
        {"cursor": "bm9uc2Vuc2U="},
        {"start_time": 1761566390},
    ],
)
def test_a_wrong_start_is_a_400(sandbox: Sandbox, query: dict[str, Any]) -> None:
    assert get(sandbox, EXPORT, **query).status_code == 400


def test_deleted_tickets_stay_as_stubs_and_odd_shapes_are_there(sandbox: Sandbox) -> None:
    rows: list[dict[str, Any]] = []
    query: dict[str, Any] = {"start_time": 0}
    while True:
        page = get(sandbox, EXPORT, include="metric_sets", **query).json()
        rows += page["tickets"]
        if page["end_of_stream"]:
            break
        query = {"cursor": page["after_cursor"]}
    erased = [row for row in rows if row.get("subject") == "SCRUBBED"]
    assert erased and all(
        row["status"] == "deleted" and "priority" not in row and "fields" not in row for row in erased
    )
    living = [row for row in rows if row["status"] != "deleted"]
    assert get(sandbox, "/search/count.json", query="type:ticket").json() == {"count": len(living)}
    assert all(row["assignee_id"] is None or row["assignee_id"] > 2**32 for row in living)
    metrics = [row["metric_set"] for row in living]
    assert any("solved_at" not in metric for metric in metrics)
    assert any(row["via"] is None for row in living) and any(
        row["satisfaction_rating"] is None for row in living
    )
    assert {row["via"]["channel"] for row in living if row["via"]} == {
        "email",
        "web",
        "api",
        "voice",
        "sample_ticket",
    }


def test_lists_have_their_own_paging(sandbox: Sandbox) -> None:
    page = get(sandbox, "/users.json", **{"role[]": ["agent", "admin"], "page[size]": 3}).json()
    assert len(page["users"]) == 3 and page["meta"]["has_more"] and page["links"]["next"]
    rest = get(
        sandbox, "/users.json", **{"role[]": ["agent", "admin"], "page[after]": page["meta"]["after_cursor"]}
    ).json()
    assert not rest["meta"]["has_more"] and {row["role"] for row in page["users"] + rest["users"]} == {
        "agent",
        "admin",
    }
    assert get(sandbox, "/nonsense").json() == {"error": "InvalidEndpoint", "description": "Not found"}


def test_ten_exports_a_minute() -> None:
    headers = {"authorization": f"Basic {base64.b64encode(':'.join(USER).encode()).decode()}"}
    world = World(Store(), Clock(None), 1, "cedar")

    def call(path: str, query: dict[str, str]) -> Any:
        return asyncio.run(zendesk.handle(world, Call("GET", path, query, headers, b"", "http://x")))

    answers = [call("/api/v2/incremental/tickets/cursor", {"start_time": "1"}) for _ in range(11)]
    assert [answer.status for answer in answers] == [200] * 10 + [429]
    assert answers[-1].headers["Retry-After"] == "60" and answers[9].headers["ratelimit-remaining"] == "0"
    assert call("/api/v2/groups", {}).status == 200  # ordinary calls have a limit of their own
