"""The entities of Autotask's API and their fields."""

from __future__ import annotations

from typing import Any

from sandbox.engine.store import View

_FIELDS = {
    "Tickets": (
        "id:long ticketNumber:string title:string companyID:integer queueID:picklist status:picklist"
        " priority:picklist issueType:picklist subIssueType:picklist ticketType:picklist"
        " ticketCategory:picklist source:picklist assignedResourceID:integer completedByResourceID:integer"
        " creatorResourceID:integer lastActivityResourceID:integer contractID:integer billingCodeID:integer"
        " projectID:integer createDate:datetime completedDate:datetime dueDateTime:datetime"
        " firstResponseDateTime:datetime firstResponseDueDateTime:datetime resolutionPlanDateTime:datetime"
        " resolvedDateTime:datetime resolvedDueDateTime:datetime lastActivityDate:datetime"
        " lastTrackedModificationDateTime:datetime lastCustomerNotificationDateTime:datetime"
        " lastCustomerVisibleActivityDateTime:datetime estimatedHours:decimal hoursToBeScheduled:decimal"
        " serviceLevelAgreementID:picklist serviceLevelAgreementHasBeenMet:boolean"
        " serviceLevelAgreementPausedNextEventHours:decimal creatorType:integer"
        " lastActivityPersonType:integer rmmAlertID:string problemTicketId:integer"
    ),
    "TimeEntries": (
        "id:long ticketID:integer taskID:integer timeEntryType:picklist resourceID:integer roleID:integer"
        " dateWorked:datetime startDateTime:datetime endDateTime:datetime hoursWorked:decimal"
        " hoursToBill:decimal offsetHours:decimal isNonBillable:boolean showOnInvoice:boolean"
        " billingCodeID:integer internalBillingCodeID:integer contractID:integer contractServiceID:integer"
        " contractServiceBundleID:integer billingApprovalDateTime:datetime"
        " billingApprovalLevelMostRecent:integer billingApprovalResourceID:integer createDateTime:datetime"
        " creatorUserID:integer lastModifiedDateTime:datetime lastModifiedUserID:integer summaryNotes:string"
        " internalNotes:string isInternalNotesVisibleToComanaged:boolean"
        " impersonatorCreatorResourceID:integer impersonatorUpdaterResourceID:integer"
    ),
    "Resources": (
        "id:long firstName:string lastName:string email:string userName:string isActive:boolean"
        " resourceType:string title:string userType:picklist licenseType:picklist locationID:picklist"
        " payrollType:picklist internalCost:decimal hireDate:datetime defaultServiceDeskRoleID:integer"
        " travelAvailabilityPct:string dateFormat:string timeFormat:string accountingReferenceID:string"
        " homePhone:string email2:string"
    ),
    "Companies": (
        "id:long companyName:string companyNumber:string companyType:picklist classification:picklist"
        " isActive:boolean ownerResourceID:integer parentCompanyID:integer createDate:datetime"
        " lastActivityDate:datetime lastTrackedModifiedDateTime:datetime marketSegmentID:picklist"
        " territoryID:picklist phone:string webAddress:string"
    ),
    "BillingCodes": (
        "id:long name:string description:string isActive:boolean useType:picklist billingCodeType:picklist"
        " department:integer unitCost:decimal unitPrice:decimal externalNumber:string"
        " generalLedgerAccount:picklist markupRate:decimal taxCategoryID:integer afterHoursWorkType:integer"
        " isExcludedFromNewContracts:boolean"
    ),
}
ENTITIES = {name.lower(): name for name in _FIELDS}
FIELDS: dict[str, dict[str, str]] = {
    name: dict(item.split(":") for item in text.split()) for name, text in _FIELDS.items()
}
UNFILTERED = ("creatortype", "lastactivitypersontype")
USER_DEFINED = {"Tickets": [{"name": "Region", "value": None}]}


def described(name: str) -> dict[str, Any]:
    return {
        "name": {"TimeEntries": "TimeEntry", "Companies": "Company"}.get(name, name[:-1]),
        "canCreate": False,
        "canUpdate": False,
        "canDelete": False,
        "canQuery": True,
        "hasUserDefinedFields": name in USER_DEFINED,
        "supportsWebhookCallouts": name in ("Tickets", "Companies"),
        "userAccessForCreate": "None",
        "userAccessForDelete": "None",
        "userAccessForQuery": "All",
        "userAccessForUpdate": "None",
    }


def described_fields(view: View, name: str) -> list[dict[str, Any]]:
    picklists = view.table("autotask.picklists").by_id
    found = []
    for field, kind in FIELDS[name].items():
        row = picklists.get(f"{name}.{field}")
        found.append(
            {
                "name": field,
                "dataType": "integer" if kind == "picklist" else kind,
                "length": 0,
                "isRequired": False,
                "isReadOnly": field == "id",
                "isQueryable": field.lower() not in UNFILTERED,
                "isReference": False,
                "referenceEntityType": "",
                "isPickList": kind == "picklist",
                "picklistParentValueField": "",
                "isSupportedWebhookField": name == "Tickets",
                "picklistValues": row.props["values"] if row else ([] if kind == "picklist" else None),
            }
        )
    return found
