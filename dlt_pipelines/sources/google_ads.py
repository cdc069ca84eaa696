"""Google Ads (REST).

POST https://oauth2.googleapis.com/token                      -> an access token, from the refresh token
GET  /{version}/customers:listAccessibleCustomers             -> where to begin without a login customer
POST /{version}/customers/{id}/googleAds:searchStream (GAQL)  -> accounts (customer, customer_client),
                                                                 campaigns (campaign), spend (campaign by
                                                                 segments.date)

Campaigns are merged on their id, days on account, campaign and day; how days are pulled again while Google
restates them is in dlt_pipelines/kinds/ads/. searchStream has no pages: one answer is the whole, and one
operation of the day's budget however long it is.

Quirks: whole numbers are texts; spend is in millionths of the account's currency (costMicros); errors come as
a list around the usual body; a campaign without activity on a day has no row; removed campaigns are listed
and have past spend, so no state is filtered. A manager account has no metrics: its clients are asked, with
the manager as login-customer-id. A client that is not ENABLED refuses every query: it is left out and what
was loaded stays.

UNCONFIRMED: whether a query without rows answers [] or one chunk without results; both are read. The access
level of the developer token (Explorer 2,880 operations a day, Basic 15,000) is not told by the API:
operations_a_day says it.

Settings: GOOGLE_ADS_DEVELOPER_TOKEN, GOOGLE_ADS_CLIENT_ID, GOOGLE_ADS_CLIENT_SECRET,
GOOGLE_ADS_REFRESH_TOKEN, GOOGLE_ADS_LOGIN_CUSTOMER_ID (the manager account, where access goes through one),
GOOGLE_ADS_BASE_URL, section [google_ads] of company.toml (api_version, account_ids, start_date,
restated_days, operations_a_day).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from pydantic import Field, SecretStr

from dlt_pipelines.core.api_versions import ApiVersions, last_day
from dlt_pipelines.core.records import at
from dlt_pipelines.core.source import Finding, Source
from dlt_pipelines.errors import NotAvailable, PermanentError, SourceError
from dlt_pipelines.kinds.ads import diagnosis, pull
from dlt_pipelines.kinds.ads.platform import Memory, Platform, Row, flat, other_days
from dlt_pipelines.wire.bearer import Bearer
from dlt_pipelines.wire.budget import Budget, Limit
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.connect import Access, connects
from dlt_pipelines.wire.credentials import Credentials
from dlt_pipelines.wire.messages import Answer, Retry
from dlt_pipelines.wire.paging import entries, expect
from foundation.settings import Company, Settings
from foundation.settings.types import AccountId, WebAddress

SOURCE = "google_ads"
LABEL = "Google Ads"
VENDOR_URL = "https://googleads.googleapis.com"
TOKEN_URL = "https://oauth2.googleapis.com"
WAY_OUT = (
    "Check GOOGLE_ADS_CLIENT_ID, GOOGLE_ADS_CLIENT_SECRET and GOOGLE_ADS_REFRESH_TOKEN (those of an app in"
    " the state Testing end after 7 days), and that this Google user has access to the ad account."
)
MANAGER_WAY_OUT = (
    "Set GOOGLE_ADS_LOGIN_CUSTOMER_ID to the manager account through which this user reaches the ad accounts."
)

_WAYS_OUT = {
    "DEVELOPER_TOKEN_NOT_APPROVED": (
        "The developer token is for test accounts only: apply for access in the API centre of Google Ads."
    ),
    "DEVELOPER_TOKEN_INVALID": "Check GOOGLE_ADS_DEVELOPER_TOKEN.",
    "USER_PERMISSION_DENIED": MANAGER_WAY_OUT,
    "CUSTOMER_NOT_ENABLED": "The account is closed or suspended; take it out of google_ads.account_ids.",
    "REQUESTED_METRICS_FOR_MANAGER": (
        "A manager account has no spend: put its clients into google_ads.account_ids."
    ),
}

_BESIDE = ("fieldMask", "requestId", "queryResourceConsumption", "summaryRow")
"""What a chunk without results may hold."""
_ACCOUNT = {
    "id": "id",
    "name": "descriptiveName",
    "currency": "currencyCode",
    "time_zone": "timeZone",
    "status": "status",
}
_DAY = {
    "account_id": "customer.id",
    "currency": "customer.currencyCode",
    "campaign_id": "campaign.id",
    "campaign_name": "campaign.name",
    "day": "segments.date",
    "spend": "metrics.costMicros",
    "impressions": "metrics.impressions",
    "clicks": "metrics.clicks",
    "conversions": "metrics.conversions",
}

# checked on 29 November 2026 against Google's timetable; if it moves a date, correct it here
VERSIONS = ApiVersions(
    in_use=lambda company: {company.google_ads.api_version: ""},
    setting="google_ads.api_version",
    last_day={
        "v22": last_day("2026-10-06"),
        "v23": last_day("2027-02"),
        "v24": last_day("2027-05"),
        "v25": last_day("2027-08"),
        "v26": last_day("2027-11"),
    }.get,
)


class GoogleAdsCredentials(Credentials):
    """The credentials of Google Ads: a developer token, an OAuth client, and the refresh token of a user with
    access."""

    developer_token: SecretStr = Field(alias="GOOGLE_ADS_DEVELOPER_TOKEN")
    client_id: SecretStr = Field(alias="GOOGLE_ADS_CLIENT_ID")
    client_secret: SecretStr = Field(alias="GOOGLE_ADS_CLIENT_SECRET")
    refresh_token: SecretStr = Field(alias="GOOGLE_ADS_REFRESH_TOKEN")
    login_customer_id: AccountId | None = Field(None, alias="GOOGLE_ADS_LOGIN_CUSTOMER_ID")
    base_url: WebAddress | None = Field(None, alias="GOOGLE_ADS_BASE_URL")


@dataclass
class Facts:
    """What the source knows about its connection."""

    login: str
    """The manager account through which the others are reached; empty: directly."""
    managers: list[str] = field(default_factory=list)
    """Manager accounts that were found; they have no spend of their own."""


@connects(GoogleAdsCredentials, SOURCE)
def connect(access: Access[GoogleAdsCredentials]) -> Client[Facts]:
    """A client for one API version that fetches its access tokens itself."""
    credentials, company = access.credentials, access.company
    tokens = Client(
        replace(access.vendor(LABEL, TOKEN_URL, WAY_OUT), judge=_token_judge), counters=access.counters
    )

    def fetch() -> tuple[str, float]:
        fields = {
            "grant_type": "refresh_token",
            "client_id": credentials.client_id.get_secret_value(),
            "client_secret": credentials.client_secret.get_secret_value(),
            "refresh_token": credentials.refresh_token.get_secret_value(),
        }
        answer = tokens.form("/token", fields)
        return expect(answer, str, f"{LABEL} token", "access_token"), float(answer.get("expires_in") or 0)

    login = credentials.login_customer_id or ""
    headers = {"developer-token": credentials.developer_token.get_secret_value()}
    vendor = access.vendor(LABEL, VENDOR_URL, WAY_OUT)
    vendor = replace(
        vendor,
        base_url=f"{vendor.base_url}/{company.google_ads.api_version}",
        headers=headers | ({"login-customer-id": login} if login else {}),
        auth=Bearer(fetch, access.redact),
        budget=Budget({"": (Limit(4, 0), Limit(company.google_ads.operations_a_day, 86_400))}),
        judge=_judge,
        outdated=VERSIONS.ended(LABEL, company),
        read_seconds=300.0,
    )
    return Client(vendor, Facts(login), access.counters)


def _token_judge(answer: Answer) -> Retry | SourceError | None:
    if answer.status in (400, 401):
        told = at(answer.json(), "error_description") or at(answer.json(), "error") or answer.start
        return PermanentError(f"the refresh token is not accepted ({answer.status}): {told}. {WAY_OUT}")
    return None


def _judge(answer: Answer) -> Retry | SourceError | None:
    if answer.status < 400:
        return None
    body = answer.json()
    error = at(body[0] if isinstance(body, list) and body else body, "error")
    details = [detail for detail in at(error, "details") or () if isinstance(detail, dict)]
    failures = [
        failure for detail in details for failure in detail.get("errors") or () if isinstance(failure, dict)
    ]
    codes = [str(code) for failure in failures for code in (failure.get("errorCode") or {}).values()]
    told = (
        "; ".join([str(failure.get("message")) for failure in failures])
        or at(error, "message")
        or answer.start
    )
    if answer.status == 429:
        asked = next(
            (value for failure in failures if (value := at(failure, "details.quotaErrorDetails.retryDelay"))),
            None,
        )
        return Retry(f"answers 429: {told}", _seconds(asked), everybody=True)
    if "UNSUPPORTED_VERSION" in codes:
        return PermanentError(
            f"this version of the API has ended: {told}. Set google_ads.api_version in company.toml to a"
            " newer one"
        )
    if answer.status == 403 or set(codes) & set(_WAYS_OUT):
        ways = " ".join(_WAYS_OUT[code] for code in codes if code in _WAYS_OUT)
        return NotAvailable(
            f"the credentials may not read this ({answer.status}, {', '.join(codes) or at(error, 'status')}):"
            f" {told}. {ways}"
        )
    return None


def _seconds(delay: Any) -> float | None:
    """A duration such as "900s"."""
    text = str(delay or "").removesuffix("s")
    return float(text) if text.replace(".", "", 1).isdigit() else None


def identify(client: Client[Facts]) -> str:
    """Return how the accounts are reached. Rows carry the account id, so this names no account."""
    return f"through {client.facts.login}" if client.facts.login else "direct access"


# ------------------------------------------------------------------ what is asked


def query(client: Client, customer: str, select: str, **more: Any) -> list[dict[str, Any]]:
    """Every row that a GAQL query brings; `complaint` judges the rows.

    Raises:
        NotAvailable: this user may not read the customer.
    """
    complaint = more.get("complaint", lambda rows: None)

    def wrong(answer: Any) -> str | None:
        return complaint(_results(answer)) if isinstance(answer, list) else None

    return _results(
        client.post(f"/customers/{customer}/googleAds:searchStream", {"query": select}, complaint=wrong)
    )


def _results(answer: Any) -> list[dict[str, Any]]:
    return [
        row
        for chunk in expect(answer, list, LABEL)
        for row in entries(chunk, LABEL, "results", beside=_BESIDE)
    ]


def _accounts(client: Client[Facts], company: Company) -> list[Row]:
    """The accounts below the login customer, or those to which the user has direct access."""
    login = client.facts.login
    if login:
        roots = [login]
    else:
        names = expect(client.get("/customers:listAccessibleCustomers"), list, LABEL, "resourceNames")
        roots = [str(name).rpartition("/")[2] for name in names]
    found: dict[str, Row] = {}
    client.facts.managers = []
    for root in roots:
        try:
            rows = query(client, root, _about("customer"))
            if rows and at(rows[0], "customer.manager"):
                if not login:
                    client.facts.managers.append(root)
                    continue
                rows = query(client, root, _about("customer_client"))
        except NotAvailable as error:
            if login:
                raise
            if "CUSTOMER_NOT_ENABLED" not in str(error):  # one that is closed has nothing to say
                found[root] = {"id": root, "is_open": False, "refused": str(error)}
            continue
        for row in rows:
            account = row.get("customerClient") or row.get("customer")
            if not at(account, "manager"):
                found[str(at(account, "id"))] = flat(account, _ACCOUNT) | {
                    "is_open": at(account, "status") == "ENABLED"
                }
    return list(found.values())


def _about(resource: str) -> str:
    fields = ("id", "descriptive_name", "currency_code", "time_zone", "manager", "status")
    return f"SELECT {', '.join(f'{resource}.{field}' for field in fields)} FROM {resource}"


def _campaigns(client: Client, company: Company, account: Row) -> Iterator[list[Row]]:
    fields = {"id": "campaign.id", "name": "campaign.name", "status": "campaign.status"}
    rows = query(client, account["id"], "SELECT campaign.id, campaign.name, campaign.status FROM campaign")
    yield [flat(row, fields) | {"account_id": account["id"]} for row in rows]


def _spend(client: Client, company: Company, account: Row, first: date, last: date) -> list[Row]:
    select = (
        "SELECT customer.id, customer.currency_code, campaign.id, campaign.name, segments.date,"
        " metrics.cost_micros, metrics.impressions, metrics.clicks, metrics.conversions FROM campaign WHERE"
        f" segments.date BETWEEN '{first}' AND '{last}'"
    )
    rows = query(
        client,
        account["id"],
        select,
        complaint=lambda rows: other_days((flat(row, _DAY) for row in rows), first, last),
    )
    return [_day(row) for row in rows]


def _day(row: dict[str, Any]) -> Row:
    day = flat(row, _DAY)
    micros = str(day.get("spend", ""))
    if micros.lstrip("-").isdigit():  # anything else is stored as empty, with a warning
        day["spend"] = Decimal(micros).scaleb(-6)
    return day


PLATFORM = Platform(
    SOURCE, LABEL, lambda company: company.google_ads, _accounts, _campaigns, _spend, MANAGER_WAY_OUT
)
recall = partial(pull.recall, PLATFORM)
begin = partial(pull.begin, PLATFORM)


def diagnose(client: Client[Facts], settings: Settings, company: Company) -> Iterator[Finding]:
    """Accounts, currencies, permissions, and managers whose clients are out of reach."""
    yield from diagnosis.diagnose(PLATFORM, client, settings, company)
    if managers := client.facts.managers:
        yield Finding(
            SOURCE,
            "managers",
            "warn",
            f"the clients of manager {', '.join(managers)} are not read",
            MANAGER_WAY_OUT,
        )


source = Source(
    SOURCE,
    GoogleAdsCredentials,
    pull.tables(PLATFORM),
    connect,
    identify,
    diagnose,
    memory=Memory,
    recall=recall,
    begin=begin,
    versions=VERSIONS,
)
