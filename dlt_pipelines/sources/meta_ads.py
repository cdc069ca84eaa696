"""Meta Marketing API (Graph).

GET  /{version}/me/adaccounts                 -> accounts
GET  /{version}/act_{id}/campaigns            -> campaigns, deleted and archived ones included
GET  /{version}/act_{id}/insights             -> spend (level=campaign, one row a day)
POST /{version}/act_{id}/insights, GET /{report}, GET /{report}/insights -> the same as a report, where it is
    too much at once

Campaigns are merged on their id, days on account, campaign and day; how days are pulled again while Meta
restates them is in dlt_pipelines/kinds/ads/. The token travels in a header and never in an address. Pages
are followed as long as there is `paging.next`, however short they are; only its cursor is taken from it.

Quirks: every number is a text; ids need `act_` in the path and come back without it; campaigns and days
without activity are left out. Spend of a deleted campaign is only told when its state is asked for, so the
states are named (campaign_statuses; empty: not). Conversions are the sum of the `actions` whose type is in
conversion_actions. A version that has ended is replaced silently: the version that answers is compared with
the one asked. Throttling is a 400 or 403 with a code and no Retry-After; above 75 % of a budget
(X-Business-Use-Case-Usage and its kin) all requests rest.

UNCONFIRMED: whether insights take the filter on campaign.effective_status for every account (empty
campaign_statuses leaves it out).

Settings: META_ADS_ACCESS_TOKEN (of a system user: does not end), META_ADS_BASE_URL, section [meta_ads] of
company.toml (api_version, account_ids, start_date, restated_days, conversion_actions, campaign_statuses).
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
from pydantic import Field, SecretStr

from dlt_pipelines.core.api_versions import ApiVersions, last_day
from dlt_pipelines.core.records import at
from dlt_pipelines.core.source import Finding, Source
from dlt_pipelines.errors import NotAvailable, PermanentError, SourceError, TransientError
from dlt_pipelines.kinds.ads import diagnosis, pull
from dlt_pipelines.kinds.ads.platform import AdsRun, Memory, Platform, Row, flat, other_days
from dlt_pipelines.wire.budget import Budget, Limit
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.connect import Access, connects
from dlt_pipelines.wire.credentials import Credentials
from dlt_pipelines.wire.messages import Answer, Retry
from dlt_pipelines.wire.paging import Complaint, expect, listed, once
from foundation.settings import Company, Settings
from foundation.settings.types import WebAddress
from foundation.values import decimal

SOURCE = "meta_ads"
LABEL = "Meta Ads"
VENDOR_URL = "https://graph.facebook.com"
WAY_OUT = (
    "Make a token of a system user with the permission ads_read, assign the ad accounts to that user"
    " (Business settings, System users), and set META_ADS_ACCESS_TOKEN."
)
PAGE = 500
REST_ABOVE = 75
"""Percent of a budget above which we pause."""
REST = 60.0
"""Seconds to pause where Meta names no time."""
POLL, POLLS = 5.0, 120
"""Seconds between two looks at a report, and how many looks it gets."""

_THROTTLED = {1, 2, 4, 17, 32, 341, 613, *range(80_000, 80_015)}
_TOO_MUCH = {(100, 1_504_018), (2, 1_504_038)}
_DAY = {
    "account_id": "account_id",
    "currency": "account_currency",
    "campaign_id": "campaign_id",
    "campaign_name": "campaign_name",
    "day": "date_start",
    "spend": "spend",
    "impressions": "impressions",
    "clicks": "clicks",
}

# checked on 29 November 2026 against Meta's changelog; if it moves a date, correct it here
VERSIONS = ApiVersions(
    in_use=lambda company: {company.meta_ads.api_version: ""},
    setting="meta_ads.api_version",
    last_day={"v24.0": last_day("2026-11-10"), "v25.0": last_day("2027-02-23")}.get,
)


class TooMuch(PermanentError):
    """Meta cannot answer this directly; it can as a report."""


class MetaAdsCredentials(Credentials):
    """The credentials of Meta: a token, preferably a system user's."""

    access_token: SecretStr = Field(alias="META_ADS_ACCESS_TOKEN")
    base_url: WebAddress | None = Field(None, alias="META_ADS_BASE_URL")


@dataclass
class Facts:
    """The version of the API that is asked for, and the one that answered."""

    asked_version: str
    version: str


