"""The versions in use, their last days, and what an answer says whose version has ended."""

from __future__ import annotations

from datetime import date
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from dlt_pipelines.core import versions
from dlt_pipelines.core.load import load
from dlt_pipelines.errors import Gone, PermanentError
from dlt_pipelines.registry import SOURCES
from dlt_pipelines.sources import google_ads, hubspot, intercom, meta_ads
from dlt_pipelines.sources.hubspot import api as hubspot_api
from foundation.settings import Company, Settings
from sandbox import Sandbox
from tests.dlt_pipelines.conftest import Vendor, answer


def with_version(company: Company, source: str, version: str) -> Company:
    return company.model_copy(
        update={source: getattr(company, source).model_copy(update={"api_version": version})}
    )


def told(source: str, company: Company, today: str) -> dict[str, tuple[str, str]]:
    return {
        f.detail.partition(":")[0].partition(" (")[0]: (f.level, f.detail)
        for f in versions.findings(source, company, _day(today))
    }


def _day(text: str) -> date:
    return date.fromisoformat(text)


def test_hubspot_is_asked_by_date_and_what_has_no_date_is_listed(company: Company) -> None:
    assert company.hubspot.api_version == "2026-09"
    found = told("hubspot", company, "2026-11-29")
    assert set(found) == {"2026-09", "v1", "v2"}
    assert found["2026-09"] == (
        "ok",
        (
            "2026-09 (objects, associations, owners, pipelines, properties, lists, account, forms, mails):"
            " last day 2028-03-09"
        ),
    )
    assert found["v1"][1].endswith("last day unknown") and "submissions" in found["v1"][1]
    assert hubspot_api.path(company, "account") == "/account-info/2026-09/details"
    numbered = told("hubspot", with_version(company, "hubspot", "v3"), "2026-11-29")
    assert numbered["v4"] == ("ok", "v4 (associations): last day 2027-03-30")
    assert "in September 2027" in numbered["v3"][1]
    assert told("hubspot", with_version(company, "hubspot", "2029-03"), "2026-11-29")["2029-03"][1].endswith(
        "not before 2030-09-01"
    )


@pytest.mark.parametrize(
    ("source", "version", "today", "level", "says"),
    [
        ("hubspot", "v3", "2026-12-29", "ok", ""),  # v4: 91 days
        ("hubspot", "v3", "2026-12-30", "warn", "last day 2027-03-30, in 90 days"),
        ("hubspot", "v3", "2027-03-30", "warn", "in 0 days"),
        ("hubspot", "v3", "2027-03-31", "warn", "it has passed"),
        ("meta_ads", "v25.0", "2026-11-29", "warn", "last day 2027-02-23, in 86 days"),
        ("google_ads", "v23", "2027-02-10", "warn", "in February 2027, it may have passed"),
        ("linkedin_ads", "202606", "2026-11-29", "ok", "not before 2027-06-01"),
        ("intercom", "2.14", "2026-11-29", "info", "last day unknown"),
    ],
)
def test_the_last_day_is_told_and_warned_of(
    source: str, version: str, today: str, level: str, says: str, company: Company
) -> None:
    found = told(source, with_version(company, source, version), today)
    name = "v4" if version == "v3" else version
    assert found[name][0] == level and says in found[name][1]


def test_every_vendor_with_versions_is_in_the_table(company: Company) -> None:
    without = {name for name in SOURCES if not versions.in_use(name, company)}
    assert without == {"manual", "ad_spend_csv", "company_warehouse", "mongodb"}


@pytest.mark.parametrize("status", [404, 410])
def test_a_version_that_has_ended_names_the_setting(status: int, sandbox: Sandbox, company: Company) -> None:
    sandbox.fault("hubspot", "status", status=status, path="objects/")
    with pytest.raises(PermanentError, match=r"set hubspot.api_version in company.toml to another one"):
        load("hubspot", Settings(), company, tables={"companies"})


def test_a_path_without_dated_version_blames_no_setting(sandbox: Sandbox, company: Company) -> None:
    sandbox.fault("hubspot", "status", status=410, path="analytics")
    report = load("hubspot", Settings(), company, tables={"web_traffic"})
    assert "publishes no newer version" in report.warnings[0] and "api_version" not in report.warnings[0]


GOOGLE = (
    b'{"error":{"code":400,"details":[{"errors":[{"errorCode":{"requestError":"UNSUPPORTED_VERSION"},"message":"v22'
    b' is gone"}]}]}}'
)
INTERCOM = b'{"type":"error.list","errors":[{"code":"intercom_version_invalid","message":"no such version"}]}'


@pytest.mark.parametrize(
    ("module", "status", "body", "setting"),
    [
        (google_ads, 404, b"<html>not found</html>", "google_ads.api_version"),
        (google_ads, 400, GOOGLE, "google_ads.api_version"),
        (meta_ads, 404, b"{}", "meta_ads.api_version"),
        (meta_ads, 400, b'{"error":{"code":2635,"message":"deprecated version"}}', "meta_ads.api_version"),
        (intercom, 404, b"{}", "intercom.api_version"),
        (intercom, 400, INTERCOM, "intercom.api_version"),
        (hubspot, 410, b"{}", "hubspot.api_version"),
    ],
)
def test_the_other_vendors_words_for_it(
    module: Any,
    status: int,
    body: bytes,
    setting: str,
    vendor: Vendor,
    sandbox: Sandbox,
    company: Company,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def reply(handler: BaseHTTPRequestHandler, number: int) -> None:
        if handler.path.endswith("/token"):
            answer(handler, 200, b'{"access_token": "t", "expires_in": 3600}')
        else:
            answer(handler, status, body)

    vendor.reply = reply
    monkeypatch.setenv(f"{module.SOURCE.upper()}_BASE_URL", vendor.url)
    client = module.connect(Settings(), company)
    with pytest.raises(PermanentError, match=setting) as caught:
        client.get("/anything")
    assert status == 400 or isinstance(caught.value, Gone)
