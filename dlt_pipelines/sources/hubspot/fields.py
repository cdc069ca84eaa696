"""The stored fields of HubSpot's records: objects, their properties, and their associations."""

from __future__ import annotations

from dlt_pipelines.core.source import ColumnType
from foundation.settings import Company

SINGULAR = {
    "contacts": "contact",
    "companies": "company",
    "deals": "deal",
    "calls": "call",
    "meetings": "meeting",
    "notes": "note",
    "tasks": "task",
    "emails": "email",
}
_ACTIVITY_TARGETS = ("contacts", "companies", "deals")
TARGETS: dict[str, tuple[str, ...]] = {
    "contacts": ("companies",),
    "companies": (),
    "deals": ("contacts", "companies"),
    **dict.fromkeys(("calls", "meetings", "notes", "tasks", "emails"), _ACTIVITY_TARGETS),
}
"""Object -> the objects whose associations with it are kept."""

PROPERTIES: dict[str, dict[str, ColumnType]] = {
    "contacts": {
        "email": "text",
        "firstname": "text",
        "lastname": "text",
        "jobtitle": "text",
        "lifecyclestage": "text",
        "hs_lead_status": "text",
        "hs_analytics_source": "text",
        "hubspot_owner_id": "text",
        "buying_role": "text",
        "coi_since": "date",
        "hs_merged_object_ids": "text",
        "became_lead_at": "timestamp",
        "became_mql_at": "timestamp",
        "became_sql_at": "timestamp",
        "became_opportunity_at": "timestamp",
        "became_customer_at": "timestamp",
        "num_visits": "bigint",
        "num_form_fills": "bigint",
    },
    "companies": {
        "name": "text",
        "domain": "text",
        "industry": "text",
        "numberofemployees": "bigint",
        "lifecyclestage": "text",
        "hubspot_owner_id": "text",
        "hs_merged_object_ids": "text",
    },
    "deals": {
        "dealname": "text",
        "pipeline": "text",
        "dealstage": "text",
        "amount": "decimal",
        "mrr": "decimal",
        "deal_currency_code": "text",
        "dealtype": "text",
        "closedate": "timestamp",
        "createdate": "timestamp",
        "hubspot_owner_id": "text",
        "hs_merged_object_ids": "text",
        "closed_lost_reason": "text",
        "stage_entered_at": "timestamp",
        "original_source": "text",
    },
    "calls": {
        "hs_timestamp": "timestamp",
        "hs_call_duration": "bigint",
        "hs_call_direction": "text",
        "hs_call_disposition": "text",
        "hs_call_status": "text",
        "hs_call_title": "text",
        "hs_activity_type": "text",
        "hs_object_source_label": "text",
        "hubspot_owner_id": "text",
        "hs_merged_object_ids": "text",
    },
    "meetings": {
        "hs_timestamp": "timestamp",
        "hs_meeting_start_time": "timestamp",
        "hs_meeting_end_time": "timestamp",
        "hs_meeting_outcome": "text",
        "hs_meeting_title": "text",
        "hs_activity_type": "text",
        "hubspot_owner_id": "text",
        "hs_merged_object_ids": "text",
        "hs_attendee_owner_ids": "text",
        "hs_i_cal_uid": "text",
    },
    "notes": {
        "hs_timestamp": "timestamp",
        "hs_note_body": "text",
        "hubspot_owner_id": "text",
        "hs_merged_object_ids": "text",
    },
    "tasks": {
        "hs_timestamp": "timestamp",
        "hs_task_status": "text",
        "hs_task_type": "text",
        "hs_task_priority": "text",
        "hs_task_subject": "text",
        "hs_task_completion_date": "timestamp",
        "hubspot_owner_id": "text",
        "hs_merged_object_ids": "text",
    },
    "emails": {
        "hs_timestamp": "timestamp",
        "hs_email_direction": "text",
        "hs_email_status": "text",
        "hs_email_subject": "text",
        "hs_email_open_count": "bigint",
        "hs_email_click_count": "bigint",
        "hs_email_reply_count": "bigint",
        "hubspot_owner_id": "text",
        "hs_merged_object_ids": "text",
    },
}
"""Object -> column -> type. A column is the property of the same name, except those that `properties()`
    renames."""

DECIDING: dict[str, tuple[str, ...]] = {
    "contacts": ("lifecyclestage",),
    "companies": (),
    "deals": ("pipeline", "dealstage", "amount", "closedate", "createdate"),
    "calls": ("hs_timestamp", "hs_call_direction", "hs_call_disposition", "hs_call_duration"),
    "meetings": ("hs_timestamp", "hs_meeting_start_time", "hs_meeting_outcome"),
    "notes": ("hs_timestamp",),
    "tasks": ("hs_timestamp", "hs_task_status"),
    "emails": ("hs_timestamp", "hs_email_status"),
}
"""Object -> properties that every portal has and on which numbers depend. A record has each of them, if only
as null: a missing key means that the portal does not know the property."""

RECORD: dict[str, ColumnType] = {
    "id": "text",
    "archived": "bool",
    "archived_at": "timestamp",
    "created_at": "timestamp",
    "updated_at": "timestamp",
}
HISTORY_COLUMNS: dict[str, ColumnType] = {
    "deal_id": "text",
    "property": "text",
    "value": "text",
    "set_at": "timestamp",
    "source_type": "text",
}
HISTORY = ("amount", "closedate", "dealstage", "pipeline", "hubspot_owner_id")
"""Properties of deals whose former values are kept. They are not renamed."""
HISTORY_BATCH = 50
"""The most records whose history one request may ask for."""
LINK: dict[str, ColumnType] = {"from_type": "text", "from_id": "text", "to_type": "text", "to_id": "text"}


def properties(company: Company, name: str) -> dict[str, str]:
    """Column -> property for one object: the configured properties get fixed column names."""
    renamed = {
        ("contacts", "buying_role"): company.hubspot.decision_maker_property,
        ("contacts", "coi_since"): company.hubspot.coi_property,
        ("contacts", "became_lead_at"): "hs_v2_date_entered_lead",
        ("contacts", "became_mql_at"): "hs_v2_date_entered_marketingqualifiedlead",
        ("contacts", "became_sql_at"): "hs_v2_date_entered_salesqualifiedlead",
        ("contacts", "became_opportunity_at"): "hs_v2_date_entered_opportunity",
        ("contacts", "became_customer_at"): "hs_v2_date_entered_customer",
        ("contacts", "num_visits"): "hs_analytics_num_visits",
        ("contacts", "num_form_fills"): "num_conversion_events",
        ("deals", "original_source"): "hs_analytics_source",
        ("deals", "stage_entered_at"): "hs_v2_date_entered_current_stage",
        ("deals", "mrr"): company.hubspot.mrr_property,
    }
    return {column: renamed.get((name, column), column) for column in PROPERTIES[name]}
