"""What both vendors' accounts are set up with: owners, pipelines, outcomes, meeting types, queues, codes,
technicians."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.companies.base import OWNERS, TECHNICIANS, Book, Owner, at
from sandbox.engine.formats import autotask_time, hubspot_time
from sandbox.engine.store import ARCHIVED

OPENED = at(date(2024, 1, 8), 9)
"""When the accounts were set up."""

CONNECTED, LIVE_MESSAGE = "f240bbac-87c9-4f6e-bf70-924b57d47db7", "a4c4c377-d246-4b32-a13b-75a56a4cd0ff"
NO_ANSWER, VOICEMAIL = "73a0d17f-1163-4015-bdd5-ec830791da20", "b2cf5968-551e-4856-9783-52b3da59a7d0"
BUSY, WRONG_NUMBER = "9d9162e7-6cf3-4944-bf63-4dff82258764", "17b47fee-58de-441e-a44c-c6300d46f273"
GATEKEEPER = "3c1f7a52-0b0e-4a6b-9a55-7be0d1b0c0de"

FIRST_APPOINTMENT, COI_MEETING = "First appointment", "COI meeting"
OTHER_MEETINGS = ("Discovery", "Quarterly business review", "Demo", "Internal")

STAGES = (
    ("1042001", "Inbound", "0.02", False),
    ("1042002", "Engaged", "0.01", False),
    ("appointmentscheduled", "First appointment", "0.05", False),
    ("qualifiedtobuy", "Assessment", "0.1", False),
    ("presentationscheduled", "Proposal", "0.4", False),
    ("decisionmakerboughtin", "Verbal yes", "0.8", False),
    ("contractsent", "Contract sent", "0.9", False),
    ("closedwon", "Closed won", "1.0", True),
    ("closedlost", "Closed lost", "0.0", True),
    ("1042010", "Disqualified", "0.0", True),
)
"""Id, label, probability, closed. Engaged is less likely than Inbound, as in the company's own settings."""

RENEWALS = "8842011"
RENEWAL_STAGES = (
    ("8842101", "Planned", "0.5", False),
    ("8842102", "On hold", "0.3", False),
    ("8842103", "Closed won", "1.0", True),
    ("8842104", "Closed lost", "0.0", True),
)
"""The second pipeline reuses the label "Closed won". "On hold" is removed from it in December 2025."""

REACTIVE, PROJECTS, PROACTIVE, OLD_ALERTS = 29680010, 29680011, 29680012, 29680013
NEW, COMPLETE, WAITING_CUSTOMER, IN_PROGRESS, WAITING_VENDOR = 1, 5, 7, 8, 9

REMOTE, ONSITE, PROJECT_WORK, UNBILLED = 29680102, 29680103, 29680104, 29680105
MEETING, TRAINING, TRAVEL, DOCUMENTATION = 29680201, 29680202, 29680203, 29680204
TIME_OFF, HOLIDAY, SICK = 29680210, 29680211, 29680212
INTERNAL = (MEETING, TRAINING, TRAVEL, DOCUMENTATION)

# id, name, use type (1 work type, 3 internal time), active
_CODES = (
    (REMOTE, "Remote Support", 1, True),
    (ONSITE, "Onsite Support", 1, True),
    (PROJECT_WORK, "Project Work", 1, True),
    (UNBILLED, "Non-billable Support", 1, True),
    (29680106, "Emergency Support (old)", 1, False),
    (MEETING, "Internal Meeting", 3, True),
    (TRAINING, "Training", 3, True),
    (TRAVEL, "Travel Time", 3, True),
    (DOCUMENTATION, "Documentation", 3, True),
    (TIME_OFF, "Paid Time Off", 3, True),
    (HOLIDAY, "Holiday", 3, True),
    (SICK, "Sick Leave", 3, True),
)

