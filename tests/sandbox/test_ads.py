"""Google Ads, Meta and LinkedIn keep the contracts at the top of their modules in `sandbox/vendors/`."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import requests

from sandbox import SANDBOX_CREDENTIALS, Sandbox
from sandbox.companies.cedar_ridge import ads
from sandbox.engine.store import Store
from sandbox.engine.world import Call, Clock, Limits, World
from sandbox.vendors import google_ads, meta_ads
from tests.support.wire import Wire

DAYS = "WHERE segments.date BETWEEN '2025-10-20' AND '2025-10-26'"


# ------------------------------------------------------------------ Google Ads


def google_token(wire: Wire, **other: str) -> requests.Response:
    form = {
        key: SANDBOX_CREDENTIALS[f"GOOGLE_ADS_{key.upper()}"]
        for key in ("client_id", "client_secret", "refresh_token")
    }
    return requests.post(
        f"{wire.url}/google_ads/token", data={"grant_type": "refresh_token", **form, **other}
    )


def google(wire: Wire, customer: int, query: str, **headers: str | None) -> requests.Response:
    every = {
        "Authorization": f"Bearer {google_token(wire).json()['access_token']}",
        "developer-token": SANDBOX_CREDENTIALS["GOOGLE_ADS_DEVELOPER_TOKEN"],
    }
    address = f"{wire.url}/google_ads/v25/customers/{customer}/googleAds:searchStream"
    return requests.post(address, json={"query": query}, headers=every | headers)


def google_error(answer: requests.Response) -> str:
    (chunk,) = answer.json()
    (code,) = chunk["error"]["details"][0]["errors"][0]["errorCode"].values()
    return str(code)


def test_google_answers_a_list_with_numbers_as_texts(wire: Wire) -> None:
    query = (
        "SELECT customer.currency_code, campaign.id, segments.date, metrics.cost_micros, metrics.clicks FROM"
        f" campaign {DAYS}"
    )
    (chunk,) = google(wire, ads.GOOGLE_ACCOUNT, query).json()
    row = chunk["results"][0]
    assert row["customer"] == {"currencyCode": "USD"} and row["campaign"]["id"].isdigit()
    assert row["metrics"]["costMicros"].isdigit() and row["metrics"]["clicks"].isdigit()
    assert {row["segments"]["date"] for row in chunk["results"]} == {
        f"2025-10-{day}" for day in range(20, 27)
    }
    (nothing,) = google(wire, ads.GOOGLE_ACCOUNT, query.replace("2025", "2019")).json()
    assert "results" not in nothing


def test_google_lists_removed_campaigns_with_their_past_spend(wire: Wire) -> None:
    (chunk,) = google(wire, ads.GOOGLE_ACCOUNT, "SELECT campaign.id, campaign.status FROM campaign").json()
    assert {row["campaign"]["status"] for row in chunk["results"]} == {"ENABLED", "PAUSED", "REMOVED"}
    past = (
        "SELECT campaign.id, segments.date FROM campaign WHERE segments.date BETWEEN '2024-09-01' AND"
        " '2024-09-30'"
    )
    (chunk,) = google(wire, ads.GOOGLE_ACCOUNT, past).json()
    assert "700006" in {row["campaign"]["id"] for row in chunk["results"]}


def test_google_refuses(wire: Wire) -> None:
    spend = f"SELECT metrics.clicks FROM campaign {DAYS}"
    assert google(wire, ads.GOOGLE_ACCOUNT, spend, Authorization="Bearer x").status_code == 401
    assert (
        google_error(google(wire, ads.GOOGLE_ACCOUNT, spend, **{"developer-token": "x"}))
        == "DEVELOPER_TOKEN_INVALID"
    )
    assert (
        google_error(google(wire, ads.GOOGLE_ACCOUNT, spend, **{"login-customer-id": "1"}))
        == "USER_PERMISSION_DENIED"
    )
    assert google_error(google(wire, ads.GOOGLE_OLD, spend)) == "CUSTOMER_NOT_ENABLED"
    assert google_error(google(wire, ads.GOOGLE_MANAGER, spend)) == "REQUESTED_METRICS_FOR_MANAGER"
    assert (
        google_error(google(wire, ads.GOOGLE_ACCOUNT, "SELECT campaign.nme FROM campaign"))
        == "UNRECOGNIZED_FIELD"
    )
    assert google_token(wire, refresh_token="x").json()["error"] == "invalid_grant"
    assert requests.get(f"{wire.url}/google_ads/v22/customers:listAccessibleCustomers").status_code == 401


def test_used_up_budgets() -> None:
    """In this process, as thousands of calls over HTTP would take long."""
    world = World(Store(), Clock(datetime(2025, 10, 27, tzinfo=UTC)), 1, "cedar", Limits())
    for name, path, headers, vendor in (
        (
            "google_ads.day",
            "/v25/customers:listAccessibleCustomers",
            {"authorization": f"Bearer {google_ads.ACCESS_TOKEN}"},
            google_ads,
        ),
        ("meta_ads.insights", f"/{SPEND}", {}, meta_ads),
    ):
        world.limiter(name, 0, 3_600)
        token = {"authorization": f"Bearer {meta_ads.CREDENTIALS['META_ADS_ACCESS_TOKEN']}"} | headers
        given = token | {"developer-token": google_ads.CREDENTIALS["GOOGLE_ADS_DEVELOPER_TOKEN"]}
        world.store.add("meta_ads.accounts", ads.META_ACCOUNT, 0, {"name": "x"})
        answer = asyncio.run(vendor.handle(world, Call("GET", path, INSIGHTS, given, b"", "")))
        error = answer.body["error"]
        assert (answer.status, error["code"]) in ((429, 429), (400, 80_000))


# ------------------------------------------------------------------ Meta


def meta(wire: Wire, path: str, method: str = "GET", token: str = "", **params: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {token or SANDBOX_CREDENTIALS['META_ADS_ACCESS_TOKEN']}"}
    given = {"params": params} if method == "GET" else {"data": params}
    return requests.request(method, f"{wire.url}/meta_ads/{path}", headers=headers, **given)  # type: ignore[arg-type]


INSIGHTS = {
    "level": "campaign",
    "time_increment": "1",
    "time_range": '{"since":"2025-10-01","until":"2025-10-26"}',
}
SPEND = f"v25.0/act_{ads.META_ACCOUNT}/insights"


def test_meta_pages_are_short_and_the_last_one_has_cursors_but_no_next(wire: Wire) -> None:
    pages = [meta(wire, SPEND, limit="500", **INSIGHTS).json()]
    while "next" in pages[-1]["paging"]:
        after = pages[-1]["paging"]["cursors"]["after"]
        assert (
            quote(after) in pages[-1]["paging"]["next"] and "access_token" not in pages[-1]["paging"]["next"]
        )
        pages.append(meta(wire, SPEND, limit="500", after=after, **INSIGHTS).json())
    assert len(pages) > 2 and "after" in pages[-1]["paging"]["cursors"]
    row = pages[0]["data"][0]
    assert all(isinstance(row[field], str) for field in ("spend", "impressions", "clicks"))
    assert row["account_id"] == str(ads.META_ACCOUNT) and row["account_currency"] == "USD"


def test_meta_works_as_a_report_too(wire: Wire) -> None:
    too_much = INSIGHTS | {"time_range": '{"since":"2024-07-01","until":"2025-10-26"}'}
    refused = meta(wire, SPEND, **too_much)
    assert (refused.status_code, refused.json()["error"]["error_subcode"]) == (400, 1_504_018)
    report = meta(wire, SPEND, "POST", **too_much).json()["report_run_id"]
    looks = [meta(wire, f"v25.0/{report}").json()["async_status"] for _ in range(2)]
    assert looks == ["Job Running", "Job Completed"]
    assert len(meta(wire, f"v25.0/{report}/insights").json()["data"]) == 25


def test_meta_refuses_and_replaces_old_versions_silently(wire: Wire) -> None:
    wrong = meta(wire, "v25.0/me/adaccounts", token="EAAB-wrong")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, 190)
    assert meta(wire, f"v25.0/{ads.META_ACCOUNT}/insights", **INSIGHTS).json()["error"]["code"] == 100
    assert meta(wire, "v21.0/me/adaccounts").headers["facebook-api-version"] == "v25.0"
    assert (
        meta(wire, f"v25.0/act_{ads.META_ACCOUNT}/campaigns", effective_status='["NOPE"]').status_code == 400
    )


def test_meta_tells_deleted_campaigns_only_when_asked(wire: Wire, sandbox: Sandbox) -> None:
    sandbox.set_clock("2025-11-10T12:00:00Z")

    def names(**more: str) -> set[str]:
        pages: list[dict[str, Any]] = [meta(wire, SPEND, **INSIGHTS, **more).json()]
        while "next" in pages[-1]["paging"]:
            pages.append(
                meta(wire, SPEND, after=pages[-1]["paging"]["cursors"]["after"], **INSIGHTS, **more).json()
            )
        return {row["campaign_name"] for page in pages for row in page["data"]}

    asked = '[{"field":"campaign.effective_status","operator":"IN","value":["ACTIVE","DELETED"]}]'
    assert "Security check, autumn" not in names()
    assert "Security check, autumn" in names(filtering=asked)


# ------------------------------------------------------------------ LinkedIn

ANALYTICS = (
    "adAnalytics?q=analytics&pivot=CAMPAIGN&timeGranularity=DAILY"
    "&dateRange=(start:(year:2025,month:10,day:20),end:(year:2025,month:10,day:26))"
    "&accounts=List(urn%3Ali%3AsponsoredAccount%3A5001)&fields=dateRange,pivotValues,costInLocalCurrency,impressions,clicks"
)


def linkedin(wire: Wire, path: str, **headers: str | None) -> requests.Response:
    every = {
        "Authorization": f"Bearer {SANDBOX_CREDENTIALS['LINKEDIN_ADS_ACCESS_TOKEN']}",
        "LinkedIn-Version": "202606",
        "X-Restli-Protocol-Version": "2.0.0",
    }
    return requests.get(f"{wire.url}/linkedin_ads/rest/{path}", headers=every | headers)


def test_linkedin_tells_days_of_campaigns(wire: Wire) -> None:
    answer = linkedin(wire, ANALYTICS).json()
    assert answer["paging"]["count"] == 10 < len(answer["elements"])
    row = answer["elements"][0]
    assert (
        row["pivotValues"] == ["urn:li:sponsoredCampaign:1111"] and row["dateRange"]["start"]["year"] == 2025
    )
    assert {type(row["costInLocalCurrency"]) for row in answer["elements"]} == {str, float}
    assert linkedin(wire, ANALYTICS.replace("5001", "5009")).json()["elements"] == []


def test_linkedin_minds_the_encoding_and_its_headers(wire: Wire) -> None:
    for spoilt in (
        ANALYTICS.replace("(", "%28"),
        ANALYTICS.replace("%3A", ":"),
        ANALYTICS.replace("clicks", "klicks"),
    ):
        assert linkedin(wire, spoilt).status_code == 400
    assert linkedin(wire, ANALYTICS, **{"LinkedIn-Version": None}).status_code == 400
    assert linkedin(wire, ANALYTICS, **{"LinkedIn-Version": "202511"}).status_code == 426
    assert linkedin(wire, ANALYTICS, **{"X-Restli-Protocol-Version": None}).status_code == 400
    assert linkedin(wire, ANALYTICS, Authorization="Bearer x").status_code == 401


def test_linkedin_pages_searches(wire: Wire) -> None:
    path = f"adAccounts/{ads.LINKEDIN_ACCOUNT}/adCampaigns?q=search&pageSize=3"
    first = linkedin(wire, path).json()
    rest = linkedin(wire, f"{path}&pageToken={first['metadata']['nextPageToken']}").json()
    assert (len(first["elements"]), len(rest["elements"]), rest["metadata"]) == (3, 1, {})
    assert linkedin(wire, "adAccounts?q=search").json()["elements"][0]["currency"] == "USD"


def test_linkedin_tokens_end_and_are_renewed(wire: Wire, sandbox: Sandbox) -> None:
    app = {key: SANDBOX_CREDENTIALS[f"LINKEDIN_ADS_{key.upper()}"] for key in ("client_id", "client_secret")}
    oauth = f"{wire.url}/linkedin_ads/oauth/v2"
    assert requests.post(f"{oauth}/introspectToken", data={**app, "token": "x"}).json()["active"] is True
    assert requests.post(f"{oauth}/introspectToken", data={**app, "client_secret": "x"}).status_code == 401
    sandbox.set_clock("2025-12-01T12:00:00Z")
    assert linkedin(wire, ANALYTICS).status_code == 401
    form = {
        "grant_type": "refresh_token",
        "refresh_token": SANDBOX_CREDENTIALS["LINKEDIN_ADS_REFRESH_TOKEN"],
        **app,
    }
    renewed = requests.post(f"{oauth}/accessToken", data=form).json()["access_token"]
    assert linkedin(wire, ANALYTICS, Authorization=f"Bearer {renewed}").status_code == 200
    assert requests.post(f"{oauth}/accessToken", data={**form, "refresh_token": "x"}).status_code == 400


# ------------------------------------------------------------------ the company's life


def test_days_are_restated_for_two_weeks_and_then_stand(wire: Wire, sandbox: Sandbox) -> None:
    query = (
        "SELECT campaign.id, segments.date, metrics.cost_micros FROM campaign WHERE segments.date BETWEEN"
        " '2025-10-06' AND '2025-10-26'"
    )

    def told(as_of: str) -> dict[tuple[str, str], str]:
        sandbox.set_clock(as_of)
        (chunk,) = google(wire, ads.GOOGLE_ACCOUNT, query).json()
        return {
            (row["campaign"]["id"], row["segments"]["date"]): row["metrics"]["costMicros"]
            for row in chunk["results"]
        }

    before, after, later = (
        told("2025-10-27T12:00:00Z"),
        told("2025-11-12T12:00:00Z"),
        told("2025-12-12T12:00:00Z"),
    )
    assert {key for key in before if before[key] != after.get(key)}
    assert after == later
