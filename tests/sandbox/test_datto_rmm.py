"""Datto RMM keeps the contract at the top of `sandbox/vendors/datto_rmm.py`, over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import requests

from sandbox import SANDBOX_CREDENTIALS, Sandbox
from sandbox.engine.store import Store
from sandbox.engine.world import Call, Clock, World
from sandbox.vendors import datto_rmm

FORM = {
    "grant_type": "password",
    "username": SANDBOX_CREDENTIALS["DATTO_RMM_API_KEY"],
    "password": SANDBOX_CREDENTIALS["DATTO_RMM_API_SECRET"],
}


def token(
    url: str, form: dict[str, str] = FORM, client: tuple[str, str] = ("public-client", "public")
) -> requests.Response:
    return requests.post(f"{url}/datto_rmm/auth/oauth/token", data=form, auth=client, timeout=10)


def get(url: str, path: str, **params: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {token(url).json()['access_token']}"}
    return requests.get(
        path if "://" in path else f"{url}/datto_rmm/api/v2{path}", params=params, headers=headers, timeout=10
    )


def test_the_password_grant_with_the_public_client(sandbox: Sandbox) -> None:
    given = token(sandbox.url).json()
    assert given["token_type"] == "bearer" and given["expires_in"] > 359_000
    assert token(sandbox.url, client=("public-client", "wrong")).status_code == 401
    wrong = token(sandbox.url, FORM | {"password": "wrong"})
    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_grant")
    assert (
        requests.get(
            f"{sandbox.url}/datto_rmm/api/v2/account", headers={"Authorization": "Bearer x"}, timeout=10
        ).status_code
        == 401
    )
    assert requests.get(f"{sandbox.url}/datto_rmm/api/v2/system/status", timeout=10).json()["status"] == "OK"


def test_a_token_ends_after_a_hundred_hours(sandbox: Sandbox) -> None:
    headers = {"Authorization": f"Bearer {token(sandbox.url).json()['access_token']}"}
    for instant, status in (("2025-10-31T15:00:00Z", 200), ("2025-10-31T16:00:01Z", 401)):
        sandbox.set_clock(instant)
        assert (
            requests.get(f"{sandbox.url}/datto_rmm/api/v2/account", headers=headers, timeout=10).status_code
            == status
        )


def test_pages_count_from_zero_and_links_lose_filters(sandbox: Sandbox) -> None:
    first = get(sandbox.url, "/account/devices", max=100, operatingSystem="windows 1").json()
    assert first == get(sandbox.url, "/account/devices", max=100, page=0, operatingSystem="windows 1").json()
    details = first["pageDetails"]
    assert details["count"] == len(first["devices"]) == 100 < details["totalCount"]
    assert details["prevPageUrl"] is None and details["nextPageUrl"].endswith(
        "/account/devices?max=100&page=1"
    )
    rest = get(sandbox.url, details["nextPageUrl"]).json()
    assert rest["pageDetails"]["totalCount"] > details["totalCount"]
    last = get(
        sandbox.url, "/account/devices", max=250, page=(rest["pageDetails"]["totalCount"] - 1) // 250
    ).json()
    assert last["pageDetails"]["nextPageUrl"] is None and 0 < last["pageDetails"]["count"] <= 250
    assert get(sandbox.url, "/account/sites").json()["pageDetails"]["nextPageUrl"] == ""
    assert len(get(sandbox.url, "/account/devices", max=9_999).json()["devices"]) == 250
    assert get(sandbox.url, "/system/pagination").json() == {"max": 250}


def test_a_device_as_on_the_wire(sandbox: Sandbox) -> None:
    rows = [
        row for page in range(7) for row in get(sandbox.url, "/account/devices", page=page).json()["devices"]
    ]
    servers = get(sandbox.url, "/account/devices", filterId=9001).json()["devices"]
    assert all(isinstance(row["lastSeen"], int) and row["lastSeen"] > 10**12 for row in rows)
    assert {row["deviceClass"] for row in rows} == {"device", "printer", "esxihost", "rmmnetworkdevice"}
    assert all(
        row["operatingSystem"] is None and row["patchManagement"] is None
        for row in rows
        if row["deviceClass"] != "device"
    )
    assert {row["deviceType"]["category"] for row in servers} == {"Server"} and all(
        row["online"] for row in servers if not row["deleted"]
    )
    deleted = [row for row in rows if row["deleted"]]
    assert deleted and {row["siteName"] for row in deleted} == {"Deleted Devices"}
    assert any(row["udf"]["udf5"] for row in rows)
    assert get(sandbox.url, "/account/devices", filterId=1).status_code == 404
    some = rows[0]["siteUid"]
    of_site = get(sandbox.url, f"/site/{some}/devices").json()["devices"]
    assert {row["uid"] for row in of_site} == {row["uid"] for row in rows if row["siteUid"] == some}
    assert get(sandbox.url, "/site/none/devices").status_code == 404
    assert get(sandbox.url, "/devices").status_code == 404


def test_sites_count_their_devices_and_one_is_the_vendors(sandbox: Sandbox) -> None:
    sites = get(sandbox.url, "/account/sites").json()["sites"]
    assert (
        sum(site["devicesStatus"]["numberOfDevices"] for site in sites)
        == get(sandbox.url, "/account/devices").json()["pageDetails"]["totalCount"]
    )
    assert [site["uid"] for site in sites if site["name"] == "Deleted Devices"] == ["deleted-devices-site"]
    assert "bilingEmail" in get(sandbox.url, "/account").json()["descriptor"]


def test_the_account_has_600_reads_a_minute_and_then_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_delay(_: float) -> None: ...

    monkeypatch.setattr(datto_rmm.asyncio, "sleep", no_delay)
    world = World(Store(), Clock(None), 1, "cedar")
    body = "&".join(f"{name}={value}" for name, value in FORM.items()).encode()
    basic = {"authorization": "Basic cHVibGljLWNsaWVudDpwdWJsaWM="}

    async def many() -> list[int]:
        answer = await datto_rmm.handle(world, Call("POST", "/auth/oauth/token", {}, basic, body, ""))
        headers = {"authorization": f"Bearer {answer.body['access_token']}"}
        call = Call("GET", "/api/v2/system/pagination", {}, headers, b"", "")
        return [(await datto_rmm.handle(world, call)).status for _ in range(661)]

    statuses = asyncio.run(many())
    assert statuses == [200] * 600 + [429] * 60 + [403]
