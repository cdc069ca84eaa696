"""Copper's lists that come in one answer."""

from __future__ import annotations

from typing import Any

from dlt_pipelines.errors import Unexpected
from dlt_pipelines.sources.copper.access import Facts
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.paging import entries, expect


def activity_types(client: Client[Facts]) -> list[dict[str, Any]]:
    """Every type with its category; ids are only unique within one."""
    found = expect(client.get_once("/activity_types"), dict, "Copper activity types")
    types = [
        {"category": category, **row}
        for category, rows in found.items()
        for row in entries(rows, "Copper activity types")
    ]
    if not types:  # Copper's own cannot be removed; without types no call is a call
        raise Unexpected("Copper activity types: expected at least one type, but the answer has none")
    return types


def pipelines(client: Client[Facts]) -> list[dict[str, Any]]:
    """Every pipeline, with its stages."""
    return entries(client.get_once("/pipelines"), "Copper pipelines")


def pipeline_stages(client: Client[Facts]) -> list[dict[str, Any]]:
    """The stages of all pipelines, numbered in their order."""
    return [
        {**stage, "pipeline_id": pipeline.get("id"), "position": number}
        for pipeline in pipelines(client)
        for number, stage in enumerate(
            entries(pipeline, "Copper pipelines", "stages", beside=pipeline.keys())
        )
    ]


def custom_fields(client: Client[Facts]) -> list[dict[str, Any]]:
    """Definitions of custom fields, with their options."""
    return entries(client.get_once("/custom_field_definitions"), "Copper custom fields")


def custom_field_options(client: Client[Facts]) -> list[dict[str, Any]]:
    """The options of all dropdowns, each with its field."""
    return [
        {**option, "custom_field_id": field.get("id")}
        for field in custom_fields(client)
        for option in entries(field, "Copper custom fields", "options", beside=field.keys())
    ]


def account(client: Client[Facts]) -> list[dict[str, Any]]:
    """The account, as one row."""
    return [expect(client.get_once("/account"), dict, "Copper account")]
