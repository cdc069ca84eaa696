"""Objects of HubSpot, their properties, and how they are associated."""

from __future__ import annotations

OBJECTS = {
    "contacts": "0-1",
    "companies": "0-2",
    "deals": "0-3",
    "notes": "0-46",
    "meetings": "0-47",
    "calls": "0-48",
    "emails": "0-49",
    "tasks": "0-27",
}
SINGULAR = {name: "company" if name == "companies" else name[:-1] for name in OBJECTS}
NAMES = (
    {name: name for name in OBJECTS}
    | {SINGULAR[name]: name for name in OBJECTS}
    | {code: name for name, code in OBJECTS.items()}
)

ASSOCIATIONS_PER_ROW = 100
"""Associated ids inside one row of an objects list before the inner `paging` (the vendor's figure is
unconfirmed)."""
ASSOCIATIONS_PER_INPUT = 500
"""Associated ids per input of a v4 batch read before its inner `paging`."""

# name:type, per object; a property of the catalogue that a record lacks is null on the wire, any other name
# is left out
_COMMON = (
    "hs_object_id:number hubspot_owner_id:enumeration hs_object_source_label:string"
    " hs_merged_object_ids:enumeration"
)
_ACTIVITY = (
    _COMMON + " hs_createdate:datetime hs_lastmodifieddate:datetime hs_timestamp:datetime"
    " hs_activity_type:enumeration"
)
_CATALOGUE = {
    "contacts": (
        _COMMON
        + " createdate:datetime lastmodifieddate:datetime email:string firstname:string lastname:string"
        " jobtitle:string phone:phone_number lifecyclestage:enumeration hs_lead_status:enumeration"
        " hs_analytics_source:enumeration hs_buying_role:enumeration city:string state:string"
        " country:string hs_email_optout:bool num_associated_deals:number notes_last_updated:datetime"
        " hs_v2_date_entered_lead:datetime hs_v2_date_entered_marketingqualifiedlead:datetime"
        " hs_v2_date_entered_salesqualifiedlead:datetime hs_v2_date_entered_opportunity:datetime"
        " hs_v2_date_entered_customer:datetime hs_analytics_num_visits:number num_conversion_events:number"
    ),
    "companies": (
        _COMMON
        + " createdate:datetime hs_lastmodifieddate:datetime name:string domain:string industry:enumeration"
        " numberofemployees:number lifecyclestage:enumeration city:string state:string phone:phone_number"
        " annualrevenue:number"
    ),
    "deals": (
        _COMMON + " createdate:datetime hs_lastmodifieddate:datetime dealname:string pipeline:enumeration"
        " dealstage:enumeration amount:number deal_currency_code:enumeration dealtype:enumeration"
        " closedate:datetime closed_lost_reason:string hs_mrr:number hs_arr:number hs_acv:number"
        " hs_tcv:number hs_is_closed:bool hs_is_closed_won:bool hs_is_closed_lost:bool"
        " hs_deal_stage_probability:number hs_next_step:string num_associated_contacts:number"
        " notes_last_updated:datetime hs_v2_date_entered_current_stage:datetime"
        " hs_analytics_source:enumeration"
    ),
    "calls": (
        _ACTIVITY + " hs_call_duration:number hs_call_direction:enumeration hs_call_disposition:enumeration"
        " hs_call_status:enumeration hs_call_title:string hs_call_body:string"
    ),
    "meetings": (
        _ACTIVITY
        + " hs_meeting_start_time:datetime hs_meeting_end_time:datetime hs_meeting_outcome:enumeration"
        " hs_meeting_title:string hs_meeting_location:string hs_attendee_owner_ids:enumeration"
        " hs_i_cal_uid:string"
    ),
    "notes": _ACTIVITY + " hs_note_body:string",
    "tasks": (
        _ACTIVITY + " hs_task_status:enumeration hs_task_type:enumeration hs_task_priority:enumeration"
        " hs_task_subject:string hs_task_completion_date:datetime hs_task_is_overdue:bool"
    ),
    "emails": (
        _ACTIVITY + " hs_email_direction:enumeration hs_email_status:enumeration hs_email_subject:string"
        " hs_email_open_count:number hs_email_click_count:number hs_email_reply_count:number"
    ),
}
TYPES: dict[str, dict[str, str]] = {
    name: dict(item.split(":") for item in text.split()) for name, text in _CATALOGUE.items()
}
DEFAULTS = {
    "contacts": ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"),
    "companies": ("createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"),
    "deals": (
        "amount",
        "closedate",
        "createdate",
        "dealname",
        "dealstage",
        "hs_lastmodifieddate",
        "hs_object_id",
        "pipeline",
    ),
}
ACTIVITY_DEFAULTS = ("hs_createdate", "hs_lastmodifieddate", "hs_object_id")

# association type ids (unlabelled, labelled or None) where the published sources name them
TYPE_IDS: dict[tuple[str, str], tuple[int, int | None]] = {
    ("contacts", "companies"): (279, 1),
    ("companies", "contacts"): (280, 2),
    ("deals", "contacts"): (3, None),
    ("contacts", "deals"): (4, None),
    ("deals", "companies"): (341, 5),
    ("companies", "deals"): (342, 6),
    ("calls", "contacts"): (194, None),
    ("calls", "companies"): (182, None),
    ("calls", "deals"): (206, None),
    ("emails", "contacts"): (198, None),
    ("emails", "companies"): (186, None),
    ("emails", "deals"): (210, None),
    ("meetings", "contacts"): (200, None),
    ("meetings", "companies"): (188, None),
    ("meetings", "deals"): (212, None),
    ("notes", "contacts"): (202, None),
    ("notes", "companies"): (190, None),
    ("notes", "deals"): (214, None),
    ("tasks", "contacts"): (204, None),
    ("tasks", "companies"): (192, None),
    ("tasks", "deals"): (216, None),
}
