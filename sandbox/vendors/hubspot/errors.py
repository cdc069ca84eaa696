"""HubSpot's error bodies."""

from __future__ import annotations

import re
import uuid
from typing import Any

from sandbox.engine.world import Answer, Call, World
from sandbox.vendors.hubspot.catalogue import NAMES


class Refused(Exception):
    """An answer other than success, raised from wherever it is noticed."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer


def correlation(world: World) -> str:
    return str(uuid.UUID(int=(world.seed % 2**32) << 96 | world.calls % 2**96))


def failure(world: World, status: int, category: str, message: str, **more: Any) -> Answer:
    body = {
        "status": "error",
        "message": message,
        "correlationId": correlation(world),
        "category": category,
        **more,
    }
    return Answer(status, body)


def invalid(world: World, message: str, **more: Any) -> Refused:
    return Refused(failure(world, 400, "VALIDATION_ERROR", message, **more))


def refuse(world: World, call: Call, status: int) -> Answer:
    """HubSpot's own body for an error status."""
    if status == 401:
        message = (
            "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can"
            " find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview"
        )
        return failure(world, 401, "INVALID_AUTHENTICATION", message)
    if status == 403:
        return missing_scope(world, scope_of(numbered(call.path)) or "crm.objects.contacts.read")
    if status == 429:
        search = numbered(call.path).endswith("/search")
        return _too_many(world, "SECONDLY" if search else "TEN_SECONDLY_ROLLING")
    if status == 404:
        return failure(world, 404, "OBJECT_NOT_FOUND", "resource not found")
    return Answer(
        status, {"status": "error", "message": "internal error", "correlationId": correlation(world)}
    )


def _too_many(world: World, policy: str) -> Answer:
    words = {"SECONDLY": "secondly", "TEN_SECONDLY_ROLLING": "ten_secondly_rolling", "DAILY": "daily"}[policy]
    body = {
        "status": "error",
        "message": f"You have reached your {words} limit.",
        "errorType": "RATE_LIMIT",
        "correlationId": correlation(world),
        "policyName": policy,
        "requestId": correlation(world),
    }
    return Answer(429, body)


def missing_scope(world: World, scope: str) -> Answer:
    message = (
        "This app hasn't been granted all required scopes to make this call. Read more about required scopes"
        " here: https://developers.hubspot.com/scopes."
    )
    # three shapes are known in the wild; each family of scopes shows one of them
    if scope.startswith("crm.objects.owners"):
        return failure(world, 403, "MISSING_SCOPES", f"{message} Required: {scope}")
    if scope.startswith(("crm.lists", "crm.schemas")):
        return failure(world, 403, "MISSING_SCOPES", message, context={"requiredGranularScopes": [scope]})
    errors = [
        {
            "message": "One or more of the following scopes are required.",
            "context": {"requiredScopes": [scope]},
        }
    ]
    return failure(world, 403, "MISSING_SCOPES", message, errors=errors)


_DATED = re.compile(r"/crm/(objects|owners|pipelines|properties|lists|associations)/20\d\d-\d\d(?=/|$)")


def numbered(path: str) -> str:
    """The numbered path of a dated one."""
    path = _DATED.sub(lambda match: f"/crm/{'v4' if match[1] == 'associations' else 'v3'}/{match[1]}", path)
    path = re.sub(
        r"^/marketing/(?:(emails)/20\d\d-\d\d|(forms)/20\d\d-\d\d-beta)(?=/|$)", r"/marketing/v3/\1\2", path
    )
    return re.sub(r"^/account-info/20\d\d-\d\d(?=/)", "/account-info/v3", path).rstrip("/")


def scope_of(path: str) -> str | None:
    if match := re.match(r"/crm/v[34]/(?:objects|associations|pipelines)/([^/]+)", path):
        name = NAMES.get(match[1], "contacts")
        return f"crm.objects.{name if name in ('companies', 'deals') else 'contacts'}.read"
    if match := re.match(r"/crm/v3/properties/([^/]+)", path):
        name = NAMES.get(match[1], "contacts")
        return f"crm.schemas.{name if name in ('companies', 'deals') else 'contacts'}.read"
    if path.startswith("/crm/v3/owners"):
        return "crm.objects.owners.read"
    if path.startswith("/crm/v3/lists"):
        return "crm.lists.read"
    if path.startswith(("/marketing/v3/forms", "/form-integrations/")):
        return "forms"
    if path.startswith("/marketing/v3/emails"):
        return "marketing.email.read"
    return "business-intelligence" if path.startswith("/analytics/v2/") else None