@connects(MetaAdsCredentials, SOURCE)
def connect(access: Access[MetaAdsCredentials]) -> Client[Facts]:
    """A client for one API version."""
    token = access.credentials.access_token.get_secret_value()
    version = access.company.meta_ads.api_version
    facts = Facts(version, version)
    # the hourly budget of the lower tier for an account without active ads; Meta's own usage headers only
    # slow us down, they never allow more
    hour = Limit(600, 3_600)
    budget = Budget({"": (Limit(4, 0),), "insights": (Limit(4, 0), hour)})

    def judge(answer: Answer) -> Retry | SourceError | None:
        wait = pause_asked(answer.headers)
        if wait is not None and answer.status < 400:
            budget.pause(wait)
        answered = re.search(rb'"next"\s*:\s*"https?:[^"]*?(v\d+\.\d+)\\?/', answer.body)
        facts.version = answer.headers.get("facebook-api-version") or (
            answered[1].decode() if answered else version
        )
        return _judge(answer, wait)

    vendor = access.vendor(LABEL, VENDOR_URL, WAY_OUT)
    vendor = replace(
        vendor,
        base_url=f"{vendor.base_url}/{version}",
        headers={"Authorization": f"Bearer {token}"},
        budget=budget,
        judge=judge,
        outdated=VERSIONS.ended(LABEL, access.company),
        read_seconds=180.0,
    )
    return Client(vendor, facts, access.counters)


def _usages(headers: Mapping[str, str]) -> Iterator[tuple[float, float]]:
    """Return (percent used, minutes until it is free again) of every budget that an answer reports."""
    for name in (
        "x-business-use-case-usage",
        "x-app-usage",
        "x-ad-account-usage",
        "x-fb-ads-insights-throttle",
    ):
        try:
            told = orjson.loads(headers.get(name) or "{}")
        except orjson.JSONDecodeError:
            continue
        entries = (
            [entry for value in told.values() if isinstance(value, list) for entry in value]
            if isinstance(told, dict)
            else []
        )
        for entry in entries or [told]:
            numbers = {key: float(value) for key, value in entry.items() if isinstance(value, int | float)}
            used = max(
                (
                    value
                    for key, value in numbers.items()
                    if key.endswith(("_count", "_cputime", "_time", "_pct"))
                ),
                default=0.0,
            )
            yield used, numbers.get("estimated_time_to_regain_access", 0.0)


def pause_asked(headers: Mapping[str, str]) -> float | None:
    """Seconds to pause because a budget is nearly used up; None: go on."""
    used, minutes = max(_usages(headers), default=(0.0, 0.0))
    return (minutes * 60 or REST) if used >= REST_ABOVE else None


def _judge(answer: Answer, wait: float | None) -> Retry | SourceError | None:
    if answer.status < 400:
        return None
    error = at(answer.json(), "error")
    code, told = at(error, "code"), at(error, "message") or answer.start
    if (code, at(error, "error_subcode")) in _TOO_MUCH:
        return TooMuch(f"too much at once: {told}")
    if code == 2635:
        return PermanentError(
            f"this version of the API has ended ({code}): {told}. Set meta_ads.api_version in company.toml to"
            " a newer one."
        )
    if code in (102, 190):
        return PermanentError(f"the token is not accepted ({code}): {told}. {WAY_OUT}")
    if code in _THROTTLED:
        # codes 1 and 2 are outages that pass, the others budgets
        return Retry(
            f"answers {answer.status} with code {code}: {told}",
            None if code in (1, 2) else wait or REST,
            everybody=True,
        )
    if answer.status == 403 or code in (10, 200):
        return NotAvailable(f"the token may not read this ({answer.status}, code {code}): {told}. {WAY_OUT}")
    return None


def identify(client: Client) -> str:
    """Rows carry their account, and a run that reaches other accounts only is refused: nothing more needs to
    be told apart."""
    return "ad accounts"


# ------------------------------------------------------------------ what is asked


def _listing(
    client: Client,
    path: str,
    params: Mapping[str, Any],
    lane: str = "",
    complaint: Complaint = lambda _: None,
) -> list[Row]:
    """Every row of a list. `complaint` judges one page."""
    what = f"{LABEL} {path}"

    def pages() -> Iterator[list[Row]]:
        after = None
        while True:
            hollow = once(partial(_hollow, promised=after is not None))
            page = {**params, "limit": PAGE, "after": after}
            answer = client.get(path, page, lane=lane, complaint=partial(_either, hollow, complaint))
            yield expect(answer, list, what, "data")
            following = at(answer, "paging.next")
            if not following:
                return
            # the address itself may hold a token, and another version
            named = parse_qs(urlsplit(str(following)).query).get("after")
            after = named[0] if named else expect(answer, str, what, "paging", "cursors", "after")

    # a list that begins again brings rows twice; within one list the last one counts
    return [row for page in listed(pages, what) for row in page]


def _either(one: Complaint, other: Complaint, answer: Any) -> str | None:
    return one(answer) or other(answer)


def _hollow(answer: Any, promised: bool) -> str | None:
    more = at(answer, "paging.next") or promised
    return "an empty page where there should be more" if at(answer, "data") == [] and more else None


