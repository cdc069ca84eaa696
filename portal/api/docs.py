"""The API's documentation: its OpenAPI document, and a page made from it that loads nothing from
elsewhere."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from portal.web import Signed

router = APIRouter(prefix="/api", include_in_schema=False)


@router.get("/openapi.json")
def openapi(visit: Signed) -> dict[str, Any]:
    document: dict[str, Any] = visit.request.app.openapi()
    return document


@router.get("/docs")
def docs(visit: Signed) -> HTMLResponse:
    document = visit.request.app.openapi()
    operations = [
        {"method": method.upper(), "path": path, "tag": operation.get("tags", [""])[0], **operation}
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    order = list(dict.fromkeys(str(one["tag"]) for one in operations))[1:]  # what was asked for by name, last
    operations.sort(key=lambda one: order.index(one["tag"]) if one["tag"] in order else len(order))
    tags = [(tag, list(group)) for tag, group in groupby(operations, key=lambda one: str(one["tag"]))]
    schemas = document["components"]["schemas"]
    return visit.page(
        "api_docs.html",
        title="API",
        current="api",
        tags=tags,
        schemas=schemas,
        about=about,
        type_of=type_of,
        answer_of=answer_of,
        document=document,
        roles=visit.portal.company.access.roles,
    )


def about(operation: dict[str, Any]) -> list[str]:
    """The paragraphs about an endpoint."""
    text = str(operation.get("description") or operation.get("summary", ""))
    return [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]


def type_of(schema: dict[str, Any]) -> str:
    """A type in a word or two: `number or null`, `list of Figure`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if options := schema.get("anyOf"):
        return " or ".join(dict.fromkeys(type_of(one) for one in options))
    if schema.get("type") == "array":
        return f"list of {type_of(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "anything")


def answer_of(operation: dict[str, Any]) -> str:
    """What an endpoint answers."""
    for status in ("200", "201"):
        content = operation["responses"].get(status, {}).get("content", {})
        if schema := content.get("application/json", {}).get("schema"):
            return type_of(schema)
    return ""
