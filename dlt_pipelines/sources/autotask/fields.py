"""The stored fields of Autotask's entities."""

from __future__ import annotations

from dlt_pipelines.core.source import ColumnType

ENTITIES = {
    "tickets": "Tickets",
    "time_entries": "TimeEntries",
    "resources": "Resources",
    "companies": "Companies",
    "billing_codes": "BillingCodes",
}
FIELDS: dict[str, dict[str, tuple[str, ColumnType]]] = {
    "tickets": {
        "id": ("id", "bigint"),
        "ticket_number": ("ticketNumber", "text"),
        "title": ("title", "text"),
        "company_id": ("companyID", "bigint"),
        "queue_id": ("queueID", "bigint"),
        "status": ("status", "bigint"),
        "priority": ("priority", "bigint"),
        "issue_type": ("issueType", "bigint"),
        "ticket_type": ("ticketType", "bigint"),
        "assigned_resource_id": ("assignedResourceID", "bigint"),
        "creator_resource_id": ("creatorResourceID", "bigint"),
        "completed_by_resource_id": ("completedByResourceID", "bigint"),
        "create_date": ("createDate", "timestamp"),
        "completed_date": ("completedDate", "timestamp"),
        "last_activity_date": ("lastActivityDate", "timestamp"),
        "first_response_date_time": ("firstResponseDateTime", "timestamp"),
    },
    "time_entries": {
        "id": ("id", "bigint"),
        "ticket_id": ("ticketID", "bigint"),
        "task_id": ("taskID", "bigint"),
        "time_entry_type": ("timeEntryType", "bigint"),
        "resource_id": ("resourceID", "bigint"),
        "date_worked": ("dateWorked", "date"),
        "start_date_time": ("startDateTime", "timestamp"),
        "end_date_time": ("endDateTime", "timestamp"),
        "hours_worked": ("hoursWorked", "decimal"),
        "hours_to_bill": ("hoursToBill", "decimal"),
        "is_non_billable": ("isNonBillable", "bool"),
        "billing_code_id": ("billingCodeID", "bigint"),
        "internal_billing_code_id": ("internalBillingCodeID", "bigint"),
        "create_date_time": ("createDateTime", "timestamp"),
        "last_modified_date_time": ("lastModifiedDateTime", "timestamp"),
    },
    "resources": {
        "id": ("id", "bigint"),
        "first_name": ("firstName", "text"),
        "last_name": ("lastName", "text"),
        "email": ("email", "text"),
        "is_active": ("isActive", "bool"),
        "resource_type": ("resourceType", "text"),
        "title": ("title", "text"),
    },
    "companies": {
        "id": ("id", "bigint"),
        "company_name": ("companyName", "text"),
        "company_type": ("companyType", "bigint"),
        "is_active": ("isActive", "bool"),
        "create_date": ("createDate", "timestamp"),
        "last_activity_date": ("lastActivityDate", "timestamp"),
    },
    "billing_codes": {
        "id": ("id", "bigint"),
        "name": ("name", "text"),
        "use_type": ("useType", "bigint"),
        "is_active": ("isActive", "bool"),
    },
}
"""Table -> column -> (field on the wire, type). Only these fields are asked for: home phones and pay stay
    where they are."""

MAY_LACK = {"title", "ticket_type", "issue_type", "priority", "resource_type", "company_type"}
"""Every requested field comes, if only as null. These decide nothing, so a table can do without them."""

PICKLISTS: dict[str, ColumnType] = {
    "entity": "text",
    "field": "text",
    "value": "bigint",
    "label": "text",
    "is_active": "bool",
    "sort_order": "bigint",
}
ACCOUNT: dict[str, ColumnType] = {"zone_name": "text", "url": "text", "web_url": "text"}

CHANGED = {"tickets": "lastActivityDate", "time_entries": "lastModifiedDateTime"}
MADE = {"tickets": ("createDate", "create_date"), "time_entries": ("createDateTime", "create_date_time")}
DATED = {"tickets": "completedDate", "time_entries": "dateWorked"}
