"""The stored fields of Intercom's conversations, admins and teams."""

from __future__ import annotations

from dlt_pipelines.core.records import Fields
from dlt_pipelines.core.source import ColumnType

_STATISTICS: dict[str, ColumnType] = {
    "first_contact_reply_at": "timestamp",
    "first_admin_reply_at": "timestamp",
    "last_admin_reply_at": "timestamp",
    "first_close_at": "timestamp",
    "last_close_at": "timestamp",
    "last_closed_by_id": "text",
    "time_to_admin_reply": "bigint",
    "median_time_to_reply": "bigint",
    "time_to_first_close": "bigint",
    "time_to_last_close": "bigint",
    "time_to_assignment": "bigint",
    "handling_time": "bigint",
    "count_reopens": "bigint",
    "count_assignments": "bigint",
    "count_conversation_parts": "bigint",
}
CONVERSATIONS: Fields = {
    "id": ("id", "text"),
    "title": ("title", "text"),
    "created_at": ("created_at", "timestamp"),
    "updated_at": ("updated_at", "timestamp"),
    "waiting_since": ("waiting_since", "timestamp"),
    "snoozed_until": ("snoozed_until", "timestamp"),
    "open": ("open", "bool"),
    "state": ("state", "text"),
    "priority": ("priority", "text"),
    "source_type": ("source.type", "text"),
    "delivered_as": ("source.delivered_as", "text"),
    "redacted": ("source.redacted", "bool"),
    "admin_assignee_id": ("admin_assignee_id", "text"),
    "team_assignee_id": ("team_assignee_id", "text"),
    "ai_agent_participated": ("ai_agent_participated", "bool"),
    "ai_resolution_state": ("ai_agent.resolution_state", "text"),
    "rating": ("conversation_rating.rating", "bigint"),
    "rated_at": ("conversation_rating.created_at", "timestamp"),
    "linked_ticket_id": ("ticket.id", "text"),
    **{name: (f"statistics.{name}", kind) for name, kind in _STATISTICS.items()},
}
"""Column -> (field on the wire, type). Messages, remarks and contacts stay where they are."""
MAY_LACK = frozenset(
    {
        "handling_time",
        "redacted",
        "ai_agent_participated",
        "ai_resolution_state",
        "linked_ticket_id",
        "rated_at",
    }
)
ADMINS: Fields = {
    "id": ("id", "text"),
    "name": ("name", "text"),
    "email": ("email", "text"),
    "has_inbox_seat": ("has_inbox_seat", "bool"),
    "away_mode_enabled": ("away_mode_enabled", "bool"),
}
TEAMS: Fields = {"id": ("id", "text"), "name": ("name", "text")}
ACCOUNT: dict[str, ColumnType] = {"app_id": "text", "name": "text", "time_zone": "text", "web_url": "text"}
OPEN_CONVERSATIONS: dict[str, ColumnType] = {
    "snapshot_date": "date",
    "conversation_id": "text",
    "snapshot_at": "timestamp",
    "state": "text",
    "priority": "text",
    "source_type": "text",
    "delivered_as": "text",
    "admin_assignee_id": "text",
    "team_assignee_id": "text",
    "created_at": "timestamp",
    "waiting_since": "timestamp",
    "snoozed_until": "timestamp",
}