def _accounts(client: Client, company: Company) -> list[Row]:
    fields = {
        "id": "account_id",
        "name": "name",
        "currency": "currency",
        "time_zone": "timezone_name",
        "status": "account_status",
    }
    asked = {"fields": ",".join(fields.values())}
    accounts = {
        str(at(row, "account_id")): flat(row, fields) for row in _listing(client, "/me/adaccounts", asked)
    }
    return [row | {"status": str(row["status"])} if "status" in row else row for row in accounts.values()]


def _campaigns(client: Client, company: Company, account: Row) -> Iterator[list[Row]]:
    fields = {"id": "id", "name": "name", "status": "effective_status"}
    statuses = company.meta_ads.campaign_statuses
    asked = {"fields": ",".join(fields.values()), "effective_status": _json(statuses) if statuses else None}
    rows = _listing(client, f"/act_{account['id']}/campaigns", asked)
    yield list({at(row, "id"): flat(row, fields) | {"account_id": account["id"]} for row in rows}.values())


def _spend(client: Client, company: Company, account: Row, first: date, last: date) -> list[Row]:
    statuses = company.meta_ads.campaign_statuses
    params = {
        "level": "campaign",
        "time_increment": "1",
        "time_range": _json({"since": first.isoformat(), "until": last.isoformat()}),
        "fields": "campaign_id,campaign_name,spend,impressions,clicks,actions,account_id,account_currency",
        **(
            {
                "filtering": _json(
                    [{"field": "campaign.effective_status", "operator": "IN", "value": statuses}]
                )
            }
            if statuses
            else {}
        ),
    }
    path = f"/act_{account['id']}/insights"

    def wrong(answer: Any) -> str | None:
        rows = at(answer, "data")
        return other_days((flat(row, _DAY) for row in rows), first, last) if isinstance(rows, list) else None

    try:
        rows = _listing(client, path, params, "insights", wrong)
    except TooMuch:
        rows = _listing(client, f"/{_report(client, path, params)}/insights", {}, "insights", wrong)
    days = [flat(row, _DAY) | _conversions(row, company) for row in rows]
    return list({(str(day.get("campaign_id")), str(day.get("day"))): day for day in days}.values())


def _conversions(row: Row, company: Company) -> Row:
    """The actions that count, added up. A row without any has none."""
    wanted = company.meta_ads.conversion_actions
    try:
        found = [
            decimal(action.get("value"))
            for action in row.get("actions") or ()
            if action.get("action_type") in wanted
        ]
    except (ValueError, AttributeError):
        return {"conversions": str(row.get("actions"))}  # stored as empty, with a warning
    return {"conversions": sum(found)}


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _report(client: Client, path: str, params: Mapping[str, str]) -> str:
    """Have Meta work on it by itself; the id of the finished report.

    Raises:
        TransientError: the report failed or took more than ten minutes.
    """
    report = str(
        expect(client.form(path, params, lane="insights"), (str, int), f"{LABEL} report", "report_run_id")
    )
    for _ in range(POLLS):
        told = client.get(f"/{report}", {"fields": "async_status,async_percent_completion"})
        status = at(told, "async_status")
        if status == "Job Completed" and at(told, "async_percent_completion") == 100:
            return report
        if status in ("Job Failed", "Job Skipped"):
            raise TransientError(f"{LABEL}: the report on {path} ended as {status}; run it again later")
        time.sleep(POLL)
    raise TransientError(
        f"{LABEL}: the report on {path} is not finished after {POLL * POLLS:.0f} s; run it again later"
    )


PLATFORM = Platform(SOURCE, LABEL, lambda company: company.meta_ads, _accounts, _campaigns, _spend, WAY_OUT)
recall = partial(pull.recall, PLATFORM)


def _old_version(client: Client[Facts]) -> str | None:
    asked, answered = client.facts.asked_version, client.facts.version
    return (
        f"{asked} was asked for and {answered} answers: that version has ended" if asked != answered else None
    )


def begin(run: AdsRun) -> None:
    """Before the first row: the accounts that count, their campaigns, and the version that answers."""
    pull.begin(PLATFORM, run)
    if told := _old_version(run.client):
        run.warn(f"{LABEL}: {told}; numbers may change their meaning. Set meta_ads.api_version")


def diagnose(client: Client[Facts], settings: Settings, company: Company) -> Iterator[Finding]:
    """Accounts, currencies, permissions, and the version that answers."""
    yield from diagnosis.diagnose(PLATFORM, client, settings, company)
    told = _old_version(client)
    yield Finding(
        SOURCE,
        "version",
        "warn" if told else "ok",
        told or client.facts.version,
        "Set meta_ads.api_version." if told else "",
    )


source = Source(
    SOURCE,
    MetaAdsCredentials,
    pull.tables(PLATFORM),
    connect,
    identify,
    diagnose,
    memory=Memory,
    recall=recall,
    begin=begin,
    versions=VERSIONS,
)
