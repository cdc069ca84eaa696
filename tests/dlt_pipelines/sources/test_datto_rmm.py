"""Datto RMM: one test for each trap in the contract of `sandbox/vendors/datto_rmm.py`."""

from __future__ import annotations

import base64
import json
from http.server import BaseHTTPRequestHandler
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from dlt_pipelines.core.load import load
from dlt_pipelines.doctor.checks import diagnose
from dlt_pipelines.errors import NotAvailable, PermanentError, TransientError
from dlt_pipelines.sources.datto_rmm.access import begin, connect
from dlt_pipelines.sources.datto_rmm.fields import FIELDS
from dlt_pipelines.wire.messages import Answer, Retry
from foundation.settings import Company, Settings, SettingsError
from sandbox import Sandbox
from sandbox.companies.cedar_ridge.machines import RECOVERY_KEY
from tests.dlt_pipelines.conftest import Vendor, answer, at, query
from tests.support.published import SCRIPT

pytestmark = pytest.mark.usefixtures("unhurried")

DEVICES = "account/devices"


def with_section(company: Company, **change: Any) -> Company:
    return company.model_copy(update={"datto_rmm": company.datto_rmm.model_copy(update=change)})


def page(*devices: Any, total: int | None = None, following: str | None = None) -> dict[str, Any]:
    """An answer with these devices; a device with a uid has every field of the wire, if only as null."""
    wire = dict.fromkeys(field.split(".")[0] for field, _ in FIELDS["devices"].values())
    devices = tuple(wire | row if isinstance(row, dict) and "uid" in row else row for row in devices)
    details = {
        "count": len(devices),
        "totalCount": len(devices) if total is None else total,
        "prevPageUrl": None,
        "nextPageUrl": following,
    }
    return {"pageDetails": details, "devices": list(devices)}


def serve(sandbox: Sandbox, company: Company, body: dict[str, Any]) -> Any:
    """Load devices from one made-up page."""
    sandbox.fault("datto_rmm", "status", status=200, path=DEVICES, body=json.dumps(body))
    return load("datto_rmm", Settings(), company, tables={"devices"})


# ------------------------------------------------------------------ paging


@pytest.fixture
def rmm(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> Vendor:
    """A server in the place of Datto RMM; `rmm.pages` are its answers to calls for devices, one after the
    other."""
    vendor.pages = []  # type: ignore[attr-defined]

    def reply(handler: BaseHTTPRequestHandler, number: int) -> None:
        if handler.path.startswith("/auth/"):
            body: Any = {"access_token": "canary-token-1", "expires_in": 360_000}
        elif "devices" in handler.path:
            body = vendor.pages.pop(0)  # type: ignore[attr-defined]
        else:
            body = {"uid": "acme", "accountCount": 1, "accountRateLimit": 600}
        answer(handler, 200, json.dumps(body).encode())

    vendor.reply = reply
    monkeypatch.setenv("DATTO_RMM_API_KEY", "canary-key-1")
    monkeypatch.setenv("DATTO_RMM_API_SECRET", "canary-secret-1")
    monkeypatch.setenv("DATTO_RMM_BASE_URL", vendor.url)
    return vendor


def asked(rmm: Vendor) -> list[dict[str, list[str]]]:
    return [parse_qs(urlsplit(path).query) for _, _, path, _ in rmm.seen if "devices" in path]


@pytest.mark.parametrize("end", [None, ""])
def test_links_are_followed_to_null_or_nothing_and_lost_parameters_come_back(
    rmm: Vendor, company: Company, end: str | None
) -> None:
    rmm.pages = [  # type: ignore[attr-defined]
        page({"uid": "a", "id": 1}, total=2, following=f"{rmm.url}/api/v2/account/devices?page=1"),
        page({"uid": "b", "id": 2}, total=2, following=end),
    ]
    assert load("datto_rmm", Settings(), company, tables={"devices"}).tables["devices"].rows_total == 2
    assert asked(rmm) == [{"max": ["250"]}, {"max": ["250"], "page": ["1"]}]


def test_the_token_is_fetched_once_with_the_public_client_and_leaks_nowhere(
    rmm: Vendor, company: Company
) -> None:
    rmm.pages = [page({"uid": "a", "id": 1})]  # type: ignore[attr-defined]
    load("datto_rmm", Settings(), company, tables={"devices"})
    seen = [
        (path, {name.lower(): value for name, value in headers.items()}["authorization"])
        for _, _, path, headers in rmm.seen
    ]
    assert [base64.b64decode(header.split()[1]) for path, header in seen if path == "/auth/oauth/token"] == [
        b"public-client:public"
    ]
    assert {header for path, header in seen if path != "/auth/oauth/token"} == {"Bearer canary-token-1"}
    written = [file.read_bytes() for file in Settings().home.rglob("*") if file.is_file()]
    assert not any(
        b"canary-token" in content or b"canary-secret" in content or b"canary-key" in content
        for content in written
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://pinotage-api.centrastage.net.evil.example/api/v2/account/devices?page=1",
        "//evil.example/?page=1",
    ],
)
def test_credentials_go_to_no_foreign_host(rmm: Vendor, company: Company, url: str) -> None:
    rmm.pages = [page({"uid": "a"}, total=2, following=url)]  # type: ignore[attr-defined]
    with pytest.raises(PermanentError, match="evil.example, not http://127.0.0.1; nothing is sent there"):
        load("datto_rmm", Settings(), company, tables={"devices"})


