"""Datto's Partner Portal keeps the contract at the top of `sandbox/vendors/datto_bcdr.py`, over HTTP."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import requests

from sandbox import SANDBOX_CREDENTIALS, Sandbox
from sandbox.engine.store import Store
from sandbox.engine.world import Call, Clock, World
from sandbox.vendors import datto_bcdr

KEYS = (SANDBOX_CREDENTIALS["DATTO_API_PUBLIC_KEY"], SANDBOX_CREDENTIALS["DATTO_API_SECRET_KEY"])


def get(sandbox: Sandbox, path: str, auth: tuple[str, str] | None = KEYS, **params: Any) -> requests.Response:
    return requests.get(f"{sandbox.url}/datto_bcdr/v1{path}", params=params, auth=auth, timeout=10)


def test_a_route_that_exists_asks_who_is_there(sandbox: Sandbox) -> None:
    assert (
        get(sandbox, "/bcdr/device", None).status_code
        == get(sandbox, "/bcdr/device", ("a", "b")).status_code
        == 401
    )
    missing = get(sandbox, "/bcdr/clients", None)
    assert (missing.status_code, missing.json()["code"]) == (404, "exception.notfoundhttpexception")
    headers = get(sandbox, "/bcdr/device").headers
    assert all(
        name in headers
        for name in ("X-Request-Id", "X-API-Limit-Remaining", "X-API-Limit-Resets", "X-API-Limit-Cost")
    )


def test_devices_come_in_pages_from_one(sandbox: Sandbox) -> None:
    first, second = (get(sandbox, "/bcdr/device", _page=page).json() for page in (1, 2))
    assert first["pagination"] | {"count": 0} == {"page": 1, "perPage": 100, "totalPages": 2, "count": 0}
    rows = first["items"] + second["items"]
    assert len({row["serialNumber"] for row in rows}) == len(rows) > 100
    visible = get(sandbox, "/bcdr/device", showHiddenDevices=0, _perPage=1_000).json()["items"]
    assert {row["serialNumber"] for row in visible} == {
        row["serialNumber"] for row in rows if not row["hidden"]
    }
    assert {row["localStorageUsed"]["units"] for row in rows} == {"GB", "TB"}
    assert get(sandbox, f"/bcdr/device/{rows[0]['serialNumber']}").json()["name"] == rows[0]["name"]


def test_assets_are_a_list_or_pages(sandbox: Sandbox) -> None:
    device = max(get(sandbox, "/bcdr/device").json()["items"], key=lambda row: row["agentCount"])
    path = f"/bcdr/device/{device['serialNumber']}/asset"
    bare, paged = get(sandbox, path).json(), get(sandbox, path, _page=1).json()
    assert bare == paged["items"] and len(bare) == device["agentCount"] + device["shareCount"]
    assert get(sandbox, f"{path}/agent").json() == [asset for asset in bare if asset["type"] == "agent"]
    asset = bare[0]
    assert len(str(asset["lastSnapshot"])) == 10 and "T" in asset["backups"][0]["timestamp"]
    assert get(sandbox, "/bcdr/device/NONE/asset").status_code == 404


def test_saas_windows_are_inverted_milliseconds(sandbox: Sandbox) -> None:
    domains = get(sandbox, "/saas/domains").json()
    assert {domain["productType"] for domain in domains} == {"Office365", "GoogleApps"}
    item = get(sandbox, f"/saas/{domains[0]['saasCustomerId']}/applications", daysUntil=3).json()["items"][0]
    for app in item["suites"][0]["appTypes"]:
        assert [window["timeWindow"] for window in app["backupHistory"]] == [
            f"Between{day}dAnd{day + 1}d" for day in range(3)
        ]
        assert all(window["startTime"] - window["endTime"] == 86_400_000 for window in app["backupHistory"])
    assert get(sandbox, f"/saas/{domains[0]['saasCustomerId']}/applications", daysUntil=31).status_code == 400


def test_seats_are_chosen_by_type_and_billable_is_a_text(sandbox: Sandbox) -> None:
    customer = get(sandbox, "/saas/domains").json()[0]["saasCustomerId"]
    seats = get(sandbox, f"/saas/{customer}/seats").json()
    assert {seat["billable"] for seat in seats} <= {"1", ""} and all(seat["mainId"] for seat in seats)
    users = get(sandbox, f"/saas/{customer}/seats", seatType="User", _perPage=1).json()
    assert users == [seat for seat in seats if seat["seatType"] == "User"]
    assert get(sandbox, f"/saas/{customer}/seats", seatType="user").status_code == 400


def test_two_at_once_and_one_for_saas() -> None:
    world = World(Store(), Clock(None), 1, "cedar")
    headers = {"authorization": f"Basic {base64.b64encode(':'.join(KEYS).encode()).decode()}"}

    async def together(*paths: str) -> list[int]:
        calls = [datto_bcdr.handle(world, Call("GET", f"/v1{path}", {}, headers, b"", "")) for path in paths]
        return [answer.status for answer in await asyncio.gather(*calls)]

    assert asyncio.run(together("/bcdr/device", "/bcdr/device", "/bcdr/device")) == [200, 200, 429]
    assert asyncio.run(together("/saas/domains", "/saas/domains")) == [200, 504]
    assert asyncio.run(together("/saas/domains", "/bcdr/device")) == [200, 200]
