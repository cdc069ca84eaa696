"""Datto BCDR and SaaS Protection: one test for each trap in the contract of
`sandbox/vendors/datto_bcdr.py`, and that all systems know the same clients."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest

from dlt_pipelines.core.load import LoadReport, load
from dlt_pipelines.doctor.checks import diagnose
from dlt_pipelines.errors import PermanentError, TransientError
from dlt_pipelines.sources import datto_bcdr
from dlt_pipelines.wire.messages import Answer, Retry
from foundation.settings import Company, Settings
from sandbox import SANDBOX_CREDENTIALS, Sandbox
from tests.dlt_pipelines.conftest import at, query

pytestmark = pytest.mark.usefixtures("unhurried")

DEVICE = {
    "serialNumber": "A1",
    "clientCompanyName": "Acme",
    "resellerCompanyName": "Cedar Ridge IT",
    "agentCount": 0,
    "shareCount": 0,
}


def with_section(company: Company, **change: Any) -> Company:
    return company.model_copy(update={"datto_bcdr": company.datto_bcdr.model_copy(update=change)})


def says(sandbox: Sandbox, path: str, body: Any, times: int | None = None) -> None:
    """From now on calls of that path are answered so."""
    sandbox.fault("datto_bcdr", "status", status=200, path=path, body=json.dumps(body), times=times)


def pull(company: Company, *tables: str) -> LoadReport:
    return load("datto_bcdr", Settings(), company, tables=tables)


def assets(sandbox: Sandbox, company: Company, body: Any, **device: Any) -> LoadReport:
    """Load the assets of one made-up device."""
    says(sandbox, "bcdr/device$", {"pagination": {"page": 1, "totalPages": 1}, "items": [DEVICE | device]})
    says(sandbox, "asset", body)
    return pull(company, "assets")


# ------------------------------------------------------------------ BCDR


@pytest.mark.parametrize(
    "body",
    [
        [{"volume": "v1", "name": "a"}, {"volume": "v2", "name": "b"}],
        {
            "pagination": {"page": 1, "totalPages": 1, "count": 2},
            "items": [{"volume": "v1", "name": "a"}, {"volume": "v2", "name": "b"}],
        },
        {
            "0": {"volume": "v1", "name": "a"},
            "1": {"volume": "v2", "name": "b"},
            "pagination": {"page": 1, "totalPages": 1},
        },
    ],
    ids=["list", "pages", "numbered"],
)
def test_assets_come_in_three_shapes(sandbox: Sandbox, company: Company, body: Any) -> None:
    assets(sandbox, company, body)
    assert query(Settings(), "select asset_key, name from raw_datto_bcdr.assets order by 1") == [
        ("v1", "a"),
        ("v2", "b"),
    ]


def test_times_are_seconds_and_zero_is_never(sandbox: Sandbox, company: Company) -> None:
    new = {
        "volume": "new",
        "lastSnapshot": 0,
        "latestOffsite": None,
        "lastScreenshotAttempt": 0,
        "backups": [],
    }
    tried = {"timestamp": "2025-12-31T11:00:00+02:00", "backup": {"status": "failure", "errorMessage": "VSS"}}
    worked = {"timestamp": "2025-12-31T09:00:00+00:00", "backup": {"status": "success", "errorMessage": None}}
    failing = {
        "volume": "failing",
        "lastSnapshot": 1767171600,
        "backups": [{**tried, "timestamp": "2025-12-31T11:00:00+00:00"}, worked, tried],
    }
    nothing = {"volume": None, "assetId": 7, "name": "share"}
    report = assets(sandbox, company, [new, failing, nothing])
    columns = (
        "asset_key, never_backed_up, epoch(last_snapshot)::bigint, epoch(last_good_backup)::bigint,"
        " last_backup_status, last_backup_error"
    )
    assert query(Settings(), f"select {columns} from raw_datto_bcdr.assets order by 1") == [
        ("7", None, None, None, None, None),
        ("failing", False, 1767171600, 1767171600, "failure", "VSS"),
        ("new", True, None, None, None, None),
    ]
    assert report.warnings == []


def test_the_words_of_a_good_backup_are_a_setting(sandbox: Sandbox, company: Company) -> None:
    backups = [
        {"timestamp": f"2025-12-{day}T09:00:00Z", "backup": {"status": status}}
        for day, status in ((31, "warning"), (30, "success"))
    ]
    body = [{"volume": "v", "lastSnapshot": 1767171600, "backups": backups}]
    for words, day in ((["success"], 30), (["success", "warning"], 31)):
        assets(sandbox, with_section(company, good_statuses=words), body)
        assert query(Settings(), "select day(last_good_backup) from raw_datto_bcdr.assets") == [(day,)]


def test_paused_archived_and_hidden_are_flagged_not_dropped(sandbox: Sandbox, company: Company) -> None:
    pull(company, "devices", "assets")
    counts = query(
        Settings(),
        "select count(*) filter (is_paused), count(*) filter (is_archived) from raw_datto_bcdr.assets",
    )[0]
    assert min(counts) > 0
    flags = (
        "count(*) filter (is_hidden), count(*) filter (not is_hidden), count(*) filter (name ="
        " 'backupDevice')"
    )
    assert min(query(Settings(), f"select {flags} from raw_datto_bcdr.devices")[0]) > 0
    # a share of some appliances has no volume: its id takes its place
    assert query(
        Settings(),
        "select bool_and(asset_key = asset_id::text) from raw_datto_bcdr.assets where volume is null",
    ) == [(True,)]


def test_sizes_have_units_of_their_own(sandbox: Sandbox, company: Company) -> None:
    device = DEVICE | {
        "localStorageUsed": {"size": 512, "units": "GB"},
        "localStorageAvailable": {"size": 2, "units": "TB"},
    }
    odd = DEVICE | {"serialNumber": "A2", "localStorageUsed": {"size": 3, "units": "parsec"}}
    blank = dict.fromkeys(field.split(".")[0] for field, _ in datto_bcdr.FIELDS["devices"].values())
    items = [blank | device, blank | odd]
    says(sandbox, "bcdr/device$", {"pagination": {"page": 1, "totalPages": 1}, "items": items})
    report = pull(company, "devices")
    rows = query(
        Settings(),
        "select local_storage_used_bytes, local_storage_available_bytes from raw_datto_bcdr.devices order by"
        " serial_number",
    )
    assert rows == [(512 * 1024**3, 2 * 1024**4), (None, None)]
    assert any("parsec" in warning for warning in report.warnings)


def test_a_device_that_is_gone_does_not_look_healthy(sandbox: Sandbox, company: Company) -> None:
    sandbox.fault("datto_bcdr", "status", status=404, path=r"/asset", skip=3, times=1)
    # an error may come with status 200
    says(
        sandbox, r"/asset", {"code": "exception.notfoundhttpexception", "message": "No such device"}, times=1
    )
    report = pull(company, "assets")
    rows = query(
        Settings(), "select device_serial_number, error from raw_datto_bcdr.assets where asset_key is null"
    )
    assert len(rows) == 2 and all("404" in error for _, error in rows)
    assert report.tables["assets"].rows_total > 200
    assert all(any(serial in warning for warning in report.warnings) for serial, _ in rows)


def test_several_in_a_row_without_an_answer_are_an_outage(sandbox: Sandbox, company: Company) -> None:
    sandbox.fault("datto_bcdr", "status", status=503, path=r"/asset", skip=5, times=5)
    report = pull(company, "assets")
    assert (
        query(Settings(), "select count(*) from raw_datto_bcdr.assets where asset_key is null") == [(1,)]
        and len(report.warnings) == 1
    )
    sandbox.forget_requests()
    sandbox.fault("datto_bcdr", "status", status=503, path=r"/asset", skip=5)
    with pytest.raises(TransientError, match="503"):
        pull(company, "assets")
    assert len(sandbox.requests("datto_bcdr")) == 2 + 5 + 3 * 5
    assert query(Settings(), "select count(*) from raw_datto_bcdr.assets where asset_key is null") == [
        (1,)
    ], "the rows of before stay"


def test_an_empty_list_of_a_device_that_has_agents_is_asked_for_again(
    sandbox: Sandbox, company: Company
) -> None:
    pull(company, "assets")
    whole = query(Settings(), "select count(*) from raw_datto_bcdr.assets")
    sandbox.fault("datto_bcdr", "empty_page", path=r"/asset", times=1)
    pull(company, "assets")
    assert query(Settings(), "select count(*) from raw_datto_bcdr.assets") == whole
    # it says nothing twice: what the only device protects is unknown, so the rows of before stay
    (warning,) = assets(sandbox, company, [], agentCount=2).warnings
    assert "no asset, while the device says it has 2" in warning
    assert query(Settings(), "select count(*) from raw_datto_bcdr.assets") == whole


# ------------------------------------------------------------------ SaaS


def apps(sandbox: Sandbox, company: Company, *app_types: dict[str, Any]) -> LoadReport:
    """Load the backups of one made-up client."""
    says(sandbox, "saas/domains", [{"saasCustomerId": 5501, "saasCustomerName": "Acme"}])
    other = {"customerId": 1, "suites": [{"suiteType": "Other", "appTypes": [{"appType": "Other"}]}]}
    mine = {"customerId": 5501, "suites": [{"suiteType": "Office365", "appTypes": list(app_types)}]}
    says(
        sandbox,
        "applications",
        {"pagination": {"page": 1, "perPage": 25, "totalPages": 1, "count": 1}, "items": [mine, other]},
    )
    return pull(company, "saas_backups")


APP = {
    "appType": "Exchange",
    "backupHistory": [{"timeWindow": "Between0dAnd1d", "status": "Perfect", "activeServiceCount": 4}],
}
MINE = {"customerId": "5501", "suites": [{"suiteType": "Office365", "appTypes": [APP]}]}
PAGE = {"page": 1, "perPage": 25, "totalPages": 1, "count": 1}


@pytest.mark.parametrize(
    "answer",
    [
        {"pagination": PAGE, "items": [MINE]},
        [{"pagination": PAGE, "items": [MINE]}],
        [{"pagination": PAGE, "items": []}, {"pagination": PAGE, "items": [MINE]}],
        [MINE],
        {"pagination": PAGE, "0": MINE},
    ],
    ids=["page", "list of a page", "list of pages", "bare list", "numbered"],
)
def test_applications_come_in_every_published_shape(sandbox: Sandbox, company: Company, answer: Any) -> None:
    says(sandbox, "saas/domains", [{"saasCustomerId": 5501, "saasCustomerName": "Acme", "seatsUsed": 4}])
    says(sandbox, "applications", answer)
    assert pull(company, "saas_backups").warnings == []
    assert query(Settings(), "select app_type, active_services, error from raw_datto_bcdr.saas_backups") == [
        ("Exchange", 4, None)
    ]


@pytest.mark.parametrize(
    "answer",
    [
        [{"pagination": PAGE, "entries": [MINE]}],
        {"pagination": PAGE, "data": [MINE]},
        {"pagination": {"page": 1}, "items": [MINE]},
        [{"customerId": 5501, "applications": [APP]}],
        [{"customerId": 5501, "suites": {"Office365": [APP]}}],
        [{"customerId": 5501, "suites": []}],
        [],
        {},
        "maintenance",
    ],
    ids=[
        "other key",
        "other page",
        "no page count",
        "no suites",
        "suites by name",
        "no suite",
        "nothing",
        "no answer",
        "a text",
    ],
)
def test_a_client_with_seats_that_yields_no_row_does_not_look_healthy(
    sandbox: Sandbox, company: Company, answer: Any
) -> None:
    says(sandbox, "saas/domains", [{"saasCustomerId": 5501, "saasCustomerName": "Acme", "seatsUsed": 4}])
    says(sandbox, "applications", answer)
    (warning,) = pull(company, "saas_backups").warnings
    assert "SaaS backups of Acme could not be read" in warning and "Exchange" not in warning
    # it is the only client, so nothing is known of the table
    assert warning.startswith("saas_backups is not available")


def test_a_client_without_seats_has_nothing_to_tell(sandbox: Sandbox, company: Company) -> None:
    says(sandbox, "saas/domains", [{"saasCustomerId": 5501, "saasCustomerName": "Acme", "seatsUsed": 0}])
    says(sandbox, "applications", [])
    assert pull(company, "saas_backups").warnings == []


def test_windows_are_turned_the_right_way_round_and_protection_may_be_a_word(
    sandbox: Sandbox, company: Company
) -> None:
    window = {
        "timeWindow": "Between0dAnd1d",
        "startTime": 1767225600000,
        "endTime": 1767139200000,
        "status": "Good",
        "activeServiceCount": 20,
    }
    report = apps(
        sandbox,
        company,
        {"appType": "Exchange", "lastFullyProtectedTime": 1767139200000, "backupHistory": [window]},
        {"appType": "OneDrive", "lastFullyProtectedTime": "OVER_10_DAYS_AGO", "backupHistory": []},
    )
    columns = (
        "app_type, epoch(window_begins)::bigint, epoch(window_ends)::bigint,"
        " epoch(last_fully_protected)::bigint, last_fully_protected_word"
    )
    assert query(Settings(), f"select {columns} from raw_datto_bcdr.saas_backups order by 1") == [
        ("Exchange", 1767139200, 1767225600, 1767139200, None),
        ("OneDrive", None, None, None, "OVER_10_DAYS_AGO"),
    ]
    assert report.warnings == []


def test_a_client_whose_backups_cannot_be_read_is_named(sandbox: Sandbox, company: Company) -> None:
    sandbox.fault("datto_bcdr", "status", status=404, path="applications", skip=2, times=1)
    report = pull(company, "saas_domains", "saas_backups")
    rows = query(
        Settings(),
        "select d.customer_name, b.app_type from raw_datto_bcdr.saas_backups b join"
        " raw_datto_bcdr.saas_domains d using (customer_id) where b.error is not null",
    )
    assert len(rows) == 1 and rows[0][1] is None and rows[0][0] in report.warnings[0]


def test_seats_that_take_too_long_stop_nothing_and_are_not_hammered(
    sandbox: Sandbox, company: Company
) -> None:
    sandbox.fault("datto_bcdr", "status", status=504, path="seats", skip=2, times=1)
    report = pull(company, "saas_seats")
    assert query(
        Settings(),
        "select count(*) from raw_datto_bcdr.saas_seats where main_id is null and error like '%504%'",
    ) == [(1,)]
    asked = len([call for call in sandbox.requests("datto_bcdr") if "seats" in call["path"]])
    assert (
        asked == query(Settings(), "select count(distinct customer_id) from raw_datto_bcdr.saas_seats")[0][0]
    )
    assert "could not be read, the others were" in report.warnings[0]
    # not all were read, so the same day asks again; then it is done
    sandbox.forget_requests()
    for expected in (asked, asked):
        pull(company, "saas_seats")
        assert len([call for call in sandbox.requests("datto_bcdr") if "seats" in call["path"]]) == expected


def test_seats_are_read_as_often_as_wanted(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day, every, snapshots in ((27, 0, 0), (27, 7, 1), (28, 7, 1), (28, 1, 2)):
        at(monkeypatch, sandbox, f"2025-10-{day}T12:00:00Z")
        pull(with_section(company, seats_every_days=every), "saas_seats")
        assert query(Settings(), "select count(distinct snapshot_date) from raw_datto_bcdr.saas_seats") == [
            (snapshots,)
        ]


def test_billable_is_one_or_nothing(sandbox: Sandbox, company: Company) -> None:
    says(sandbox, "saas/domains", [{"saasCustomerId": 5501, "saasCustomerName": "Acme"}])
    says(
        sandbox,
        "seats",
        [
            {"mainId": key, "billable": value}
            for key, value in (("a", "1"), ("b", ""), ("c", "0"), ("d", None))
        ],
    )
    pull(company, "saas_seats")
    found = query(Settings(), "select is_billable from raw_datto_bcdr.saas_seats order by main_id")
    assert found == [(True,), (False,), (False,), (None,)]


def test_a_key_that_was_made_for_one_vendor_still_loads_bcdr(sandbox: Sandbox, company: Company) -> None:
    sandbox.fault("datto_bcdr", "status", status=401, path="saas")
    report = load("datto_bcdr", Settings(), company)
    assert report.tables["assets"].rows_total > 200
    assert any(
        "saas_backups is not available" in warning and "vendor selection left blank" in warning
        for warning in report.warnings
    )
    statuses = dict(query(Settings(), "select table_name, status from ledger.loads"))
    assert {name for name, status in statuses.items() if status == "not_available"} == {
        "saas_domains",
        "saas_backups",
        "saas_seats",
    }
    bad = {
        finding.check: finding
        for finding in diagnose(Settings(), company, ["datto_bcdr"])
        if finding.level == "fail"
    }
    assert set(bad) == {"saas_domains"} and "blank" in bad["saas_domains"].way_out


# ------------------------------------------------------------------ account, limits, secrets


def test_each_day_has_its_snapshot(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    for instant in ("2025-10-27T12:00:00Z", "2025-10-27T18:00:00Z", "2025-10-28T12:00:00Z"):
        at(monkeypatch, sandbox, instant)
        pull(company, "devices", "assets")
    newest = dict(
        query(
            Settings(),
            "select snapshot_date::text, hour(max(last_snapshot)) from raw_datto_bcdr.assets group by 1",
        )
    )
    assert newest == {"2025-10-27": 17, "2025-10-28": 11}
    assert query(Settings(), "select count(distinct snapshot_date) from raw_datto_bcdr.devices") == [(2,)]


def test_the_account_is_told_by_its_reseller_or_its_key(sandbox: Sandbox, company: Company) -> None:
    client = datto_bcdr.connect(Settings(), company)
    assert client and datto_bcdr.identify(client) == "reseller Cedar Ridge IT"
    says(sandbox, "bcdr/device$", {"pagination": {"page": 1, "totalPages": 1}, "items": []})
    empty = datto_bcdr.connect(Settings(), company)
    assert empty and re.fullmatch(r"key [0-9a-f]{12}", datto_bcdr.identify(empty))


def test_what_gives_access_is_nowhere(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    load("datto_bcdr", Settings(), company)
    keys = [SANDBOX_CREDENTIALS[f"DATTO_API_{name}_KEY"] for name in ("PUBLIC", "SECRET")]
    basic = base64.b64encode(":".join(keys).encode()).decode()
    written = [file.read_bytes() for file in Settings().home.rglob("*") if file.is_file()]
    for secret in (*keys, basic, "canary-remote-web", "canary-screenshot", "canary-remote-id"):
        assert not any(secret.encode() in content for content in written), secret
    sandbox.fault(
        "datto_bcdr", "status", status=400, path="bcdr/device$", body=f"you sent {basic} and {keys[1]}"
    )
    with pytest.raises(PermanentError) as caught:
        pull(company, "devices")
    assert basic.rstrip("=") not in str(caught.value) and "canary" not in str(caught.value)
    sandbox.clear_faults()
    monkeypatch.setenv("DATTO_API_SECRET_KEY", "canary-wrong-bcdr")
    with pytest.raises(PermanentError, match=r"not accepted \(401\).*DATTO_API_PUBLIC_KEY"):
        pull(company, "devices")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({}, None), ({"X-API-Limit-Resets": "30"}, 30.0), ({"X-API-Limit-Resets": "1767225600"}, None)],
)
def test_a_429_is_waited_out(
    headers: dict[str, str], seconds: float | None, sandbox: Sandbox, company: Company
) -> None:
    client = datto_bcdr.connect(Settings(), company)
    assert client
    verdict = client.vendor.judge(Answer(429, headers, b"", "/v1/bcdr/device"))
    assert isinstance(verdict, Retry) and (verdict.seconds, verdict.everybody) == (seconds, True)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("exception.accessdeniedhttpexception", "may not read"),
        ("exception.unauthorizedhttpexception", "not accepted"),
        ("exception.notfoundhttpexception", "404"),
    ],
)
def test_an_error_with_status_200_is_an_error(
    code: str, text: str, sandbox: Sandbox, company: Company
) -> None:
    says(sandbox, "bcdr/device$", {"code": code, "message": "no"})
    with pytest.raises(PermanentError, match=text):
        pull(company, "devices")


def test_the_doctor_knows_service_plans(sandbox: Sandbox, company: Company) -> None:
    healthy = diagnose(Settings(), company, ["datto_bcdr"])
    assert {finding.level for finding in healthy} <= {"ok", "info"} and "requests left" in str(healthy)
    found = {
        f.check: f
        for f in diagnose(
            Settings(), with_section(company, continuity_service_plans=["Gold"]), ["datto_bcdr"]
        )
        if f.level == "fail"
    }
    assert (
        set(found) == {"continuity_service_plans"}
        and "Infinite Cloud" in found["continuity_service_plans"].way_out
    )


# ------------------------------------------------------------------ one company


def test_all_systems_know_the_same_clients(sandbox: Sandbox, company: Company) -> None:
    load("autotask", Settings(), company, tables={"companies"})
    load("datto_rmm", Settings(), company, tables={"devices", "sites"})
    pull(company, "devices", "saas_domains")

    def names(sql: str) -> set[str]:
        return {name for (name,) in query(Settings(), sql)}

    clients = names("select company_name from raw_autotask.companies where company_type = 1 and id > 0")
    sites = names("select site_name from raw_datto_rmm.sites where site_name <> 'Deleted Devices'")
    assert len(clients) == 64 and sites == clients
    assert names("select site_name from raw_datto_rmm.devices") - {"Deleted Devices"} == clients
    backed_up = names("select client_company_name from raw_datto_bcdr.devices")
    assert backed_up < clients and len(backed_up) > 55
    assert names("select customer_name from raw_datto_bcdr.saas_domains") < clients
    linked = (
        "select count(*), bool_and(c.company_name = s.autotask_company_name) from raw_datto_rmm.sites s join"
        " raw_autotask.companies c "
    )
    assert query(Settings(), f"{linked} on c.id::text = s.autotask_company_id") == [(61, True)]