def test_paging_that_runs_in_a_circle_is_stopped(rmm: Vendor, company: Company) -> None:
    links = [f"{rmm.url}/api/v2/account/devices?page={number}" for number in (1, 2, 1)]
    rmm.pages = [page({"uid": str(number)}, following=link) for number, link in enumerate(links)]  # type: ignore[attr-defined]
    with pytest.raises(PermanentError, match="paging seems stuck"):
        load("datto_rmm", Settings(), company, tables={"devices"})


def test_a_list_that_changed_meanwhile_is_read_once_more(rmm: Vendor, company: Company) -> None:
    link = f"{rmm.url}/api/v2/account/devices?page=1"
    a, b, c = ({"uid": uid} for uid in "abc")
    # one before b was removed while the page was turned: b slipped to the page that had been read
    rmm.pages = [
        page(a, total=3, following=link),
        page(c, total=3),
        page(a, b, total=3, following=link),
        page(c, total=3),
    ]  # type: ignore[attr-defined]
    report = load("datto_rmm", Settings(), company, tables={"devices"})
    assert report.tables["devices"].rows_total == 3 and not any(
        "did not come" in warning for warning in report.warnings
    )
    rmm.pages = [page(a, total=3)] * 2  # type: ignore[attr-defined]
    report = load("datto_rmm", Settings(), company, tables={"devices"})
    assert any("2 of 3 rows are missing after two tries" in warning for warning in report.warnings)


# ------------------------------------------------------------------ values


def test_times_are_milliseconds_or_iso_texts(sandbox: Sandbox, company: Company) -> None:
    rows = [
        {
            "uid": "a",
            "id": 1,
            "lastSeen": 1767225600000,
            "lastReboot": 0,
            "creationDate": "2024-07-01T00:00:00Z",
        },
        {
            "uid": "b",
            "id": 2,
            "lastSeen": "2026-01-01T00:00:00.000+0000",
            "lastReboot": None,
            "creationDate": "1719792000000",
        },
    ]
    serve(sandbox, company, page(*rows))
    found = query(
        Settings(),
        "select distinct epoch(last_seen), last_reboot, epoch(creation_date) from raw_datto_rmm.devices",
    )
    assert found == [(1767225600.0, None, 1719792000.0)]


def test_a_broken_item_costs_no_page_and_is_named(sandbox: Sandbox, company: Company) -> None:
    report = serve(
        sandbox,
        company,
        page({"uid": "a", "id": 1}, None, {"id": 2, "udf": {"udf5": RECOVERY_KEY}}, {"uid": "d", "id": 4}),
    )
    assert query(Settings(), "select device_uid from raw_datto_rmm.devices order by 1") == [("a",), ("d",)]
    assert any(
        "2 of 4 rows without uid are left out; the first is None" in warning for warning in report.warnings
    )
    assert RECOVERY_KEY not in str(report.warnings)


def test_a_list_without_a_single_device_is_another_shape(sandbox: Sandbox, company: Company) -> None:
    with pytest.raises(PermanentError, match="expected every row to have uid, but the first has deviceUid"):
        serve(sandbox, company, page({"deviceUid": "a"}, {"deviceUid": "b"}))


