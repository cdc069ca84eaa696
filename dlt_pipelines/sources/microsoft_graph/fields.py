"""The stored fields of secure scores, controls and tenants."""

from __future__ import annotations

from dlt_pipelines.core.records import Fields
from dlt_pipelines.core.source import ColumnType

SCORES: Fields = {
    "id": ("id", "text"),
    "tenant_id": ("azureTenantId", "text"),
    "created_date_time": ("createdDateTime", "timestamp"),
    "current_score": ("currentScore", "decimal"),
    "max_score": ("maxScore", "decimal"),
    "active_user_count": ("activeUserCount", "bigint"),
    "licensed_user_count": ("licensedUserCount", "bigint"),
    "enabled_services": ("enabledServices", "text"),
    "comparative_scores": ("averageComparativeScores", "text"),
}
"""The two last ones are JSON."""
CONTROLS: Fields = {
    "score_id": ("score_id", "text"),
    "control_category": ("controlCategory", "text"),
    "control_name": ("controlName", "text"),
    "tenant_id": ("tenant_id", "text"),
    "created_date_time": ("created", "timestamp"),
    "score": ("score", "decimal"),
    "reached": ("count", "bigint"),
    "total": ("total", "bigint"),
}
MAY_LACK = ("reached", "total")
"""Of the open part of the type: many controls have neither."""
TENANTS: dict[str, ColumnType] = {
    "tenant": "text",
    "tenant_id": "text",
    "name": "text",
    "is_read": "bool",
    "reason": "text",
    "newest_score_at": "timestamp",
}
