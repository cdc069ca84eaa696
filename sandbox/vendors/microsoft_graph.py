"""Microsoft's wire contract for secure scores: tokens per tenant, and Graph v1.0 below the same address.

What the published sources leave open is decided the stricter way: the next link carries an opaque
`$skiptoken`, query options that are not documented for secure scores (`$select`, `$orderby`) are a 400.
Tokens run out by real time, as the vendor's do.

Tables: `microsoft_graph.tenants` (id; `domain`, `consented`), `microsoft_graph.scores` (id `<tenant>_<day>`;
`tenant`, `created` as on the wire, `points` per control, `most` per control, users, comparative scores). 90
days of them are served.
"""

from __future__ import annotations

import base64
import hmac
import re
import time
from urllib.parse import parse_qs

import orjson

from sandbox.engine.store import Row, parse_ms, to_ms
from sandbox.engine.world import Answer, Call, World

OWN_TENANT = "5c1b7a90-0001-4d2e-9a61-cedaa41d6e01"
CLIENT_TENANTS = (
    "7e44d0c2-0002-4b9f-8f07-3d1c5be20a02",
    "a90e6f13-0003-4c58-b1d4-90be77a4c303",
    "c2d8b5e7-0004-4f6a-a3c9-1f60e2d94804",
)
REFUSING_TENANT = "e71f02aa-0005-4e0c-8b2d-55aa0c9d7705"
"""A client that has not consented; not among the tenants of the demo."""

CREDENTIALS = {
    "MICROSOFT_TENANT_ID": ",".join((OWN_TENANT, *CLIENT_TENANTS)),
    "MICROSOFT_CLIENT_ID": "0canary0-4d1c-4f5e-9b7a-graphapp77a1",
    "MICROSOFT_CLIENT_SECRET": "sandbox~canary.graph/secret+4kQ9",
}

OPEN_PATHS = ""
ROWS = ("value",)

TOKEN_SECONDS = 3599
PER_MINUTE = 150
DAY = 86_400_000
KEPT_DAYS = 90

CONTROLS = (
    ("Identity", "MFARegistrationV2", 9.0, True),
    ("Identity", "AdminMFAV2", 10.0, True),
    ("Identity", "BlockLegacyAuthentication", 8.0, True),
    ("Identity", "SelfServicePasswordReset", 1.0, True),
    ("Identity", "RoleOverlap", 1.0, False),
    ("Identity", "OneAdmin", 1.0, False),
    ("Identity", "UserRiskPolicy", 7.0, True),
    ("Identity", "SigninRiskPolicy", 7.0, True),
    ("Data", "LabelConsentSettings", 4.0, False),
    ("Data", "DlpPolicies", 10.0, False),
    ("Device", "ScidDefenderAntivirus", 10.0, True),
    ("Device", "ScidDiskEncryption", 9.0, True),
    ("Device", "ScidFirewall", 8.0, True),
    ("Device", "ScidPatchLevel", 9.0, True),
    ("Device", "ScidScreenLock", 5.0, True),
    ("Apps", "ExoSafeLinks", 9.0, False),
    ("Apps", "ExoSafeAttachments", 8.0, False),
    ("Apps", "ExoMailboxAudit", 3.0, True),
    ("Apps", "ExoExternalForwarding", 5.0, False),
    ("Apps", "TeamsMeetingLobby", 5.0, False),
    ("Apps", "SpoExternalSharing", 6.0, False),
    ("Infrastructure", "DefenderForServers", 8.0, False),
)
"""Category, name, most points, whether `count` and `total` (as texts) come along."""


def refuse(world: World, call: Call, status: int) -> Answer:
    """The body for an error status: that of the token endpoint, or Graph's."""
    if call.path.endswith("/oauth2/v2.0/token"):
        return _no_token(
            "invalid_client" if status == 401 else "temporarily_unavailable",
            7000215,
            "Invalid client secret provided.",
            status,
        )
    codes = {
        401: "InvalidAuthenticationToken",
        403: "Forbidden",
        429: "TooManyRequests",
        503: "serviceNotAvailable",
    }
    texts = {
        401: "Access token has expired or is not yet valid.",
        403: "Auth token does not contain valid permissions or user does not have valid roles.",
        429: "Too many requests.",
    }
    inner = {
        "date": "2026-01-05T08:00:00",
        "request-id": "6a1f0c77-0000-4000-8000-000000000001",
        "status": status,
        "code": status,
    }
    body = {
        "error": {
            "code": codes.get(status, "generalException"),
            "message": texts.get(status, "An error occurred."),
            "innerError": inner,
        }
    }
    return Answer(status, body)


def _no_token(error: str, number: int, text: str, status: int = 400) -> Answer:
    body = {
        "error": error,
        "error_description": f"AADSTS{number}: {text} Trace ID: 7c1e0f6a-0000-4000-8000-000000000002",
        "error_codes": [number],
        "timestamp": "2026-01-05 08:00:00Z",
        "trace_id": "7c1e0f6a-0000-4000-8000-000000000002",
        "correlation_id": "9b2d1a44-0000-4000-8000-000000000003",
    }
    return Answer(status, body)