def test_what_is_unknown_is_not_zero(sandbox: Sandbox, company: Company) -> None:
    load("datto_rmm", Settings(), company, tables={"devices"})
    found = query(
        Settings(),
        "select count(*) filter (antivirus_status is null), count(*) filter (patches_approved_pending is null"
        " and device_class <> 'device'), count(*) filter (device_class <> 'device'), count(*) filter"
        " (patch_status = 'FullyPatched' and patches_not_approved > 0) from raw_datto_rmm.devices",
    )[0]
    no_antivirus, unknown, others, refused = found
    assert no_antivirus >= others == unknown > 0 and refused > 0


def test_the_site_of_deleted_devices_has_no_guid(sandbox: Sandbox, company: Company) -> None:
    load("datto_rmm", Settings(), company)
    assert query(
        Settings(), "select site_uid from raw_datto_rmm.sites where site_name = 'Deleted Devices'"
    ) == [("deleted-devices-site",)]
    assert query(
        Settings(),
        "select count(*) > 0, bool_and(is_deleted) from raw_datto_rmm.devices where site_uid ="
        " 'deleted-devices-site'",
    ) == [(True, True)]
    assert query(Settings(), "select count(*) > 0 from raw_datto_rmm.devices where is_suspended") == [(True,)]


def test_user_defined_fields_stay_where_they_are_except_the_one(sandbox: Sandbox, company: Company) -> None:
    load("datto_rmm", Settings(), with_section(company, udf_slot=7), tables={"devices"})
    assert query(Settings(), "select distinct udf from raw_datto_rmm.devices order by 1") == [
        ("Managed",),
        (None,),
    ]
    written = [file.read_bytes() for file in Settings().home.rglob("*") if file.is_file()]
    for secret in (RECOVERY_KEY, "canary-remote-"):
        assert not any(secret.encode() in content for content in written)


def test_hostile_names_are_data(sandbox: Sandbox, company: Company) -> None:
    sandbox.fault("datto_rmm", "field_type", path="/devices", field="hostname", value=SCRIPT)
    load("datto_rmm", Settings(), company, tables={"devices"})
    assert query(Settings(), "select distinct hostname from raw_datto_rmm.devices") == [(SCRIPT,)]


# ------------------------------------------------------------------ snapshots


def test_each_day_has_its_snapshot_and_what_vanished_is_absent(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = {}
    for instant in ("2025-10-27T12:00:00Z", "2025-10-27T20:00:00Z", "2025-12-01T04:00:00Z"):
        load("datto_rmm", at(monkeypatch, sandbox, instant), company, tables={"devices"})
    counts = dict(
        query(Settings(), "select snapshot_date::text, count(*) from raw_datto_rmm.devices group by 1")
    )
    assert sorted(counts) == ["2025-10-27", "2025-11-30"], "the company's local day"
    days = [
        {
            uid
            for (uid,) in query(
                Settings(), "select device_uid from raw_datto_rmm.devices where snapshot_date = ?", day
            )
        }
        for day in sorted(counts)
    ]
    assert days[0] - days[1] and days[1] - days[0]
    since = query(Settings(), "select distinct complete_from from ledger.loads where source = 'datto_rmm'")
    assert [row[0].isoformat() for row in since] == ["2025-10-27T12:00:00+00:00"], (
        "nothing is known from before the first snapshot"
    )


# ------------------------------------------------------------------ the way in, limits


def test_a_token_that_ends_in_the_middle_is_renewed_once(sandbox: Sandbox, company: Company) -> None:
    sandbox.fault("datto_rmm", "tick", path=DEVICES, skip=1, times=1, seconds=400_000)
    report = load("datto_rmm", Settings(), company, tables={"devices"})
    calls = sandbox.requests("datto_rmm")
    assert report.tables["devices"].rows_total > 1_300
    assert [call["status"] for call in calls if "token" in call["path"]] == [200, 200]
    assert [call["status"] for call in calls].count(401) == 1


def test_a_wrong_secret_is_asked_once(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATTO_RMM_API_SECRET", "canary-wrong-rmm")
    with pytest.raises(
        PermanentError, match=r"Datto RMM: .*not accepted \(400\).*DATTO_RMM_API_KEY"
    ) as caught:
        load("datto_rmm", Settings(), company)
    assert "canary" not in str(caught.value) and len(sandbox.requests("datto_rmm")) == 1
    bad = {
        finding.check: finding
        for finding in diagnose(Settings(), company, ["datto_rmm"])
        if finding.level == "fail"
    }
    assert set(bad) == {"access"} and "canary" not in str(bad)


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://pinotage-api.centrastage.net", "https://pinotage-api.centrastage.net"),
        ("https://Zinfandel-api.centrastage.net/api/v2/", "https://zinfandel-api.centrastage.net"),
        ("http://pinotage-api.centrastage.net", None),
        ("https://pinotage.rmm.datto.com", None),
        ("https://pinotage-api.centrastage.net.evil.example", None),
        ("https://evil.example/pinotage-api.centrastage.net", None),
        ("https://pinotage-api.centrastage.net@evil.example", None),
        ("", None),
    ],
)
def test_the_address_must_be_datto_rmms(
    url: str, base: str | None, settings: Settings, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("KEY", "canary-a"), ("SECRET", "canary-b")):
        monkeypatch.setenv(f"DATTO_RMM_API_{name}", value)
    monkeypatch.setenv("DATTO_RMM_URL", url)
    if base is None:
        with pytest.raises((PermanentError, SettingsError), match="DATTO_RMM_URL(:| names| not set)"):
            connect(settings, company)
    else:
        client = connect(settings, company)
        assert client and client.vendor.base_url == base


