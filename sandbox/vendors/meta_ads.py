"""Meta's wire contract (Graph, Marketing API): ad accounts, campaigns, insights at once and as a report, over
the tables `meta_ads.*`.

Every number of insights is a text. Pages are shorter than asked for (`PAGE`), and the last one still has
cursors. A version that has ended is replaced by the oldest living one, silently. Deleted campaigns, and
archived ones in listings, come only when their state is asked for. More than `MOST_DAYS` days at once are
refused; a report takes two looks.
"""

from __future__ import annotations

import base64
import re
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson

from sandbox.engine.store import Row
from sandbox.engine.world import Answer, Call, World

CREDENTIALS = {"META_ADS_ACCESS_TOKEN": "EAAB-sandbox-canary-meta-5b7e91"}
OPEN_PATHS = ""
ROWS = ("data",)
VERSIONS = ("v25.0", "v26.0")
PAGE = 25
MOST_DAYS = 93
CALLS_AN_HOUR = 600

_STATES = ("ACTIVE", "PAUSED", "DELETED", "ARCHIVED", "IN_PROCESS", "WITH_ISSUES")


def _error(status: int, message: str, code: int, subcode: int | None = None) -> Answer:
    error: dict[str, Any] = {
        "message": message,
        "type": "OAuthException",
        "code": code,
        "fbtrace_id": "Asandbox",
    }
    return Answer(status, {"error": error | ({"error_subcode": subcode} if subcode else {})})


def refuse(world: World, call: Call, status: int) -> Answer:
    """Meta's own body for an error status; a bad token is a 400 too."""
    if status == 401:
        return _error(401, "Error validating access token: the session is invalid.", 190, 463)
    if status == 403:
        return _error(403, "(#200) Ad account owner has NOT granted ads_read permission.", 200)
    if status == 404:
        return _error(404, "(#803) Some of the aliases you requested do not exist.", 803)
    if status == 429:
        return _error(400, "(#80000) There have been too many calls from this ad-account.", 80_000, 2_446_079)
    return _error(
        status,
        "(#100) Invalid parameter" if status == 400 else "An unknown error occurred.",
        100 if status == 400 else 1,
    )


async def handle(world: World, call: Call) -> Answer:
    """Answer one call."""
    if call.headers.get("authorization") != f"Bearer {CREDENTIALS['META_ADS_ACCESS_TOKEN']}":
        return _error(400, "Invalid OAuth access token - Cannot parse access token", 190)
    match = re.fullmatch(r"/(v\d+\.\d+)/(.+)", call.path)
    if match is None:
        return refuse(world, call, 404)
    version = match[1] if match[1] in VERSIONS else VERSIONS[0]
    params = dict(call.query)
    if call.method == "POST":
        params |= dict(parse_qsl(call.body.decode()))
    answer = _dispatch(world, call, version, match[2], params)
    answer.headers.setdefault("facebook-api-version", version)
    return answer


def _dispatch(world: World, call: Call, version: str, path: str, params: dict[str, str]) -> Answer:
    view = world.view()
    if path == "me/adaccounts":
        rows = [
            {
                "id": f"act_{row.id}",
                "account_id": str(row.id),
                "name": row.props["name"],
                "currency": row.props["currency"],
                "timezone_name": row.props["zone"],
                "account_status": row.props["status"],
            }
            for row in view.table("meta_ads.accounts")
        ]
        return _page(call, version, path, params, rows)
    if report := re.fullmatch(r"(6\d+-[\w=-]+)(/insights)?", path):
        return _report(world, call, version, path, report[1], params, whole=bool(report[2]))
    match = re.fullmatch(r"(?:act_(\d+))/(campaigns|insights)", path)
    account = view.table("meta_ads.accounts").by_id.get(int(match[1])) if match else None
    if match is None or account is None:
        return _error(
            400,
            "(#100) Unsupported get request: the object does not exist or needs the prefix act_.",
            100,
            33,
        )
    if match[2] == "campaigns":
        states = _json(params.get("effective_status")) or ["ACTIVE", "PAUSED", "IN_PROCESS", "WITH_ISSUES"]
        if set(states) - set(_STATES):
            return _error(400, "(#100) effective_status must be one of the known states", 100)
        rows = [
            {"id": str(row.id), "name": row.props["name"], "effective_status": row.props["status"]}
            for row in _campaigns(world, account)
            if row.props["status"] in states
        ]
        return _page(call, version, path, params, rows)
    hour = world.limiter("meta_ads.insights", CALLS_AN_HOUR, 3_600)
    if not hour.take() and world.limits.enforced:
        return refuse(world, call, 429)
    answer = _insights(world, call, version, path, account, params)
    used = {
        "type": "ads_insights",
        "call_count": 100 * hour.used() // CALLS_AN_HOUR if world.limits.enforced else 1,
        "total_time": 3,
    }
    usage = {str(account.id): [used | {"total_cputime": 2, "estimated_time_to_regain_access": 0}]}
    answer.headers["X-Business-Use-Case-Usage"] = orjson.dumps(usage).decode()
    return answer


