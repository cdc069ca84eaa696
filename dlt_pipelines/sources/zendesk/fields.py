"""The stored fields of Zendesk's tickets, agents and groups."""

from __future__ import annotations

from dlt_pipelines.core.records import Fields
from dlt_pipelines.core.source import ColumnType

_MINUTES = ("reply", "first_resolution", "full_resolution", "agent_wait", "requester_wait", "on_hold")
_INSTANTS = (
    "initially_assigned_at",
    "assigned_at",
    "solved_at",
    "status_updated_at",
    "latest_comment_added_at",
)
_METRICS: dict[str, tuple[str, ColumnType]] = {
    "reopens": ("metric_set.reopens", "bigint"),
    "replies": ("metric_set.replies", "bigint"),
    **{
        f"{name}_minutes_{hours}": (f"metric_set.{name}_time_in_minutes.{hours}", "bigint")
        for name in _MINUTES
        for hours in ("calendar", "business")
    },
    "reply_seconds_calendar": ("metric_set.reply_time_in_seconds.calendar", "bigint"),
    **{name: (f"metric_set.{name}", "timestamp") for name in _INSTANTS},
}
TICKETS: Fields = {
    "id": ("id", "bigint"),
    "part": ("part", "text"),
    "generated_timestamp": ("generated_timestamp", "bigint"),
    "status": ("status", "text"),
    "custom_status_id": ("custom_status_id", "bigint"),
    "subject": ("subject", "text"),
    "priority": ("priority", "text"),
    "type": ("type", "text"),
    "via_channel": ("via.channel", "text"),
    "assignee_id": ("assignee_id", "bigint"),
    "requester_id": ("requester_id", "bigint"),
    "submitter_id": ("submitter_id", "bigint"),
    "group_id": ("group_id", "bigint"),
    "organization_id": ("organization_id", "bigint"),
    "brand_id": ("brand_id", "bigint"),
    "satisfaction_score": ("satisfaction_rating.score", "text"),
    "created_at": ("created_at", "timestamp"),
    "updated_at": ("updated_at", "timestamp"),
    **_METRICS,
}
"""Column -> (field on the wire, type). Descriptions, comments and requesters' addresses stay where they
    are."""
MAY_LACK = frozenset({"custom_status_id", "brand_id", *_METRICS})
"""Metric keys without a value are left out, so a load of few tickets may have none of them."""
AGENTS: Fields = {
    "id": ("id", "bigint"),
    "name": ("name", "text"),
    "email": ("email", "text"),
    "role": ("role", "text"),
    "active": ("active", "bool"),
    "suspended": ("suspended", "bool"),
    "default_group_id": ("default_group_id", "bigint"),
    "created_at": ("created_at", "timestamp"),
    "updated_at": ("updated_at", "timestamp"),
}
GROUPS: Fields = {
    "id": ("id", "bigint"),
    "name": ("name", "text"),
    "deleted": ("deleted", "bool"),
    "created_at": ("created_at", "timestamp"),
    "updated_at": ("updated_at", "timestamp"),
}
ACCOUNT: dict[str, ColumnType] = {"subdomain": "text", "web_url": "text"}
OPEN_TICKETS: dict[str, ColumnType] = {
    "snapshot_date": "date",
    "ticket_id": "bigint",
    "snapshot_at": "timestamp",
    "status": "text",
    "custom_status_id": "bigint",
    "priority": "text",
    "via_channel": "text",
    "assignee_id": "bigint",
    "group_id": "bigint",
    "created_at": "timestamp",
}
