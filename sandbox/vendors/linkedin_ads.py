"""LinkedIn's wire contract (Marketing API, versioned REST): accounts, campaigns, adAnalytics, tokens, over
the tables `linkedin_ads.*`.

Queries are Restli 2.0: parentheses and commas must come as they are and the colons of a URN encoded, else
400. adAnalytics has no pages and drops what is beyond `MOST` rows. The given access token ends at `ENDS`; a
renewed one always holds.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs

from sandbox.engine.world import Answer, Call, World

CREDENTIALS = {
    "LINKEDIN_ADS_ACCESS_TOKEN": "AQV-sandbox-canary-linkedin-access-3e85",
    "LINKEDIN_ADS_CLIENT_ID": "canary86linkedinapp",
    "LINKEDIN_ADS_CLIENT_SECRET": "WPL_AP1.sandbox-canary-linkedin-0d4c",
    "LINKEDIN_ADS_REFRESH_TOKEN": "AQX-sandbox-canary-linkedin-refresh-71fa",
}
RENEWED = "AQW-sandbox-canary-linkedin-renewed-b206"
ENDS = datetime(2025, 11, 19, 15, tzinfo=UTC)
OPEN_PATHS = r"^/oauth/"
ROWS = ("elements",)
VERSIONS = ("202601", "202602", "202603", "202604", "202605", "202606", "202607")
MOST = 15_000
METRICS = {
    "costInLocalCurrency",
    "costInUsd",
    "impressions",
    "clicks",
    "externalWebsiteConversions",
    "oneClickLeads",
}

_DAY = r"\(year:(\d{4}),month:(\d{1,2}),day:(\d{1,2})\)"


def _error(status: int, message: str, code: int | None = None) -> Answer:
    return Answer(
        status, {"message": message, "status": status} | ({"serviceErrorCode": code} if code else {})
    )


def refuse(world: World, call: Call, status: int) -> Answer:
    """LinkedIn's own body for an error status."""
    told = {
        401: ("The token used in the request has expired", 65_602),
        403: ("Not enough permissions to access: GET /adAnalytics", 100),
        429: ("Resource level throttle limit for calls to this resource is reached.", 101),
        426: (f"Requested version {call.headers.get('linkedin-version')} is not active", None),
    }
    return _error(status, *told.get(status, ("The request failed", None)))


async def handle(world: World, call: Call) -> Answer:
    """Answer one call."""
    if call.path.startswith("/oauth/v2/") and call.method == "POST":
        return _oauth(world, call)
    good = {f"Bearer {RENEWED}"} | (
        {f"Bearer {CREDENTIALS['LINKEDIN_ADS_ACCESS_TOKEN']}"} if world.clock.now() < ENDS else set()
    )
    if call.headers.get("authorization") not in good:
        return refuse(world, call, 401)
    version = call.headers.get("linkedin-version")
    if version is None:
        return _error(
            400, "A version must be present. Please specify a version by adding the LinkedIn-Version header."
        )
    if version not in VERSIONS:
        return refuse(world, call, 426)
    if call.headers.get("x-restli-protocol-version") != "2.0.0":
        return _error(400, "Invalid query parameters passed to request", 100)
    view = world.view()
    if call.path == "/rest/adAccounts" and call.query.get("q") == "search":
        return _search(
            call,
            [
                {"id": row.id, "type": "BUSINESS", "test": False, **row.props}
                for row in view.table("linkedin_ads.accounts")
            ],
        )
    if (match := re.fullmatch(r"/rest/adAccounts/(\d+)/adCampaigns", call.path)) and call.query.get(
        "q"
    ) == "search":
        mine = [row for row in view.table("linkedin_ads.campaigns") if row.props["account"] == int(match[1])]
        account = f"urn:li:sponsoredAccount:{match[1]}"
        return _search(
            call,
            [
                {"id": row.id, "account": account, "name": row.props["name"], "status": row.props["status"]}
                for row in mine
            ],
        )
    if call.path == "/rest/adAnalytics" and call.query.get("q") == "analytics":
        return _analytics(world, call)
    return _error(404, "No virtual resource found")