def _insights(
    world: World, call: Call, version: str, path: str, account: Row, params: dict[str, str]
) -> Answer:
    span = _json(params.get("time_range"))
    try:
        first, last = date.fromisoformat(span["since"]), date.fromisoformat(span["until"])
    except (TypeError, KeyError, ValueError):
        return _error(400, "(#100) time_range must be a JSON object with since and until", 100)
    if params.get("level") != "campaign" or params.get("time_increment") != "1":
        return _error(400, "(#100) the sandbox knows level=campaign and time_increment=1 only", 100)
    if call.method == "POST":
        # what was asked for is the id, so that no state is kept
        asked = base64.urlsafe_b64encode(
            f"{account.id}|{first}|{last}|{params.get('filtering', '')}".encode()
        ).decode()
        return Answer(200, {"report_run_id": f"6001-{asked}"})
    if (last - first).days >= MOST_DAYS:
        return _error(
            400, "Please reduce the amount of data you're asking for, then retry your request", 100, 1_504_018
        )
    return _page(
        call, version, path, params, _days(world, account, f"{first}", f"{last}", params.get("filtering", ""))
    )


def _days(world: World, account: Row, first: str, last: str, filtering: str) -> list[dict[str, Any]]:
    states = next(
        (rule["value"] for rule in _json(filtering) or [] if rule["field"] == "campaign.effective_status"),
        None,
    )
    campaigns = {row.id: row for row in _campaigns(world, account)}
    rows = []
    for row in world.view().table("meta_ads.days"):
        props, campaign = row.props, campaigns.get(row.props["campaign"])
        if campaign is None or not first <= props["day"] <= last:
            continue
        if campaign.props["status"] not in (states or [state for state in _STATES if state != "DELETED"]):
            continue
        told: dict[str, Any] = {
            "campaign_id": str(campaign.id),
            "campaign_name": campaign.props["name"],
            "spend": f"{props['cost'] / 1_000_000:.2f}",
            "impressions": str(props["impressions"]),
            "clicks": str(props["clicks"]),
            "account_id": str(account.id),
            "account_currency": account.props["currency"],
            "date_start": props["day"],
            "date_stop": props["day"],
        }
        if props["conversions"]:
            told["actions"] = [
                {"action_type": "link_click", "value": "9"},
                {"action_type": "lead", "value": str(props["conversions"])},
            ]
        rows.append(told)
    return rows


def _report(
    world: World, call: Call, version: str, path: str, report: str, params: dict[str, str], *, whole: bool
) -> Answer:
    account_id, first, last, filtering = (
        base64.urlsafe_b64decode(report.partition("-")[2]).decode().split("|")
    )
    account = world.view().table("meta_ads.accounts").by_id[int(account_id)]
    if whole:
        return _page(call, version, path, params, _days(world, account, first, last, filtering))
    looks = world.in_flight[report] = world.in_flight.get(report, 0) + 1
    done = looks > 1
    return Answer(
        200,
        {
            "id": report,
            "async_status": "Job Completed" if done else "Job Running",
            "async_percent_completion": 100 if done else 40,
        },
    )


def _campaigns(world: World, account: Row) -> list[Row]:
    return [row for row in world.view().table("meta_ads.campaigns") if row.props["account"] == account.id]


def _page(call: Call, version: str, path: str, params: dict[str, str], rows: list[dict[str, Any]]) -> Answer:
    """A page by cursor. `next` is there while there is more, the cursors are there always."""
    try:
        start = int(base64.urlsafe_b64decode(params["after"]).decode()) if params.get("after") else 0
    except ValueError:
        return _error(400, "(#100) Invalid cursors values", 100)
    page = rows[start : start + min(PAGE, int(params.get("limit", PAGE)))]
    after = base64.urlsafe_b64encode(str(start + len(page)).encode()).decode()
    body: dict[str, Any] = {"data": page}
    if page:
        body["paging"] = {
            "cursors": {"before": base64.urlsafe_b64encode(str(start).encode()).decode(), "after": after}
        }
    if start + len(page) < len(rows):
        query = urlencode({key: value for key, value in params.items() if key != "after"} | {"after": after})
        body["paging"]["next"] = f"{call.base_url}/{version}/{path}?{query}"
    return Answer(200, body)


def _json(text: str | None) -> Any:
    try:
        return orjson.loads(text or "null")
    except orjson.JSONDecodeError:
        return None
