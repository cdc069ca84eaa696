"""HubSpot at the volume of a mid-sized CRM: fixed totals at every clock from October 2025 on, and one row in a hundred changes daily.

It is there to measure with, so it has no golden weeks; its records have the shapes and the odd values of the demo's.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from dlt_pipelines.sandbox import hubspot
from dlt_pipelines.sandbox.company import account, names
from dlt_pipelines.sandbox.company.account import CONNECTED, FIRST_APPOINTMENT, NO_ANSWER, OTHER_MEETINGS, STAGES, VOICEMAIL
from dlt_pipelines.sandbox.company.base import DAY, HOUR, Book, add, at, edit
from dlt_pipelines.sandbox.company.directory import company_names, company_props, contact_props, slug

VOLUME = {"contacts": 44_602, "companies": 17_781, "deals": 75, "meetings": 3_670, "tasks": 7_113, "notes": 918, "calls": 86}
OWNERS = 9
CHANGES_FROM, CHANGING_DAYS, CHANGED_SHARE = date(2025, 10, 27), 60, 0.01
"""From that day on, one record in a hundred of every object is edited each day between 13:00 and 14:00 of the company's clock."""

_START, _SPAN = at(date(2023, 1, 2), 9), 1_000 * DAY


def write(book: Book) -> None:
    """The whole CRM."""
    rng = book.rng("crm")
    account.hubspot_account(book)
    owners = _owners(book)
    ids: dict[str, list[int]] = {}
    for name in company_names(rng, VOLUME["companies"]):
        ids.setdefault("companies", []).append(add(book, "companies", _moment(rng), company_props(rng, name, "lead") | _extra(rng, owners)))
    domains = [slug(versions[0].props["name"]) for versions in book.store.tables["hubspot.companies"].values()]
    for _ in range(VOLUME["contacts"]):
        firm = rng.randrange(VOLUME["companies"])
        made = _moment(rng)
        props = contact_props(rng, domains[firm], rng.random() < 0.3) | _extra(rng, owners)
        props |= {"lifecyclestage": "lead", "hs_v2_date_entered_lead": hubspot.iso(made), "city": "Chicago", "state": "IL", "country": "US"}
        ids.setdefault("contacts", []).append(add(book, "contacts", made, props, {"companies": [ids["companies"][firm]]}))
    for number in range(VOLUME["deals"]):
        stage = STAGES[number % len(STAGES)][0]
        made = _moment(rng)
        props = {
            "dealname": f"Deal {number}",
            "pipeline": "default",
            "dealstage": stage,
            "amount": f"{rng.randrange(3_000, 30_000)}.00",
            "hs_mrr": f"{rng.randrange(200, 2_000)}.00",
            "deal_currency_code": "USD",
            "dealtype": "newbusiness",
            "closedate": hubspot.iso(made + 105 * DAY),
        }
        add(book, "deals", made, props | _extra(rng, owners), _links(rng, ids))
    for kind in ("meetings", "tasks", "notes", "calls"):
        for _ in range(VOLUME[kind]):
            made = _moment(rng)
            add(book, kind, made, _activity(rng, kind, made) | _extra(rng, owners), _links(rng, ids))
    made = _START
    book.store.add("hubspot.lists", 44, made, {"name": "Warm 250", "processingType": "MANUAL", "createdAt": hubspot.iso(made)})
    for contact in ids["contacts"][:250]:
        member = {"list_id": 44, "record_id": contact, "since": hubspot.iso(at(date(2025, 9, 20), 9))}
        book.store.add("hubspot.memberships", f"44:{contact}", made, member)
    _daily_changes(book)


def _owners(book: Book) -> list[str]:
    """Nine owners; the people of the demo come first, so that people.csv knows some of them."""
    rng = book.rng("crm owners")
    found = []
    for number in range(OWNERS):
        first, last = (
            (("Maya", "Torres"), ("Victor", "Lang"), ("Noor", "Haddad"))[number]
            if number < 3
            else (rng.choice(names.FIRST), names.LAST[number])
        )
        props = {
            "email": f"{first}.{last}@cedar-ridge.example".lower(),
            "firstName": first,
            "lastName": last,
            "userId": 5511001 + number,
            "createdAt": hubspot.iso(_START),
        }
        book.store.add("hubspot.owners", 71200101 + number, _START, props)
        found.append(str(71200101 + number))
    return found


def _moment(rng: random.Random) -> int:
    return _START + rng.randrange(_SPAN)


def _extra(rng: random.Random, owners: list[str]) -> dict[str, Any]:
    return {"hubspot_owner_id": rng.choice(owners)}


def _links(rng: random.Random, ids: dict[str, list[int]]) -> dict[str, list[int]]:
    return {"contacts": [rng.choice(ids["contacts"])], "companies": [rng.choice(ids["companies"])]}


def _activity(rng: random.Random, kind: str, made: int) -> dict[str, Any]:
    props: dict[str, Any] = {"hs_timestamp": hubspot.iso(made)}
    if kind == "meetings":
        props |= {
            "hs_meeting_start_time": hubspot.iso(made + DAY),
            "hs_meeting_end_time": hubspot.iso(made + DAY + HOUR),
            "hs_meeting_outcome": rng.choice(("COMPLETED", "NO_SHOW", "SCHEDULED", None)),
            "hs_meeting_title": rng.choice(names.HOSTILE) if rng.random() < 0.05 else "Meeting",
            "hs_activity_type": rng.choice((FIRST_APPOINTMENT, *OTHER_MEETINGS)),
        }
    elif kind == "tasks":
        props |= {
            "hs_task_status": rng.choice(("NOT_STARTED", "COMPLETED")),
            "hs_task_type": rng.choice(("TODO", "CALL", "EMAIL")),
            "hs_task_priority": "NONE",
            "hs_task_subject": rng.choice(names.TASK_SUBJECTS),
        }
    elif kind == "notes":
        props |= {"hs_note_body": rng.choice(names.NOTES) * rng.randint(1, 20)}
    else:
        props |= {
            "hs_call_duration": str(rng.randrange(600_000)),
            "hs_call_direction": "OUTBOUND",
            "hs_call_disposition": rng.choice((CONNECTED, NO_ANSWER, VOICEMAIL)),
            "hs_call_status": "COMPLETED",
            "hs_call_title": rng.choice(names.CALL_TITLES),
        }
    return props


def _daily_changes(book: Book) -> None:
    for kind in VOLUME:
        rng = book.rng("crm changes", kind)
        records = list(book.store.tables[f"hubspot.{kind}"])
        share = max(round(len(records) * CHANGED_SHARE), 1)
        for offset in range(CHANGING_DAYS):
            noon = at(CHANGES_FROM + timedelta(days=offset), 13)
            for record_id in rng.sample(records, share):
                change = {"hs_lead_status": rng.choice(("OPEN", "CONNECTED"))} if kind == "contacts" else {}
                edit(book, kind, record_id, noon + rng.randrange(HOUR), change)