def _oauth(world: World, call: Call) -> Answer:
    form = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
    if form.get("client_id") != CREDENTIALS["LINKEDIN_ADS_CLIENT_ID"]:
        return Answer(400, {"error": "invalid_request", "error_description": "Invalid client id or token"})
    if form.get("client_secret") != CREDENTIALS["LINKEDIN_ADS_CLIENT_SECRET"]:
        return Answer(401, {"error": "invalid_client", "error_description": "Client authentication failed"})
    if call.path.endswith("/introspectToken"):
        ended = world.clock.now() >= ENDS
        body = {
            "active": not ended,
            "status": "expired" if ended else "active",
            "scope": "r_ads,r_ads_reporting",
            "auth_type": "3L",
        }
        return Answer(
            200, body | {"expires_at": int(ENDS.timestamp()), "created_at": int(ENDS.timestamp()) - 5_184_000}
        )
    if form.get("refresh_token") != CREDENTIALS["LINKEDIN_ADS_REFRESH_TOKEN"]:
        return Answer(
            400,
            {
                "error": "invalid_request",
                "error_description": "The provided authorization grant or refresh token is invalid",
            },
        )
    return Answer(
        200,
        {
            "access_token": RENEWED,
            "expires_in": 5_184_000,
            "refresh_token": CREDENTIALS["LINKEDIN_ADS_REFRESH_TOKEN"],
            "refresh_token_expires_in": 25_920_000,
        },
    )


def _search(call: Call, rows: list[dict[str, Any]]) -> Answer:
    token = call.query.get("pageToken", "")
    start = int(token.removeprefix("t")) if token.startswith("t") else 0
    size = int(call.query.get("pageSize", "100"))
    more = {"nextPageToken": f"t{start + size}"} if start + size < len(rows) else {}
    return Answer(200, {"elements": rows[start : start + size], "metadata": more})


def _analytics(world: World, call: Call) -> Answer:
    if re.search("%2[89C]", call.raw_query, re.I):
        return _error(400, "Invalid query parameters passed to request", 100)
    span = re.search(rf"dateRange=\(start:{_DAY},end:{_DAY}\)", call.raw_query)
    accounts = re.search(r"accounts=List\(urn%3Ali%3AsponsoredAccount%3A(\d+)\)", call.raw_query, re.I)
    fields = call.query.get("fields", "impressions,clicks").split(",")
    named = [field for field in fields if field not in ("dateRange", "pivotValues")]
    if span is None or accounts is None or set(named) - METRICS or len(named) > 20:
        return _error(400, "Invalid query parameters passed to request", 100)
    if (call.query.get("pivot"), call.query.get("timeGranularity")) != ("CAMPAIGN", "DAILY"):
        return _error(400, "The sandbox knows pivot=CAMPAIGN and timeGranularity=DAILY only", 100)
    numbers = [int(part) for part in span.groups()]
    first, last = date(*numbers[:3]).isoformat(), date(*numbers[3:]).isoformat()
    elements, listed = [], world.view().table("linkedin_ads.campaigns").by_id
    for row in world.view().table("linkedin_ads.days"):
        props = row.props
        if (
            props["campaign"] in listed
            and props["account"] == int(accounts[1])
            and first <= props["day"] <= last
        ):
            year, month, day = map(int, props["day"].split("-"))
            when = {"year": year, "month": month, "day": day}
            # some answers have numbers where others have texts
            cost = f"{props['cost'] / 1_000_000:.3f}"
            told = {
                "dateRange": {"start": when, "end": when},
                "pivotValues": [f"urn:li:sponsoredCampaign:{props['campaign']}"],
                "costInLocalCurrency": float(cost) if props["campaign"] % 2 else cost,
                "costInUsd": cost,
                "impressions": props["impressions"],
                "clicks": props["clicks"],
                "externalWebsiteConversions": props["conversions"] // 2,
                "oneClickLeads": props["conversions"] - props["conversions"] // 2,
            }
            elements.append({field: told[field] for field in fields})
    return Answer(200, {"paging": {"start": 0, "count": 10, "links": []}, "elements": elements[:MOST]})
