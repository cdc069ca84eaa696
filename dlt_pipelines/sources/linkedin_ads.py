"""LinkedIn Marketing API (versioned REST).

GET  /rest/adAccounts?q=search                          -> accounts
GET  /rest/adAccounts/{id}/adCampaigns?q=search         -> campaigns
GET  /rest/adAnalytics?q=analytics&pivot=CAMPAIGN       -> spend (one row a campaign and day)
POST https://www.linkedin.com/oauth/v2/accessToken      -> a new access token, where there is a refresh token
POST https://www.linkedin.com/oauth/v2/introspectToken  -> when the access token ends, where there is no
    refresh token

Campaigns are merged on their id, days on account, campaign and day; how days are pulled again while LinkedIn
restates them is in dlt_pipelines/kinds/ads/. adAnalytics has no pages: it drops what is beyond 15,000 rows
without a word, so an answer of that length is thrown away and the days are asked for in halves.

Quirks: the parentheses and commas of a query stay as they are and only the colons inside of a URN are
encoded, so the query is written by hand; `paging.count` of adAnalytics says nothing; costs are texts (numbers
are read too); a campaign is named by a URN; names come from the campaigns. An account without access is
simply not listed. Access tokens live 60 days: with a refresh token (approved apps only) a refused one is
renewed, and as a new one is not at once known everywhere, one more refusal is waited out; without it the
doctor and a warning say when it ends.

UNCONFIRMED: the zone of the days (time_zone, UTC unless set), how long LinkedIn keeps them (loaded days are
never thrown away), which metrics are the conversions (conversion_metrics), the codes of a 401 (only the
status is read).

Settings: LINKEDIN_ADS_ACCESS_TOKEN, and optional LINKEDIN_ADS_CLIENT_ID, LINKEDIN_ADS_CLIENT_SECRET,
LINKEDIN_ADS_REFRESH_TOKEN; LINKEDIN_ADS_BASE_URL, section [linkedin_ads] of company.toml (api_version,
account_ids, start_date, restated_days, time_zone, conversion_metrics).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

from pydantic import Field, SecretStr

from dlt_pipelines.core.api_versions import ApiVersions, LastDay, last_day, months_after
from dlt_pipelines.core.records import at
from dlt_pipelines.core.source import Finding, Source
from dlt_pipelines.errors import NotAvailable, PermanentError, SourceError
from dlt_pipelines.kinds.ads import diagnosis, pull
from dlt_pipelines.kinds.ads.platform import AdsRun, Memory, Platform, Row, flat, other_days
from dlt_pipelines.wire.bearer import Auth, Bearer
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.connect import Access, connects
from dlt_pipelines.wire.credentials import Credentials
from dlt_pipelines.wire.messages import Answer, Retry
from dlt_pipelines.wire.paging import expect, listed, once
from foundation.settings import Company, Settings
from foundation.settings.types import WebAddress
from foundation.values import decimal

SOURCE = "linkedin_ads"
LABEL = "LinkedIn Ads"
VENDOR_URL = "https://api.linkedin.com"
OAUTH_URL = "https://www.linkedin.com"
WAY_OUT = (
    "Make a new token with the scopes r_ads and r_ads_reporting as a member with a role in the ad account"
    " (Campaign Manager, Access), and set LINKEDIN_ADS_ACCESS_TOKEN."
)
MOST = 15_000
"""Rows of one answer of adAnalytics; more are dropped silently."""
KNOWN_EVERYWHERE = 30.0
"""Seconds until a new token is known everywhere."""
SOON = timedelta(days=14)
"""A token that ends within this time is warned of."""

# checked on 29 November 2026 against LinkedIn's migrations page; if it moves a date, correct it here
_LAST_DAYS = {
    "202511": last_day("2026-11-16"),
    "202601": last_day("2027-01-15"),
    "202602": last_day("2027-02-15"),
    "202603": last_day("2027-03-16"),
}


def _last_day(version: str) -> LastDay | None:
    return _LAST_DAYS.get(version) or months_after(int(version[:4]), int(version[4:]), 12)


VERSIONS = ApiVersions(
    in_use=lambda company: {company.linkedin_ads.api_version: ""},
    setting="linkedin_ads.api_version",
    last_day=_last_day,
)


class LinkedInAdsCredentials(Credentials):
    """The credentials of LinkedIn: an access token; the others renew it, or say when it ends."""

    access_token: SecretStr = Field(alias="LINKEDIN_ADS_ACCESS_TOKEN")
    client_id: SecretStr | None = Field(None, alias="LINKEDIN_ADS_CLIENT_ID")
    client_secret: SecretStr | None = Field(None, alias="LINKEDIN_ADS_CLIENT_SECRET")
    refresh_token: SecretStr | None = Field(None, alias="LINKEDIN_ADS_REFRESH_TOKEN")
    base_url: WebAddress | None = Field(None, alias="LINKEDIN_ADS_BASE_URL")


class Tokens:
    """The access token: the one that was given, and another one when it is refused."""

    def __init__(self, credentials: LinkedInAdsCredentials, oauth: Client) -> None:
        self.oauth = oauth
        self.access = credentials.access_token.get_secret_value()
        self.refresh = credentials.refresh_token.get_secret_value() if credentials.refresh_token else ""
        self.app: dict[str, str] = {}
        if credentials.client_id and credentials.client_secret:
            self.app = {
                "client_id": credentials.client_id.get_secret_value(),
                "client_secret": credentials.client_secret.get_secret_value(),
            }
        self.renews = bool(self.app and self.refresh)
        self.auth = Bearer(self._fetch, oauth.redact) if self.renews else Auth()
        self.headers = {} if self.renews else {"Authorization": f"Bearer {self.access}"}
        self._used = self._young = False
        self.refresh_ends: timedelta | None = None

    def _fetch(self) -> tuple[str, float]:
        if not self._used:
            self._used = True
            return self.access, float("inf")
        fields = {"grant_type": "refresh_token", "refresh_token": self.refresh, **self.app}
        answer = self.oauth.form("/oauth/v2/accessToken", fields)
        self._young = True
        if seconds := answer.get("refresh_token_expires_in"):
            self.refresh_ends = timedelta(seconds=float(seconds))
        return expect(answer, str, f"{LABEL} token", "access_token"), float(answer.get("expires_in") or 0)

    def waits(self) -> bool:
        """Whether a refused token is so new that it may not be known everywhere; true once."""
        young, self._young = self._young, False
        return young

    def ends(self) -> datetime | None:
        """When the given access token ends; None where LinkedIn can't be asked.

        Raises:
            PermanentError: client id and secret are not those of the token.
        """
        if not self.app:
            return None
        told = at(
            self.oauth.form("/oauth/v2/introspectToken", {"token": self.access, **self.app}), "expires_at"
        )
        return datetime.fromtimestamp(told, UTC) if isinstance(told, int) else None


@dataclass
class Facts:
    """What the source knows about its connection."""

    tokens: Tokens
    names: dict[Any, Any] = field(default_factory=dict)
    """Campaign -> name, of the campaigns read in this run."""


@connects(LinkedInAdsCredentials, SOURCE)
def connect(access: Access[LinkedInAdsCredentials]) -> Client[Facts]:
    """A client for one API version."""
    # the quotas are not published: one request at a time
    oauth = Client(replace(access.vendor(LABEL, OAUTH_URL), judge=_oauth_judge), counters=access.counters)
    tokens = Tokens(access.credentials, oauth)

    def judge(answer: Answer) -> Retry | SourceError | None:
        if answer.status == 401 and tokens.waits():
            return Retry("the new token is not known everywhere yet", KNOWN_EVERYWHERE, everybody=True)
        return _judge(answer)

    vendor = access.vendor(LABEL, VENDOR_URL, WAY_OUT)
    vendor = replace(
        vendor,
        base_url=f"{vendor.base_url}/rest",
        headers={
            "LinkedIn-Version": access.company.linkedin_ads.api_version,
            "X-Restli-Protocol-Version": "2.0.0",
        }
        | tokens.headers,
        auth=tokens.auth,
        judge=judge,
        outdated=VERSIONS.ended(LABEL, access.company),
        read_seconds=180.0,
    )
    return Client(vendor, Facts(tokens), access.counters)


def _oauth_judge(answer: Answer) -> Retry | SourceError | None:
    if answer.status in (400, 401):
        told = at(answer.json(), "error_description") or at(answer.json(), "error") or answer.start
        return PermanentError(
            f"the sign-in is not accepted ({answer.status}): {told}. Check LINKEDIN_ADS_CLIENT_ID,"
            " LINKEDIN_ADS_CLIENT_SECRET and LINKEDIN_ADS_REFRESH_TOKEN (which ends after 365 days)."
        )
    return None


def _judge(answer: Answer) -> Retry | SourceError | None:
    told = at(answer.json(), "message") or answer.start
    if answer.status == 426:
        return PermanentError(
            f"this version of the API has ended (426): {told}. Set linkedin_ads.api_version to a newer one"
        )
    if answer.status == 403:
        return NotAvailable(f"the token may not read this (403): {told}. {WAY_OUT}")
    return None


def identify(client: Client) -> str:
    """Rows carry their account, and a run that reaches other accounts only is refused: nothing more needs to
    be told apart."""
    return "ad accounts"


# ------------------------------------------------------------------ what is asked


def _search(client: Client, path: str) -> list[Row]:
    """Every element of a search."""

    def pages() -> Iterator[list[Row]]:
        token = ""
        while True:
            more = f"&pageToken={quote(token, safe='')}" if token else ""
            answer = client.get(
                f"{path}?q=search&pageSize=1000{more}", complaint=once(partial(_hollow, promised=bool(token)))
            )
            yield expect(answer, list, f"{LABEL} {path}", "elements")
            token = str(at(answer, "metadata.nextPageToken") or "")
            if not token:
                return

    return [row for page in listed(pages, f"{LABEL} {path}") for row in page]


def _hollow(answer: Any, promised: bool) -> str | None:
    more = at(answer, "metadata.nextPageToken") or promised
    return "an empty page where there should be more" if at(answer, "elements") == [] and more else None


def _accounts(client: Client, company: Company) -> list[Row]:
    fields = {"id": "id", "name": "name", "currency": "currency", "status": "status"}
    zone = {"time_zone": company.linkedin_ads.time_zone}
    return list(
        {
            str(at(row, "id")): _with_id(flat(row, fields)) | zone for row in _search(client, "/adAccounts")
        }.values()
    )


def _with_id(row: Row) -> Row:
    return row | {"id": str(row["id"])} if "id" in row else row


def _campaigns(client: Client[Facts], company: Company, account: Row) -> Iterator[list[Row]]:
    fields = {"id": "id", "name": "name", "status": "status"}
    found = {
        str(at(row, "id")): _with_id(flat(row, fields))
        for row in _search(client, f"/adAccounts/{account['id']}/adCampaigns")
    }
    client.facts.names.update({key: row.get("name") for key, row in found.items()})
    yield [row | {"account_id": account["id"]} for row in found.values()]


def _spend(client: Client[Facts], company: Company, account: Row, first: date, last: date) -> list[Row]:
    metrics = company.linkedin_ads.conversion_metrics
    fields = ",".join(("dateRange", "pivotValues", "costInLocalCurrency", "impressions", "clicks", *metrics))
    path = (
        f"/adAnalytics?q=analytics&pivot=CAMPAIGN&timeGranularity=DAILY&dateRange=(start:{_asked(first)},end:{_asked(last)})"
        f"&accounts=List({quote('urn:li:sponsoredAccount:' + account['id'], safe='')})&fields={fields}"
    )
    shape = partial(_day, client, account, metrics)

    def wrong(answer: Any) -> str | None:
        rows = at(answer, "elements")
        return other_days(map(shape, rows), first, last) if isinstance(rows, list) else None

    rows = expect(client.get(path, complaint=wrong), list, f"{LABEL} adAnalytics", "elements")
    if len(rows) < MOST:
        return list({(day["campaign_id"], str(day.get("day"))): day for day in map(shape, rows)}.values())
    if first == last:
        raise PermanentError(
            f"{LABEL}: account {account['id']} has {MOST} campaigns or more on {first}, and LinkedIn tells no"
            " more"
        )
    middle = first + (last - first) // 2
    return _spend(client, company, account, first, middle) + _spend(
        client, company, account, middle + timedelta(days=1), last
    )


def _asked(day: date) -> str:
    return f"(year:{day.year},month:{day.month},day:{day.day})"


def _day(client: Client[Facts], account: Row, metrics: list[str], row: Any) -> Row:
    day = flat(row, {"spend": "costInLocalCurrency", "impressions": "impressions", "clicks": "clicks"})
    named = at(row, "pivotValues")
    campaign = str(named[0]).rpartition(":")[2] if isinstance(named, list) and named else ""
    starts = at(row, "dateRange.start")
    try:
        day["day"] = date(starts["year"], starts["month"], starts["day"]).isoformat()
        day["conversions"] = sum(
            decimal(value) for metric in metrics if (value := at(row, metric)) is not None
        )
    except (TypeError, KeyError):
        day["day"] = str(starts)
    except ValueError:
        day["conversions"] = str([at(row, metric) for metric in metrics])  # stored as empty, with a warning
    name = client.facts.names.get(campaign)
    named = {"campaign_name": name} if name else {}
    return (
        day
        | named
        | {
            "account_id": account["id"],
            "campaign_id": campaign,
            "currency": account.get("currency"),
        }
    )


PLATFORM = Platform(
    SOURCE, LABEL, lambda company: company.linkedin_ads, _accounts, _campaigns, _spend, WAY_OUT
)
recall = partial(pull.recall, PLATFORM)


def _end(client: Client[Facts], now: datetime) -> tuple[str, bool, datetime | None]:
    """Return what is known about the end of the credentials, whether a person should act, and the end
    (UTC)."""
    tokens = client.facts.tokens
    if tokens.renews:
        if tokens.refresh_ends is None:
            return "the access token is renewed when it is refused", False, None
        return (
            f"the refresh token ends in {tokens.refresh_ends.days} days",
            tokens.refresh_ends < SOON,
            now + tokens.refresh_ends,
        )
    try:
        ends = tokens.ends()
    except PermanentError as error:  # data can be read without knowing when access ends
        return str(error), True, None
    if ends is None:
        return (
            (
                "not known: set LINKEDIN_ADS_CLIENT_ID and LINKEDIN_ADS_CLIENT_SECRET to be told; access"
                " tokens live 60 days"
            ),
            False,
            None,
        )
    return (
        f"the access token ends on {ends:%d %B %Y}, in {max(0, (ends - now).days)} days",
        ends - now < SOON,
        ends,
    )


def begin(run: AdsRun) -> None:
    """Before the first row: the accounts that count, their campaigns, and how long the token is good."""
    pull.begin(PLATFORM, run)
    told, act, run.access_ends = _end(run.client, run.started_at)
    if act:
        run.warn(f"{LABEL}: {told}. {WAY_OUT}")


def diagnose(client: Client[Facts], settings: Settings, company: Company) -> Iterator[Finding]:
    """Accounts, currencies, permissions, and how long the token is good."""
    yield from diagnosis.diagnose(PLATFORM, client, settings, company)
    told, act, _ = _end(client, settings.now())
    yield Finding(SOURCE, "token", "warn" if act else "ok", told, WAY_OUT if act else "")


source = Source(
    SOURCE,
    LinkedInAdsCredentials,
    pull.tables(PLATFORM),
    connect,
    identify,
    diagnose,
    memory=Memory,
    recall=recall,
    begin=begin,
    versions=VERSIONS,
)