async def handle(world: World, call: Call) -> Answer:
    """Answer one call: a token for a tenant, or that tenant's scores."""
    if match := re.fullmatch(r"/([^/]+)/oauth2/v2\.0/token", call.path):
        return _token(world, call, match[1])
    tenant = _tenant(call.headers.get("authorization", ""))
    if tenant is None:
        return refuse(world, call, 401)
    if not call.path.startswith("/v1.0/security/"):
        return Answer(
            404,
            {
                "error": {
                    "code": "BadRequest",
                    "message": "Resource not found for the segment.",
                    "innerError": {},
                }
            },
        )
    if not world.limiter(f"microsoft_graph.{tenant}", PER_MINUTE, 60.0).take() and world.limits.enforced:
        answer = refuse(world, call, 429)
        answer.headers["Retry-After"] = "2.128"
        return answer
    row = world.view().table("microsoft_graph.tenants").by_id[tenant]
    if not row.props["consented"]:
        return refuse(world, call, 403)
    if call.path != "/v1.0/security/secureScores" or call.method != "GET":
        return Answer(
            404,
            {
                "error": {
                    "code": "BadRequest",
                    "message": "Resource not found for the segment.",
                    "innerError": {},
                }
            },
        )
    return _scores(world, call, row)


def _token(world: World, call: Call, tenant: str) -> Answer:
    fields = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
    if fields.get("grant_type") != "client_credentials" or not str(fields.get("scope", "")).endswith(
        "/.default"
    ):
        return _no_token(
            "invalid_request", 900144, "The request body must contain: 'grant_type' and 'scope'."
        )
    found = [
        row
        for row in world.view().table("microsoft_graph.tenants")
        if tenant in (row.id, row.props["domain"])
    ]
    if not found:
        return _no_token("invalid_request", 90002, f"Tenant '{tenant}' not found.")
    if fields.get("client_id") != CREDENTIALS["MICROSOFT_CLIENT_ID"]:
        return _no_token("unauthorized_client", 700016, "Application was not found in the directory.")
    if not hmac.compare_digest(fields.get("client_secret", ""), CREDENTIALS["MICROSOFT_CLIENT_SECRET"]):
        return _no_token("invalid_client", 7000215, "Invalid client secret provided.", 401)
    token = base64.urlsafe_b64encode(f"{found[0].id}|{time.time():.3f}".encode()).decode()
    return Answer(
        200,
        {"token_type": "Bearer", "expires_in": TOKEN_SECONDS, "access_token": f"canary-graph-token.{token}"},
    )


def _tenant(header: str) -> str | None:
    """Return the tenant of a token; None: the token is not ours, or has expired."""
    try:
        tenant, made = (
            base64.urlsafe_b64decode(header.removeprefix("Bearer canary-graph-token.")).decode().split("|")
        )
    except ValueError:
        return None
    return tenant if time.time() - float(made) < TOKEN_SECONDS else None


def _scores(world: World, call: Call, tenant: Row) -> Answer:
    query = call.query
    if unknown := [name for name in query if name not in ("$top", "$skip", "$skiptoken", "$count")]:
        return Answer(
            400,
            {
                "error": {
                    "code": "BadRequest",
                    "message": f"Query option {unknown[0]} is not allowed.",
                    "innerError": {},
                }
            },
        )
    try:
        top = int(query.get("$top", "100"))
        skip = (
            int(base64.urlsafe_b64decode(query["$skiptoken"]))
            if "$skiptoken" in query
            else int(query.get("$skip", "0"))
        )
    except ValueError:
        return Answer(
            400,
            {"error": {"code": "BadRequest", "message": "The skip token is not valid.", "innerError": {}}},
        )
    if not 1 <= top <= 999 or skip < 0:
        return Answer(
            400, {"error": {"code": "BadRequest", "message": "Invalid value for $top.", "innerError": {}}}
        )
    oldest = to_ms(world.clock.now()) - KEPT_DAYS * DAY
    rows = [row for row in world.view().table("microsoft_graph.scores") if row.props["tenant"] == tenant.id]
    rows = sorted(
        (row for row in rows if parse_ms(row.props["created"]) > oldest),
        key=lambda row: row.props["created"],
        reverse=True,
    )
    page = rows[skip : skip + top]
    body = {
        "@odata.context": f"{call.base_url}/v1.0/$metadata#security/secureScores",
        "value": [_item(row) for row in page],
    }
    if skip + top < len(rows):
        token = base64.urlsafe_b64encode(str(skip + top).encode()).decode()
        body["@odata.nextLink"] = f"{call.base_url}/v1.0/security/secureScores?$top={top}&$skiptoken={token}"
    return Answer(200, orjson.dumps(body))


def _item(row: Row) -> dict[str, object]:
    props = row.props
    users = props["users"]
    controls = []
    for (category, name, _, counted), points, most in zip(
        CONTROLS, props["points"], props["most"], strict=True
    ):
        if not most:
            continue  # the licence for it is missing
        control: dict[str, object] = {"controlCategory": category, "controlName": name, "score": points}
        control["description"] = f"{name} for {users} users & their devices"
        if counted:
            control |= {"count": str(round(users * points / most)), "total": str(users)}
        controls.append(control)
    return {
        "id": row.id,
        "azureTenantId": props["tenant"],
        "activeUserCount": props["active"],
        "createdDateTime": props["created"],
        "currentScore": round(sum(props["points"]), 2),
        "enabledServices": ["HasExchange", "HasSharePoint", "HasTeams"],
        "licensedUserCount": users,
        "maxScore": sum(props["most"]) if props["rated"] else None,
        "averageComparativeScores": props["compared"],
        "controlScores": controls,
        "vendorInformation": {
            "provider": "SecureScore",
            "providerVersion": None,
            "subProvider": None,
            "vendor": "Microsoft",
        },
    }
