"""Google Ads' wire contract (REST): the token endpoint, accessible customers, and GAQL by searchStream, over
the tables `google_ads.*`.

Of GAQL the sandbox knows `SELECT fields FROM customer | customer_client | campaign [WHERE segments.date
BETWEEN 'a' AND 'b']`. Whole numbers are texts, a query without rows answers one chunk without results, errors
of searchStream come in a list. The user has direct access to the client accounts; through the manager they
are reached with its login-customer-id too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from sandbox.engine.store import Row
from sandbox.engine.world import Answer, Call, World

CREDENTIALS = {
    "GOOGLE_ADS_DEVELOPER_TOKEN": "sandbox-canary-google-developer-4f1b",
    "GOOGLE_ADS_CLIENT_ID": "sandbox-canary-google-client.apps.example",
    "GOOGLE_ADS_CLIENT_SECRET": "sandbox-canary-google-secret-90aa",
    "GOOGLE_ADS_REFRESH_TOKEN": "1//sandbox-canary-google-refresh-17c2",
}
ACCESS_TOKEN = "ya29.sandbox-canary-google-access-6d20"
OPEN_PATHS = r"^/token$"
ROWS = ("*.results",)
VERSIONS = ("v23", "v24", "v25", "v26")
OPERATIONS_A_DAY = 2_880

_FIELDS: dict[str, dict[str, Callable[[dict[str, Any]], Any]]] = {
    "customer": {
        "customer.id": lambda row: str(row["account"].id),
        "customer.descriptive_name": lambda row: row["account"].props["name"],
        "customer.currency_code": lambda row: row["account"].props["currency"],
        "customer.time_zone": lambda row: row["account"].props["zone"],
        "customer.manager": lambda row: row["account"].props["manager"],
        "customer.status": lambda row: row["account"].props["status"],
    },
    "campaign": {
        "campaign.id": lambda row: str(row["campaign"].id),
        "campaign.name": lambda row: row["campaign"].props["name"],
        "campaign.status": lambda row: row["campaign"].props["status"],
    },
    "day": {
        "segments.date": lambda row: row["day"]["day"],
        "metrics.cost_micros": lambda row: str(row["day"]["cost"]),
        "metrics.impressions": lambda row: str(row["day"]["impressions"]),
        "metrics.clicks": lambda row: str(row["day"]["clicks"]),
        "metrics.conversions": lambda row: float(row["day"]["conversions"]),
    },
}
_FIELDS["customer_client"] = {
    name.replace("customer", "customer_client"): read for name, read in _FIELDS["customer"].items()
}


def refuse(
    world: World, call: Call, status: int, kind: str = "", code: str = "", message: str = ""
) -> Answer:
    """Google's own body for an error status; in a list on searchStream. `kind`, `code`: the name and value of
    a GoogleAdsFailure."""
    names = {
        400: "INVALID_ARGUMENT",
        401: "UNAUTHENTICATED",
        403: "PERMISSION_DENIED",
        404: "NOT_FOUND",
        429: "RESOURCE_EXHAUSTED",
    }
    told = message or {401: "Request had invalid authentication credentials."}.get(
        status, "The request failed."
    )
    error: dict[str, Any] = {"code": status, "message": told, "status": names.get(status, "INTERNAL")}
    if kind:
        failure = {"errorCode": {kind: code}, "message": told}
        error["details"] = [
            {
                "@type": "type.googleapis.com/google.ads.googleads.v25.errors.GoogleAdsFailure",
                "errors": [failure],
                "requestId": "r1",
            }
        ]
    body = {"error": error}
    return Answer(status, [body] if call.path.endswith("searchStream") else body)


async def handle(world: World, call: Call) -> Answer:
    """Answer one call."""
    if call.path == "/token":
        return _token(call)
    if call.headers.get("authorization") != f"Bearer {ACCESS_TOKEN}":
        return refuse(world, call, 401)
    if call.headers.get("developer-token") != CREDENTIALS["GOOGLE_ADS_DEVELOPER_TOKEN"]:
        return refuse(
            world,
            call,
            401,
            "authenticationError",
            "DEVELOPER_TOKEN_INVALID",
            "The developer token is not valid.",
        )
    match = re.fullmatch(
        r"/(v\d+)/customers(:listAccessibleCustomers|/(\d+)/googleAds:searchStream)", call.path
    )
    if match is None or match[1] not in VERSIONS:
        return refuse(world, call, 404)
    if not world.limiter("google_ads.day", OPERATIONS_A_DAY, 86_400).take() and world.limits.enforced:
        return refuse(world, call, 429, "quotaError", "RESOURCE_EXHAUSTED", "Too many requests.")
    accounts = world.view().table("google_ads.accounts")
    if match[2].startswith(":"):
        return Answer(
            200, {"resourceNames": [f"customers/{row.id}" for row in accounts if not row.props["manager"]]}
        )
    account = accounts.by_id.get(int(match[3]))
    login = call.headers.get("login-customer-id")
    manager = next(row.id for row in accounts if row.props["manager"])
    if account is None or login not in (None, str(manager)):
        return refuse(
            world,
            call,
            403,
            "authorizationError",
            "USER_PERMISSION_DENIED",
            "User doesn't have permission to access customer.",
        )
    if account.props["status"] != "ENABLED":
        return refuse(
            world,
            call,
            403,
            "authorizationError",
            "CUSTOMER_NOT_ENABLED",
            "The customer account can't be accessed.",
        )
    try:
        select = str(call.json()["query"])
    except (ValueError, KeyError, TypeError):
        return refuse(world, call, 400)
    return _search(world, call, account, select)


def _token(call: Call) -> Answer:
    form = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
    names = {"client_id": "CLIENT_ID", "client_secret": "CLIENT_SECRET", "refresh_token": "REFRESH_TOKEN"}
    if form.get("grant_type") != "refresh_token" or any(
        form.get(key) != CREDENTIALS[f"GOOGLE_ADS_{name}"] for key, name in names.items()
    ):
        return Answer(
            400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
        )
    scope = "https://www.googleapis.com/auth/adwords"
    return Answer(
        200, {"access_token": ACCESS_TOKEN, "expires_in": 3599, "scope": scope, "token_type": "Bearer"}
    )


def _search(world: World, call: Call, account: Row, select: str) -> Answer:
    match = re.fullmatch(
        r"SELECT (?P<fields>[\w., ]+) FROM (?P<resource>\w+)(?: WHERE segments\.date BETWEEN"
        r" '(?P<first>[\d-]+)' AND '(?P<last>[\d-]+)')?",
        select,
    )
    if match is None:
        return refuse(world, call, 400, "queryError", "UNEXPECTED_INPUT", "Error in query: unexpected input.")
    fields = [field.strip() for field in match["fields"].split(",")]
    groups = {"campaign": ("customer", "campaign", "day")}.get(match["resource"], (match["resource"],))
    known = {name: read for group in groups for name, read in _FIELDS.get(group, {}).items()}
    if unknown := [field for field in fields if field not in known]:
        return refuse(
            world,
            call,
            400,
            "queryError",
            "UNRECOGNIZED_FIELD",
            f"Unrecognized field in the query: '{unknown[0]}'.",
        )
    dated = any(field.startswith(("metrics.", "segments.")) for field in fields)
    if dated and account.props["manager"]:
        told = (
            "Metrics cannot be requested for a manager account. Issue a separate request against each client"
            " account."
        )
        return refuse(world, call, 400, "queryError", "REQUESTED_METRICS_FOR_MANAGER", told)
    results: list[dict[str, Any]] = []
    for row in _rows(world, account, match["resource"], (match["first"], match["last"]) if dated else None):
        result: dict[str, Any] = {}
        for field in fields:
            group, _, name = field.partition(".")
            result.setdefault(_camel(group), {})[_camel(name)] = known[field](row)
        results.append(result)
    chunk = {"fieldMask": ",".join(map(_camel, fields)), "requestId": "r1", "queryResourceConsumption": "1"}
    return Answer(200, [{"results": results, **chunk} if results else chunk])


def _rows(world: World, account: Row, resource: str, span: tuple[str, str] | None) -> list[dict[str, Any]]:
    view = world.view()
    if resource == "customer":
        return [{"account": account}]
    if resource == "customer_client":
        return (
            [{"account": row} for row in view.table("google_ads.accounts")]
            if account.props["manager"]
            else []
        )
    campaigns = view.table("google_ads.campaigns").by_id
    mine = {key: row for key, row in campaigns.items() if row.props["account"] == account.id}
    if span is None:
        return [{"account": account, "campaign": row} for row in mine.values()]
    return [
        {"account": account, "campaign": mine[row.props["campaign"]], "day": row.props}
        for row in view.table("google_ads.days")
        if row.props["campaign"] in mine and span[0] <= row.props["day"] <= span[1]
    ]


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)