# value, label, active; the order is the sort order
_PICKLISTS: dict[str, tuple[tuple[int, str, bool], ...]] = {
    "Tickets.queueID": (
        (REACTIVE, "Reactive Ops", True),
        (PROJECTS, "Project Delivery", True),
        (PROACTIVE, "Proactive Maintenance", True),
        (OLD_ALERTS, "Alerts (old RMM)", False),
    ),
    "Tickets.status": (
        (NEW, "New", True),
        (IN_PROGRESS, "In Progress", True),
        (WAITING_CUSTOMER, "Waiting Customer", True),
        (WAITING_VENDOR, "Waiting Vendor", True),
        (11, "Waiting Parts", False),
        (COMPLETE, "Complete", True),
    ),
    "Tickets.priority": ((4, "Critical", True), (1, "High", True), (2, "Medium", True), (3, "Low", True)),
    "Tickets.issueType": (
        (10, "Computer", True),
        (11, "Email", True),
        (12, "Network", True),
        (13, "Software", True),
        (14, "Printer", True),
    ),
    "Tickets.subIssueType": ((101, "Hardware", True), (102, "Configuration", True)),
    "Tickets.ticketType": (
        (1, "Service Request", True),
        (2, "Incident", True),
        (3, "Problem", True),
        (4, "Change Request", True),
        (5, "Alert", True),
    ),
    "Tickets.ticketCategory": ((3, "Standard", True), (4, "RMM Alert", True)),
    "Tickets.source": (
        (2, "Phone", True),
        (4, "Email", True),
        (6, "Client Portal", True),
        (8, "Monitoring Alert", True),
    ),
    "Tickets.serviceLevelAgreementID": ((1, "Managed Service", True),),
    "TimeEntries.timeEntryType": (
        (2, "Service Ticket", True),
        (6, "Project Task", True),
        (10, "Internal Time", True),
    ),
    "Companies.companyType": (
        (1, "Customer", True),
        (2, "Lead", True),
        (3, "Prospect", True),
        (6, "Cancelation", True),
        (7, "Vendor", True),
    ),
    "BillingCodes.useType": (
        (1, "Work Type (General Allocation Code)", True),
        (3, "Internal Time Code", True),
        (4, "Material Code", True),
        (5, "Recurring Service Code", True),
    ),
}


def hubspot_owners(book: Book, owners: Sequence[Owner]) -> None:
    """The users who own records, from the day they joined."""
    for number, owner in enumerate(owners):
        created = at(owner.joined, 9.1)
        props: dict[str, Any] = {
            "email": owner.email,
            "firstName": owner.first,
            "lastName": owner.last,
            "userId": owner.user_id,
            "createdAt": hubspot_time(created),
        }
        if owner.team:
            props["teams"] = [{"id": str(5100 + number), "name": owner.team, "primary": True}]
        book.store.add("hubspot.owners", owner.id, created, props)
        if owner.left:
            book.store.change("hubspot.owners", owner.id, at(owner.left, 17.5), {}, state=ARCHIVED)


def pipeline(label: str, order: int, stages: tuple[tuple[str, str, str, bool], ...]) -> dict[str, Any]:
    """A deal pipeline as on the wire, without its id."""
    epoch = "1970-01-01T00:00:00Z"
    return {
        "label": label,
        "displayOrder": order,
        "createdAt": epoch,
        "updatedAt": epoch,
        "stages": [
            {
                "id": stage,
                "label": name,
                "displayOrder": position,
                "archived": False,
                "metadata": {"isClosed": "true" if closed else "false", "probability": probability},
                "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
                "createdAt": epoch,
                "updatedAt": epoch,
            }
            for position, (stage, name, probability, closed) in enumerate(stages)
        ],
    }


