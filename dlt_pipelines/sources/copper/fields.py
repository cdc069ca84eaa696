"""The stored fields of Copper's records."""

from __future__ import annotations

from dlt_pipelines.core.records import Fields

USERS: Fields = {"id": ("id", "bigint"), "name": ("name", "text"), "email": ("email", "text")}
ACTIVITY_TYPES: Fields = {
    "category": ("category", "text"),
    "id": ("id", "bigint"),
    "name": ("name", "text"),
    "is_disabled": ("is_disabled", "bool"),
    "count_as_interaction": ("count_as_interaction", "bool"),
}
ACTIVITIES: Fields = {
    "id": ("id", "bigint"),
    "parent_id": ("parent.id", "bigint"),
    "parent_type": ("parent.type", "text"),
    "type_id": ("type.id", "bigint"),
    "type_category": ("type.category", "text"),
    "user_id": ("user_id", "bigint"),
    "activity_date": ("activity_date", "timestamp"),
    "date_created": ("date_created", "timestamp"),
    "date_modified": ("date_modified", "timestamp"),
    "sender_email": ("sender_email", "text"),
    "phone_number": ("phone_number", "text"),
}
OPPORTUNITIES: Fields = {
    "id": ("id", "bigint"),
    "name": ("name", "text"),
    "assignee_id": ("assignee_id", "bigint"),
    "company_id": ("company_id", "bigint"),
    "company_name": ("company_name", "text"),
    "pipeline_id": ("pipeline_id", "bigint"),
    "pipeline_stage_id": ("pipeline_stage_id", "bigint"),
    "status": ("status", "text"),
    "close_date": ("close_date", "date"),
    "monetary_value": ("monetary_value", "decimal"),
    "monetary_unit": ("monetary_unit", "text"),
    "converted_value": ("converted_value", "decimal"),
    "converted_unit": ("converted_unit", "text"),
    "win_probability": ("win_probability", "decimal"),
    "loss_reason_id": ("loss_reason_id", "bigint"),
    "customer_source_id": ("customer_source_id", "bigint"),
    "date_stage_changed": ("date_stage_changed", "timestamp"),
    "date_created": ("date_created", "timestamp"),
    "date_modified": ("date_modified", "timestamp"),
    "custom_fields": ("custom_fields", "text"),
}
STAGES_NOW: Fields = {
    "snapshot_date": ("snapshot_date", "date"),
    "opportunity_id": ("id", "bigint"),
    **{
        column: OPPORTUNITIES[column]
        for column in (
            "pipeline_id",
            "pipeline_stage_id",
            "status",
            "assignee_id",
            "monetary_value",
            "converted_value",
        )
    },
}
PIPELINES: Fields = {
    "id": ("id", "bigint"),
    "name": ("name", "text"),
    "type": ("type", "text"),
    "is_revenue": ("is_revenue", "bool"),
}
PIPELINE_STAGES: Fields = {
    "id": ("id", "bigint"),
    "pipeline_id": ("pipeline_id", "bigint"),
    "name": ("name", "text"),
    "win_probability": ("win_probability", "decimal"),
    "position": ("position", "bigint"),
}
CUSTOM_FIELDS: Fields = {"id": ("id", "bigint"), "name": ("name", "text"), "data_type": ("data_type", "text")}
CUSTOM_FIELD_OPTIONS: Fields = {
    "id": ("id", "bigint"),
    "custom_field_id": ("custom_field_id", "bigint"),
    "name": ("name", "text"),
    "rank": ("rank", "bigint"),
}
ACCOUNT: Fields = {
    "id": ("id", "bigint"),
    "name": ("name", "text"),
    "primary_timezone": ("primary_timezone", "text"),
}

# what older accounts lack, and what we put there ourselves
MAY_LACK = {
    "is_disabled",
    "count_as_interaction",
    "type",
    "is_revenue",
    "primary_timezone",
    "sender_email",
    "phone_number",
    "rank",
}
