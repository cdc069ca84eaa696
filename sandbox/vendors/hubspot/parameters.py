"""What a call of HubSpot asks for, and its paging."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import quote

from sandbox.engine.store import ARCHIVED, LIVE
from sandbox.engine.world import Answer, Call, World
from sandbox.vendors.hubspot.catalogue import NAMES
from sandbox.vendors.hubspot.errors import invalid


def object_name(world: World, name: str) -> str:
    if name.lower() not in NAMES:
        raise invalid(world, f"Unable to infer object type from: {name}")
    return NAMES[name.lower()]


def asked_limit(world: World, call: Call, default: int, most: int) -> int:
    text = call.query.get("limit", str(default))
    if not text.isdigit() or not 1 <= int(text) <= most:
        raise invalid(world, f"Invalid limit: {text}. It must be between 1 and {most}.")
    return int(text)


def payload(world: World, call: Call) -> dict[str, Any]:
    try:
        body = call.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise invalid(world, "Invalid input JSON on line 1, column 1: Unrecognized token")
    return body


def following(call: Call, after: str) -> dict[str, Any]:
    query = {name: value for name, value in call.query.items() if name != "after"} | {"after": after}
    link = f"https://api.hubapi.com{call.path}?" + "&".join(
        f"{name}={quote(value, safe=',%')}" for name, value in query.items()
    )
    return {"next": {"after": after, "link": link}}


def comma_separated(text: str | list[str] | None) -> list[str]:
    items = text if isinstance(text, list) else (text or "").split(",")
    return list(dict.fromkeys(item.strip() for item in items if item.strip()))


def paged(
    world: World, call: Call, rows: list[dict[str, Any]], default: int, most: int, **more: Any
) -> Answer:
    limit = asked_limit(world, call, default, most)
    start = page_offset(world, call.query.get("after", ""))
    body: dict[str, Any] = {**more, "results": rows[start : start + limit]}
    if start + limit < len(rows):
        body["paging"] = following(call, page_token(start + limit))
    return Answer(200, body)


def asked_state(call: Call) -> int:
    return ARCHIVED if call.query.get("archived") == "true" else LIVE


def page_token(offset: int) -> str:
    """An opaque `after`, already percent-encoded as some of the vendor's endpoints send it (`MTAw%3D`)."""
    text = f"at:{offset}"
    text += "." * (len(text) % 3 == 0)  # so that there always is padding, which is what the encoding shows on
    return quote(base64.b64encode(text.encode()).decode(), safe="")


def page_offset(world: World, token: str) -> int:
    if not token:
        return 0
    try:
        return int(base64.b64decode(token, validate=True).decode().removeprefix("at:").rstrip("."))
    except (binascii.Error, ValueError):
        raise invalid(world, f"Invalid paging cursor: {token}") from None