def test_a_429_waits_a_minute_and_a_403_after_it_is_a_block(sandbox: Sandbox, company: Company) -> None:
    def refused(status: int, **headers: str) -> Answer:
        return Answer(status, headers, b"", "/api/v2/account")

    client = connect(Settings(), company)
    assert client
    judge = client.vendor.judge
    assert isinstance(judge(refused(403)), NotAvailable)
    waits = [judge(refused(429)), judge(refused(429, **{"retry-after": "7"}))]
    assert [(wait.seconds, wait.everybody) for wait in waits if isinstance(wait, Retry)] == [
        (60.0, True),
        (7.0, True),
    ]
    assert isinstance(judge(refused(403)), TransientError)


@pytest.mark.parametrize(("used", "most"), [(0, 300), (400, 140), (560, 150)])
def test_no_more_than_others_leave_of_the_minute_is_taken(
    used: int, most: int, sandbox: Sandbox, company: Company
) -> None:
    sandbox.fault(
        "datto_rmm",
        "status",
        status=200,
        path="request_rate",
        body=f'{{"accountCount": {used}, "accountRateLimit": 600}}',
    )
    client = connect(Settings(), company)
    assert client
    assert client.facts.most == 300, "half of the published limit, which others share"
    begin(SimpleNamespace(client=client))  # type: ignore[arg-type]
    assert client.facts.most == most


def test_a_vendor_that_does_not_tell_its_budget_stops_nothing(sandbox: Sandbox, company: Company) -> None:
    sandbox.fault("datto_rmm", "status", status=404, path="request_rate")
    assert load("datto_rmm", Settings(), company, tables={"sites"}).warnings == []


# ------------------------------------------------------------------ doctor


def test_the_doctor_knows_products_fields_and_the_budget(sandbox: Sandbox, company: Company) -> None:
    healthy = diagnose(Settings(), company, ["datto_rmm"])
    assert {finding.level for finding in healthy} <= {"ok", "info"} and "of 600 requests" in str(healthy)
    sandbox.fault(
        "datto_rmm",
        "status",
        status=200,
        path="request_rate",
        body='{"accountCount": 590, "accountRateLimit": 600}',
    )
    changed = with_section(company, hosted_antivirus=["Dato AV"], udf_slot=9)
    found = {
        finding.check: finding
        for finding in diagnose(Settings(), changed, ["datto_rmm"])
        if finding.level in ("warn", "fail")
    }
    assert set(found) == {"hosted_antivirus", "udf_slot", "budget"} and all(
        finding.way_out for finding in found.values()
    )
    assert "Dato AV" in found["hosted_antivirus"].detail and "Datto AV" in found["hosted_antivirus"].way_out
    sandbox.clear_faults()
    sandbox.fault("datto_rmm", "status", status=403, path="account/sites")
    assert [
        finding.check for finding in diagnose(Settings(), company, ["datto_rmm"]) if finding.level == "fail"
    ] == ["sites"]