def hubspot_account(book: Book, **own: Any) -> None:
    """Portal details (`own`: where they differ), the options of the account's enumerations, and the sales
    pipeline."""
    store = book.store
    details = {
        "portalId": 48210077,
        "accountType": "STANDARD",
        "timeZone": "US/Central",
        "companyCurrency": "USD",
        "additionalCurrencies": [],
        "utcOffset": "-05:00",
        "utcOffsetMilliseconds": -18_000_000,
        "uiDomain": "app.hubspot.com",
        "dataHostingLocation": "na1",
    } | own
    store.add("hubspot.account", details["portalId"], OPENED, details)
    outcomes = (
        (CONNECTED, "Connected"),
        (LIVE_MESSAGE, "Left live message"),
        (NO_ANSWER, "No answer"),
        (VOICEMAIL, "Left voicemail"),
        (BUSY, "Busy"),
        (WRONG_NUMBER, "Wrong number"),
        (GATEKEEPER, "Gatekeeper"),
    )
    types = tuple((name, name) for name in (FIRST_APPOINTMENT, COI_MEETING, *OTHER_MEETINGS))
    stages = tuple((stage, name) for stage, name, _, _ in (*STAGES, *RENEWAL_STAGES))
    options = {
        "calls.hs_call_disposition": outcomes,
        "calls.hs_activity_type": types,
        "meetings.hs_activity_type": types,
        "meetings.hs_meeting_outcome": tuple(
            (v, v.title())
            for v in ("SCHEDULED", "COMPLETED", "RESCHEDULED", "NO_SHOW", "NO SHOW", "CANCELED")
        ),
        "deals.dealtype": (
            ("newbusiness", "New business"),
            ("existingbusiness", "Existing business"),
            ("renewal", "Renewal"),
        ),
        "deals.dealstage": stages,
        "deals.pipeline": (("default", "Sales pipeline"), (RENEWALS, "Renewals projects")),
        "contacts.lifecyclestage": (
            ("subscriber", "Subscriber"),
            ("lead", "Lead"),
            ("marketingqualifiedlead", "Marketing qualified lead"),
            ("salesqualifiedlead", "Sales qualified lead"),
            ("opportunity", "Opportunity"),
            ("customer", "Customer"),
            ("evangelist", "Evangelist"),
            ("other", "Other"),
        ),
        "contacts.hs_buying_role": (
            ("DECISION_MAKER", "Decision maker"),
            ("BUDGET_HOLDER", "Budget holder"),
            ("CHAMPION", "Champion"),
            ("INFLUENCER", "Influencer"),
            ("END_USER", "End user"),
        ),
    }
    for name, choices in options.items():
        store.add("hubspot.options", name, OPENED, {"options": choices})
    store.add("hubspot.custom", "contacts.coi_since", OPENED, {"type": "date", "label": "COI since"})
    store.add("hubspot.pipelines", "default", OPENED, pipeline("Sales pipeline", 0, STAGES))


def write_hubspot(book: Book) -> None:
    """HubSpot's account as it is set up and as it changes."""
    hubspot_owners(book, OWNERS)
    hubspot_account(book)
    book.store.add("hubspot.pipelines", RENEWALS, OPENED, pipeline("Renewals projects", 1, RENEWAL_STAGES))
    kept = tuple(stage for stage in RENEWAL_STAGES if stage[1] != "On hold")
    book.store.change(
        "hubspot.pipelines", RENEWALS, at(date(2025, 12, 1), 10), pipeline("Renewals projects", 1, kept)
    )


def write_autotask(book: Book) -> None:
    """Autotask's account: codes, picklists, technicians, the company itself."""
    store = book.store
    for code, name, use_type, active in _CODES:
        store.add(
            "autotask.billingcodes",
            code,
            OPENED,
            {"name": name, "useType": use_type, "isActive": active, "unitPrice": Decimal("145")},
        )
    for name, values in _PICKLISTS.items():
        store.add(
            "autotask.picklists",
            name,
            OPENED,
            {"values": [_choice(i, *value) for i, value in enumerate(values, 1)]},
        )
    for person in TECHNICIANS:
        joined = at(person.joined, 9)
        props = {
            "firstName": person.first,
            "lastName": person.last,
            "email": person.email,
            "userName": person.email.split("@")[0].lower(),
            "isActive": True,
            "resourceType": person.kind,
            "title": person.title,
            "hireDate": f"{person.joined}T00:00:00Z",
            "internalCost": Decimal("38.5"),
        }
        store.add("autotask.resources", person.id, joined, props)
    contractor = TECHNICIANS[-1].id
    store.change("autotask.resources", contractor, at(date(2026, 2, 27), 17), {"isActive": False})
    owner = {
        "companyName": "Cedar Ridge IT",
        "companyType": 1,
        "isActive": True,
        "createDate": autotask_time(OPENED),
    }
    store.add("autotask.companies", 0, OPENED, owner)


def _choice(order: int, value: int, label: str, active: bool) -> dict[str, Any]:
    return {
        "value": str(value),
        "label": label,
        "isDefaultValue": order == 1,
        "sortOrder": order,
        "parentValue": "",
        "isActive": active,
        "isSystem": value in (NEW, COMPLETE),
    }
